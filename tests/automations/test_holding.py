"""Who was held is taken up again: as was chosen when the funnel was resumed, whatever comes in between."""

from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage

from automations.holding import held_at, steps_of_held, take_up_held
from domain.definitions import publish
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands, find_funnel, pause_funnel, resume_funnel, stop_step
from store.database import Database
from store.models import Enrollment, EnrollmentState, FunnelHead, FunnelState, Late

HELLO = {"key": "hello", "do": "send", "text": "Hi"}
CARE: dict[str, Any] = {"trigger": {"event": "lead.captured"}, "steps": [HELLO]}


async def by_file(stage: Stage, *, broken: str | None = None, **funnels: dict[str, Any]) -> None:
    """As when Spark starts and reads its file."""
    async with stage.database.transaction() as session:
        given = {"studio": {key: Funnel.model_validate(funnel) for key, funnel in funnels.items()}}
        mistakes = {"studio": {} if broken is None else {"care": broken}}
        stage.published = await publish(session, {}, given, broken=mistakes, now=stage.clock())


async def paused(stage: Stage, size: int = 1) -> None:
    """Some are held at their first step, half an hour overdue."""
    await by_file(stage, care=CARE)
    for number in range(size):
        await stage.lead(100 + number)
    async with stage.database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, stage.creator_id, "care"), now=stage.clock())
    while await stage.route() or await stage.step():
        pass
    stage.clock.pass_time(minutes=30)


async def resumed(stage: Stage, late: Late) -> None:
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "care")
        await resume_funnel(session, head, late, now=stage.clock())


async def take_up(database: Database, stage: Stage) -> int:
    async with database.transaction() as session:
        return await take_up_held(session, now=stage.clock())


async def take_all_up(stage: Stage) -> None:
    while await take_up(stage.database, stage):
        pass
    await stage.step_all()


async def state(stage: Stage) -> FunnelState:
    async with stage.database.reading() as session:
        return (await session.scalars(select(FunnelHead.state))).one()


@pytest.fixture
async def care(stage: Stage) -> Stage:
    return await stage.open()


async def test_what_was_chosen_holds_for_those_whom_another_process_has_in_hand_at_that_moment(care: Stage):
    await paused(care, 3)
    await resumed(care, Late.SKIP)
    if not care.database.is_sqlite:
        async with care.database.transaction() as other:
            await other.execute(select(Enrollment.id).with_for_update())
            assert await take_up(care.database, care) == 0
        assert await state(care) == FunnelState.RESUMING
    await take_all_up(care)
    assert await state(care) == FunnelState.ACTIVE
    assert (await care.outbox(), {each.state for each in await care.enrollments()}) == ([], {EnrollmentState.DONE})


@pytest.mark.parametrize("meanwhile", ["a mistake", "out of the file"])
async def test_what_was_chosen_outlives_a_mistake_in_the_file_and_a_while_out_of_it(care: Stage, meanwhile: str):
    await paused(care)
    await resumed(care, Late.SKIP)
    await by_file(care, **({"broken": "line 3: a mistake"} if meanwhile == "a mistake" else {}))
    assert await state(care) == (FunnelState.DISABLED if meanwhile == "a mistake" else FunnelState.ARCHIVED)
    assert care.published.funnels.get(care.creator_id, {}) == {}
    # who has chosen need not choose again
    with pytest.raises(FunnelStands):
        await resumed(care, Late.SHIFT)
    await take_all_up(care)
    assert (await care.outbox(), [each.state for each in await care.enrollments()]) == ([], [EnrollmentState.DONE])
    await by_file(care, care=CARE)
    assert await state(care) == FunnelState.RESUMING
    await take_all_up(care)
    assert await state(care) == FunnelState.ACTIVE


async def test_a_pause_that_follows_asks_anew_what_becomes_of_those_who_are_held(care: Stage):
    await paused(care)
    await resumed(care, Late.SKIP)
    async with care.database.transaction() as session:
        await pause_funnel(session, await find_funnel(session, care.creator_id, "care"), now=care.clock())
    assert await take_up(care.database, care) == 0
    await resumed(care, Late.SHIFT)
    await take_all_up(care)
    assert [each.step for each in await care.outbox()] == ["hello"]


async def test_those_at_a_step_that_stands_still_are_passed_over_however_many_they_are(care: Stage):
    await paused(care)
    (one,) = await care.enrollments()
    async with care.database.transaction() as session:
        head = await find_funnel(session, care.creator_id, "care")
        for step in ("", "a", "b"):
            await stop_step(session, head, step, now=care.clock())
        ours = {"creator_id": one.creator_id, "lead_id": one.lead_id, "funnel_key": "care", "subject": ""}
        same = {**ours, "version_id": one.version_id, "state": EnrollmentState.HELD, "started_at": one.started_at}
        steps = enumerate(["a", "b", "c", "a", "b", "c"], start=1)
        rows = [{**same, "round": number, "step": step, "held_at": one.held_at} for number, step in steps]
        await session.execute(insert(Enrollment), rows)
    await resumed(care, Late.SHIFT)
    assert await take_up(care.database, care) == 2
    assert {each.step for each in await care.enrollments() if each.state == EnrollmentState.ACTIVE} == {"c"}
    assert await take_up(care.database, care) == 0
    assert await state(care) == FunnelState.ACTIVE
    async with care.database.transaction() as session:
        head = await find_funnel(session, care.creator_id, "care")
        if not care.database.is_sqlite:
            for way in ("seqscan", "bitmapscan", "sort"):
                # few as they are, it would read them all
                await session.execute(text(f"SET LOCAL enable_{way} = off"))
        for query in (steps_of_held(head).where(Enrollment.step > "a"), held_at(head, "a")):
            plan = await explained(session, query)
            assert "ix_enrollment_held" in plan
            # nothing is put in order, so what stands behind costs nothing
            assert "TEMP B-TREE" not in plan
            assert "Sort" not in plan


async def explained(session: AsyncSession, query: Select[Any]) -> str:
    dialect = session.get_bind().dialect
    asked = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
    way = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    connection = await session.connection()
    return "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(f"{way} {asked}"))
