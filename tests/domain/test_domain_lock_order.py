"""Two who change the same at once take turns, and neither is thrown out: everybody meets rows in the same order.

Each test stops one transaction at the moment when it holds what the other one wants. PostgreSQL would find the circle
and end one of the two; on SQLite one alone writes at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from folk import BOT, NOW, SETUP, Folk, a_lead, a_product, an_order, count, money, ordered, some_folk, take_due
from row_locks import until_waiting
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outcomes import Told, confirm
from domain.discounts import Terms, add_code
from domain.forgetting import forget_lead
from domain.holding import hold_living
from domain.leads import add_lead, capture_lead
from domain.merging import merge_leads
from domain.orders import end_unpaid
from domain.paying import pay_order
from domain.people import Profile, see_person
from domain.products import hold_product
from domain.refunds import ask_refund, note_refund
from domain.rights_by_hand import give_by_hand, take_by_hand
from domain.stock import set_stock
from domain.variants import add_variant, archive_variant
from kit.money import Money
from store.database import Database
from store.models import (
    Creator,
    DiscountCode,
    Entitlement,
    Lead,
    Order,
    OrderState,
    OutboxMessage,
    OutboxState,
    Payment,
    Product,
    ProductVariant,
    RefundState,
)

Act = Callable[[AsyncSession], Awaitable[object]]


@asynccontextmanager
async def beside(database: Database, act: Act) -> AsyncIterator[Act]:
    """Gives a way to begin the other transaction in the middle of this one; it has to end well too."""
    tasks: list[asyncio.Task[None]] = []

    async def other() -> None:
        async with database.transaction() as session:
            await act(session)

    async def begins(_session: AsyncSession) -> None:
        tasks.append(asyncio.create_task(other()))
        await until_waiting(database)

    yield begins
    assert tasks
    await asyncio.gather(*tasks)


async def a_paid_order(database: Database, **folk: object) -> tuple[Folk, int]:
    made = await some_folk(database, **folk)  # type: ignore[arg-type]
    async with database.transaction() as session:
        order = await an_order(session, made)
        await pay_order(session, order, money(), now=NOW)
    return made, order.id


async def state_of(database: Database, order_id: int) -> OrderState:
    async with database.reading() as session:
        return (await session.get_one(Order, order_id)).state


async def give_back(session: AsyncSession, order_id: int, amount: int = 1900) -> None:
    """The rail has taken a full refund."""
    order = await session.get_one(Order, order_id)
    (refund,) = await ask_refund(session, order, amount_minor=None, reason="", revokes=False, now=NOW)
    payment = (await session.scalars(select(Payment).where(Payment.order_id == order_id))).one()
    done = {"reference": "re_1", "amount_minor": amount, "state": RefundState.DONE, "refund_id": refund.id}
    await note_refund(session, payment, **done, now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("meanwhile", ["refund", "forget"])
async def test_a_delivery_that_arrives_while_its_money_goes_back_is_noted_as_sent(database: Database, meanwhile: str):
    folk, order_id = await a_paid_order(database)
    async with database.transaction() as session:
        (claimed,) = await take_due(session, resting=[1001])
        assert claimed.entitlement_id is not None
    arriving = beside(database, lambda session: confirm(session, [Told(claimed, 77, NOW)]))
    async with arriving as arrives, database.transaction() as session:
        await session.get_one(Order, order_id, with_for_update=True)
        await arrives(session)
        if meanwhile == "refund":
            await give_back(session, order_id)
        else:
            await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)
    async with database.reading() as session:
        sent = await session.get(OutboxMessage, claimed.id)
        if meanwhile == "refund":
            assert sent is not None
            assert (sent.state, sent.telegram_message_id) == (OutboxState.SENT, 77)
            assert await state_of(database, order_id) == OrderState.REFUNDED
        else:
            assert sent is None


@pytest.mark.parametrize("act", ["give", "revoke", "merge"])
async def test_a_lead_who_pays_while_the_creator_does_something_with_them_gets_both(database: Database, act: str):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        product = await session.get_one(Product, folk.product)
        other = await add_lead(session, folk.creator, name="Other", now=NOW)
        order_id = (await an_order(session, folk)).id
        if act != "give":
            await give_by_hand(session, other if act == "merge" else lead, product, "a present", now=NOW)

    async def pays(session: AsyncSession) -> None:
        await pay_order(session, await session.get_one(Order, order_id), money(), now=NOW)

    async with beside(database, pays) as paying, database.transaction() as session:
        lead = await hold_living(session, await session.get_one(Lead, folk.lead))
        product = await session.get_one(Product, folk.product)
        await paying(session)
        match act:
            case "give":
                await give_by_hand(session, lead, product, "a present", now=NOW)
            case "revoke":
                await take_by_hand(session, lead, product, "a mistake", now=NOW)
            case _:
                await merge_leads(session, lead, await session.get_one(Lead, other.id), now=NOW)
    async with database.reading() as session:
        assert (await session.get_one(Order, order_id)).paid_at == NOW
        rights = await count(session, Entitlement, Entitlement.lead_id == folk.lead, Entitlement.revoked_at.is_(None))
        assert rights == (1 if act == "revoke" else 2)


async def test_money_that_comes_while_its_buyer_taps_once_more_is_booked(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order_id = (await an_order(session, folk)).id
        # they were here an hour ago, so the next tap is noted with the lead
        await session.execute(update(Lead).values(seen_at=None))

    async def pays(session: AsyncSession) -> None:
        await pay_order(session, await session.get_one(Order, order_id), money(), now=NOW)

    async with beside(database, pays) as paying, database.transaction() as session:
        person = await see_person(session, BOT, Profile(2001, "Lena", None, "en"), now=NOW)
        lead, _ = await capture_lead(session, folk.creator, person, source=None, now=NOW)
        await paying(session)
        again = await ordered(session, lead, await session.get_one(Product, folk.product))
        assert again.id == order_id
    assert await state_of(database, order_id) == OrderState.PAID


async def two_variants(database: Database, *, file: bool = False) -> tuple[Folk, list[int]]:
    folk = await some_folk(database, file=file)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        made = [
            await add_variant(session, product, title=title, price=Money(1900, "usd"), stock=5, now=NOW)
            for title in ("S", "L")
        ]
    return folk, [each.id for each in made]


@pytest.mark.parametrize("money_goes", ["in", "back"])
@pytest.mark.parametrize("change", ["archive", "restock"])
async def test_a_variant_that_is_changed_while_it_is_paid_or_given_back_is_both(
    database: Database, money_goes: str, change: str
):
    folk, (small, _) = await two_variants(database)
    async with database.transaction() as session:
        variant = await session.get_one(ProductVariant, small)
        order_id = (await an_order(session, folk, variant=variant)).id
        if money_goes == "back":
            await pay_order(session, await session.get_one(Order, order_id), money(), now=NOW)

    async def moves(session: AsyncSession) -> None:
        if money_goes == "in":
            await pay_order(session, await session.get_one(Order, order_id), money(), now=NOW)
        else:
            await give_back(session, order_id)

    async with beside(database, moves) as moving, database.transaction() as session:
        await hold_product(session, folk.product)
        product, variant = (
            await session.get_one(Product, folk.product),
            await session.get_one(ProductVariant, small),
        )
        await moving(session)
        if change == "archive":
            await archive_variant(session, product, variant, now=NOW)
        else:
            await set_stock(session, variant, 9)
    wanted = OrderState.PAID if money_goes == "in" else OrderState.REFUNDED
    assert await state_of(database, order_id) == wanted
    async with database.reading() as session:
        variant = await session.get_one(ProductVariant, small)
        assert variant.initial == (variant.stock or 0) + variant.reserved + variant.sold


async def test_two_who_change_their_minds_crosswise_get_what_the_other_had(database: Database):
    folk, (small, large) = await two_variants(database)
    async with database.transaction() as session:
        mine = await session.get_one(Lead, folk.lead)
        other, _ = await a_lead(session, await session.get_one(Creator, folk.creator), 2002)
        codes = [
            await add_code(session, folk.creator, code, Terms(percent=10), now=NOW, setup=SETUP)
            for code in ("ONE", "TWO")
        ]
        product = await session.get_one(Product, folk.product)
        variants = {each: await session.get_one(ProductVariant, each) for each in (small, large)}
        first = await ordered(session, mine, product, variant=variants[small], code="ONE")
        await ordered(session, other, product, variant=variants[large], code="TWO")

    async def wants(session: AsyncSession, lead_id: int, variant_id: int, code: str) -> None:
        product = await session.get_one(Product, folk.product)
        variant = await session.get_one(ProductVariant, variant_id)
        await ordered(session, await session.get_one(Lead, lead_id), product, variant=variant, code=code)

    changing = beside(database, lambda session: wants(session, other.id, small, "ONE"))
    async with changing as other_changes, database.transaction() as session:
        held = await session.get_one(Order, first.id, with_for_update=True)
        assert await end_unpaid(session, held, now=NOW)
        await other_changes(session)
        await wants(session, mine.id, large, "TWO")
    async with database.reading() as session:
        for each in (small, large):
            variant = await session.get_one(ProductVariant, each)
            assert (variant.stock, variant.reserved) == (4, 1)
        used = [(await session.get_one(DiscountCode, code.id)).uses for code in codes]
        assert used == [1, 1]


async def test_somebody_with_several_orders_is_forgotten_while_others_buy_the_same(database: Database):
    folk = await some_folk(database, stock=5)
    async with database.transaction() as session:
        lead, creator = await session.get_one(Lead, folk.lead), await session.get_one(Creator, folk.creator)
        later = await a_product(session, creator, stock=5)
        # the later product is in the earlier order
        await ordered(session, lead, later)
        await ordered(session, lead, await session.get_one(Product, folk.product))

    async def forgets(session: AsyncSession) -> None:
        await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)

    async with beside(database, forgets) as forgetting, database.transaction() as session:
        # as whoever buys a bundle of the two
        await hold_product(session, folk.product)
        await forgetting(session)
        await hold_product(session, later.id)
    async with database.reading() as session:
        for each in (folk.product, later.id):
            assert (await session.get_one(Product, each)).reserved == 0
        assert await count(session, Order, Order.state == OrderState.CANCELLED) == 2
