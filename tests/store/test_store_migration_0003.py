"""Revision 0003 with orders that are there: what was paid before can be given back like what is paid since."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, MetaData, select
from stores import DATA_KEYS

from domain.disputes import close_dispute, open_dispute
from domain.paying import Received, hand_over_anyway, pay_order
from domain.refunds import ask_refund, note_refund
from kit.money import Money
from store.database import Database
from store.models import (
    Entitlement,
    Order,
    OrderState,
    Payment,
    Product,
    RefundState,
    Reservation,
    ReservationState,
)
from store.schema import migrate

AT = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
# two paid by hand or by sending, one for which nothing was left, one that nobody has paid yet
PAID, FULFILLED, OVERSOLD, AWAITED = 1, 2, 3, 4
LIMITED = 1
# beyond the numbers that PostgreSQL gives by itself
EARLIER = 100
# as it stands once the store is at the newest schema: two pieces are left, two have been sold
BEFORE = (2, 0, 2, 4)


def _fill(connection: Connection) -> None:
    """As it is after some sales with the second schema."""
    at: Any = AT if connection.dialect.name == "postgresql" else int(AT.timestamp() * 1_000_000)
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: Any) -> None:
        connection.execute(tables.tables[table].insert().values(**values))

    add("creator", id=1, slug="studio", name="Studio", currency="usd", time_zone="UTC", created_at=at)
    lead = {"name": "Ada", "stage": "customer", "created_at": at, "phone_proof": "typed", "email_proof": "typed"}
    add("lead", id=1, creator_id=1, person_id=None, **lead)
    more = {"description": "", "kind": "file", "price_minor": 1900, "currency": "usd", "active": True}
    add("product", id=LIMITED, creator_id=1, slug="pack", title="Pack", stock=2, created_at=at, **more)
    states = {PAID: "paid", FULFILLED: "fulfilled", OVERSOLD: "oversold", AWAITED: "awaiting_payment"}
    for number, state in states.items():
        more = {"total_minor": 1900, "currency": "usd", "failures": 0, "expires_at": at, "created_at": at}
        add("order", id=number, creator_id=1, lead_id=1, reference=f"ref-{number}", state=state, **more)
        line = {"product_id": LIMITED, "title": "Pack", "price_minor": 1900}
        add("order_line", id=number, order_id=number, **line)
        if number != AWAITED:
            more = {"rail": "stripe", "reference": f"pi_{number}", "amount_minor": 1900, "currency": "usd"}
            add("payment", id=EARLIER + number, order_id=number, created_at=at, **more)
        if number in {PAID, FULFILLED}:
            more = {"origin": f"line:{number}", "granted_at": at, "delivered_at": at if number == FULFILLED else None}
            add("entitlement", id=EARLIER + number, lead_id=1, product_id=LIMITED, order_id=number, **more)


@pytest.fixture
async def old(empty_store_url: str):
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    await migrate(database, target="0002")
    async with database.schema_change() as connection:
        await connection.run_sync(_fill)
    await migrate(database)
    yield database
    await database.close()


async def counts(database: Database) -> tuple[int | None, int, int, int | None]:
    async with database.reading() as session:
        goods = await session.get_one(Product, LIMITED)
        return goods.stock, goods.reserved, goods.sold, goods.initial


async def stands(database: Database, order_id: int) -> tuple[OrderState, bool]:
    """Its state, and whether what it gave is still theirs."""
    async with database.reading() as session:
        order = await session.get_one(Order, order_id)
        rights = await session.scalars(select(Entitlement.revoked_at).where(Entitlement.order_id == order_id))
        return order.state, None in set(rights)


async def gives_back(database: Database, order_id: int, state: RefundState = RefundState.DONE) -> None:
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        (refund,) = await ask_refund(session, order, amount_minor=None, reason="", revokes=False, now=AT)
        payment = await session.get_one(Payment, refund.payment_id)
        told = {"amount_minor": 1900, "state": state, "refund_id": refund.id, "now": AT}
        await note_refund(session, payment, reference=f"re_{order_id}", **told)


async def test_what_was_sold_before_stands_as_sold_line_by_line(old: Database):
    assert await counts(old) == BEFORE
    async with old.reading() as session:
        rows = (await session.scalars(select(Reservation).order_by(Reservation.order_id))).all()
        assert [(each.order_id, each.line_id, each.product_id, each.quantity) for each in rows] == [
            (PAID, PAID, LIMITED, 1),
            (FULFILLED, FULFILLED, LIMITED, 1),
        ]
        assert {(each.state, each.until) for each in rows} == {(ReservationState.SOLD, None)}


@pytest.mark.parametrize("order_id", [PAID, FULFILLED])
async def test_what_was_paid_before_goes_back_in_full_with_its_piece(old: Database, order_id: int):
    was = (await stands(old, order_id))[0]
    await gives_back(old, order_id)
    assert await stands(old, order_id) == (OrderState.REFUNDED, False)
    assert await counts(old) == (3, 0, 1, 4)
    # the bank sends the money back: the piece is the buyer's again
    async with old.transaction() as session:
        payment = await session.get_one(Payment, EARLIER + order_id)
        told = {"amount_minor": 1900, "state": RefundState.FAILED, "refund_id": None, "now": AT}
        await note_refund(session, payment, reference=f"re_{order_id}", **told)
    assert await stands(old, order_id) == (was, True)
    assert await counts(old) == BEFORE


@pytest.mark.parametrize("end", ["won", "lost"])
async def test_a_dispute_about_what_was_paid_before_leaves_the_stock_alone(old: Database, end: str):
    async with old.transaction() as session:
        payment = await session.get_one(Payment, EARLIER + FULFILLED)
        amount = Money(1900, "usd")
        await open_dispute(session, payment, reference="dp_1", amount=amount, reason="general", now=AT)
    assert await stands(old, FULFILLED) == (OrderState.DISPUTED, False)
    assert await counts(old) == BEFORE
    async with old.transaction() as session:
        payment = await session.get_one(Payment, EARLIER + FULFILLED)
        assert await close_dispute(session, payment, reference="dp_1", won=end == "won", now=AT)
    assert (await stands(old, FULFILLED))[1] is (end == "won")
    assert await counts(old) == BEFORE


async def test_what_was_oversold_before_is_given_back_or_handed_over_and_adds_up(old: Database):
    await gives_back(old, OVERSOLD)
    assert await stands(old, OVERSOLD) == (OrderState.REFUNDED, False)
    assert await counts(old) == BEFORE


async def test_what_was_oversold_before_can_be_handed_over(old: Database):
    async with old.transaction() as session:
        await hand_over_anyway(session, await session.get_one(Order, OVERSOLD), now=AT)
    assert (await stands(old, OVERSOLD))[1]
    assert await counts(old) == (1, 0, 3, 4)


async def test_what_was_awaited_before_is_paid_from_what_is_left(old: Database):
    async with old.transaction() as session:
        order = await session.get_one(Order, AWAITED)
        assert order.look_at == AT
        await pay_order(session, order, Received("stripe", "pi_4", Money(1900, "usd")), now=AT)
    assert (await stands(old, AWAITED))[1]
    assert await counts(old) == (1, 0, 3, 4)
