import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event
from world import World

# as many as a business has of them by hand, and not as many as it has leads, orders and days
FEW = frozenset(
    {
        "bind_token",
        "broadcast",
        "creator",
        "flow_head",
        "funnel",
        "hook",
        "payment_link",
        "segment_watch",
        "step_count",
        "transfer",
    }
)


@contextmanager
def noted() -> Iterator[dict[str, Any]]:
    """Each statement that a store is asked, and what it was asked with first."""
    asked: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.setdefault(statement, parameters)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_tick_with_nothing_to_do_goes_through_no_table_that_grows(world: World) -> None:
    """SQLite plans without knowing how much there is, so that an empty table tells as much as a full one."""
    await world.settle()
    with noted() as asked:
        await world.settle()
    assert len(asked) > 30
    gone_through: dict[str, str] = {}
    with closing(sqlite3.connect(str(world.spark.database.engine.url.database))) as connection:
        for statement, parameters in asked.items():
            if statement.startswith(("BEGIN", "PRAGMA")):
                continue
            plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            for table in re.findall(r"^SCAN (\w+)$", "\n".join(plan), re.MULTILINE):
                if table not in FEW:
                    gone_through[table] = statement
    assert gone_through == {}
