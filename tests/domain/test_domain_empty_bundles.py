"""A bundle in which nothing is takes no money; money that comes all the same is told, and waits."""

from datetime import timedelta

import pytest
from folk import NOW, a_creator, a_lead, a_product, count, events, money, ordered, stars, told
from sqlalchemy import select

from domain.bundles import put_in_bundle, take_out
from domain.definitions import Published
from domain.orders import NotForSale
from domain.paying import NothingToGive, hand_over_anyway, pay_order
from domain.payment_links import Buyer, CannotLink, check_linkable, end_stale_links, open_link_order, open_payment_link
from domain.product_edits import edit_product
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from domain.stars import agree_to_pay
from kit.money import Money
from store.database import Database
from store.models import Entitlement, Lead, Order, OrderState, PaymentLink, Person, Product, ProductKind, Refund

SETUP = CreatorSetup(shop=ShopSetup(rails={"bundle": ("stripe", "stars")}))
LINK = {"setup": SETUP, "rails": ["stripe"]}


async def a_bundle(database: Database, *, filled: bool = False) -> tuple[int, int, int]:
    """Ids of a lead, the bundle, and what is or may be in it."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        bundle, part = await a_product(session, creator, file=False), await a_product(session, creator, stock=3)
        await edit_product(session, bundle, {"kind": ProductKind.BUNDLE, "price_stars": 120}, now=NOW)
        if filled:
            await put_in_bundle(session, bundle, part.id, now=NOW)
        return lead.id, bundle.id, part.id


@pytest.mark.parametrize("rail", ["stripe", "stars"])
async def test_an_empty_bundle_is_not_for_sale(database: Database, rail: str):
    lead_id, bundle_id, part_id = await a_bundle(database)
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        with pytest.raises(NotForSale):
            await ordered(session, lead, bundle, rail=rail, setup=SETUP)
        with pytest.raises(CannotLink, match="nothing is in"):
            await check_linkable(session, bundle, **LINK, now=NOW)
        await put_in_bundle(session, bundle, part_id, now=NOW)
        assert (await ordered(session, lead, bundle, rail=rail, setup=SETUP)).state == OrderState.OPEN


async def test_an_invoice_for_a_bundle_that_was_emptied_is_not_agreed_to(database: Database):
    lead_id, bundle_id, part_id = await a_bundle(database, filled=True)
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        order = await ordered(session, lead, bundle, rail="stars", setup=SETUP)
        assert await take_out(session, bundle, part_id, now=NOW)
        payer, published = await session.get_one(Person, lead.person_id), Published(setups={lead.creator_id: SETUP})
        with pytest.raises(NotForSale):
            await agree_to_pay(session, payer, order.reference, Money(120, "xtr"), published=published, now=NOW)


@pytest.mark.parametrize("rail", ["stripe", "stars"])
async def test_money_for_nothing_is_told_and_goes_back_or_gets_something(database: Database, rail: str):
    lead_id, bundle_id, part_id = await a_bundle(database, filled=True)
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        # an invoice holds nothing, and nobody asks before a link's money comes
        order = await ordered(session, lead, bundle, rail="stars", setup=SETUP)
        await take_out(session, bundle, part_id, now=NOW)
        await pay_order(session, order, money() if rail == "stripe" else stars("charge_1", 120), now=NOW)
        assert (order.state, await count(session, Entitlement)) == (OrderState.OVERSOLD, 0)
        assert await events(session, "order.paid", "order.oversold") == ["order.oversold"]
        assert len(await told(session)) >= 2
        if rail == "stars":
            assert await count(session, Refund, Refund.order_id == order.id) == 1
            return
        with pytest.raises(NothingToGive):
            await hand_over_anyway(session, order, now=NOW)
        await put_in_bundle(session, bundle, part_id, now=NOW)
        await hand_over_anyway(session, order, now=NOW)
        assert (await session.scalars(select(Entitlement.product_id))).all() == [part_id]
        assert order.state == OrderState.PAID
        for each, stock in ((bundle_id, None), (part_id, 2)):
            product = await session.get_one(Product, each, populate_existing=True)
            assert (product.stock, product.reserved, product.sold) == (stock, 0, 1)


async def test_a_held_bundle_is_bought_with_what_was_in_it_though_it_is_emptied_meanwhile(database: Database):
    lead_id, bundle_id, part_id = await a_bundle(database, filled=True)
    async with database.transaction() as session:
        lead, bundle = await session.get_one(Lead, lead_id), await session.get_one(Product, bundle_id)
        order = await ordered(session, lead, bundle, setup=SETUP)
        await take_out(session, bundle, part_id, now=NOW)
        await pay_order(session, order, money(), now=NOW)
        assert order.state == OrderState.PAID
        assert (await session.scalars(select(Entitlement.product_id))).all() == [part_id]


async def test_the_payment_link_of_a_bundle_that_was_emptied_ends(database: Database):
    _, bundle_id, part_id = await a_bundle(database, filled=True)
    async with database.transaction() as session:
        part = await session.get_one(Product, part_id)
        part.stock = part.initial = None
        await session.flush()
        bundle = await session.get_one(Product, bundle_id)
        link = await open_payment_link(session, bundle, **LINK, now=NOW)
        assert await end_stale_links(session, now=NOW) == 0
        await take_out(session, bundle, part_id, now=NOW)
        assert await end_stale_links(session, now=NOW) == 1
        assert (await session.get_one(PaymentLink, link.id, populate_existing=True)).ended_at == NOW
        # somebody was on the page already
        order = await open_link_order(session, link, "cs_1", Buyer("Tom"), now=NOW + timedelta(minutes=1))
        await pay_order(session, await session.get_one(Order, order.id), money(), now=NOW)
        assert order.state == OrderState.OVERSOLD
