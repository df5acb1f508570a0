"""What creators are told of their ideas while something is wrong with those of one of them."""

from datetime import date

from sqlalchemy import select, text
from stage import Stage
from timed import BERLIN, at, creator_chat, notices, opened

from automations.idea_digests import IdeaDigests
from domain.creators import add_creator
from domain.ideas import add_idea
from kit.clock import MovableClock
from store.models import IdeaDigest

DAY = date(2026, 11, 10)


async def test_a_creator_who_cannot_be_told_keeps_nobody_else_from_it_and_is_told_later(stage: Stage):
    await opened(stage, BERLIN)
    await creator_chat(stage)
    made = at("2026-11-01T08:00")
    async with stage.database.transaction() as session:
        other = (await add_creator(session, name="Bo", slug="bo", now=made)).creator.id
        for creator_id in (stage.creator_id, other):
            await add_idea(session, creator_id=creator_id, title="Studio tour", due_date=DAY, now=made)
        # in a word that this program does not know, as after going back to an older one
        await session.execute(
            text("UPDATE idea SET priority = 'urgent' WHERE creator_id = :id"), {"id": stage.creator_id}
        )
    clock = MovableClock(frozen_at=at("2026-11-10T09:00"))
    digests = IdeaDigests(stage.database, clock, stage.published)

    async def reminded() -> list[int]:
        async with stage.database.reading() as session:
            told = select(IdeaDigest.creator_id).where(IdeaDigest.reminded_on == DAY)
            return list(await session.scalars(told.order_by(IdeaDigest.creator_id)))

    assert stage.creator_id < other
    assert await digests.note_due() == 1
    await digests.run()
    assert (await reminded(), await notices(stage)) == ([other], [])
    async with stage.database.transaction() as session:
        await session.execute(text("UPDATE idea SET priority = 'high'"))
    # what failed is left alone for a while
    assert (await digests.note_due(), await digests.run()) == (0, 0)
    clock.pass_time(seconds=10)
    assert (await digests.note_due(), await digests.run()) == (1, 1)
    assert await reminded() == [stage.creator_id, other]
    assert len(await notices(stage)) == 1
