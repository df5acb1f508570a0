"""Broadcasts on the stage: who gets one and when, what pausing and calling off leave, and that the sums are exact."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from broadcast_stage import drafted, leads, saying
from sqlalchemy import select, update
from stage import BOT, MORNING, Stage

from automations.broadcast_progress import standing_of
from automations.gateway import Blocked, NotNow, Refused, SlowDown, Uncertain
from automations.outcomes import close_failed
from automations.settling import settle
from domain.broadcasts.acts import (
    BroadcastStands,
    cancel_broadcast,
    change_content,
    resume_broadcast,
    schedule_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.definition import BadBroadcast, BroadcastButton, Content, Variant, Wording
from domain.broadcasts.screens import standing_screen
from domain.consent import unsubscribe
from domain.discounts import Terms, add_code, archive_code
from domain.forgetting import forget_lead
from domain.merging import merge_leads
from domain.message_rules import AtMost, MessageRules
from domain.messages.plain import Message
from domain.people import Profile, see_person
from domain.products import add_product
from domain.setups import CreatorSetup
from domain.windows import Window
from kit.money import Money
from store.models import Account, Broadcast, BroadcastState, Event, Lead, Membership, OutboxKind, OutboxMessage
from store.queries.broadcasts import Counts
from store.queries.due import earliest_due, has_due


async def listened_to(stage: Stage) -> None:
    """Somebody acts for the creator, and so hears notices."""
    async with stage.database.transaction() as session:
        person = await see_person(session, BOT, Profile(1, "Creator", None, "en"), now=stage.clock())
        account = select(Membership.account_id).where(Membership.creator_id == stage.creator_id).scalar_subquery()
        await session.execute(update(Account).where(Account.id == account).values(person_id=person.id))


async def notice(stage: Stage) -> str:
    """What the creator is told."""
    (told,) = [each for each in await stage.outbox() if each.kind is OutboxKind.NOTICE]
    return Message.model_validate(told.message).text


@pytest.fixture
def _few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two, so that a handful of leads makes several."""
    monkeypatch.setattr("domain.broadcasts.audience.LISTED_AT_ONCE", 2)
    monkeypatch.setattr("domain.broadcasts.feeding.AT_ONCE", 2)
    monkeypatch.setattr("domain.broadcasts.feeding.DROPPED_AT_ONCE", 2)


@pytest.mark.usefixtures("_few_at_once")
async def test_a_broadcast_reaches_each_of_its_audience_once_with_a_way_out(stage: Stage):
    await stage.open()
    await leads(stage, 5)
    news = await drafted(stage, "Hello {{ lead.first_name }}")
    await news.starts()
    await news.goes_out()
    assert sorted(to for to, _ in stage.gateway.sent) == [100, 101, 102, 103, 104]
    assert all(text.startswith("Hello Lead ") and "/stop" in text for _, text in stage.gateway.sent)
    assert await news.state() is BroadcastState.DONE
    assert (await news.row()).audience == 5
    assert await news.counts() == Counts(sent=5)


@pytest.mark.usefixtures("_few_at_once")
async def test_who_becomes_a_part_of_a_lead_that_was_listed_already_is_not_left_out(stage: Stage):
    await stage.open()
    async with stage.database.transaction() as session:
        known = Lead(creator_id=stage.creator_id, name="From a list", created_at=stage.clock())
        session.add(known)
    everybody = await leads(stage, 5)
    news = await drafted(stage)
    await news.starts()
    # two are looked at by now, and the first of them could not be written to
    await news.work_of.work()
    async with stage.database.transaction() as session:
        into, other = await session.get_one(Lead, known.id), await session.get_one(Lead, everybody[-1].id)
        await merge_leads(session, into, other, now=stage.clock())
    await news.goes_out()
    assert sorted(to for to, _ in stage.gateway.sent) == [100, 101, 102, 103, 104]
    assert (await news.row()).audience == 5


async def test_starting_twice_is_refused_and_sends_once(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    await news.starts()
    with pytest.raises(BroadcastStands):
        await news.starts()
    await news.goes_out()
    assert len(stage.gateway.sent) == 1


async def test_only_those_are_written_down_who_are_in_the_segment_and_can_be_written_to(stage: Stage):
    await stage.open()
    lena, anna, gone, blocked, away = await leads(stage, 5)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id != away.id).values(stage="warm"))
        await unsubscribe(session, await session.get_one(Lead, gone.id), now=stage.clock())
    stage.gateway.failures.append(Blocked("gone"))
    await stage.promise(blocked, "something")
    await stage.send()
    news = await drafted(stage, segment="stage:warm")
    stage.published.setups[stage.creator_id] = CreatorSetup(stages=("warm",))
    await news.starts()
    await news.work()
    assert [each.lead_id for each in await news.recipients()] == [lena.id, anna.id]


async def test_whoever_has_not_consented_is_left_out_where_consent_is_needed(stage: Stage):
    await stage.open()
    lena, _anna = await leads(stage, 2)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == lena.id).values(consented_at=stage.clock()))
    stage.published.setups[stage.creator_id] = CreatorSetup(consent_required=True)
    news = await drafted(stage)
    await news.starts()
    await news.goes_out()
    assert [to for to, _ in stage.gateway.sent] == [100]


@pytest.mark.usefixtures("_few_at_once")
async def test_the_audience_is_fixed_when_it_starts(stage: Stage):
    await stage.open()
    await leads(stage, 3)
    news = await drafted(stage)
    await news.starts()
    await news.work_of.work()
    stage.clock.move_to(stage.clock() + timedelta(seconds=1))
    await stage.lead(900, "Late")
    await news.goes_out()
    assert await news.counts() == Counts(sent=3)


async def test_no_more_is_queued_than_some_seconds_ahead(stage: Stage):
    await stage.open()
    await leads(stage, 7)
    news = await drafted(stage, ahead=3)
    await news.starts()
    await news.work()
    assert await news.counts() == Counts(waiting=4, queued=3)
    await stage.send()
    await news.work()
    assert await news.counts() == Counts(waiting=1, queued=3, sent=3)


async def test_pausing_takes_back_what_is_queued_and_going_on_sends_the_rest_once(stage: Stage):
    await stage.open()
    await leads(stage, 6)
    news = await drafted(stage, ahead=4)
    await news.starts()
    await news.work()
    taken = await stage.claim(most=1)
    await news.pauses()
    assert await news.counts() == Counts(waiting=5, sending=1)
    await news.goes_out()
    assert stage.gateway.sent == []
    await stage.confirm(taken[0], 1)
    assert await news.counts() == Counts(waiting=5, sent=1)
    async with stage.database.transaction() as session:
        await resume_broadcast(session, await news.find(session), now=stage.clock())
    await news.goes_out()
    assert await news.counts() == Counts(sent=6)
    assert len({to for to, _ in stage.gateway.sent}) == 5


async def test_what_could_not_be_said_when_it_was_paused_waits_with_the_others(stage: Stage):
    await stage.open()
    await leads(stage, 2)
    news = await drafted(stage)
    await news.starts()
    await news.work()
    taken = await stage.claim(most=1)
    await news.pauses()
    async with stage.database.transaction() as session:
        await close_failed(session, taken[0], SlowDown(3), now=stage.clock(), chance=lambda: 0.0)
    assert await news.counts() == Counts(waiting=1, queued=1)
    await news.work()
    assert await news.counts() == Counts(waiting=2)


async def test_calling_it_off_drops_who_waits_and_what_is_being_said_still_counts(stage: Stage):
    await stage.open()
    await leads(stage, 6)
    news = await drafted(stage, ahead=4)
    await news.starts()
    await news.work()
    taken = await stage.claim(most=1)
    async with stage.database.transaction() as session:
        await cancel_broadcast(session, await news.find(session), now=stage.clock())
    await news.goes_out()
    await stage.confirm(taken[0], 1)
    assert stage.gateway.sent == []
    assert await news.counts() == Counts(sent=1, cancelled=3, dropped=2)
    with pytest.raises(BroadcastStands):
        async with stage.database.transaction() as session:
            await resume_broadcast(session, await news.find(session), now=stage.clock())


@pytest.mark.usefixtures("_few_at_once")
async def test_paused_while_it_is_written_down_it_goes_on_from_there(stage: Stage):
    await stage.open()
    await leads(stage, 5)
    news = await drafted(stage)
    await news.starts()
    await news.work_of.work()
    await news.pauses()
    await news.work()
    assert len(await news.recipients()) == 2
    async with stage.database.transaction() as session:
        await resume_broadcast(session, await news.find(session), now=stage.clock())
    await news.goes_out()
    assert await news.counts() == Counts(sent=5)


async def test_what_becomes_of_each_is_counted_once(stage: Stage):
    await stage.open()
    everybody = await leads(stage, 6)
    news = await drafted(stage)
    await news.starts()
    await news.work()
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, everybody[0].id), now=stage.clock())
        await forget_lead(session, await session.get_one(Lead, everybody[1].id), now=stage.clock())
    stage.gateway.failures = [Blocked("gone"), Refused("no"), Uncertain("lost")]
    await news.goes_out()
    assert await news.counts() == Counts(sent=1, blocked=1, failed=1, uncertain=1, cancelled=1, dropped=1)
    assert await news.state() is BroadcastState.DONE


async def test_who_leaves_before_their_turn_is_dropped(stage: Stage):
    await stage.open()
    _lena, anna = await leads(stage, 2)
    news = await drafted(stage, ahead=1)
    await news.starts()
    await news.work()
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, anna.id), now=stage.clock())
    await news.goes_out()
    assert [to for to, _ in stage.gateway.sent] == [100]
    assert await news.counts() == Counts(sent=1, dropped=1)


async def test_what_telegram_has_no_time_for_is_tried_again_and_keeps_it_from_ending(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    await news.starts()
    stage.gateway.failures = [NotNow("later")]
    await news.goes_out()
    assert await news.state() is BroadcastState.RUNNING
    stage.clock.move_to(stage.clock() + timedelta(minutes=1))
    await news.goes_out()
    assert await news.counts() == Counts(sent=1)
    assert await news.state() is BroadcastState.DONE


async def test_quiet_hours_leave_it_waiting_outside_of_the_outbox_until_they_are_over(stage: Stage):
    await stage.open()
    await leads(stage, 3)
    evening = Window.model_validate({"from": "18:00", "to": "20:00"})
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=MessageRules(window=evening))
    news = await drafted(stage, ahead=1)
    await news.starts()
    await news.goes_out()
    assert stage.gateway.sent == []
    assert await news.counts() == Counts(waiting=3)
    await stage.look_at_events()
    six = MORNING.replace(hour=18)
    assert {each.due_at for each in await news.recipients()} == {six}
    async with stage.database.reading() as session:
        assert not await has_due(session, now=stage.clock())
        assert await earliest_due(session, after=stage.clock()) == six
    stage.clock.move_to(stage.clock() + timedelta(hours=9))
    await news.goes_out()
    assert await news.counts() == Counts(sent=3)


async def test_the_attention_budget_puts_it_off_and_nobody_is_left_out(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    rules = MessageRules(at_most=AtMost(messages=1, per=timedelta(days=1)))
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
    first, second = await drafted(stage, "One"), await drafted(stage, "Two")
    await first.starts()
    await first.goes_out()
    await second.starts()
    await second.goes_out()
    assert await second.counts() == Counts(waiting=1)
    stage.clock.move_to(stage.clock() + timedelta(days=1))
    await second.goes_out()
    assert [text.partition("\n")[0] for _, text in stage.gateway.sent] == ["One", "Two"]


async def test_it_begins_when_it_is_scheduled_for(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    at = MORNING + timedelta(hours=3)
    async with stage.database.transaction() as session:
        await schedule_broadcast(session, await news.find(session), at, now=stage.clock())
    await news.goes_out()
    assert stage.gateway.sent == []
    async with stage.database.reading() as session:
        assert await earliest_due(session, after=stage.clock()) == at
    stage.clock.move_to(stage.clock() + timedelta(hours=3))
    async with stage.database.reading() as session:
        assert await has_due(session, now=stage.clock())
    await news.goes_out()
    assert await news.counts() == Counts(sent=1)


async def test_what_was_scheduled_can_be_a_draft_again(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    async with stage.database.transaction() as session:
        found = await news.find(session)
        await schedule_broadcast(session, found, MORNING + timedelta(hours=1), now=stage.clock())
        with pytest.raises(BroadcastStands):
            await change_content(session, found, saying("Other"))
        await unschedule_broadcast(session, found)
        await change_content(session, found, saying("Other"))
    stage.clock.move_to(stage.clock() + timedelta(hours=2))
    await news.goes_out()
    assert (await news.state(), stage.gateway.sent) == (BroadcastState.DRAFT, [])


async def test_a_time_that_is_over_is_refused(stage: Stage):
    await stage.open()
    news = await drafted(stage)
    with pytest.raises(BadBroadcast):
        async with stage.database.transaction() as session:
            await schedule_broadcast(session, await news.find(session), MORNING, now=stage.clock())


async def test_each_gets_it_when_their_own_clock_shows_the_time(stage: Stage):
    await stage.open()
    tokyo, berlin, unknown, by_number = await leads(stage, 4)
    stage.published.setups[stage.creator_id] = CreatorSetup(time_zone="America/New_York")
    async with stage.database.transaction() as session:
        for lead, values in (
            (tokyo, {"time_zone": "Asia/Tokyo"}),
            (berlin, {"time_zone": "Europe/Berlin"}),
            (by_number, {"phone": "+33612345678"}),
        ):
            await session.execute(update(Lead).where(Lead.id == lead.id).values(**values))
    news = await drafted(stage)
    at = datetime(2026, 11, 5, 15, 0, tzinfo=UTC)
    async with stage.database.transaction() as session:
        await schedule_broadcast(session, await news.find(session), at, local_at="2026-11-05T10:00", now=stage.clock())
    starts_at = (await news.row()).starts_at
    assert starts_at == datetime(2026, 11, 4, 20, 0, tzinfo=UTC)
    stage.clock.move_to(starts_at)
    await news.goes_out()
    assert {each.lead_id: each.due_at.strftime("%d %H:%M") for each in await news.recipients()} == {
        tokyo.id: "05 01:00",
        berlin.id: "05 09:00",
        unknown.id: "05 15:00",
        by_number.id: "05 09:00",
    }
    heard = []
    for hours in (5, 8, 6):
        stage.clock.move_to(stage.clock() + timedelta(hours=hours))
        await news.goes_out()
        heard.append(len(stage.gateway.sent))
    assert heard == [1, 3, 4]
    assert await news.state() is BroadcastState.DONE


async def test_variants_are_given_by_weight_and_the_same_to_the_same_lead_every_time(stage: Stage):
    await stage.open()
    await leads(stage, 40)
    content = saying("A", "B")
    heavy = content.variants[0].model_copy(update={"weight": 3})
    news = await drafted(stage, "A", "B")
    async with stage.database.transaction() as session:
        await change_content(session, await news.find(session), content.with_variant(0, heavy))
    await news.starts()
    await news.work()
    given = {each.lead_id: each.variant for each in await news.recipients()}
    assert 27 <= sum(variant == 0 for variant in given.values()) <= 33
    await news.goes_out()
    async with stage.database.reading() as session:
        rows = await session.execute(select(OutboxMessage.lead_id, OutboxMessage.step))
        assert {row.lead_id: row.step for row in rows} == {lead: "ab"[variant] for lead, variant in given.items()}


async def test_a_segment_that_is_gone_calls_it_off_and_the_creator_hears_why(stage: Stage):
    await stage.open()
    await listened_to(stage)
    await leads(stage, 2)
    news = await drafted(stage, segment="segment:gone")
    await news.starts()
    await news.work()
    assert await news.state() is BroadcastState.CANCELLED
    assert await news.counts() == Counts()
    assert "gone" in await notice(stage)


async def test_a_code_that_is_gone_when_it_is_time_calls_it_off_and_the_creator_hears_why(stage: Stage):
    await stage.open()
    await listened_to(stage)
    await leads(stage, 2)
    now, news = stage.clock(), await drafted(stage)
    async with stage.database.transaction() as session:
        price = Money(1900, "usd")
        await add_product(session, creator_id=stage.creator_id, title="Preset pack", price=price, now=now)
        code = await add_code(session, stage.creator_id, "SPRING20", Terms(percent=20), now=now, setup=CreatorSetup())
        button = BroadcastButton.model_validate({"text": "Buy", "pay": "preset-pack", "code": "SPRING20"})
        wording = Wording(text="Hello", buttons=(button,))
        found = await news.find(session)
        await change_content(session, found, Content(variants=(Variant(wordings={"en": wording}),)))
        await schedule_broadcast(session, found, now + timedelta(hours=1), now=now)
        await archive_code(session, stage.creator_id, code.id, now=now)
    stage.clock.pass_time(hours=1)
    await news.goes_out()
    assert (await news.state(), await news.counts()) == (BroadcastState.CANCELLED, Counts())
    assert "SPRING20" in await notice(stage)


async def test_one_with_nobody_to_reach_is_done_at_once(stage: Stage):
    await stage.open()
    news = await drafted(stage)
    await news.starts()
    await news.goes_out()
    assert (await news.state(), (await news.row()).audience) == (BroadcastState.DONE, 0)


async def test_what_was_fed_before_a_crash_is_not_fed_again(stage: Stage):
    await stage.open()
    await leads(stage, 3)
    news = await drafted(stage, ahead=2)
    await news.starts()
    await news.work()
    await stage.claim(most=1)
    # the process is gone: what it was saying is uncertain, and marketing does not go out again by itself
    await stage.sweep()
    await news.goes_out()
    assert await news.counts() == Counts(sent=2, uncertain=1)


async def test_what_somebody_lets_go_out_again_is_counted_as_it_goes(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    await news.starts()
    stage.gateway.failures = [Uncertain("lost")]
    await news.goes_out()
    (row,) = await stage.outbox()
    async with stage.database.transaction() as session:
        await settle(session, row.id, "again", now=stage.clock())
    assert await news.counts() == Counts(queued=1)
    await stage.send_all()
    assert await news.counts() == Counts(sent=1)


async def test_what_it_comes_to_is_on_record(stage: Stage):
    await stage.open()
    await leads(stage, 1)
    news = await drafted(stage)
    await news.starts()
    await news.goes_out()
    async with stage.database.reading() as session:
        names = await session.scalars(select(Event.name).where(Event.subject == f"broadcast:{news.id}"))
        assert sorted(names) == ["broadcast.done", "broadcast.drafted", "broadcast.started"]


async def test_one_that_cannot_be_read_keeps_no_other_from_going_out(stage: Stage):
    await stage.open()
    await leads(stage, 2)
    broken, whole = await drafted(stage), await drafted(stage)
    await broken.starts()
    async with stage.database.transaction() as session:
        await session.execute(update(Broadcast).where(Broadcast.id == broken.id).values(content={}))
    await whole.starts()
    await whole.goes_out()
    assert await whole.counts() == Counts(sent=2)


@pytest.mark.parametrize("begun", [False, True])
async def test_one_that_can_be_read_no_more_is_called_off_and_the_creator_hears_why(stage: Stage, *, begun: bool):
    await stage.open()
    await listened_to(stage)
    await leads(stage, 3)
    news = await drafted(stage, ahead=1)
    await news.starts()
    if begun:
        await news.work()
        await stage.send()
    async with stage.database.transaction() as session:
        await session.execute(update(Broadcast).where(Broadcast.id == news.id).values(content={}))
    await news.goes_out()
    assert await news.state() is BroadcastState.CANCELLED
    assert await news.counts() == (Counts(sent=1, dropped=2) if begun else Counts())
    assert "cannot be read" in await notice(stage)
    # and it can be looked at
    async with stage.database.reading() as session:
        standing = await standing_of(session, await news.row(), now=stage.clock())
    assert "cancelled" in standing_screen(standing, ZoneInfo("UTC"), "en", now=stage.clock()).text
