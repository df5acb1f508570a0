"""An order waits for its creator as long as they have not brought what was paid for."""

import pytest
from folk import BOT, NOW, Folk, a_product, ordered, some_folk
from sqlalchemy import select, update

from domain.forgetting import forget_lead
from domain.paying import Received, pay_order
from kit.money import Money
from store.database import Database
from store.models import Channel, Creator, Entitlement, Lead, LicenceKey, Order, Product, ProductKind
from store.queries.order_card import order_details
from store.queries.order_lists import count_sales


async def bought(database: Database, folk: Folk, kind: ProductKind) -> Order:
    async with database.transaction() as session:
        product = await a_product(session, await session.get_one(Creator, folk.creator), file=False)
        product.kind = kind
        order = await ordered(session, await session.get_one(Lead, folk.lead), product)
        await pay_order(session, order, Received("stripe", f"pi_{order.id}", Money(1900, "usd")), now=NOW)
    return order


async def waits(database: Database, folk: Folk, order: Order) -> bool:
    async with database.reading() as session:
        listed = (await count_sales(session, folk.creator))["todo"]
        unready = (await order_details(session, order.id)).unready
        assert listed == len(unready)
    return listed == 1


async def bring(database: Database, folk: Folk, order: Order, kind: ProductKind) -> None:
    async with database.transaction() as session:
        product = (await order_details(session, order.id)).unready[0]
        match kind:
            case ProductKind.LINK:
                product.url = "https://example.com/"
            case ProductKind.CHANNEL:
                product.chat_id = -1001
                what = {"bot_id": BOT, "chat_id": -1001, "creator_id": folk.creator, "title": "VIP"}
                session.add(Channel(**what, may_invite=True, may_remove=True, seen_at=NOW))
            case _:
                owned = Entitlement.order_id == order.id
                await session.execute(update(Entitlement).where(owned).values(delivered_at=NOW))


@pytest.mark.parametrize("kind", [ProductKind.FILE, ProductKind.LINK, ProductKind.CHANNEL, ProductKind.LICENCE_KEY])
async def test_what_was_paid_for_and_is_not_there_is_to_do_until_it_is_brought(database: Database, kind: ProductKind):
    folk = await some_folk(database)
    order = await bought(database, folk, kind)
    assert await waits(database, folk, order)
    await bring(database, folk, order, kind)
    assert not await waits(database, folk, order)


async def test_a_key_too_few_is_to_do_and_enough_keys_are_not(database: Database):
    folk = await some_folk(database)
    order = await bought(database, folk, ProductKind.LICENCE_KEY)
    async with database.transaction() as session:
        (product,) = (await order_details(session, order.id)).unready
        right = (await session.scalars(select(Entitlement.id))).one()
        key = LicenceKey(product_id=product.id, key="a", digest="a", entitlement_id=right, created_at=NOW)
        session.add(key)
    assert not await waits(database, folk, order)


@pytest.mark.parametrize("kind", [ProductKind.SERVICE, ProductKind.BUNDLE])
async def test_what_needs_nothing_is_not_to_do(database: Database, kind: ProductKind):
    folk = await some_folk(database)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        order = await ordered(session, await session.get_one(Lead, folk.lead), product)
        await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=NOW)
        product.kind = kind
    assert not await waits(database, folk, order)


async def test_nothing_is_to_be_brought_to_somebody_who_is_forgotten(database: Database):
    folk = await some_folk(database)
    order = await bought(database, folk, ProductKind.FILE)
    async with database.transaction() as session:
        await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)
    assert not await waits(database, folk, order)
