"""What is shown of a broadcast while it goes out and afterwards: progress in one message, outcome and sales."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO
from zoneinfo import ZoneInfo

from broadcast_stage import OnAir, drafted, leads
from sqlalchemy import insert, update
from stage import FakeGateway, Stage

from automations.broadcast_progress import SHOWN_EVERY, BroadcastProgress, standing_of
from automations.gateway import Blocked, NotNow, Refused
from automations.pace import Pace
from domain.broadcasts.acts import cancel_broadcast
from domain.broadcasts.screens import standing_screen
from domain.messages.plain import Rows
from domain.step_counts import Counted, Measure, count_steps
from store.models import (
    Broadcast,
    Lead,
    Order,
    OrderState,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Urgency,
)
from store.queries.broadcasts import Outcome, outcomes_of

CREATORS_CHAT = 900


@dataclass
class Shown(FakeGateway):
    """Keeps what the one message was changed to."""

    edits: list[str] = field(default_factory=list)

    async def edit(self, telegram_id: int, message_id: int, text: str, buttons: Rows = ()) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        assert (telegram_id, message_id) == (CREATORS_CHAT, 1)
        self.edits.append(text)

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        raise Refused("nothing is fetched here")


async def on_air(stage: Stage, count: int, **more: int) -> tuple[OnAir, BroadcastProgress, Shown]:
    """A broadcast of somebody who watches it."""
    await stage.open()
    creator = await stage.lead(CREATORS_CHAT, "Studio")
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == creator.id).values(banned_at=stage.clock()))
    await leads(stage, count)
    news = await drafted(stage, "Hello", **more)
    async with stage.database.transaction() as session:
        await session.execute(update(Broadcast).values(person_id=creator.person_id))
    shown = Shown()
    return news, BroadcastProgress(stage.database, stage.clock, shown, Pace(), stage.published), shown


async def test_progress_is_one_message_that_is_changed_every_few_seconds_at_most(stage: Stage):
    news, progress, shown = await on_air(stage, 40, ahead=10)
    await news.starts()
    await progress.show()
    assert len(shown.sent) == 1
    for _ in range(4):
        await news.work()
        await stage.send()
        await progress.show()
        await progress.show()
        stage.clock.pass_time(seconds=2)
    # at its beginning to run, and then once in six seconds
    assert 1 <= len(shown.edits) <= 3
    stage.clock.pass_time(seconds=SHOWN_EVERY.total_seconds())
    await progress.show()
    assert "40 of 40 done" in shown.edits[-1]
    await news.goes_out()
    await progress.show()
    await progress.show()
    assert len(shown.sent) == 1
    assert "</b> · done" in shown.edits[-1]
    assert shown.edits.count(shown.edits[-1]) == 1


async def test_rate_and_time_left_are_told_while_it_runs(stage: Stage):
    news, progress, shown = await on_air(stage, 40, ahead=10)
    await news.starts()
    await news.work()
    await stage.send()
    stage.clock.pass_time(seconds=5)
    await progress.show()
    assert "\n2 a second" in shown.sent[-1][1]
    assert "About 15 seconds left" in shown.sent[-1][1]


async def test_after_a_pause_the_rate_is_that_of_now(stage: Stage):
    news, _, _ = await on_air(stage, 40, ahead=10)
    await news.starts()
    await news.work()
    await stage.send()
    await news.pauses()
    stage.clock.pass_time(hours=5)
    await news.resumes()
    await news.work()
    await stage.send()
    stage.clock.pass_time(seconds=10)
    assert "\n1 a second" in await told(news)


async def test_what_was_being_said_when_it_was_paused_is_shown_once_it_has_arrived(stage: Stage):
    news, progress, shown = await on_air(stage, 1)
    await news.starts()
    await news.work()
    (claimed,) = await stage.claim()
    await news.pauses()
    await progress.show()
    assert "Being sent: 1" in shown.sent[-1][1]
    await stage.confirm(claimed, 77)
    stage.clock.pass_time(seconds=SHOWN_EVERY.total_seconds())
    await progress.show()
    assert "Sent: 1" in shown.edits[-1]
    assert "Being sent" not in shown.edits[-1]
    stage.clock.pass_time(hours=1)
    await progress.show()
    assert len(shown.edits) == 1


async def test_what_a_crash_left_unknown_is_shown_without_anybody_asking(stage: Stage):
    news, progress, shown = await on_air(stage, 1)
    await news.starts()
    await news.work()
    await stage.claim()
    await news.pauses()
    await progress.show()
    assert "Being sent: 1" in shown.sent[-1][1]
    stage.clock.pass_time(minutes=10)
    await stage.sweep()
    begun_again = BroadcastProgress(stage.database, stage.clock, shown, Pace(), stage.published)
    await begun_again.show()
    assert "Uncertain: 1" in shown.edits[-1]
    assert "Being sent" not in shown.edits[-1]
    stage.clock.pass_time(hours=1)
    await begun_again.show()
    assert len(shown.edits) == 1


async def test_of_a_cancelled_one_only_those_count_as_done_who_had_their_turn(stage: Stage):
    news, _, _ = await on_air(stage, 4, ahead=1)
    await news.starts()
    await news.work()
    await stage.send()
    async with stage.database.transaction() as session:
        await cancel_broadcast(session, await news.find(session), now=stage.clock())
    assert "▰▰▰▱▱▱▱▱▱▱▱▱ 25 %\n1 of 4 done" in await told(news)


async def test_what_could_not_be_shown_is_shown_the_next_time(stage: Stage):
    news, progress, shown = await on_air(stage, 1)
    await news.starts()
    await progress.show()
    await news.goes_out()
    shown.failures = [NotNow("later")]
    await progress.show()
    assert shown.edits == []
    await progress.show()
    assert "· done" in shown.edits[-1]


async def test_whoever_has_blocked_the_bot_is_shown_nothing_and_it_goes_out_all_the_same(stage: Stage):
    news, progress, shown = await on_air(stage, 1)
    await news.starts()
    shown.failures = [Blocked("gone")]
    await progress.show()
    await progress.show()
    await news.goes_out()
    assert shown.sent == []
    assert (await news.counts()).sent == 1


async def test_what_changes_while_it_is_being_shown_is_shown_again(stage: Stage):
    news, progress, shown = await on_air(stage, 1)
    await news.starts()
    await progress.show()
    await news.work()
    screens = await progress._due()
    await news.goes_out()
    for each in screens:
        await progress._show(each)
    assert "· done" not in shown.edits[-1]
    await progress.show()
    assert "· done" in shown.edits[-1]


async def told(news: OnAir) -> str:
    async with news.stage.database.reading() as session:
        standing = await standing_of(session, await news.row(), now=news.stage.clock())
        return standing_screen(standing, ZoneInfo("UTC"), "en", now=news.stage.clock()).text


async def bought(stage: Stage, lead: Lead, *, total: int = 1900, back: int = 0) -> None:
    values = {
        "creator_id": stage.creator_id,
        "lead_id": lead.id,
        "reference": f"{lead.id}-{stage.clock():%d%H%M}",
        "state": OrderState.PAID,
        "subtotal_minor": total,
        "total_minor": total,
        "refunded_minor": back,
        "currency": "usd",
        "expires_at": stage.clock(),
        "created_at": stage.clock(),
        "paid_at": stage.clock(),
    }
    async with stage.database.transaction() as session:
        await session.execute(insert(Order), [values])


async def said_since(stage: Stage, lead: Lead) -> None:
    """A follow-up that reached them later."""
    await stage.promise(lead, f"later-{lead.id}", OutboxKind.FUNNEL)
    async with stage.database.transaction() as session:
        later = {"state": OutboxState.SENT, "closed_at": stage.clock(), "urgency": Urgency.FOLLOW_UP}
        await session.execute(update(OutboxMessage).where(OutboxMessage.key == f"later-{lead.id}").values(later))


async def outcome(news: OnAir) -> dict[str, Outcome]:
    async with news.stage.database.reading() as session:
        return await outcomes_of(session, await news.row(), now=news.stage.clock())


async def test_sales_are_put_down_to_the_last_message_for_a_week(stage: Stage):
    await stage.open()
    people: Sequence[Lead] = await leads(stage, 5)
    at_once, told_later, too_late, part_back, other = people
    news = await drafted(stage)
    await bought(stage, other)
    stage.clock.pass_time(minutes=1)
    await news.starts()
    await news.goes_out()
    stage.clock.pass_time(hours=1)
    await bought(stage, at_once)
    await bought(stage, part_back, total=1000, back=400)
    await said_since(stage, told_later)
    stage.clock.pass_time(hours=1)
    await bought(stage, told_later)
    stage.clock.move_to(stage.clock() + timedelta(days=7))
    await bought(stage, too_late)
    found = (await outcome(news))["a"]
    assert (found.orders, found.money) == (2, {"usd": 1900 + 600})


async def test_results_are_told_by_variant_with_clicks_and_why_some_were_not_sent(stage: Stage):
    await stage.open()
    everybody = await leads(stage, 8)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).values(score=3))
    news = await drafted(stage, "One", "Two {{ 5 // (lead.score - 3) }}")
    await news.starts()
    await news.goes_out()
    given = {each.lead_id: each.variant for each in await news.recipients()}
    first = next(each for each in everybody if given[each.id] == 0)
    stage.clock.pass_time(minutes=1)
    await bought(stage, first)
    async with stage.database.transaction() as session:
        clicked = Counted(stage.creator_id, f"broadcast:{news.id}", "a", "", Measure.CLICKED)
        await count_steps(session, {clicked: 3})
    text = await told(news)
    sent = sum(variant == 0 for variant in given.values())
    assert 0 < sent < 8
    assert f"❌ Failed: {8 - sent}" in text
    assert "divides by zero" in text
    assert f"A (weight 1), sent: {sent}" in text.replace("<b>", "").replace("</b>", "")
    assert text.count("clicked: 3 · orders within 7 days: 1 ($19.00)") == 2
