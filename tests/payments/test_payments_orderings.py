"""Stripe promises no order of its words, and says some of them twice: every order of them comes to one end."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import orjson
import pytest
from folk import Folk, orders_of_many, some_folk
from sqlalchemy import select
from stripes_words import COMPLETED, EXPIRED, FAILED, SUCCEEDED, Till, word

from payments.provider_events import keep_words
from payments.rail import Word
from payments.stripe_rail import NAME
from store.models import (
    Dispute,
    DisputeState,
    Entitlement,
    Order,
    OrderState,
    Payment,
    Product,
    ProviderEvent,
    ProviderEventState,
    Refund,
    Reservation,
    ReservationState,
)

PRICE = 1900
STOCK = 1000
Said = tuple[str, dict[str, Any]]


def session(kind: str, status: str) -> Said:
    return kind, {"payment_status": status}


def refund(kind: str, name: str, status: str, amount: int) -> Said:
    return kind, {"object": "refund", "id": name, "status": status, "amount": amount}


def dispute(kind: str, status: str) -> Said:
    return kind, {"object": "dispute", "id": "dp", "status": status, "amount": PRICE, "currency": "usd"}


@dataclass(frozen=True)
class End:
    """What is left of one order when all has been said."""

    state: OrderState
    # what came, and how much of it went back
    money: tuple[int, int]
    owns: bool
    sold: bool


STORIES: dict[str, tuple[Sequence[Said], End]] = {
    "a slow payment that comes, and goes back in part": (
        (
            session(COMPLETED, "unpaid"),
            session(SUCCEEDED, "paid"),
            session(EXPIRED, "unpaid"),
            refund("refund.created", "re_part", "pending", 500),
            refund("refund.updated", "re_part", "succeeded", 500),
        ),
        End(OrderState.PARTLY_REFUNDED, (PRICE, 500), owns=True, sold=True),
    ),
    "money that goes back in two parts": (
        (
            session(COMPLETED, "paid"),
            session(EXPIRED, "unpaid"),
            refund("refund.created", "re_one", "succeeded", 500),
            refund("refund.created", "re_two", "pending", PRICE - 500),
            refund("refund.updated", "re_two", "succeeded", PRICE - 500),
        ),
        End(OrderState.REFUNDED, (PRICE, PRICE), owns=False, sold=False),
    ),
    "a refund that the bank sends back": (
        (
            session(COMPLETED, "unpaid"),
            session(SUCCEEDED, "paid"),
            refund("refund.created", "re_all", "pending", PRICE),
            refund("refund.updated", "re_all", "succeeded", PRICE),
            refund("refund.failed", "re_all", "failed", PRICE),
        ),
        End(OrderState.PAID, (PRICE, 0), owns=True, sold=True),
    ),
    "a dispute that is won": (
        (
            session(COMPLETED, "paid"),
            dispute("charge.dispute.created", "needs_response"),
            dispute("charge.dispute.funds_withdrawn", "under_review"),
            dispute("charge.dispute.closed", "won"),
            dispute("charge.dispute.funds_reinstated", "won"),
        ),
        End(OrderState.PAID, (PRICE, 0), owns=True, sold=True),
    ),
    "a dispute that is lost": (
        (
            session(COMPLETED, "unpaid"),
            session(SUCCEEDED, "paid"),
            session(EXPIRED, "unpaid"),
            dispute("charge.dispute.created", "needs_response"),
            dispute("charge.dispute.closed", "lost"),
        ),
        End(OrderState.REFUNDED, (PRICE, 0), owns=False, sold=True),
    ),
    "a payment that never comes": (
        (session(COMPLETED, "unpaid"), session(FAILED, "unpaid"), session(EXPIRED, "unpaid")),
        End(OrderState.EXPIRED, (0, 0), owns=False, sold=False),
    ),
}


def told(said: Said, order_id: int, event_id: str) -> Word:
    kind, changes = said
    if kind.startswith("checkout."):
        body = word(kind, order_id, event_id, id=f"cs_{order_id}", **changes)
    else:
        about = {**changes, "id": f"{changes['id']}_{order_id}", "payment_intent": f"pi_{order_id}"}
        event = {"id": event_id, "object": "event", "type": kind, "livemode": False, "data": {"object": about}}
        body = orjson.dumps(event)
    return Word(event_id, kind, body.decode())


async def say_all(till: Till, words: Sequence[Word]) -> None:
    """Kept in this order, and applied in it."""
    async with till.database.transaction() as session:
        await keep_words(session, NAME, words, now=till.clock())
    while await till.events.apply_due():
        pass


async def end_of(till: Till, order_id: int) -> tuple[End, tuple[object, ...]]:
    """What the story says, and whatever else there is that must be the same each time."""
    async with till.database.reading() as session:
        order = await session.get_one(Order, order_id)
        payments = (await session.scalars(select(Payment).where(Payment.order_id == order_id))).all()
        rights = (await session.scalars(select(Entitlement).where(Entitlement.order_id == order_id))).all()
        held = (await session.scalars(select(Reservation).where(Reservation.order_id == order_id))).all()
        refunds = await session.execute(
            select(Refund.reference, Refund.amount_minor, Refund.state)
            .where(Refund.order_id == order_id)
            .order_by(Refund.reference)
        )
        disputes = (await session.scalars(select(Dispute).where(Dispute.order_id == order_id))).all()
        lost = sum(each.amount_minor for each in disputes if each.state == DisputeState.LOST)
        back = sum(each.refunded_minor for each in payments) - lost
        end = End(
            order.state,
            (sum(each.amount_minor for each in payments), back),
            owns=any(each.revoked_at is None for each in rights),
            sold=any(each.state == ReservationState.SOLD for each in held),
        )
        more = (
            *(len(payments), len(rights), len(held), order.refunded_minor == back),
            *(order.receipt_number is not None, order.open_key, order.look_at),
            sorted((each.revoked_by or "") for each in rights),
            [(str(row.reference).rpartition("_")[0], row.amount_minor, row.state) for row in refunds],
            [each.state for each in disputes],
            [each.state for each in held],
        )
    return end, more


async def ends(till: Till, story: Sequence[Said], folk: Folk, *, each: int) -> list[tuple[End, tuple[object, ...]]]:
    """An order for every order of the words, or for one of so many. Each word comes twice, and again by other names."""
    orderings = list(permutations(range(len(story))))[::each]
    orders = await orders_of_many(till.database, folk, len(orderings))
    for turn in range(len(story)):
        words = [
            told(story[ordering[turn]], order_id, f"evt_{again}{order_id}_{ordering[turn]}")
            for order_id, ordering in zip(orders, orderings, strict=True)
            for again in ("", "", "again_")
        ]
        await say_all(till, words)
    # what spoke of money that was not known yet is tried again, later and later
    for _ in range(6):
        till.clock.pass_time(hours=1)
        while await till.events.apply_due():
            pass
    # and all of it once more, the other way round
    places = range(len(story) - 1, -1, -1)
    await say_all(till, [told(story[at], of, f"evt_last_{of}_{at}") for of in orders for at in places])
    return [await end_of(till, order_id) for order_id in orders]


async def one_end(till: Till, name: str, *, each: int) -> None:
    story, wanted = STORIES[name]
    folk = await some_folk(till.database, stock=STOCK)
    found = await ends(till, story, folk, each=each)
    assert {end for end, _ in found} == {wanted}
    _, more = found[0]
    assert [other for _, other in found if other != more] == []
    async with till.database.reading() as session:
        product = await session.get_one(Product, folk.product)
        sold = len(found) if wanted.sold else 0
        assert (product.stock, product.reserved, product.sold) == (STOCK - sold, 0, sold)
        states = set(await session.scalars(select(ProviderEvent.state)))
    assert states == {ProviderEventState.APPLIED}


@pytest.mark.parametrize("name", STORIES)
async def test_words_in_many_orders_come_to_the_same_end(till: Till, name: str):
    await one_end(till, name, each=11)


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STORIES)
async def test_every_order_of_the_words_comes_to_the_same_end(till: Till, name: str):
    await one_end(till, name, each=1)
