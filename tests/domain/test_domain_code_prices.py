"""What a code makes of a price before anything is paid, and that what is shown is what the tap does."""

from datetime import timedelta

import pytest
from folk import NOW, SETUP, a_lead, a_product, an_order, count, ordered, promised, some_folk
from sqlalchemy.ext.asyncio import AsyncSession
from test_domain_honest_offers import card, labels

from domain.bundles import offer_after
from domain.code_prices import price_by_code
from domain.discounts import CodeRefused, Terms, add_code, apply_code, archive_code, edit_code
from domain.messages.plain import Message
from domain.orders import cancel_order
from domain.pricing import Wish
from domain.product_card import Choice
from domain.product_edits import edit_product
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from domain.upsells import offer_more
from domain.variants import add_variant
from kit.money import Money
from store.database import Database
from store.models import Creator, DiscountCode, DiscountUse, Lead, OutboxKind, Product

STARS_TOO = CreatorSetup(shop=ShopSetup(stars_rates={"usd": "100"}))


def behind(message: Message) -> list[str]:
    return [button.data or "" for row in message.buttons for button in row]


async def a_code(session: AsyncSession, creator_id: int, code: str, **terms: object) -> DiscountCode:
    return await add_code(session, creator_id, code, Terms(**terms), now=NOW, setup=SETUP)  # type: ignore[arg-type]


async def test_a_code_goes_with_whoever_chooses_a_variant_and_then_another(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        small = await add_variant(session, product, title="Small", price=Money(50, "usd"), now=NOW)
        medium = await add_variant(session, product, title="Medium", price=Money(2500, "usd"), now=NOW)
        await a_code(session, folk.creator, "SPRING20", percent=20)
        by_code = Choice(code="SPRING20")
        first = await card(session, product, lead, by_code)
        # what the code makes too small a payment costs what it costs without
        assert labels(first) == ["Small · $0.50", "Medium · $20.00"]
        assert behind(first) == [f"product:1:{small.id}:1", f"product:1:{medium.id}:1:SPRING20"]
        assert "SPRING20" in first.text
        chosen = await card(session, product, lead, Choice(medium.id, code="SPRING20"))
        assert labels(chosen) == ["Buy for $20.00", "‹ Another choice"]
        assert behind(chosen)[-1] == "product:1:0:1:SPRING20"
        assert behind(await card(session, product, lead, Choice(medium.id)))[1] == "product:1:0:1"
        # one that is not good is left out here too
        await archive_code(session, folk.creator, 1, now=NOW)
        plain = await card(session, product, lead, by_code)
        assert labels(plain) == ["Small · $0.50", "Medium · $25.00"]
        assert "SPRING20" not in plain.text + str(behind(plain))


async def test_a_code_that_is_used_up_is_refused_before_anybody_is_shown_a_price_by_it(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        other, _ = await a_lead(session, creator, 2002, first_name="Anna")
        second = await a_product(session, creator)
        code = await a_code(session, folk.creator, "ONE", percent=20, most_uses=1, most_per_person=1)

        async def why(who: Lead, what: Product) -> str | None:
            wish, price = Wish(what, code="ONE"), Money(1900, "usd")
            try:
                await apply_code(session, who, wish, price, now=NOW, setup=SETUP)
            except CodeRefused as no:
                return no.why.key if no.why else ""
            return None

        assert await why(other, product) is None
        order = await an_order(session, folk, code="ONE")
        assert await why(other, product) == await why(lead, second) == "refused-code-used-up"
        assert "Buy for $19.00" in labels(await card(session, product, other, Choice(code="ONE")))
        # who has it in their own open checkout comes back to that
        assert "Buy for $15.20" in labels(await card(session, product, lead, Choice(code="ONE")))
        assert (await an_order(session, folk, code="ONE")).id == order.id
        await edit_code(session, folk.creator, code.id, Terms(percent=20, most_per_person=1), now=NOW, setup=SETUP)
        assert await why(lead, second) == "refused-code-used-by-you"
        assert await why(other, second) is None
        await cancel_order(session, order, now=NOW)
        assert await why(lead, second) is None
        assert await count(session, DiscountUse) == 0


async def test_a_code_is_told_apart_by_whether_it_is_still_to_come_or_over(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await a_code(session, folk.creator, "LATER", percent=5, starts_at=NOW, ends_at=NOW + timedelta(days=1))
        for now, key in (
            (NOW - timedelta(seconds=1), "refused-code-not-yet"),
            (NOW + timedelta(days=1), "refused-code-over"),
        ):
            with pytest.raises(CodeRefused) as refused:
                await ordered(session, lead, product, code="LATER", now=now)
            assert refused.value.why is not None
            assert refused.value.why.key == key


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"percent": 50}, Money(950, "usd")),
        ({"percent": 100}, Money(0, "usd")),
        # a payment by card is at least $0.50
        ({"percent": 98}, None),
        ({"amount": Money(500, "eur")}, None),
    ],
)
async def test_a_list_names_the_price_by_a_code_where_it_can_be_paid(
    database: Database, terms: dict[str, object], told: Money | None
):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        await a_code(session, folk.creator, "CODE", **terms)
        wish = Wish(product, code="CODE")
        for rails in (("stripe",), ()):
            assert await price_by_code(session, lead, wish, rails, now=NOW, setup=SETUP) == told
        # in its own currency, whatever is paid with first
        if told is not None:
            assert await price_by_code(session, lead, wish, ("stars", "stripe"), now=NOW, setup=STARS_TOO) == told


async def test_an_offer_afterwards_is_free_by_a_code_that_pays_all_of_it(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        creator, product = await session.get_one(Creator, folk.creator), await session.get_one(Product, folk.product)
        gift, shirt = await a_product(session, creator, price=2900), await a_product(session, creator, price=2500)
        await edit_product(session, shirt, {"title": "Shirt"}, now=NOW)
        await add_variant(session, shirt, title="Medium", price=Money(2500, "usd"), now=NOW)
        await a_code(session, creator.id, "GIFT", percent=100)
        await a_code(session, creator.id, "NEARLY", percent=99)
        await offer_after(session, product, gift.id, code="GIFT", now=NOW)
        await offer_after(session, product, shirt.id, code="NEARLY", now=NOW)
        order = await an_order(session, folk)
        assert await offer_more(session, await session.get_one(Lead, folk.lead), order.id, SETUP, now=NOW)
        (offered,) = await promised(session, OutboxKind.FUNNEL)
        told = [row[0]["text"] for row in offered.message["buttons"]]
        assert told == ["Preset <pack> · free instead of $29.00", "Shirt · $25.00"]
