"""What is shown of a product is what somebody gets who taps it: prices, what is left, and what nobody can pay."""

from collections.abc import Sequence

import pytest
from folk import NOW, SETUP, a_creator, a_lead, a_product, an_order, money, notices, ordered, promised, some_folk
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bundles import offer_after, put_in_bundle
from domain.discounts import Terms, add_code
from domain.disputes import close_dispute, open_dispute
from domain.messages.plain import Message
from domain.orders import SoldOut
from domain.paying import pay_free, pay_order
from domain.prices_shown import prices_in_list
from domain.pricing import BadAmount
from domain.product_card import Choice, Offer, product_card
from domain.product_edits import edit_product
from domain.stock import set_stock
from domain.transfers.order_cells import HEADER, order_cells
from domain.upsells import offer_more
from domain.variants import add_variant
from kit.money import Money, least_of
from kit.paging import Paging
from store.database import Database
from store.models import Creator, Lead, OutboxKind, Payment, Product, ProductKind
from store.queries.catalogue import ShopFilter, count_categories, list_shop
from store.queries.order_lists import OrderFilter, sales_after


async def card(session: AsyncSession, product: Product, lead: Lead, choice: Choice | None = None) -> Message:
    return await product_card(session, product, "en", Offer(SETUP, NOW, ["stripe"], lead), choice=choice)


def labels(message: Message) -> Sequence[str]:
    return [button.text for row in message.buttons for button in row]


async def test_a_bundle_is_in_the_shop_once_something_is_in_it(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        bundle, part = await a_product(session, creator, file=False), await a_product(session, creator)
        await edit_product(session, bundle, {"kind": ProductKind.BUNDLE, "category": "Sets"}, now=NOW)

        async def shown() -> tuple[list[int], dict[str, int]]:
            found = await list_shop(session, creator.id, ShopFilter(), Paging(), now=NOW)
            return [each.id for each in found.items], await count_categories(session, creator.id, now=NOW)

        assert await shown() == ([part.id], {})
        empty = await card(session, bundle, lead)
        assert labels(empty) == []
        assert "Not for sale at present" in empty.text
        await put_in_bundle(session, bundle, part.id, now=NOW)
        assert await shown() == ([bundle.id, part.id], {"Sets": 1})
        assert labels(await card(session, bundle, lead)) == ["Buy for $19.00"]


async def test_the_price_of_variants_is_that_of_those_which_are_left(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        product = await a_product(session, creator)

        async def shown() -> tuple[str, str]:
            (told,) = (await prices_in_list(session, [product], "en")).values()
            return told, (await card(session, product, lead)).text.splitlines()[-1]

        assert await shown() == ("$19.00", "$19.00")
        small = await add_variant(session, product, title="Small", price=Money(1200, "usd"), stock=1, now=NOW)
        await add_variant(session, product, title="Large", price=Money(2500, "usd"), now=NOW)
        assert await shown() == ("from $12.00", "from $12.00")
        await set_stock(session, small, 0)
        assert await shown() == ("$25.00", "$25.00")


async def test_what_cannot_be_charged_has_no_button_and_opens_no_order(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        cheap, pack = await a_product(session, creator, price=10), await a_product(session, creator)
        await add_code(session, creator.id, "NEARLY", Terms(percent=99), now=NOW, setup=SETUP)
        shown = await card(session, cheap, lead)
        assert not any("Buy" in label for label in labels(shown))
        assert "Not for sale at present" in shown.text
        with pytest.raises(BadAmount, match=r"at least \$0.50"):
            await ordered(session, lead, cheap)
        reduced = await card(session, pack, lead, Choice(code="NEARLY"))
        assert not any("Buy" in label for label in labels(reduced))
        with pytest.raises(BadAmount):
            await ordered(session, lead, pack, code="NEARLY")
        # that many of them can be charged
        await edit_product(session, cheap, {"kind": ProductKind.LICENCE_KEY}, now=NOW)
        assert (await ordered(session, lead, cheap, quantity=5)).total_minor == least_of("usd")


async def test_what_a_code_pays_in_full_is_got_for_free_and_its_creator_hears_of_it(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        await add_code(session, folk.creator, "GIFT", Terms(percent=100), now=NOW, setup=SETUP)
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        assert "Get it free" in labels(await card(session, product, lead, Choice(code="GIFT")))
        order = await ordered(session, lead, product, code="GIFT")
        for _ in range(2):
            await pay_free(session, order, now=NOW)
        (said,) = await notices(session)
        assert "Preset &lt;pack&gt; for $0.00 to Lena, by the code GIFT" in said


async def test_who_wants_more_than_are_left_reads_how_many_there_are(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        with pytest.raises(SoldOut) as refused:
            await an_order(session, folk, quantity=2)
        assert refused.value.why is not None
        assert refused.value.why.values == {"left": 1}
        await session.execute(update(Product).values(stock=0, reserved=1))
        with pytest.raises(SoldOut) as refused:
            await an_order(session, folk, quantity=2)
        assert refused.value.why is None


async def test_an_offer_afterwards_says_its_price_with_the_code_and_is_of_what_is_left(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        creator, product = await session.get_one(Creator, folk.creator), await session.get_one(Product, folk.product)
        app, bundle, part = [await a_product(session, creator, price=2900) for _ in range(3)]
        await edit_product(session, bundle, {"kind": ProductKind.BUNDLE}, now=NOW)
        await put_in_bundle(session, bundle, part.id, now=NOW)
        await session.execute(update(Product).where(Product.id == part.id).values(stock=0, initial=0))
        await add_code(session, creator.id, "HALF", Terms(percent=50), now=NOW, setup=SETUP)
        await offer_after(session, product, app.id, code="HALF", now=NOW)
        await offer_after(session, product, bundle.id, now=NOW)
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        lead = await session.get_one(Lead, folk.lead)
        assert await offer_more(session, lead, order.id, SETUP, now=NOW)
        (offered,) = await promised(session, OutboxKind.FUNNEL)
        (row,) = offered.message["buttons"]
        assert row[0]["text"] == "Preset <pack> · $14.50 instead of $29.00"
        assert row[0]["data"].endswith(":HALF")


@pytest.mark.parametrize("won", [False, True])
async def test_the_buyer_hears_why_something_is_gone_while_a_bank_decides(database: Database, *, won: bool):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
        payment = await session.get_one(Payment, 1)
        for _ in range(2):
            await open_dispute(session, payment, reference="dp_1", amount=Money(1900, "usd"), reason="lost", now=NOW)
        lead = await session.get_one(Lead, folk.lead)
        theirs = [each for each in await promised(session, OutboxKind.NOTICE) if each.person_id == lead.person_id]
        assert sum("Until the bank has decided" in str(each.message["text"]) for each in theirs) == 1
        await close_dispute(session, payment, reference="dp_1", won=won, now=NOW)
        (sale,) = await sales_after(session, folk.creator, OrderFilter(), after=0, limit=9)
        row = dict(zip(HEADER, order_cells(sale), strict=True))
        # a spreadsheet's sums come out, it says who it was, and when as everything else does
        assert (row["given_back"], row["lost"]) == ("0.00", "0.00" if won else "19.00")
        assert (row["name"], row["paid"]) == ("Lena", "2031-05-04T12:00:00Z")
        theirs = [each for each in await promised(session, OutboxKind.NOTICE) if each.person_id == lead.person_id]
        assert sum("no longer yours" in str(each.message["text"]) for each in theirs) == (0 if won else 1)
