"""What is asked of a broadcast each second costs the same however many it is for."""

from typing import Any

from broadcast_stage import drafted, leads
from sqlalchemy import event
from stage import Stage

from domain.broadcasts.acts import end_broadcast


async def test_whether_a_broadcast_is_over_is_looked_up_and_not_counted(stage: Stage):
    if not stage.database.is_sqlite:
        # with a handful of rows PostgreSQL rightly reads them all
        return
    await stage.open()
    await leads(stage, 1)
    on_air = await drafted(stage)
    await on_air.starts()
    await on_air.work()
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    engine = stage.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        async with stage.database.transaction() as session:
            assert not await end_broadcast(session, on_air.id, now=stage.clock())
    finally:
        event.remove(engine, "before_cursor_execute", note)
    (waiting,) = [each for each in asked if "FROM broadcast_recipient" in each[0]]
    async with stage.database.reading() as session:
        connection = await session.connection()
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {waiting[0]}", waiting[1])
        assert "ix_broadcast_recipient_due" in "\n".join(str(row[-1]) for row in plan)
