"""Of all processes one speaks for a bot; what happens when it dies, is stopped, or hears of its calls too late."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import update
from stage import FakeGateway, Stage
from stores import DATA_KEYS

import automations.outcomes
import automations.sender
from automations.gateway import NotNow, SendFailure
from automations.outcomes import close_failed
from automations.sender import Sender
from automations.taking import keep_taken
from domain.messages.plain import Message
from store.database import Database
from store.database_clock import database_in
from store.models import Lease, OutboxKind, OutboxMessage, OutboxState
from store.queries.leases import end_if_it_stands_still, hold_lease, lead_by_lease


@dataclass
class SlowGateway(FakeGateway):
    """Answers when it is let."""

    lets: asyncio.Event = field(default_factory=asyncio.Event)
    fails: SendFailure | None = None

    async def send(self, telegram_id: int, message: Message) -> int:
        await self.lets.wait()
        if self.fails is not None:
            raise self.fails
        return await super().send(telegram_id, message)


@pytest.fixture(autouse=True)
def _asks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(automations.sender, "_ASKED_AFTER", 0.0)


@asynccontextmanager
async def another_process(stage: Stage) -> AsyncIterator[Database]:
    url = stage.database.url.render_as_string(hide_password=False).replace("+asyncpg", "").replace("+aiosqlite", "")
    other = Database(url, data_keys=DATA_KEYS)
    try:
        yield other
    finally:
        await other.close()


async def promised(stage: Stage, count: int, kind: OutboxKind = OutboxKind.NOTICE) -> None:
    for number in range(count):
        await stage.promise(await stage.lead(100 + number), f"{number}", kind)
    await stage.look_at_events()


async def let_the_lease_run_out(stage: Stage) -> None:
    """As if the time had passed on the database's own clock, which no test can move."""
    async with stage.database.transaction() as session:
        await session.execute(update(Lease).values(expires_at=database_in(session, -0.001)))


async def two_of_which_the_second_speaks(stage: Stage) -> tuple[Sender, Sender]:
    """The first was stopped for longer than its lease, and knows nothing of it."""
    await stage.open()
    first, second = stage.sender(holder="first"), stage.sender(holder="second")
    await first.send_due()
    assert first.leads
    await let_the_lease_run_out(stage)
    await second.send_due()
    assert second.leads
    return first, second


async def test_one_speaks_and_the_other_stands_by(stage: Stage):
    await stage.open()
    await promised(stage, 3)
    first, second = stage.sender(holder="first"), stage.sender(holder="second")
    assert await stage.send(first) == 3
    await stage.promise(await stage.lead(500), "later")
    assert await stage.send(second) == 0
    assert not second.leads
    assert await stage.send(first) == 1


async def test_one_that_stops_in_order_makes_way_at_once(stage: Stage):
    await stage.open()
    first, second = stage.sender(holder="first"), stage.sender(holder="second")
    await first.send_due()
    await first.give_way()
    await promised(stage, 1)
    assert await stage.send(second) == 1


async def test_one_whose_lease_has_passed_on_takes_nothing_any_more(stage: Stage):
    first, second = await two_of_which_the_second_speaks(stage)
    await promised(stage, 2)
    assert await stage.send(first) == 0
    assert not first.leads
    assert [message.state for message in await stage.outbox()] == [OutboxState.QUEUED] * 2
    assert await stage.send(second) == 2


async def test_without_the_guard_one_whose_lease_has_passed_on_goes_on_speaking(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    first, _ = await two_of_which_the_second_speaks(stage)
    await promised(stage, 2)

    async def holds(*_: object, **__: object) -> bool:
        return True

    monkeypatch.setattr(automations.sender, "hold_lease", holds)
    assert await stage.send(first) == 2


async def test_what_it_hears_of_its_calls_counts_though_its_lease_has_passed_on_and_the_row_was_swept_up(stage: Stage):
    await stage.open()
    gateway = SlowGateway()
    stage.gateway = gateway
    await promised(stage, 2, OutboxKind.FUNNEL)
    first = stage.sender(holder="first")
    await first.send_due()
    await let_the_lease_run_out(stage)
    second = stage.sender(holder="second")
    await second.send_due()
    await stage.sweep()
    assert {message.state for message in await stage.outbox()} == {OutboxState.UNCERTAIN}
    gateway.lets.set()
    await first.finish(5)
    assert [(message.state, message.uncertain) for message in await stage.outbox()] == [(OutboxState.SENT, 1)] * 2


async def test_a_delivery_whose_confirmation_comes_late_does_not_go_out_again(stage: Stage):
    await stage.open()
    await promised(stage, 1, OutboxKind.DELIVERY)
    (claimed,) = await stage.claim()
    await stage.sweep()
    # it waits for its next try
    assert [message.state for message in await stage.outbox()] == [OutboxState.QUEUED]
    await stage.confirm(claimed, 77)
    await stage.send_all()
    assert stage.gateway.sent == []
    assert [message.state for message in await stage.outbox()] == [OutboxState.SENT]


async def a_failure_heard_late(stage: Stage) -> OutboxState:
    """A call turns out to have come to nothing, while another is saying the same message."""
    await stage.open()
    await promised(stage, 1, OutboxKind.DELIVERY)
    (old,) = await stage.claim()
    await stage.sweep()
    assert len(await stage.claim()) == 1
    async with stage.database.transaction() as session:
        await close_failed(session, old, NotNow("502"), now=stage.clock(), chance=lambda: 0.0)
    return (await stage.outbox())[0].state


async def test_a_failure_that_is_heard_of_late_says_nothing_about_a_later_call(stage: Stage):
    assert await a_failure_heard_late(stage) is OutboxState.SENDING


async def test_without_the_number_of_its_claim_a_failure_heard_late_takes_the_message_from_whoever_says_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(automations.outcomes, "_still", lambda row: (OutboxMessage.id == row.id,))
    assert await a_failure_heard_late(stage) is OutboxState.QUEUED


async def leases_are_over(stage: Stage) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(lease_until=database_in(session, -0.001)))


async def a_call_outlasts_its_lease(stage: Stage) -> list[tuple[OutboxState, int]]:
    """And the sender goes its round meanwhile."""
    await stage.open()
    stage.gateway = gateway = SlowGateway()
    await promised(stage, 2, OutboxKind.DELIVERY)
    sender = stage.sender()
    await sender.send_due()
    await leases_are_over(stage)
    await sender.send_due()
    await stage.sweep(abandoned=False)
    await sender.send_due()
    gateway.lets.set()
    await sender.finish(5)
    assert len(gateway.sent) >= 2
    return [(message.state, message.attempts) for message in await stage.outbox()]


async def test_what_is_still_being_said_is_nobody_elses_however_long_it_takes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(automations.sender, "_KEPT_AFTER", 0.0)
    assert await a_call_outlasts_its_lease(stage) == [(OutboxState.SENT, 1)] * 2
    assert len(stage.gateway.sent) == 2


async def test_without_keeping_it_what_takes_long_is_said_once_more_beside_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(automations.sender, "_KEPT_AFTER", float("inf"))
    assert await a_call_outlasts_its_lease(stage) == [(OutboxState.SENT, 2)] * 2
    assert len(stage.gateway.sent) == 4


async def test_what_has_been_said_is_nobody_elses_until_it_is_noted(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(automations.sender, "_KEPT_AFTER", 0.0)
    await stage.open()
    await promised(stage, 1)
    sender = stage.sender()
    await sender.send_due()
    await asyncio.wait(sender._under_way)

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the store is away")

    monkeypatch.setattr(automations.sender, "confirm", breaks)
    await leases_are_over(stage)
    with pytest.raises(RuntimeError):
        await sender.send_due()
    assert await stage.sweep(abandoned=False) == 0


async def test_a_fault_in_keeping_it_stops_neither_what_is_due_nor_what_was_said(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(automations.sender, "_KEPT_AFTER", 0.0)
    await stage.open()
    stage.gateway = gateway = SlowGateway()
    await promised(stage, 1)
    sender = stage.sender()
    await sender.send_due()

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(automations.sender, "keep_taken", breaks)
    await stage.promise(await stage.lead(300), "next")
    assert await sender.send_due() == 1
    gateway.lets.set()
    await sender.finish(5)
    assert [message.state for message in await stage.outbox()] == [OutboxState.SENT] * 2


async def test_a_call_that_never_ends_is_uncertain_and_its_chat_open_again(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(automations.sender, "LONGEST_CALL", 0.02)
    await stage.open()
    stage.gateway = gateway = SlowGateway()
    await stage.promise(await stage.lead(), "one")
    await stage.promise(await stage.lead(), "two")
    sender = stage.sender()
    await stage.send(sender)
    one, _ = await stage.outbox()
    assert (one.state, one.uncertain, one.error) == (OutboxState.QUEUED, 1, "Timed out")
    gateway.lets.set()
    await stage.send(sender)
    assert gateway.sent == [(100, "two")]


async def test_what_was_swept_up_is_not_kept_for_a_call_of_which_it_knows_nothing_any_more(stage: Stage):
    await stage.open()
    await promised(stage, 1, OutboxKind.DELIVERY)
    (old,) = await stage.claim()
    await stage.sweep()
    (new,) = await stage.claim()
    async with stage.database.transaction() as session:
        assert await keep_taken(session, [old], seconds=60) == 0
        assert await keep_taken(session, [old, new], seconds=60) == 1


async def test_a_process_that_is_stopped_in_the_middle_of_taking_is_followed_all_the_same(stage: Stage):
    if stage.database.is_sqlite:
        # one process a file
        return
    await stage.open()
    await promised(stage, 2)
    with pytest.raises(Exception, match=r"idle-in-transaction|closed|terminat"):
        await stands_still_until_another_has_spoken(stage)
    assert sorted(text for _, text in stage.gateway.sent) == ["0", "1"]


async def stands_still_until_another_has_spoken(stage: Stage) -> None:
    """In the last moment of taking, with the lease and both messages in its hands."""
    second, spoken = stage.sender(holder="second"), asyncio.Event()
    async with another_process(stage) as other, other.transaction() as stopped:
        epoch = await lead_by_lease(stopped, "sender:0", "stopped", seconds=0.2) or 0
        await end_if_it_stands_still(stopped, seconds=0.3)
        assert len(await stage.take(stopped)) == 2
        assert await hold_lease(stopped, "sender:0", "stopped", epoch, seconds=0.2)
        async with asyncio.timeout(5):
            while not spoken.is_set():
                if await stage.send(second):
                    spoken.set()


async def test_what_is_said_is_noted_along_with_what_is_taken_next(stage: Stage):
    await stage.open()
    await promised(stage, 2)
    sender = stage.sender()
    await sender.send_due()
    await asyncio.wait(sender._under_way)
    assert [message.state for message in await stage.outbox()] == [OutboxState.SENDING] * 2
    await stage.promise(await stage.lead(300), "next")
    assert await sender.send_due() == 3
    assert [message.state for message in await stage.outbox()] == [
        OutboxState.SENT,
        OutboxState.SENT,
        OutboxState.SENDING,
    ]
    await sender.finish(5)


async def test_what_is_said_is_noted_although_nothing_more_can_be_taken(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    await stage.open()
    await promised(stage, 2)
    sender = stage.sender()
    await sender.send_due()
    await asyncio.wait(sender._under_way)

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(sender._taking, "take", breaks)
    with pytest.raises(RuntimeError):
        await sender.send_due()
    assert [message.state for message in await stage.outbox()] == [OutboxState.SENT] * 2
