"""What an order holds until it is paid or over: of a product, a variant, a bundle; for a while on Stars."""

from datetime import timedelta

import pytest
from folk import (
    GOOD_FOR,
    NOW,
    a_creator,
    a_lead,
    a_product,
    an_order,
    count,
    counts_of,
    events,
    money,
    ordered,
    some_folk,
    somebody_else_buys,
    stars,
)
from sqlalchemy import select, update

from domain.orders import (
    CheckoutEnding,
    CheckoutOpen,
    LimitReached,
    NotForSale,
    SoldOut,
    await_payment,
    cancel_order,
    end_unpaid,
    expire_order,
    hold_for,
    note_asked,
    note_pending,
    release_stale,
)
from domain.paying import pay_free, pay_order
from domain.pricing import ChooseVariant
from domain.refunds import ask_refund, note_refund
from domain.stock import set_stock
from kit.errors import Invalid
from store.database import Database
from store.models import (
    BundleItem,
    Creator,
    Entitlement,
    Lead,
    LeadStage,
    Order,
    OrderState,
    Payment,
    Product,
    ProductKind,
    ProductVariant,
    RefundState,
    Reservation,
    ReservationState,
)

SOON = NOW + timedelta(minutes=15)


async def state_of(database: Database, order_id: int) -> OrderState:
    async with database.reading() as session:
        return (await session.get_one(Order, order_id)).state


@pytest.mark.parametrize("ends", [expire_order, cancel_order])
async def test_stock_is_held_from_the_start_of_the_checkout_until_its_end(database: Database, ends):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        assert await counts_of(session, folk) == (0, 1, 0, 1)
        with pytest.raises(SoldOut):
            await somebody_else_buys(session, folk)
        assert await ends(session, order, now=NOW)
        assert not await ends(session, order, now=NOW)
        assert await counts_of(session, folk) == (1, 0, 0, 1)
    async with database.reading() as session:
        # who was refused has left no order behind
        assert await count(session, Order) == await count(session, Reservation) == 1
        assert await events(session, "order.opened", "order.expired", "order.cancelled") == [
            "order.opened",
            f"order.{'expired' if ends is expire_order else 'cancelled'}",
        ]


async def test_what_is_held_is_sold_when_the_money_comes(database: Database):
    folk = await some_folk(database, stock=3)
    async with database.transaction() as session:
        order = await an_order(session, folk, quantity=2)
        assert await counts_of(session, folk) == (1, 2, 0, 3)
        await pay_order(session, order, money(amount=3800), now=NOW)
        assert await counts_of(session, folk) == (1, 0, 2, 3)
        # the end of a checkout that was told too late changes nothing
        assert not await expire_order(session, order, now=NOW)
        assert not await cancel_order(session, order, now=NOW)
        assert await counts_of(session, folk) == (1, 0, 2, 3)
        (right,) = await session.scalars(select(Entitlement))
        assert right.quantity == 2


async def test_an_order_of_before_reservations_takes_its_stock_when_it_is_paid(database: Database):
    folk = await some_folk(database, stock=2)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        # as the migration finds it: a line, and nothing held
        await session.execute(update(Reservation).values(state=ReservationState.RELEASED))
        await session.execute(update(Product).values(stock=2, reserved=0))
        await pay_order(session, order, money(), now=NOW)
        assert await counts_of(session, folk) == (1, 0, 1, 2)


async def test_more_pieces_than_are_left_are_sold_to_nobody(database: Database):
    folk = await some_folk(database, stock=2)
    async with database.transaction() as session:
        with pytest.raises(SoldOut):
            await an_order(session, folk, quantity=3)
        assert await counts_of(session, folk) == (2, 0, 0, 2)


async def test_another_wish_replaces_an_order_that_no_rail_knows_of(database: Database):
    folk = await some_folk(database, stock=2)
    async with database.transaction() as session:
        first = await an_order(session, folk)
        second = await an_order(session, folk, quantity=2)
        assert first.id != second.id
        assert await counts_of(session, folk) == (0, 2, 0, 2)
    assert await state_of(database, first.id) == OrderState.CANCELLED


@pytest.mark.parametrize("asked", ["asked", "made", "pending"])
async def test_another_wish_waits_while_a_rail_may_take_money_for_the_first(database: Database, asked: str):
    folk = await some_folk(database, stock=2)
    async with database.transaction() as session:
        first = await an_order(session, folk)
        assert await note_asked(session, first.id)
        if asked != "asked":
            await await_payment(session, first.id, "cs_1", "https://pay.example")
        if asked == "pending":
            await note_pending(session, first, now=NOW)
        with pytest.raises(CheckoutOpen) as refused:
            await an_order(session, folk, quantity=2)
        assert refused.value.order_id == first.id
        assert not await end_unpaid(session, first, now=NOW)
        assert (await an_order(session, folk)).id == first.id
        assert await counts_of(session, folk) == (1, 1, 0, 2)


async def test_an_order_that_was_called_off_is_not_asked_for_at_a_rail(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await cancel_order(session, order, now=NOW)
        assert not await note_asked(session, order.id)
        await await_payment(session, order.id, "cs_1", "https://pay.example")
    assert await state_of(database, order.id) == OrderState.CANCELLED


async def test_a_checkout_whose_end_nobody_has_told_keeps_its_stock_and_its_buyer_waits(database: Database):
    folk = await some_folk(database, stock=2)
    async with database.transaction() as session:
        first = await an_order(session, folk)
        await note_asked(session, first.id)
        await await_payment(session, first.id, "cs_1", "https://pay.example")
        for quantity in (1, 2):
            with pytest.raises(CheckoutEnding):
                await an_order(session, folk, now=NOW + GOOD_FOR, quantity=quantity)
        assert await counts_of(session, folk) == (1, 1, 0, 2)
        await expire_order(session, first, now=NOW + GOOD_FOR)
        assert (await an_order(session, folk, now=NOW + GOOD_FOR, quantity=2)).id != first.id
        assert await counts_of(session, folk) == (0, 2, 0, 2)


async def test_each_person_may_have_so_many(database: Database):
    folk = await some_folk(database, stock=9)
    async with database.transaction() as session:
        (await session.get_one(Product, folk.product)).limit_per_person = 3
        await session.flush()
        with pytest.raises(LimitReached):
            await an_order(session, folk, quantity=4)
        first = await an_order(session, folk, quantity=2)
        # the open one is replaced and so does not count
        first = await an_order(session, folk, quantity=3)
        await pay_order(session, first, money(amount=5700), now=NOW)
        with pytest.raises(LimitReached):
            await an_order(session, folk)
        await somebody_else_buys(session, folk)
        payment = (await session.scalars(select(Payment).where(Payment.order_id == first.id))).one()
        (refund,) = await ask_refund(session, first, amount_minor=None, reason="", revokes=False, now=NOW)
        await note_refund(
            session,
            payment,
            reference="re_1",
            amount_minor=5700,
            state=RefundState.DONE,
            refund_id=refund.id,
            now=NOW,
        )
        assert (await an_order(session, folk, quantity=3)).state == OrderState.OPEN
        assert await counts_of(session, folk) == (5, 3, 1, 9)


async def test_a_variants_own_stock_counts(database: Database):
    folk = await some_folk(database, stock=5)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        small, large = (
            ProductVariant(product_id=product.id, title=title, price_minor=price, stock=1, initial=1, created_at=NOW)
            for title, price in (("S", 1000), ("L", 2000))
        )
        session.add_all([small, large])
        await session.flush()
        with pytest.raises(ChooseVariant):
            await an_order(session, folk)
        order = await an_order(session, folk, variant=large)
        assert order.total_minor == 2000
        with pytest.raises(SoldOut):
            await somebody_else_buys(session, folk, variant=large)
        await somebody_else_buys(session, folk, variant=small)
        await pay_order(session, order, money(amount=2000), now=NOW)
        for each in (small, large):
            await session.refresh(each)
            assert (each.stock, each.reserved, each.sold) == (0, 0, 1)
        assert await counts_of(session, folk) == (5, 0, 0, 5)
        rights = select(Entitlement.variant_id).where(Entitlement.order_id == order.id)
        assert list(await session.scalars(rights)) == [large.id]


async def a_bundle(database: Database, *, stock: int | None, parts: list[int | None]) -> tuple[int, int, list[int]]:
    """Ids of a lead, the bundle, and what is in it, each with that stock."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        bundle = await a_product(session, creator, stock=stock, file=False)
        bundle.kind = ProductKind.BUNDLE
        held = [await a_product(session, creator, stock=each) for each in parts]
        session.add_all([BundleItem(bundle_id=bundle.id, product_id=each.id) for each in held])
        await session.flush()
    return lead.id, bundle.id, [each.id for each in held]


async def left_of(database: Database, *ids: int) -> list[tuple[int | None, int, int]]:
    async with database.reading() as session:
        rows = [await session.get_one(Product, each) for each in ids]
        return [(each.stock, each.reserved, each.sold) for each in rows]


async def test_a_bundle_holds_and_sells_its_own_stock_and_that_of_all_that_is_in_it(database: Database):
    lead_id, bundle_id, parts = await a_bundle(database, stock=2, parts=[3, None])
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        order = await ordered(session, lead, await session.get_one(Product, bundle_id))
    assert await left_of(database, bundle_id, *parts) == [(1, 1, 0), (2, 1, 0), (None, 1, 0)]
    async with database.transaction() as session:
        # what is put in later was not bought
        late = await a_product(session, await session.get_one(Creator, 1))
        session.add(BundleItem(bundle_id=bundle_id, product_id=late.id))
        await session.flush()
        await pay_order(session, await session.get_one(Order, order.id), money(), now=NOW)
    assert await left_of(database, bundle_id, *parts) == [(1, 0, 1), (2, 0, 1), (None, 0, 1)]
    async with database.reading() as session:
        rights = (await session.scalars(select(Entitlement).order_by(Entitlement.product_id))).all()
        assert [each.product_id for each in rights] == parts
        assert rights[0].origin.startswith("line:")
        assert rights[0].origin.endswith(f":{parts[0]}")


async def test_a_bundle_of_which_one_part_has_gone_is_sold_out_and_nothing_of_it_is_held(database: Database):
    lead_id, bundle_id, parts = await a_bundle(database, stock=2, parts=[3, 0])
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        with pytest.raises(SoldOut):
            await ordered(session, lead, bundle)
    assert await left_of(database, bundle_id, *parts) == [(2, 0, 0), (3, 0, 0), (0, 0, 0)]


async def test_no_invoice_is_sent_for_a_bundle_of_which_one_part_has_gone(database: Database):
    lead_id, bundle_id, parts = await a_bundle(database, stock=None, parts=[3, 1])
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        bundle.price_stars = 120
        part = await session.get_one(Product, parts[1])
        part.stock, part.sold = 0, 1
        await session.flush()
        with pytest.raises(SoldOut):
            await ordered(session, lead, bundle, rail="stars")
        assert await count(session, Order) == 0
        part.stock, part.sold = 1, 0
        await session.flush()
        # whoever is sent to pay finds it there
        order = await ordered(session, lead, bundle, rail="stars")
        assert await hold_for(session, order, until=SOON, now=NOW)
    assert await left_of(database, bundle_id, *parts) == [(None, 1, 0), (2, 1, 0), (0, 1, 0)]


async def on_stars(database: Database, *, stock: int = 1):
    folk = await some_folk(database, stock=stock)
    async with database.transaction() as session:
        (await session.get_one(Product, folk.product)).price_stars = 120
        await session.flush()
        order = await an_order(session, folk, rail="stars")
        assert (order.total_minor, order.currency, order.look_at) == (120, "xtr", NOW + GOOD_FOR)
        await note_asked(session, order.id)
    return folk, order.id


async def test_an_invoice_holds_nothing_until_its_buyer_is_about_to_pay(database: Database):
    folk, order_id = await on_stars(database)
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        assert await counts_of(session, folk) == (1, 0, 0, 1)
        for _ in range(2):
            assert await hold_for(session, order, until=SOON, now=NOW)
        assert await counts_of(session, folk) == (0, 1, 0, 1)
        with pytest.raises(SoldOut):
            await somebody_else_buys(session, folk)
        await pay_order(session, order, stars("charge_1", 120), now=NOW)
        assert await counts_of(session, folk) == (0, 0, 1, 1)


async def test_who_was_about_to_pay_and_did_not_frees_the_stock_after_its_time(database: Database):
    folk, order_id = await on_stars(database)
    async with database.transaction() as session:
        assert await hold_for(session, await session.get_one(Order, order_id), until=SOON, now=NOW)
    async with database.transaction() as session:
        assert await release_stale(session, now=SOON - timedelta(microseconds=1)) == 0
        assert await release_stale(session, now=SOON) == 1
        assert await release_stale(session, now=SOON) == 0
        assert await counts_of(session, folk) == (1, 0, 0, 1)
    # the invoice is still there, and may be paid after all
    assert await state_of(database, order_id) == OrderState.AWAITING_PAYMENT
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        assert await hold_for(session, order, until=SOON + timedelta(minutes=15), now=SOON)


async def test_an_invoice_for_what_has_gone_is_not_agreed_to(database: Database):
    folk, order_id = await on_stars(database)
    async with database.transaction() as session:
        await somebody_else_buys(session, folk)
        assert not await hold_for(session, await session.get_one(Order, order_id), until=SOON, now=NOW)
        assert await counts_of(session, folk) == (0, 0, 1, 1)


async def test_an_invoice_that_nobody_pays_ends_but_not_while_somebody_is_paying(database: Database):
    folk, order_id = await on_stars(database)
    end = NOW + GOOD_FOR
    until = end + timedelta(minutes=14)
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        assert await hold_for(session, order, until=until, now=end - timedelta(minutes=1))
    async with database.transaction() as session:
        assert await release_stale(session, now=end) == 0
        assert await release_stale(session, now=until) == 2
    assert await state_of(database, order_id) == OrderState.EXPIRED
    async with database.transaction() as session:
        assert await counts_of(session, folk) == (1, 0, 0, 1)
        assert not await hold_for(session, await session.get_one(Order, order_id), until=until, now=until)


async def test_an_open_invoice_makes_room_for_another_wish_unless_it_is_being_paid(database: Database):
    folk, order_id = await on_stars(database, stock=2)
    async with database.transaction() as session:
        order = await session.get_one(Order, order_id)
        await hold_for(session, order, until=SOON, now=NOW)
        with pytest.raises(CheckoutOpen):
            await an_order(session, folk)
        await release_stale(session, now=SOON)
        assert (await an_order(session, folk)).rail == "stripe"
    assert await state_of(database, order_id) == OrderState.CANCELLED


async def test_what_costs_nothing_is_theirs_at_once_and_once(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        (await session.get_one(Product, folk.product)).price_minor = 0
        await session.flush()
        order = await an_order(session, folk)
        assert (order.rail, order.total_minor) == ("free", 0)
        for _ in range(2):
            await pay_free(session, order, now=NOW)
        assert await counts_of(session, folk) == (0, 0, 1, 1)
        assert await count(session, Entitlement) == 1
        assert await events(session, "order.paid") == ["order.paid"]
        # nobody has paid anything
        assert (await session.get_one(Lead, folk.lead)).stage != LeadStage.CUSTOMER
        await session.refresh(order)
        assert (order.state, order.receipt_number) == (OrderState.PAID, 1)


async def test_a_rail_that_does_not_sell_this_kind_is_refused(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        for rail in ("stars", "pigeon"):
            with pytest.raises(NotForSale):
                await an_order(session, folk, rail=rail)
        assert await count(session, Order) == 0


async def test_receipts_are_numbered_without_a_gap_for_each_creator(database: Database):
    folk = await some_folk(database, stock=9)
    async with database.transaction() as session:
        for number in range(3):
            await somebody_else_buys(session, folk, telegram_id=3001 + number)
        other = await a_creator(session, "other", telegram_id=1002)
        lead, _ = await a_lead(session, other, 4001)
        theirs = await ordered(session, lead, await a_product(session, other))
        await pay_order(session, theirs, money("pi_other"), now=NOW)
    async with database.reading() as session:
        numbers = select(Order.creator_id, Order.receipt_number).order_by(Order.id)
        assert [tuple(row) for row in await session.execute(numbers)] == [(1, 1), (1, 2), (1, 3), (2, 1)]


async def test_what_the_rail_took_on_top_and_was_told_stands_with_the_order(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        received = money(amount=2761)
        details = {"name": "Lena", "shipping": {"city": "Berlin"}}
        from dataclasses import replace

        await pay_order(session, order, replace(received, tax_minor=361, shipping_minor=500, details=details), now=NOW)
        await session.refresh(order)
        assert (order.total_minor, order.tax_minor, order.shipping_minor) == (1900, 361, 500)
        assert order.details == details


async def test_the_creators_word_on_what_is_left_moves_what_there_was(database: Database):
    folk = await some_folk(database, stock=3)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await an_order(session, folk)
        await somebody_else_buys(session, folk)
        assert await counts_of(session, folk) == (1, 1, 1, 3)
        await set_stock(session, product, 10)
        assert await counts_of(session, folk) == (10, 1, 1, 12)
        await set_stock(session, product, None)
        assert await counts_of(session, folk) == (None, 1, 1, None)
        await somebody_else_buys(session, folk, telegram_id=3002)
        await set_stock(session, product, 0)
        assert await counts_of(session, folk) == (0, 1, 2, 3)
        for wrong in (-1, 1_000_000_001):
            with pytest.raises(Invalid):
                await set_stock(session, product, wrong)
