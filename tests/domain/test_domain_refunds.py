"""Money that goes back, and what goes with it."""

import asyncio

import pytest
from folk import (
    NOW,
    Folk,
    an_order,
    count,
    counts_of,
    events,
    money,
    promised,
    some_folk,
    somebody_else_buys,
    stars,
)
from sqlalchemy import select

from domain.disputes import close_dispute, open_dispute
from domain.entitlements import owns
from domain.order_ends import expire_order
from domain.paying import NotOversold, hand_over_anyway, pay_order
from domain.refunds import BadRefund, NotRefundable, ask_refund, fail_refund, note_refund
from domain.rights_by_hand import give_by_hand, take_by_hand
from kit.errors import Invalid
from kit.money import Money
from store.database import Database
from store.models import (
    Dispute,
    DisputeState,
    Entitlement,
    Lead,
    Order,
    OrderState,
    OutboxKind,
    Payment,
    Product,
    Refund,
    RefundState,
)


async def a_paid_order(database: Database, *, stock: int | None = 1) -> tuple[Folk, int]:
    folk = await some_folk(database, stock=stock)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
    return folk, order.id


async def asked(database: Database, order_id: int, amount: int | None = None, *, revokes: bool = False) -> list[int]:
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        made = await ask_refund(session, order, amount_minor=amount, reason="asked for", revokes=revokes, now=NOW)
        return [each.id for each in made]


async def told(
    database: Database,
    order_id: int,
    state: RefundState,
    *,
    refund_id: int | None = None,
    reference: str = "re_1",
    amount: int = 1900,
) -> None:
    """The rail's word about a refund of the order's first payment."""
    async with database.transaction() as session:
        payments = select(Payment).where(Payment.order_id == order_id).order_by(Payment.id).limit(1)
        payment = (await session.scalars(payments)).one()
        await note_refund(
            session, payment, reference=reference, amount_minor=amount, state=state, refund_id=refund_id, now=NOW
        )


async def order_of(database: Database, order_id: int) -> Order:
    async with database.reading() as session:
        return await session.get_one(Order, order_id)


async def has_it(database: Database, folk: Folk) -> bool:
    async with database.reading() as session:
        return await owns(session, folk.lead, folk.product)


async def refunded_minor(database: Database) -> list[int]:
    async with database.reading() as session:
        return list(await session.scalars(select(Payment.refunded_minor).order_by(Payment.id)))


async def test_a_full_refund_takes_back_the_right_and_puts_the_piece_back(database: Database):
    folk, order_id = await a_paid_order(database)
    (refund,) = await asked(database, order_id)
    # it has only been asked for: nothing has changed for the buyer
    assert (await order_of(database, order_id)).state == OrderState.PAID
    assert await has_it(database, folk)
    for state in (RefundState.SENT, RefundState.DONE, RefundState.DONE, RefundState.SENT):
        await told(database, order_id, state, refund_id=refund)
    order = await order_of(database, order_id)
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 1900)
    assert not await has_it(database, folk)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (1, 0, 0, 1)
        assert await events(session, "order.refunded", "order.partly_refunded") == ["order.refunded"]
        row = await session.get_one(Refund, refund)
        assert (row.state, row.reference, row.closed_at) == (RefundState.DONE, "re_1", NOW)
        keys = [each.key for each in await promised(session, OutboxKind.NOTICE) if each.key.startswith("refund-")]
        assert [key.rpartition(":")[0] for key in keys] == ["refund-made", f"refund-told:{refund}"]


async def test_a_part_refund_leaves_the_right_unless_the_creator_wants_it_back(database: Database):
    folk, order_id = await a_paid_order(database)
    (first,) = await asked(database, order_id, 400)
    await told(database, order_id, RefundState.DONE, refund_id=first, amount=400)
    assert (await order_of(database, order_id)).state == OrderState.PARTLY_REFUNDED
    assert await has_it(database, folk)
    (second,) = await asked(database, order_id, 500, revokes=True)
    await told(database, order_id, RefundState.DONE, refund_id=second, reference="re_2", amount=500)
    assert (await order_of(database, order_id)).state == OrderState.PARTLY_REFUNDED
    assert not await has_it(database, folk)
    (last,) = await asked(database, order_id)
    await told(database, order_id, RefundState.DONE, refund_id=last, reference="re_3", amount=1000)
    order = await order_of(database, order_id)
    assert (order.state, order.refunded_minor) == (OrderState.REFUNDED, 1900)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (1, 0, 0, 1)


async def test_never_more_goes_back_than_was_paid(database: Database):
    _, order_id = await a_paid_order(database)
    for amount, kind in ((1901, NotRefundable), (0, BadRefund), (-1, BadRefund)):
        with pytest.raises(kind):
            await asked(database, order_id, amount)
    # in this currency Stripe moves no single fils
    async with database.transaction() as session:
        (await session.get_one(Order, order_id)).currency = "kwd"
    with pytest.raises(Invalid, match="too exact"):
        await asked(database, order_id, 1001)
    await asked(database, order_id, 1000)
    with pytest.raises(NotRefundable):
        await asked(database, order_id, 901)
    await asked(database, order_id, 900)
    with pytest.raises(NotRefundable):
        await asked(database, order_id)
    assert await refunded_minor(database) == [1900]


async def test_twenty_refunds_at_once_give_back_what_was_paid_and_no_more(database: Database):
    _, order_id = await a_paid_order(database)
    ended = await asyncio.gather(*(asked(database, order_id, 300) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(each, list) for each in ended) == 6
    assert all(isinstance(each, list | NotRefundable) for each in ended)
    assert await refunded_minor(database) == [1800]


async def test_an_order_that_nobody_paid_has_nothing_to_give_back(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
    with pytest.raises(NotRefundable):
        await asked(database, order.id)


async def test_a_refund_made_at_the_rails_dashboard_is_one_of_ours_afterwards(database: Database):
    folk, order_id = await a_paid_order(database)
    for _ in range(2):
        await told(database, order_id, RefundState.DONE, reference="re_dashboard")
    assert (await order_of(database, order_id)).state == OrderState.REFUNDED
    assert not await has_it(database, folk)
    assert await refunded_minor(database) == [1900]
    async with database.reading() as session:
        assert await count(session, Refund) == 1


async def test_the_rails_word_about_our_own_refund_may_come_before_our_note_of_it(database: Database):
    _, order_id = await a_paid_order(database)
    (refund,) = await asked(database, order_id)
    # without our number on it
    await told(database, order_id, RefundState.DONE)
    await told(database, order_id, RefundState.DONE, refund_id=refund)
    assert await refunded_minor(database) == [1900]
    async with database.reading() as session:
        assert await count(session, Refund) == 1


async def test_a_refund_that_fails_is_told_and_may_be_asked_again(database: Database):
    folk, order_id = await a_paid_order(database)
    (refund,) = await asked(database, order_id)
    for _ in range(2):
        async with database.transaction() as session:
            await fail_refund(session, await session.get_one(Refund, refund), "the card is closed", now=NOW)
    assert await refunded_minor(database) == [0]
    assert (await order_of(database, order_id)).state == OrderState.PAID
    async with database.reading() as session:
        (said,) = [each for each in await promised(session, OutboxKind.NOTICE) if each.key.startswith("refund-failed")]
        assert "the card is closed" in said.message["text"]
    assert len(await asked(database, order_id)) == 1
    assert await has_it(database, folk)


@pytest.mark.parametrize("meanwhile", ["nothing", "sold again"])
async def test_a_refund_that_the_bank_sends_back_gives_the_buyer_everything_again(database: Database, meanwhile: str):
    folk, order_id = await a_paid_order(database)
    (refund,) = await asked(database, order_id)
    await told(database, order_id, RefundState.DONE, refund_id=refund)
    if meanwhile == "sold again":
        async with database.transaction() as session:
            await somebody_else_buys(session, folk)
    await told(database, order_id, RefundState.FAILED, refund_id=refund)
    order = await order_of(database, order_id)
    assert (order.state, order.refunded_minor) == (OrderState.PAID, 0)
    assert await has_it(database, folk)
    async with database.reading() as session:
        # the piece had been sold again: the creator has one more than they had said
        assert await counts_of(session, folk) == ((0, 0, 2, 2) if meanwhile == "sold again" else (0, 0, 1, 1))


async def test_oversold_money_waits_for_the_creator_who_may_hand_over_anyway(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire_order(session, order, now=NOW)
        await somebody_else_buys(session, folk)
        await pay_order(session, order, money(), now=NOW)
        assert await count(session, Refund) == 0
        await hand_over_anyway(session, order, now=NOW)
        with pytest.raises(NotOversold):
            await hand_over_anyway(session, order, now=NOW)
    assert (await order_of(database, order.id)).state == OrderState.PAID
    assert await has_it(database, folk)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (0, 0, 2, 2)


async def test_oversold_money_that_goes_back_ends_the_order_and_leaves_the_stock_alone(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire_order(session, order, now=NOW)
        await somebody_else_buys(session, folk)
        await pay_order(session, order, money(), now=NOW)
    (refund,) = await asked(database, order.id)
    await told(database, order.id, RefundState.DONE, refund_id=refund)
    assert (await order_of(database, order.id)).state == OrderState.REFUNDED
    async with database.reading() as session:
        assert await counts_of(session, folk) == (0, 0, 1, 1)


async def test_oversold_money_of_which_a_part_went_back_still_waits_for_somebody(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire_order(session, order, now=NOW)
        await somebody_else_buys(session, folk)
        await pay_order(session, order, money(), now=NOW)
    (refund,) = await asked(database, order.id, 900)
    await told(database, order.id, RefundState.DONE, refund_id=refund, amount=900)
    assert (await order_of(database, order.id)).state == OrderState.OVERSOLD
    async with database.transaction() as session:
        await hand_over_anyway(session, await session.get_one(Order, order.id), now=NOW)
    assert (await order_of(database, order.id)).state == OrderState.PARTLY_REFUNDED
    assert await has_it(database, folk)


async def test_what_was_taken_by_hand_and_paid_back_is_given_as_a_present(database: Database):
    folk, order_id = await a_paid_order(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await take_by_hand(session, lead, product, "shared it", now=NOW)
    (refund_id,) = await asked(database, order_id)
    await told(database, order_id, RefundState.DONE, refund_id=refund_id)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await give_by_hand(session, lead, product, "made up", now=NOW)
        rows = await session.execute(select(Entitlement.order_id, Entitlement.revoked_by).order_by(Entitlement.id))
        assert [tuple(row) for row in rows] == [(order_id, "hand"), (None, None)]


@pytest.mark.parametrize("rail", ["stripe", "stars"])
async def test_what_is_oversold_is_not_handed_over_once_its_money_goes_back(database: Database, rail: str):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await expire_order(session, order, now=NOW)
        await somebody_else_buys(session, folk)
        paid = money() if rail == "stripe" else stars("charge_1", 120)
        # Stars are asked back by themselves
        await pay_order(session, order, paid, now=NOW)
        if rail == "stripe":
            await ask_refund(session, order, amount_minor=None, reason="", revokes=False, now=NOW)
        assert order.state == OrderState.OVERSOLD
        with pytest.raises(NotOversold):
            await hand_over_anyway(session, order, now=NOW)
        assert await count(session, Entitlement, Entitlement.order_id == order.id) == 0
        assert await counts_of(session, folk) == (0, 0, 1, 1)


async def test_stars_that_buy_nothing_go_back_by_themselves(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        (await session.get_one(Product, folk.product)).price_stars = 120
        await session.flush()
        order = await an_order(session, folk, rail="stars")
        await somebody_else_buys(session, folk)
        await pay_order(session, order, stars("charge_1", 120), now=NOW)
    assert (await order_of(database, order.id)).state == OrderState.OVERSOLD
    async with database.reading() as session:
        (refund,) = await session.scalars(select(Refund))
        assert (refund.amount_minor, refund.currency, refund.state) == (120, "xtr", RefundState.ASKED)


async def test_stars_paid_twice_go_back_once_and_the_order_stays_as_it_is(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        (await session.get_one(Product, folk.product)).price_stars = 120
        await session.flush()
        order = await an_order(session, folk, rail="stars")
        await pay_order(session, order, stars("charge_1", 120), now=NOW)
        await pay_order(session, order, stars("charge_2", 120), now=NOW)
        (refund,) = await session.scalars(select(Refund))
        payment = await session.get_one(Payment, refund.payment_id)
        assert payment.reference == "charge_2"
        await note_refund(
            session,
            payment,
            reference="charge_2",
            amount_minor=120,
            state=RefundState.DONE,
            refund_id=refund.id,
            now=NOW,
        )
    assert (await order_of(database, order.id)).state == OrderState.PAID
    assert await has_it(database, folk)
    with pytest.raises(NotRefundable):
        await asked(database, order.id, 60)
    assert len(await asked(database, order.id)) == 1


@pytest.mark.parametrize("revokes", [False, True])
async def test_what_is_paid_again_after_all_of_it_went_back_is_theirs_again(database: Database, *, revokes: bool):
    folk, order_id = await a_paid_order(database)
    (refund_id,) = await asked(database, order_id, revokes=revokes)
    async with database.transaction() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
        done = {"amount_minor": 1900, "state": RefundState.DONE, "refund_id": refund_id}
        await note_refund(session, payment, reference="re_1", now=NOW, **done)
    assert (await order_of(database, order_id)).state == OrderState.REFUNDED
    assert not await has_it(database, folk)
    async with database.transaction() as session:
        # of two payments the first went back before the word of the second came
        await pay_order(session, await session.get_one(Order, order_id), money("pi_2"), now=NOW)
    assert (await order_of(database, order_id)).state in {OrderState.PAID, OrderState.FULFILLED}
    assert await has_it(database, folk)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        # it is no second payment of what they have, and nobody is told that it were
        said = [str(each.message) for each in await promised(session, OutboxKind.NOTICE)]
        assert any("theirs again" in each for each in said)
        assert any("yours again" in each for each in said)
        assert not any("twice" in each or "a second time" in each for each in said)


async def dispute(database: Database, order_id: int, amount: int = 1900) -> None:
    async with database.transaction() as session:
        payment = (await session.scalars(select(Payment).where(Payment.order_id == order_id).limit(1))).one()
        await open_dispute(
            session, payment, reference="dp_1", amount=Money(amount, "usd"), reason="fraudulent", now=NOW
        )


async def decide(database: Database, *, won: bool) -> bool:
    async with database.transaction() as session:
        payment = (await session.scalars(select(Payment).order_by(Payment.id).limit(1))).one()
        return await close_dispute(session, payment, reference="dp_1", won=won, now=NOW)


async def test_a_dispute_sets_the_order_aside_and_winning_it_restores_everything(database: Database):
    folk, order_id = await a_paid_order(database)
    for _ in range(2):
        await dispute(database, order_id)
    assert (await order_of(database, order_id)).state == OrderState.DISPUTED
    assert not await has_it(database, folk)
    with pytest.raises(NotRefundable):
        await asked(database, order_id)
    assert [await decide(database, won=True), await decide(database, won=True)] == [True, False]
    assert (await order_of(database, order_id)).state == OrderState.PAID
    assert await has_it(database, folk)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        assert await events(session, "dispute.opened", "dispute.won", "dispute.lost") == [
            "dispute.opened",
            "dispute.won",
        ]


async def test_a_dispute_that_is_lost_takes_the_right_for_good_and_the_piece_too(database: Database):
    folk, order_id = await a_paid_order(database)
    await dispute(database, order_id)
    await decide(database, won=False)
    # the beginning, told once more and late
    await dispute(database, order_id)
    assert (await order_of(database, order_id)).state == OrderState.REFUNDED
    assert not await has_it(database, folk)
    async with database.reading() as session:
        # what was sent is not back on the shelf
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        assert list(await session.scalars(select(Dispute.state))) == [DisputeState.LOST]
        said = [each.key for each in await promised(session, OutboxKind.NOTICE) if each.key.startswith("dispute-")]
        buyer, creator = (
            ["dispute-opened-buyer:1", "dispute-lost-buyer:1"],
            ["dispute-opened:1:1", "dispute-closed:1:1"],
        )
        assert sorted(said) == sorted([*buyer, *creator])


async def test_what_is_given_by_hand_while_a_bank_has_the_money_is_a_present(database: Database):
    folk, order_id = await a_paid_order(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await take_by_hand(session, lead, product, "shared it", now=NOW)
    await dispute(database, order_id)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await give_by_hand(session, lead, product, "made up", now=NOW)
    await decide(database, won=False)
    assert await has_it(database, folk)
    async with database.reading() as session:
        of_order = select(Entitlement.revoked_by).where(Entitlement.order_id == order_id)
        assert list(await session.scalars(of_order)) == ["hand"]


async def test_a_dispute_nobody_knows_cannot_be_closed(database: Database):
    await a_paid_order(database)
    assert not await decide(database, won=True)


@pytest.mark.parametrize("first", ["refund", "dispute"])
async def test_a_refund_and_a_dispute_that_is_won_come_to_the_same_in_either_order(database: Database, first: str):
    folk, order_id = await a_paid_order(database)
    if first == "refund":
        await told(database, order_id, RefundState.DONE)
    await dispute(database, order_id)
    if first == "dispute":
        await told(database, order_id, RefundState.DONE)
    assert (await order_of(database, order_id)).state == OrderState.DISPUTED
    await decide(database, won=True)
    assert (await order_of(database, order_id)).state == OrderState.REFUNDED
    assert not await has_it(database, folk)
    async with database.reading() as session:
        assert await counts_of(session, folk) == (1, 0, 0, 1)


async def test_what_another_paid_order_gave_stays_when_one_is_refunded(database: Database):
    folk, order_id = await a_paid_order(database, stock=2)
    async with database.transaction() as session:
        again = await an_order(session, folk)
        await pay_order(session, again, money("pi_2"), now=NOW)
    await told(database, order_id, RefundState.DONE)
    assert await has_it(database, folk)
    async with database.reading() as session:
        assert await count(session, Entitlement, Entitlement.revoked_at.is_not(None)) == 1
        assert await counts_of(session, folk) == (1, 0, 1, 2)
