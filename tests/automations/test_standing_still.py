"""A process that is stopped in the middle of anything keeps the others from speaking for no longer than a moment."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from stage import Stage
from stores import DATA_KEYS

import store.engines
from domain.step_counts import Counted, Measure, count_steps
from store.database import Database, is_unavailable
from store.queries.leases import lead_by_lease

SAID = Counter({Counted(1, "funnel:hello", "hello", "", Measure.SENT): 1})


@asynccontextmanager
async def another_process(stage: Stage) -> AsyncIterator[Database]:
    url = stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", "").replace("+aiosqlite", "")
    other = Database(url, data_keys=DATA_KEYS)
    try:
        yield other
    finally:
        await other.close()


async def test_what_a_process_holds_that_stands_still_is_free_soon(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    if stage.database.is_sqlite:
        # one process a file
        return
    await stage.open()
    monkeypatch.setattr(store.engines, "STANDS_STILL_SECONDS", 0.2)
    async with another_process(stage) as stopped:
        with pytest.raises(Exception, match=r"idle-in-transaction|closed|terminat") as told:
            await stands_still_until_another_has_counted(stage, stopped)
        # its work is tried again, and nobody is to blame for it
        assert is_unavailable(told.value)


async def stands_still_until_another_has_counted(stage: Stage, stopped: Database) -> None:
    async with stopped.transaction() as session:
        await count_steps(session, SAID)
        async with asyncio.timeout(5), stage.database.transaction() as other:
            await count_steps(other, SAID)
        # it goes on, and all that it did is taken back
        await count_steps(session, SAID)


async def test_who_stands_by_holds_nothing_that_the_one_who_speaks_needs(stage: Stage):
    if stage.database.is_sqlite:
        return
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    speaks = stage.sender(holder="first")
    await speaks.send_due()
    await speaks.finish(5)
    await stage.promise(await stage.lead(200), "two")
    async with another_process(stage) as other, other.transaction() as stopped:
        assert await lead_by_lease(stopped, "sender:0", "second", seconds=3) is None
        async with asyncio.timeout(1):
            await stage.send(speaks)
    assert [said for _, said in stage.gateway.sent] == ["one", "two"]
