"""What a person says of messages of which nobody else can know whether they arrived."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from stage import Stage

from automations.gateway import Refused, Uncertain
from automations.settling import How, Settled, settle, settle_all
from domain.products import add_product
from kit.money import Money
from kit.paging import Paging
from store.database import insert_once
from store.models import Entitlement, Event, Lead, OutboxKind, OutboxMessage, OutboxState
from store.queries.unclear import list_unclear


async def unclear(stage: Stage, *, count: int = 1, failure: Exception | None = None) -> list[int]:
    """Follow-ups that went out, and whose answer was lost."""
    await stage.open()
    for number in range(count):
        await stage.promise(await stage.lead(100 + number), f"{number}", OutboxKind.FUNNEL)
    await stage.look_at_events()
    stage.gateway.failures = [failure or Uncertain("no answer")] * count
    await stage.send_all()
    return [message.id for message in await stage.outbox()]


async def settled(stage: Stage, message_id: int, how: How) -> OutboxMessage:
    async with stage.database.transaction() as session:
        await settle(session, message_id, how, now=stage.clock())
    return next(message for message in await stage.outbox() if message.id == message_id)


@pytest.mark.parametrize(("how", "state"), [("sent", OutboxState.SENT), ("failed", OutboxState.FAILED)])
async def test_it_is_as_the_person_says(stage: Stage, how: How, state: OutboxState):
    (message_id,) = await unclear(stage)
    message = await settled(stage, message_id, how)
    assert (message.state, message.uncertain) == (state, 1)
    await stage.send_all()
    assert stage.gateway.sent == []
    async with stage.database.reading() as session:
        (told,) = await session.scalars(select(Event).where(Event.name == "message.settled"))
    assert (told.subject, told.data) == (f"message:{message_id}", {"how": how})


async def test_it_goes_out_again_and_is_asked_then_whether_it_may(stage: Stage):
    first, second = await unclear(stage, count=2)
    async with stage.database.transaction() as session:
        last = (await stage.outbox())[1].lead_id
        await session.execute(update(Lead).where(Lead.id == last).values(unsubscribed_at=stage.clock()))
        # it was tried for as long as marketing is
        await session.execute(update(OutboxMessage).values(attempts=12))
    for message_id in (first, second):
        await settled(stage, message_id, "again")
    await stage.look_at_events()
    await stage.send_all()
    assert stage.gateway.sent == [(100, "0")]
    assert [(message.state, message.attempts) for message in await stage.outbox()] == [
        (OutboxState.SENT, 1),
        (OutboxState.CANCELLED, 0),
    ]


@pytest.mark.parametrize("how", ["sent", "failed", "again"])
async def test_what_is_known_is_not_settled_again(stage: Stage, how: How):
    (message_id,) = await unclear(stage)
    await settled(stage, message_id, "sent")
    with pytest.raises(Settled):
        await settled(stage, message_id, how)


async def test_what_telegram_refused_can_only_go_out_again(stage: Stage):
    (message_id,) = await unclear(stage, failure=Refused("wrong"))
    with pytest.raises(Settled):
        await settled(stage, message_id, "sent")
    assert (await settled(stage, message_id, "again")).state is OutboxState.QUEUED


async def test_a_confirmation_that_comes_first_wins(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one", OutboxKind.FUNNEL)
    await stage.look_at_events()
    (claimed,) = await stage.claim()
    await stage.sweep()
    await stage.confirm(claimed, 77)
    with pytest.raises(Settled):
        await settled(stage, claimed.id, "again")


async def test_a_delivery_that_is_said_to_have_arrived_has(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        price = Money(1900, "usd")
        product = await add_product(session, creator_id=stage.creator_id, title="Pack", price=price, now=stage.clock())
        right = {"lead_id": lead.id, "product_id": product.id, "origin": "gift", "granted_at": stage.clock()}
        right_id = await insert_once(session, Entitlement, right)
    await stage.promise(lead, "the pack", OutboxKind.DELIVERY, entitlement_id=right_id)
    async with stage.database.transaction() as session:
        await session.execute(update(OutboxMessage).values(state=OutboxState.UNCERTAIN))
    stage.clock.pass_time(hours=1)
    await settled(stage, (await stage.outbox())[0].id, "sent")
    async with stage.database.reading() as session:
        assert (await session.scalars(select(Entitlement.delivered_at))).one() == stage.clock()


async def test_all_that_are_uncertain_are_settled_at_once_and_no_others(stage: Stage):
    await unclear(stage, count=3)
    async with stage.database.transaction() as session:
        last = (await stage.outbox())[-1].id
        await session.execute(update(OutboxMessage).where(OutboxMessage.id == last).values(state=OutboxState.FAILED))
    async with stage.database.transaction() as session:
        assert await settle_all(session, stage.creator_id + 1, "sent", now=stage.clock()) == 0
        assert await settle_all(session, stage.creator_id, "sent", now=stage.clock()) == 2
    assert [message.state for message in await stage.outbox()] == [OutboxState.SENT] * 2 + [OutboxState.FAILED]


async def test_the_list_shows_what_is_uncertain_and_what_has_failed_and_why(stage: Stage):
    await unclear(stage, count=2)
    stage.clock.pass_time(minutes=1)
    await stage.promise(await stage.lead(500, "Anna"), "bad", OutboxKind.NOTICE)
    stage.gateway.failures = [Refused("can't parse")]
    await stage.send_all()
    async with stage.database.reading() as session:
        page = await list_unclear(session, stage.creator_id, Paging(2))
        assert (await list_unclear(session, stage.creator_id + 1, Paging(2))).total == 0
    assert (page.total, page.has_more) == (3, True)
    newest, other = page.items
    assert (newest.to, newest.text, newest.error, newest.state) == ("Anna", "bad", "can't parse", OutboxState.FAILED)
    assert (other.text, other.state, other.error) == ("1", OutboxState.UNCERTAIN, "no answer")
    assert newest.at - other.at == timedelta(minutes=1)
