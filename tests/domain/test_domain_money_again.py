"""Money of one order that comes or goes more than once: stock, rights and words are those of how it stands then."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from folk import NOW, Folk, an_order, counts_of, money, promised, some_folk, somebody_else_buys
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.disputes import close_dispute, open_dispute
from domain.entitlements import owns
from domain.order_ends import expire_order
from domain.paying import hand_over_anyway, pay_order
from domain.receipt_words import receipt_text
from domain.refunds import NotRefundable, ask_refund, note_refund
from domain.rights_by_hand import give_by_hand, take_by_hand
from kit.money import Money
from store.database import Database
from store.models import Lead, Order, OrderState, OutboxKind, Payment, Product, RefundState
from store.queries.order_card import order_details


async def a_paid_order(session: AsyncSession, folk: Folk) -> Order:
    order = await an_order(session, folk)
    await pay_order(session, order, money(), now=NOW)
    return order


async def payment_of(session: AsyncSession, order: Order, number: int = 0) -> Payment:
    found = await session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id))
    return found.all()[number]


async def dispute(session: AsyncSession, payment: Payment, amount: int) -> None:
    values = {"reference": f"dp_{payment.id}", "amount": Money(amount, "usd"), "reason": "general"}
    await open_dispute(session, payment, now=NOW, **values)


async def decide(session: AsyncSession, payment: Payment, *, won: bool) -> None:
    assert await close_dispute(session, payment, reference=f"dp_{payment.id}", won=won, now=NOW)


async def goes_back(session: AsyncSession, order: Order, amount: int | None = None, *, revokes: bool = False) -> None:
    for refund in await ask_refund(session, order, amount_minor=amount, reason="", revokes=revokes, now=NOW):
        payment = await session.get_one(Payment, refund.payment_id)
        done = {"amount_minor": refund.amount_minor, "state": RefundState.DONE, "refund_id": refund.id}
        await note_refund(session, payment, reference=f"re_{refund.id}", now=NOW, **done)


async def left_of(session: AsyncSession, order: Order) -> int:
    return (await order_details(session, order.id)).left.amount_minor


async def last_words(session: AsyncSession, folk: Folk) -> tuple[str, str, Sequence[object]]:
    """What buyer and seller heard last, and the buttons under the latter."""
    buyer = (await session.get_one(Lead, folk.lead)).person_id
    notices = [each for each in await promised(session, OutboxKind.NOTICE) if "low-stock" not in each.key]
    theirs = [each.message for each in notices if each.person_id == buyer]
    sellers = [each.message for each in notices if each.person_id != buyer]
    labels = [button["text"] for row in sellers[-1]["buttons"] for button in row]
    return str(theirs[-1]["text"]), str(sellers[-1]["text"]), labels


async def test_a_dispute_lost_in_part_leaves_the_rest_and_says_so(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        payment = await payment_of(session, order)
        await dispute(session, payment, 1000)
        await decide(session, payment, won=False)
        assert order.state == OrderState.PARTLY_REFUNDED
        assert await owns(session, folk.lead, folk.product)
        buyer, seller, _ = await last_words(session, folk)
        assert "yours again" in buyer
        assert "is lost" in seller
        assert "has lost what was bought" not in seller
        assert "has what was bought" in seller
        # a bank has the other part
        assert await left_of(session, order) == 900
        with pytest.raises(NotRefundable):
            await ask_refund(session, order, amount_minor=901, reason="", revokes=False, now=NOW)


async def test_of_an_order_paid_twice_only_what_no_bank_has_taken_goes_back(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        await pay_order(session, order, money("pi_2"), now=NOW)
        second = await payment_of(session, order, 1)
        await dispute(session, second, 1900)
        await decide(session, second, won=False)
        assert order.state == OrderState.PAID
        _, seller, _ = await last_words(session, folk)
        assert "has what was bought" in seller
        (refund,) = await ask_refund(session, order, amount_minor=None, reason="", revokes=False, now=NOW)
        assert (refund.payment_id, refund.amount_minor) == ((await payment_of(session, order)).id, 1900)


async def test_a_dispute_won_after_the_money_went_back_promises_nobody_anything(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        payment = await payment_of(session, order)
        await goes_back(session, order)
        await dispute(session, payment, 1900)
        await decide(session, payment, won=True)
        assert order.state == OrderState.REFUNDED
        buyer, seller, _ = await last_words(session, folk)
        assert "has taken the money" not in buyer
        assert "decided for you" in seller
        assert "has it back" not in seller


async def test_what_was_oversold_and_is_paid_again_is_oversold_again(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire_order(session, order, now=NOW)
        await somebody_else_buys(session, folk)
        await pay_order(session, order, money(), now=NOW)
        await goes_back(session, order)
        await pay_order(session, order, money("pi_2"), now=NOW)
        assert order.state == OrderState.OVERSOLD
        buyer, seller, labels = await last_words(session, folk)
        assert "had just gone" in buyer
        assert "had just gone" in seller
        assert labels[:2] == ["Give it back", "Hand over anyway"]


async def test_what_is_paid_again_when_its_piece_is_somebody_elses_waits_for_a_person(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        await goes_back(session, order)
        await somebody_else_buys(session, folk)
        await pay_order(session, order, money("pi_2"), now=NOW)
        assert order.state == OrderState.OVERSOLD
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        assert not await owns(session, folk.lead, folk.product)
        buyer, _, labels = await last_words(session, folk)
        assert "had just gone" in buyer
        assert "Hand over anyway" in labels
        # a bank that asks for it, and loses, changes nothing of that
        second = await payment_of(session, order, 1)
        await dispute(session, second, 1900)
        await decide(session, second, won=True)
        assert (order.state, await counts_of(session, folk)) == (OrderState.OVERSOLD, (0, 0, 1, 1))
        await hand_over_anyway(session, order, now=NOW)
        assert order.state == OrderState.PAID
        assert await counts_of(session, folk) == (0, 0, 2, 2)
        assert await owns(session, folk.lead, folk.product)


async def test_what_a_bank_has_and_is_paid_again_is_theirs_again(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        first = await payment_of(session, order)
        await dispute(session, first, 1900)
        await pay_order(session, order, money("pi_2"), now=NOW)
        buyer, seller, _ = await last_words(session, folk)
        assert "yours again" in buyer
        assert "theirs again" in seller
        await decide(session, first, won=False)
        assert (order.state, await left_of(session, order)) == (OrderState.PAID, 1900)
        assert "has what was bought" in (await last_words(session, folk))[1]


async def test_a_receipt_names_each_payment_of_an_order_that_was_paid_again(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        once = receipt_text(await order_details(session, order.id), "en", ZoneInfo("UTC"))
        assert "Paid on" not in once
        await goes_back(session, order)
        await pay_order(session, order, money("pi_2"), now=NOW)
        again = receipt_text(await order_details(session, order.id), "en", ZoneInfo("UTC"))
        assert again.count("Paid on May 4, 2031: $19.00") == 2
        assert "Given back: $19.00" in again


async def test_what_is_given_by_hand_outlives_the_next_part_that_goes_back(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await a_paid_order(session, folk)
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await take_by_hand(session, lead, product, "shared it", now=NOW)
        await goes_back(session, order, 500, revokes=True)
        await give_by_hand(session, lead, product, "made up", now=NOW)
        await goes_back(session, order, 300)
        assert await owns(session, lead.id, product.id)
