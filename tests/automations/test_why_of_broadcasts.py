"""Which broadcasts somebody got, and why not, is told to whoever asks why."""

from zoneinfo import ZoneInfo

from broadcast_stage import OnAir, drafted, leads
from sqlalchemy import update
from stage import Stage, follow_up

from automations.gateway import Blocked
from domain.broadcasts.acts import cancel_broadcast
from domain.consent import unsubscribe
from domain.hindsight import look_back
from domain.messages.catalogue import plain_why
from domain.people import note_block
from domain.why import why
from store.models import Lead, RecipientState

UTC = ZoneInfo("UTC")


async def told(stage: Stage, lead: Lead, most: int = 50) -> list[str]:
    async with stage.database.reading() as session:
        decisions = await look_back(session, [lead.id], most=most)
    assert all(plain_why(line, "de") for each in decisions for line in why(each, "de", UTC))
    return [plain_why(line) for each in decisions for line in why(each, "en", UTC)]


async def says_stop(stage: Stage, lead: Lead) -> None:
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, lead.id), now=stage.clock())


async def pauses(stage: Stage, news: OnAir) -> None:
    await news.pauses()


async def calls_off(stage: Stage, news: OnAir) -> None:
    async with stage.database.transaction() as session:
        await cancel_broadcast(session, await news.find(session), now=stage.clock())


async def test_broadcasts_that_were_sent_stand_among_the_decisions_in_their_order(stage: Stage):
    await stage.open(f=follow_up(event="order.opened"))
    (lead, other) = await leads(stage, 2)
    for hours in (0, 2):
        news = await drafted(stage, "Hello")
        await news.starts()
        await news.goes_out()
        if hours == 0:
            stage.clock.pass_time(hours=1)
            await stage.happens(lead, "order.opened", "order:1")
            await stage.route()
            stage.clock.pass_time(hours=1)
    lines = await told(stage, lead)
    assert lines[:2] == ["2026-11-03 09:00 · broadcast 1", "– a: sent"]
    assert lines[2] == "2026-11-03 10:00 · f, version 1"
    assert lines[-2:] == ["2026-11-03 11:00 · broadcast 2", "– a: sent"]
    assert await told(stage, lead, most=1) == lines[-2:]
    assert await told(stage, other) == lines[:2] + lines[-2:]
    async with stage.database.reading() as session:
        # of one funnel there is no word about broadcasts
        assert {each.about for each in await look_back(session, [lead.id], about="funnel:f")} == {"funnel:f"}


async def test_whoever_says_stop_while_it_is_paused_is_told_of_as_left_out_once_it_goes_on(stage: Stage):
    await stage.open()
    (lead,) = await leads(stage, 1)
    news = await drafted(stage, "Hello")
    await news.starts()
    await news.work()
    await pauses(stage, news)
    await says_stop(stage, lead)
    stage.clock.pass_time(hours=1)
    await news.resumes()
    await news.goes_out()
    assert stage.gateway.sent == []
    assert await told(stage, lead) == ["2026-11-03 10:00 · broadcast 1", "– a: not sent: they get no marketing"]


async def test_what_was_taken_back_while_it_was_queued_is_told_once(stage: Stage):
    await stage.open()
    stops, blocks, blocks_then = await leads(stage, 3)
    news = await drafted(stage, "Hello")
    await news.starts()
    await news.work()
    await says_stop(stage, stops)
    async with stage.database.transaction() as session:
        await note_block(session, blocks.person_id or 0, now=stage.clock())
    stage.gateway.failures = [Blocked("Forbidden: bot was blocked by the user")]
    await news.goes_out()
    heading = "2026-11-03 09:00 · broadcast 1"
    assert await told(stage, stops) == [heading, "– a: not sent: wants no follow-ups"]
    for each in (blocks, blocks_then):
        assert await told(stage, each) == [heading, "– a: not sent: they have blocked the bot"]


async def test_a_broadcast_that_was_called_off_is_told_of_to_those_who_did_not_get_it(stage: Stage):
    await stage.open()
    both = await leads(stage, 2)
    news = await drafted(stage, "Hello", ahead=1)
    await news.starts()
    await news.work()
    assert {each.state for each in await news.recipients()} == {RecipientState.QUEUED, RecipientState.WAITING}
    stage.clock.pass_time(minutes=5)
    await calls_off(stage, news)
    for lead in both:
        expected = ["2026-11-03 09:05 · broadcast 1", "– a: not sent: the broadcast was cancelled"]
        assert await told(stage, lead) == expected


async def test_whoever_was_left_out_before_it_was_called_off_is_told_why_they_were(stage: Stage):
    await stage.open()
    gone, _ = await leads(stage, 2)
    news = await drafted(stage, "Hello", ahead=1)
    await news.starts()
    await news.work()
    await pauses(stage, news)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == gone.id).values(banned_at=stage.clock()))
    await news.resumes()
    await news.work()
    stage.clock.pass_time(minutes=5)
    await calls_off(stage, news)
    assert await told(stage, gone) == ["2026-11-03 09:00 · broadcast 1", "– a: not sent: they get no marketing"]
