"""Codes: who may use them for what, how often, and when a use is free again."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from folk import NOW, Folk, a_creator, a_lead, a_product, an_order, count, money, ordered, some_folk
from sqlalchemy import select

from domain.code_uses import free_code
from domain.discounts import (
    BadCode,
    CodeRefused,
    CodeTaken,
    NoSuchCode,
    Terms,
    add_code,
    archive_code,
    edit_code,
    find_code,
    list_codes,
)
from domain.lead_acts import tag_lead
from domain.merging import merge_leads
from domain.orders import CheckoutOpen, cancel_order, expire_order, note_asked
from domain.paying import pay_free, pay_order
from domain.refunds import note_refund
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from kit.money import Money
from store.database import Database
from store.models import (
    Creator,
    DiscountCode,
    DiscountUse,
    Lead,
    Order,
    OrderLine,
    OrderState,
    Payment,
    Product,
    RefundState,
)
from store.segments.question import BadSegment

SETUP = CreatorSetup(shop=ShopSetup(stars_rates={"usd": "100"}))


async def a_code(database: Database, code: str = "SPRING", **terms: Any) -> tuple[Folk, int]:
    folk = await some_folk(database, stock=50)
    return folk, await another_code(database, folk, code, **terms)


async def another_code(database: Database, folk: Folk, code: str, **terms: Any) -> int:
    async with database.transaction() as session:
        return (await add_code(session, folk.creator, code, Terms(**terms), now=NOW, setup=SETUP)).id


async def uses(database: Database, code_id: int) -> tuple[int, int]:
    """As it is counted, and the rows of it."""
    async with database.reading() as session:
        code = await session.get_one(DiscountCode, code_id)
        return code.uses, await count(session, DiscountUse, DiscountUse.discount_code_id == code_id)


@pytest.mark.parametrize(
    ("terms", "off"),
    [
        ({"percent": 20}, 760),
        ({"percent": 33}, 1254),
        ({"amount": Money(500, "usd")}, 500),
        # never below nothing
        ({"amount": Money(9900, "usd")}, 3800),
        ({"percent": 100}, 3800),
    ],
)
async def test_a_code_takes_a_percentage_or_an_amount_off_the_whole_order(
    database: Database, terms: dict[str, Any], off: int
):
    folk, code_id = await a_code(database, **terms)
    async with database.transaction() as session:
        order = await an_order(session, folk, quantity=2, code=" spring ")
        assert (order.subtotal_minor, order.discount_minor, order.total_minor) == (3800, off, 3800 - off)
        assert order.discount_code_id == code_id
        line = (await session.scalars(select(OrderLine))).one()
        assert (line.price_minor, line.quantity, line.discount_minor) == (1900, 2, off)
    assert await uses(database, code_id) == (1, 1)


@pytest.mark.parametrize(
    ("terms", "off"),
    [({"percent": 10}, 190), ({"amount": Money(475, "usd")}, 475), ({"amount": Money(100, "xtr")}, 100)],
)
async def test_a_code_takes_the_same_part_off_a_price_in_stars(database: Database, terms: dict[str, Any], off: int):
    folk, _ = await a_code(database, **terms)
    async with database.transaction() as session:
        order = await an_order(session, folk, rail="stars", code="SPRING", setup=SETUP)
        assert (order.subtotal_minor, order.discount_minor, order.currency) == (1900, off, "xtr")


async def test_a_code_in_another_currency_takes_nothing_off(database: Database):
    folk, _ = await a_code(database, amount=Money(500, "eur"))
    async with database.transaction() as session:
        with pytest.raises(CodeRefused):
            await an_order(session, folk, code="SPRING")


async def test_what_a_code_pays_in_full_needs_no_rail(database: Database):
    folk, code_id = await a_code(database, percent=100)
    async with database.transaction() as session:
        order = await an_order(session, folk, code="SPRING")
        assert (order.rail, order.total_minor) == ("free", 0)
        await pay_free(session, order, now=NOW)
        await session.refresh(order)
        assert order.state == OrderState.PAID
    assert await uses(database, code_id) == (1, 1)


async def test_a_code_that_nobody_made_or_that_is_out_of_its_time_is_refused(database: Database):
    folk, code_id = await a_code(database, percent=5, starts_at=NOW, ends_at=NOW + timedelta(days=1))
    async with database.transaction() as session:
        for code, now, refusal in (
            ("AUTUMN", NOW, NoSuchCode),
            ("", NOW, NoSuchCode),
            ("SPRING", NOW - timedelta(microseconds=1), CodeRefused),
            ("SPRING", NOW + timedelta(days=1), CodeRefused),
        ):
            with pytest.raises(refusal):
                await an_order(session, folk, code=code, now=now)
        await archive_code(session, folk.creator, code_id, now=NOW)
        with pytest.raises(CodeRefused):
            await an_order(session, folk, code="SPRING")
        assert await count(session, Order) == 0


async def test_a_code_for_some_products_is_for_no_other(database: Database):
    folk = await some_folk(database)
    await another_code(database, folk, "SPRING", percent=5, products=[folk.product])
    async with database.transaction() as session:
        other = await a_product(session, await session.get_one(Creator, folk.creator))
        lead = await session.get_one(Lead, folk.lead)
        with pytest.raises(CodeRefused):
            await ordered(session, lead, other, code="SPRING")
        assert (await an_order(session, folk, code="SPRING")).discount_minor == 95


async def test_a_code_for_a_segment_is_for_those_in_it(database: Database):
    folk, _ = await a_code(database, percent=5, segment="tag = vip")
    async with database.transaction() as session:
        with pytest.raises(CodeRefused):
            await an_order(session, folk, code="SPRING")
        await tag_lead(session, await session.get_one(Lead, folk.lead), "vip", now=NOW)
        assert (await an_order(session, folk, code="SPRING")).discount_minor == 95


async def test_another_creators_code_is_none_here(database: Database):
    folk, _ = await a_code(database, percent=5)
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=1002)
        lead, _ = await a_lead(session, other, 4001)
        with pytest.raises(NoSuchCode):
            await ordered(session, lead, await a_product(session, other), code="SPRING")
        with pytest.raises(NoSuchCode):
            await archive_code(session, other.id, 1, now=NOW)
        await add_code(session, other.id, "SPRING", Terms(percent=7), now=NOW, setup=SETUP)
    assert folk.creator != other.id


@pytest.mark.parametrize("ends", [expire_order, cancel_order])
async def test_an_order_that_ends_unpaid_frees_its_use(database: Database, ends):
    folk, code_id = await a_code(database, percent=5, most_uses=1, most_per_person=1)
    async with database.transaction() as session:
        order = await an_order(session, folk, code="SPRING")
        await note_asked(session, order.id)
        # the same wish again uses it no second time, another one has to wait
        assert (await an_order(session, folk, code="spring")).id == order.id
        with pytest.raises(CheckoutOpen):
            await an_order(session, folk)
    assert await uses(database, code_id) == (1, 1)
    async with database.transaction() as session:
        for _ in range(2):
            await ends(session, order, now=NOW)
    assert await uses(database, code_id) == (0, 0)
    async with database.transaction() as session:
        again = await an_order(session, folk, code="SPRING")
        # money that comes for the first one after all counts too
        await pay_order(session, await session.get_one(Order, order.id), money(amount=1805), now=NOW)
    assert await uses(database, code_id) == (2, 2)
    async with database.transaction() as session:
        await pay_order(session, await session.get_one(Order, again.id), money("pi_2", 1805), now=NOW)
    assert await uses(database, code_id) == (2, 2)


async def test_a_full_refund_frees_the_use_and_a_part_does_not(database: Database):
    folk, code_id = await a_code(database, percent=5)
    async with database.transaction() as session:
        order = await an_order(session, folk, code="SPRING")
        await pay_order(session, order, money(amount=1805), now=NOW)
        payment = (await session.scalars(select(Payment))).one()
        word = {"state": RefundState.DONE, "refund_id": None, "now": NOW}
        await note_refund(session, payment, reference="re_1", amount_minor=805, **word)
    assert await uses(database, code_id) == (1, 1)
    async with database.transaction() as session:
        payment = (await session.scalars(select(Payment))).one()
        await note_refund(session, payment, reference="re_2", amount_minor=1000, **word)
        await free_code(session, order.id)
    assert await uses(database, code_id) == (0, 0)


async def test_of_thirty_at_once_as_many_use_a_code_as_may(database: Database):
    folk, code_id = await a_code(database, percent=5, most_uses=7)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        leads = [(await a_lead(session, creator, 5000 + number))[0].id for number in range(30)]

    async def use(lead_id: int) -> None:
        async with database.transaction() as session:
            product = await session.get_one(Product, folk.product)
            await ordered(session, await session.get_one(Lead, lead_id), product, code="SPRING")

    ended = await asyncio.gather(*(use(lead) for lead in leads), return_exceptions=True)
    assert sum(each is None for each in ended) == 7
    assert all(each is None or isinstance(each, CodeRefused) for each in ended)
    assert await uses(database, code_id) == (7, 7)
    async with database.reading() as session:
        # who was refused holds no stock either
        assert (await session.get_one(Product, folk.product)).reserved == 7


async def test_one_person_uses_a_code_as_often_as_they_may_also_all_at_once(database: Database):
    folk, code_id = await a_code(database, percent=5, most_per_person=2)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        products = [(await a_product(session, creator)).id for _ in range(6)]

    async def use(product_id: int) -> None:
        async with database.transaction() as session:
            product = await session.get_one(Product, product_id)
            await ordered(session, await session.get_one(Lead, folk.lead), product, code="SPRING")

    ended = await asyncio.gather(*(use(each) for each in products), return_exceptions=True)
    assert sum(each is None for each in ended) == 2
    assert all(each is None or isinstance(each, CodeRefused) for each in ended)
    assert await uses(database, code_id) == (2, 2)


async def test_the_uses_of_two_leads_who_become_one_are_those_of_one(database: Database):
    folk, code_id = await a_code(database, percent=5, most_per_person=2)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        other = Lead(creator_id=creator.id, name="Lena", stage="new", seen_at=NOW, created_at=NOW, score=0)
        session.add(other)
        await session.flush()
        product = await session.get_one(Product, folk.product)
        await ordered(session, await session.get_one(Lead, folk.lead), product, code="SPRING")
        await ordered(session, other, product, code="SPRING")
        third = await a_product(session, creator)
        await merge_leads(session, await session.get_one(Lead, folk.lead), other, now=NOW)
        with pytest.raises(CodeRefused):
            await ordered(session, await session.get_one(Lead, folk.lead), third, code="SPRING")
        slots = select(DiscountUse.slot).where(DiscountUse.lead_id == folk.lead).order_by(DiscountUse.slot)
        assert list(await session.scalars(slots)) == [1, 2]
    assert await uses(database, code_id) == (2, 2)


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"percent": 5, "amount": Money(5, "usd")},
        {"percent": 0},
        {"percent": 101},
        {"amount": Money(0, "usd")},
        {"percent": 5, "starts_at": NOW, "ends_at": NOW},
        {"percent": 5, "most_uses": 0},
        {"percent": 5, "most_per_person": 0},
        {"percent": 5, "products": [99]},
        {"percent": 5, "segment": "tag is not ("},
    ],
)
async def test_terms_that_make_no_discount_are_refused(database: Database, terms: dict[str, Any]):
    folk = await some_folk(database)
    async with database.transaction() as session:
        with pytest.raises((BadCode, BadSegment)):
            await add_code(session, folk.creator, "SPRING", Terms(**terms), now=NOW, setup=SETUP)


@pytest.mark.parametrize("code", ["", "X", "TWO WORDS", "A" * 33, "-A", "ÄÖÜ"])
async def test_what_is_no_code_is_refused(database: Database, code: str):
    folk = await some_folk(database)
    async with database.transaction() as session:
        with pytest.raises(BadCode):
            await add_code(session, folk.creator, code, Terms(percent=5), now=NOW, setup=SETUP)


async def test_a_code_has_a_name_of_its_own_is_changed_and_put_away(database: Database):
    folk, code_id = await a_code(database, percent=5)
    async with database.transaction() as session:
        with pytest.raises(CodeTaken):
            await add_code(session, folk.creator, "spring", Terms(percent=7), now=NOW, setup=SETUP)
        terms = Terms(amount=Money(300, "usd"), most_uses=3)
        changed = await edit_code(session, folk.creator, code_id, terms, now=NOW, setup=SETUP)
        assert (changed.percent, changed.amount_minor, changed.currency, changed.most_uses) == (None, 300, "usd", 3)
        assert (await find_code(session, folk.creator, "Spring")).id == code_id
        assert [each.id for each in await list_codes(session, folk.creator)] == [code_id]
        for _ in range(2):
            await archive_code(session, folk.creator, code_id, now=NOW)
        assert await list_codes(session, folk.creator) == []
        assert [each.id for each in await list_codes(session, folk.creator, archived=True)] == [code_id]
