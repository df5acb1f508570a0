import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from stage import MORNING, FakeGateway, Stage
from stores import DATA_KEYS

from automations.gateway import Away, Blocked, NotNow, PutOff, Refused, SendFailure, SlowDown, Uncertain
from automations.pace import Pace
from domain.people import Profile, see_person
from store.database import Database
from store.database_clock import database_in
from store.models import Creator, OutboxKind, OutboxMessage, OutboxState


async def states(stage: Stage) -> list[OutboxState]:
    return [message.state for message in await stage.outbox()]


async def comes_back(stage: Stage, telegram_id: int = 100) -> None:
    async with stage.database.transaction() as session:
        await see_person(session, 7, Profile(telegram_id, "Lena", None, "en"), now=stage.clock())


async def test_a_promise_is_sent_once_and_closed_with_telegrams_number(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    assert await stage.send() == 1
    assert await stage.send() == 0
    assert stage.gateway.sent == [(100, "one")]
    (message,) = await stage.outbox()
    assert (message.state, message.telegram_message_id, message.attempts) == (OutboxState.SENT, 1, 1)
    assert message.closed_at == MORNING


async def test_the_same_key_is_promised_once(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.promise(lead, "one")
    await stage.promise(lead, "one")
    assert len(await stage.outbox()) == 1


async def test_of_each_chat_one_is_taken_the_oldest_first(stage: Stage):
    await stage.open()
    lena, anna = await stage.lead(100, "Lena"), await stage.lead(200, "Anna")
    for lead, key in ((lena, "lena 1"), (lena, "lena 2"), (anna, "anna 1"), (lena, "lena 3")):
        await stage.promise(lead, key)
    assert [each.message.text for each in await stage.claim()] == ["lena 1", "anna 1"]
    # the first are still under way
    assert await stage.claim() == []
    await stage.sweep()
    await stage.send_all()
    assert [text for chat, text in stage.gateway.sent if chat == 100] == ["lena 1", "lena 2", "lena 3"]


async def test_no_more_are_taken_than_the_pace_allows_and_the_rest_is_asked_for_again(stage: Stage):
    await stage.open()
    for number in range(5):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    now, again = [1000.0], []
    pace = Pace(in_all=3, to_one_chat=1, monotonic=lambda: now[0])
    sender = stage.sender(pace=pace, again=again.append)
    assert await stage.send(sender) == 3
    assert await stage.send(sender) == 0
    # there is room for the next after a third of a second
    assert again[-1] == pytest.approx(1 / 3)
    now[0] += 1
    assert await stage.send(sender) == 2
    assert [text for _, text in stage.gateway.sent] == ["0", "1", "2", "3", "4"]


async def test_one_chat_gets_one_a_second(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    for number in range(3):
        await stage.promise(lead, f"{number}")
    now = [1000.0]
    sender = stage.sender(pace=Pace(monotonic=lambda: now[0]))
    assert [await stage.send(sender), await stage.send(sender)] == [1, 0]
    now[0] += 1.01
    assert [await stage.send(sender), await stage.send(sender)] == [1, 0]


async def test_when_telegram_asks_to_wait_it_goes_out_after_that_and_not_before(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    stage.gateway.failures = [SlowDown(30)]
    await stage.send()
    (message,) = await stage.outbox()
    assert (message.state, message.due_at) == (OutboxState.QUEUED, MORNING + timedelta(seconds=30))
    assert message.uncertain == 0
    stage.clock.pass_time(seconds=29)
    assert await stage.send() == 0
    stage.clock.pass_time(seconds=1)
    assert await stage.send() == 1
    assert await states(stage) == [OutboxState.SENT]


@pytest.mark.parametrize("failure", [SlowDown(30), Away("no connection", 30)])
async def test_while_telegram_asks_to_wait_or_is_away_nothing_unasked_goes_out_to_anybody(
    stage: Stage, failure: SendFailure
):
    await stage.open()
    for number in range(3):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    now = [1000.0]
    sender = stage.sender(pace=Pace(in_all=1, monotonic=lambda: now[0]))
    stage.gateway.failures = [failure]
    assert await stage.send(sender) == 1
    for _ in range(29):
        now[0] += 1
        assert await stage.send(sender) == 0
    now[0] += 2.1
    assert await stage.send(sender) == 1
    assert [text for _, text in stage.gateway.sent] == ["1"]


async def test_whoever_waits_for_a_file_to_go_up_holds_nobody_up(stage: Stage):
    await stage.open()
    for number in range(3):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    stage.gateway.failures = [PutOff("its file goes up", 2)]
    sender = stage.sender()
    assert await stage.send(sender) == 3
    assert [text for _, text in stage.gateway.sent] == ["1", "2"]
    stage.clock.pass_time(seconds=2)
    assert await stage.send(sender) == 1
    assert await states(stage) == [OutboxState.SENT] * 3


async def test_whoever_waits_for_a_file_costs_nobody_elses_turn(stage: Stage):
    await stage.open()
    for number in range(2):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    sender = stage.sender(pace=Pace(in_all=1, monotonic=lambda: 1000.0))
    stage.gateway.failures = [PutOff("its file goes up", 2)]
    assert [await stage.send(sender) for _ in range(3)] == [1, 1, 0]
    assert [text for _, text in stage.gateway.sent] == ["1"]


async def test_what_failed_together_does_not_return_together(stage: Stage):
    await stage.open()
    for number in range(2):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    stage.gateway.failures = [NotNow("502"), NotNow("502")]
    chances = iter([0.0, 1.0])
    sender = stage.sender(chance=lambda: next(chances))
    await stage.send(sender)
    waits = sorted((message.due_at - MORNING).total_seconds() for message in await stage.outbox())
    assert waits == [2, 2.5]


async def test_a_block_ends_marketing_and_lets_what_was_promised_wait_for_the_person(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    await stage.promise(lead, "a nudge", OutboxKind.FUNNEL)
    await stage.look_at_events()
    stage.gateway.failures = [Blocked("bot was blocked by the user")]
    await stage.send()
    assert await states(stage) == [OutboxState.QUEUED, OutboxState.BLOCKED]
    assert (await stage.person(lead)).blocked_at is not None
    await stage.send_all()
    assert stage.gateway.sent == []
    await comes_back(stage)
    await stage.look_at_events()
    await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]


async def test_a_funnels_message_to_somebody_who_has_blocked_the_bot_is_over(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "a nudge", OutboxKind.FUNNEL)
    await stage.look_at_events()
    stage.gateway.failures = [Blocked("bot was blocked by the user")]
    await stage.send()
    await comes_back(stage)
    await stage.send_all()
    assert await states(stage) == [OutboxState.BLOCKED]


async def test_a_closed_business_hands_over_what_it_promised_and_follows_up_nobody(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.promise(lead, "a nudge", OutboxKind.FUNNEL)
    await stage.promise(lead, "news", OutboxKind.BROADCAST)
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    await stage.look_at_events()
    for closed_at in (stage.clock(), None):
        async with stage.database.transaction() as session:
            await session.execute(update(Creator).values(closed_at=closed_at))
        await stage.send_all()
    assert stage.gateway.sent == [(100, "a file")]
    assert [each.error for each in await stage.outbox()] == ["its business is closed", "its business is closed", None]


@pytest.mark.parametrize("kind", [OutboxKind.DELIVERY, OutboxKind.NOTICE])
async def test_what_was_promised_goes_out_again_when_nobody_knows_whether_it_did_and_says_so(
    stage: Stage, kind: OutboxKind
):
    await stage.open()
    await stage.promise(await stage.lead(), "one", kind)
    stage.gateway.failures = [Uncertain("no answer")]
    await stage.send()
    assert await stage.send() == 0
    stage.clock.pass_time(seconds=5)
    await stage.send_all()
    (message,) = await stage.outbox()
    assert (message.state, message.uncertain, message.attempts) == (OutboxState.SENT, 1, 2)


async def test_marketing_of_which_nobody_knows_stays_uncertain(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one", OutboxKind.FUNNEL)
    await stage.look_at_events()
    stage.gateway.failures = [Uncertain("no answer")]
    await stage.send()
    await stage.send_all()
    (message,) = await stage.outbox()
    assert (message.state, message.uncertain, message.error) == (OutboxState.UNCERTAIN, 1, "no answer")
    assert stage.gateway.sent == []


async def test_what_telegram_refuses_fails_at_once_and_holds_up_nobody(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.promise(lead, "bad")
    await stage.promise(lead, "good")
    stage.gateway.failures = [Refused("can't parse entities")]
    await stage.send_all()
    assert await states(stage) == [OutboxState.FAILED, OutboxState.SENT]


async def test_a_gateway_that_breaks_leaves_the_row_for_the_sweep(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    stage.gateway.failures = [RuntimeError("a bug")]
    await stage.send()
    assert await states(stage) == [OutboxState.SENDING]
    assert await stage.sweep() == 1
    await stage.send_all()
    assert stage.gateway.sent == [(100, "one")]


async def test_the_sweep_leaves_alone_what_another_process_is_sending(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    await stage.claim()
    assert await stage.sweep(abandoned=False) == 0
    async with stage.database.transaction() as session:
        await session.execute(
            update(OutboxMessage).values(lease_until=database_in(session, -1)),
            execution_options={"synchronize_session": False},
        )
    assert await stage.sweep(abandoned=False) == 1
    (message,) = await stage.outbox()
    assert (message.state, message.uncertain) == (OutboxState.QUEUED, 1)


async def test_a_confirmation_that_comes_after_the_sweep_is_believed(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one", OutboxKind.FUNNEL)
    await stage.look_at_events()
    (claimed,) = await stage.claim()
    await stage.sweep()
    assert await states(stage) == [OutboxState.UNCERTAIN]
    await stage.confirm(claimed, 77)
    (message,) = await stage.outbox()
    assert (message.state, message.telegram_message_id, message.uncertain) == (OutboxState.SENT, 77, 1)


async def test_a_funnels_message_waits_while_something_that_happened_is_not_looked_at(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    await stage.promise(lead, "a nudge", OutboxKind.FUNNEL)
    await stage.promise(await stage.lead(200, "Anna"), "a file", OutboxKind.DELIVERY)
    await stage.happens(lead, "order.paid", "order:1")
    assert await stage.send() == 1
    assert stage.gateway.sent == [(200, "a file")]
    await stage.look_at_events()
    assert await stage.send() == 1


async def two_senders(stage: Stage) -> list[int]:
    """Which rows two processes take when they claim in the same moment: the second before the first has saved."""
    await stage.open()
    for number in range(6):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    other = Database(
        stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", ""), data_keys=DATA_KEYS
    )
    try:
        async with stage.database.transaction() as first:
            mine = await stage.take(first, most=4)
            theirs = await stage.claim(most=4, database=other)
    finally:
        await other.close()
    return [each.id for each in [*mine, *theirs, *await stage.claim()]]


async def test_two_senders_never_take_the_same_message(stage: Stage):
    if stage.database.is_sqlite:
        # one writer at a time: the second cannot even look before the first has saved
        return
    taken = await two_senders(stage)
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 6


async def test_without_the_lock_on_claimed_rows_two_senders_take_the_same_message(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    if stage.database.is_sqlite:
        return
    await stage.open()
    for number in range(6):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    other = Database(
        stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", ""), data_keys=DATA_KEYS
    )
    monkeypatch.setattr(type(select()), "with_for_update", lambda query, **_: query)
    try:
        async with stage.database.transaction() as first:
            due = select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.QUEUED).with_for_update()
            mine = set(await first.scalars(due))
            theirs = {each.id for each in await stage.claim(database=other)}
    finally:
        await other.close()
    assert mine & theirs


async def test_two_senders_side_by_side_send_everything_once(stage: Stage):
    await stage.open()
    for number in range(40):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    one, two = stage.sender(), stage.sender()
    while sum(await asyncio.gather(one.send_due(), two.send_due())):
        await asyncio.gather(one.finish(10), two.finish(10))
    assert sorted(chat for chat, _ in stage.gateway.sent) == [100 + number for number in range(40)]


async def test_what_is_in_hand_when_it_stops_goes_out(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    sender = stage.sender()
    await sender.send_due()
    assert sender.busy
    await sender.finish(5)
    assert not sender.busy
    assert isinstance(stage.gateway, FakeGateway)
    assert stage.gateway.sent == [(100, "one")]
