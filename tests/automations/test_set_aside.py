"""What cannot be said, or noted, concerns one message alone: the others go on, and what is known is not forgotten."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from stage import Stage
from timed import creator_chat, notices

import automations.sender
from automations.gateway import Blocked, Refused, SendFailure, SlowDown
from automations.outcomes import MOST_ATTEMPTS, close_failed
from domain.enrollments import end_enrollments
from domain.parked import try_again
from domain.products import add_product
from kit.money import Money
from store.database import insert_once
from store.models import Enrollment, EnrollmentState, Entitlement, Lead, OutboxKind, OutboxMessage, OutboxState

HELLO: dict[str, Any] = {
    "trigger": {"event": "lead.captured"},
    "steps": [{"key": "hello", "do": "send", "text": "Hello"}],
}


async def came_in(stage: Stage, telegram_id: int = 100) -> Lead:
    """The funnel is about to say hello to them."""
    lead = await stage.lead(telegram_id)
    await stage.route()
    await stage.step_all()
    return lead


async def states(stage: Stage) -> list[tuple[OutboxState, str | None]]:
    """Without what they say, which may be unreadable."""
    async with stage.database.reading() as session:
        asked = select(OutboxMessage.state, OutboxMessage.error).order_by(OutboxMessage.id)
        return [(row.state, row.error) for row in await session.execute(asked)]


async def spoil(stage: Stage, message_id: int) -> None:
    """Its words cannot be read by anybody any more."""
    async with stage.database.transaction() as session:
        spoilt = text("UPDATE outbox_message SET message = 'spoilt' WHERE id = :id")
        await session.execute(spoilt, {"id": message_id})


async def test_a_message_at_which_taking_fails_is_set_aside_and_the_others_go_out(stage: Stage):
    await stage.open()
    for number in range(4):
        await stage.promise(await stage.lead(100 + number), f"{number}")
    await spoil(stage, 2)
    await stage.send_all()
    assert [said for _, said in stage.gateway.sent] == ["0", "2", "3"]
    (first, _), (second, reason), *_ = await states(stage)
    assert (first, second) == (OutboxState.SENT, OutboxState.QUEUED)
    assert reason == "a mistake of ours"
    await tried_for_hours(stage)
    assert (await states(stage))[1] == (OutboxState.FAILED, reason)


async def tried_for_hours(stage: Stage) -> None:
    """Until it is given up: the fault may be mended meanwhile."""
    for _ in range(MOST_ATTEMPTS):
        stage.clock.pass_time(minutes=15)
        await stage.send_all()


async def test_a_funnels_message_at_which_taking_fails_parks_its_enrollment_alone(stage: Stage):
    await stage.open(hello=HELLO)
    await creator_chat(stage)
    await came_in(stage, 100)
    await came_in(stage, 200)
    await spoil(stage, 1)
    await stage.send_all()
    assert [chat for chat, _ in stage.gateway.sent] == [200]
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.DONE] * 2
    await tried_for_hours(stage)
    assert [chat for chat, _ in stage.gateway.sent] == [200, 900]
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED, EnrollmentState.DONE]


async def test_of_a_delivery_that_cannot_be_read_its_creator_is_told(stage: Stage):
    await stage.open()
    await creator_chat(stage)
    await delivery(stage, await stage.lead())
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(message={"text": ["no text"]}))
    await stage.send()
    assert (await states(stage))[0][0] is OutboxState.FAILED
    (notice,) = await notices(stage)
    assert "Pack" in notice


async def delivery(stage: Stage, lead: Lead) -> None:
    async with stage.database.transaction() as session:
        price = Money(1900, "usd")
        product = await add_product(session, creator_id=stage.creator_id, title="Pack", price=price, now=stage.clock())
        right = {"lead_id": lead.id, "product_id": product.id, "origin": "gift", "granted_at": stage.clock()}
        right_id = await insert_once(session, Entitlement, right)
    await stage.look_at_events()
    await stage.promise(lead, "the pack", OutboxKind.DELIVERY, entitlement_id=right_id)


def fails_at_first(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """As if the store could not be reached for a moment."""
    tries: list[int] = []

    async def tried(*given: Any, **named: Any) -> Any:
        # the first is the round that takes, which has nothing to note yet
        told = given[1]
        if told and not tries:
            tries.append(1)
            raise OperationalError("COMMIT", None, Exception("the store is away"))
        return await act(*given, **named)

    return tried


async def test_a_delivery_that_went_out_is_noted_though_the_store_was_away_for_a_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    await stage.open()
    await delivery(stage, await stage.lead())
    monkeypatch.setattr(automations.sender, "confirm", fails_at_first(automations.sender.confirm))
    monkeypatch.setattr(automations.sender, "_NOTED_AGAIN_AFTER", (0.0,), raising=False)
    await stage.send()
    await stage.sweep()
    await stage.send_all()
    assert [said for _, said in stage.gateway.sent] == ["the pack"]
    assert await states(stage) == [(OutboxState.SENT, None)]


@pytest.mark.parametrize(
    ("failure", "state"), [(SlowDown(5), OutboxState.QUEUED), (Blocked("blocked"), OutboxState.BLOCKED)]
)
async def test_a_failure_that_is_known_is_noted_though_the_store_was_away_for_a_moment(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, failure: SendFailure, state: OutboxState
):
    await stage.open(hello=HELLO)
    await came_in(stage)
    stage.gateway.failures = [failure]
    monkeypatch.setattr(automations.sender, "close_failed", fails_at_first(close_failed))
    monkeypatch.setattr(automations.sender, "_NOTED_AGAIN_AFTER", (0.0,), raising=False)
    await stage.send()
    await stage.sweep()
    assert [each for each, _ in await states(stage)] == [state]


async def test_what_telegram_refuses_parks_that_enrollment_with_telegrams_reason(stage: Stage):
    await stage.open(hello=HELLO)
    await creator_chat(stage)
    for chat in (100, 200):
        await came_in(stage, chat)
    stage.gateway.failures = [Refused("Bad Request: message caption is too long")]
    await stage.send_all()
    parked, other = await stage.enrollments()
    assert (parked.state, parked.step, other.state) == (EnrollmentState.PARKED, "hello", EnrollmentState.DONE)
    assert parked.reason == "Bad Request: message caption is too long"
    (notice,) = await notices(stage)
    assert f"#{parked.lead_id}" in notice
    assert "caption is too long" in notice
    # nothing is left to settle about the message itself: trying again says it anew
    assert (await states(stage))[0][0] is OutboxState.CANCELLED
    async with stage.database.transaction() as session:
        await try_again(session, stage.creator_id, parked.id, now=stage.clock())
    await stage.look_at_events()
    await stage.step_all()
    await stage.send_all()
    assert sorted(chat for chat, _ in stage.gateway.sent) == [100, 200, 900]


async def test_what_telegram_refuses_leaves_alone_an_enrollment_that_was_ended_meanwhile(stage: Stage):
    await stage.open(hello={**HELLO, "steps": [*HELLO["steps"], {"key": "day", "do": "wait", "time": "1d"}]})
    await creator_chat(stage)
    await came_in(stage)
    (claimed,) = await stage.claim()
    async with stage.database.transaction() as session:
        ids = list(await session.scalars(select(Enrollment.id)))
        await end_enrollments(session, ids, "order.paid", now=stage.clock())
    async with stage.database.transaction() as session:
        await close_failed(session, claimed, Refused("Bad Request"), now=stage.clock(), chance=lambda: 0.0)
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.STOPPED, "order.paid")
    assert await notices(stage) == []
