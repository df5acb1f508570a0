"""What was promised to somebody who has blocked the bot is never missed when they are back, whatever the moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from stage import BOT, Stage
from stores import DATA_KEYS

from automations.gateway import Blocked
from automations.judging import Wordings, judge
from automations.outcomes import close_failed
from automations.verdicts import PutsOff, Verdict
from domain.people import Profile, note_block, see_person
from store.database import Database
from store.models import WAITS_FOR_SOMEBODY, Lead, OutboxKind
from store.queries.outbox import hold_candidates

LENA = Profile(100, "Lena", None, "en")


async def left_with_a_promise(stage: Stage) -> Lead:
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    async with stage.database.transaction() as session:
        await note_block(session, lead.person_id or 0, now=stage.clock())
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    return lead


async def judged(stage: Stage, session: AsyncSession, *, back_meanwhile: bool = False) -> Verdict:
    """The sender looks at the file; the buyer writes between two of its questions."""
    rows = await hold_candidates(session, [1])
    if back_meanwhile:
        await see_person(session, BOT, LENA, now=stage.clock())
    ((_, verdict),) = await judge(session, rows, stage.published, Wordings(), now=stage.clock())
    return verdict


@asynccontextmanager
async def another_process(stage: Stage) -> AsyncIterator[Database]:
    url = stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", "").replace("+aiosqlite", "")
    other = Database(url, data_keys=DATA_KEYS)
    try:
        yield other
    finally:
        await other.close()


async def test_it_waits_for_them_as_long_as_they_are_away(stage: Stage):
    await left_with_a_promise(stage)
    async with stage.database.transaction() as session:
        assert await judged(stage, session) == PutsOff(WAITS_FOR_SOMEBODY, "blocked")


async def test_who_is_back_while_it_is_looked_at_gets_it_in_a_moment(stage: Stage):
    await left_with_a_promise(stage)
    async with stage.database.transaction() as session:
        verdict = await judged(stage, session, back_meanwhile=True)
    assert verdict == PutsOff(stage.clock() + timedelta(seconds=2), "blocked")
    await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]


async def test_who_comes_back_while_it_is_put_off_waits_for_that_and_finds_it(stage: Stage):
    if stage.database.is_sqlite:
        # there is one who writes
        return
    await left_with_a_promise(stage)

    async def comes_back(database: Database) -> None:
        async with database.transaction() as session:
            await see_person(session, BOT, LENA, now=stage.clock())

    async with another_process(stage) as other:
        async with stage.database.transaction() as session:
            await stage.take(session)
            back = asyncio.create_task(comes_back(other))
            done, _ = await asyncio.wait([back], timeout=0.2)
            assert not done
        await back
    await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]


async def test_nobody_is_kept_waiting_by_somebody_who_writes_at_this_very_moment(stage: Stage):
    if stage.database.is_sqlite:
        return
    await left_with_a_promise(stage)
    async with another_process(stage) as other, other.transaction() as writing:
        await see_person(writing, BOT, LENA, now=stage.clock())
        async with asyncio.timeout(2), stage.database.transaction() as session:
            assert await judged(stage, session) == PutsOff(stage.clock() + timedelta(seconds=2), "blocked")


async def test_a_block_that_is_known_already_keeps_who_comes_back_until_it_is_put_off(stage: Stage):
    if stage.database.is_sqlite:
        return
    lead = await left_with_a_promise(stage)
    async with stage.database.transaction() as session:
        await see_person(session, BOT, LENA, now=stage.clock())
    (claimed,) = await stage.claim()
    async with stage.database.transaction() as session:
        # by another call, whose answer came first
        await note_block(session, lead.person_id or 0, now=stage.clock())

    async def comes_back(database: Database) -> None:
        async with database.transaction() as session:
            await see_person(session, BOT, LENA, now=stage.clock())

    async with another_process(stage) as other:
        async with stage.database.transaction() as session:
            await note_block(session, lead.person_id or 0, now=stage.clock())
            back = asyncio.create_task(comes_back(other))
            await asyncio.wait([back], timeout=0.2)
            await close_failed(session, claimed, Blocked("blocked"), now=stage.clock(), chance=lambda: 0.0)
        await back
    await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]


@pytest.mark.parametrize("kind", [OutboxKind.DELIVERY, OutboxKind.FUNNEL])
async def test_a_block_that_is_heard_of_after_they_came_back_is_no_news(stage: Stage, kind: OutboxKind):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    await stage.promise(lead, "a word", kind)
    (claimed,) = await stage.claim()
    stage.clock.pass_time(seconds=5)
    async with stage.database.transaction() as session:
        await see_person(session, BOT, LENA, now=stage.clock())
    async with stage.database.transaction() as session:
        await close_failed(session, claimed, Blocked("blocked"), now=stage.clock(), chance=lambda: 0.0)
    assert (await stage.person(lead)).blocked_at is None
    await stage.send_all()
    assert [chat for chat, _ in stage.gateway.sent] == [100]
