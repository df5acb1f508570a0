"""What may stand on a product, and what somebody is waiting for when it does."""

import pytest
from folk import NOW, Folk, promised, some_folk
from sqlalchemy import update

from domain.bundles import put_in_bundle, take_out
from domain.entitlements import grant
from domain.messages.catalogue import plain_why
from domain.product_card import Choice, Offer, product_card
from domain.product_edits import edit_product
from domain.products import add_product
from domain.setups import CreatorSetup
from domain.variants import add_variant, find_variant
from kit.errors import Conflict, Invalid
from kit.money import Money
from store.database import Database
from store.models import Lead, OutboxKind, Product, ProductKind

OPENS_FOR_NOBODY = [
    *("http://localhost", "https://localhost:8080/x", "https://intranet/x", "https://my shop/x"),
    *("https://my.shop/a page", "https://my.shop/x\ny", "https://.shop/x", "https://shop../x"),
    *("https://my.shop:99999/x", "https://[::1/x", "https://", "my.shop/x", "ftp://my.shop/x", "javascript:alert(1)"),
]
OPENS = [
    *("https://my.shop/x?a=b#c", " http://127.0.0.1:8080/x ", "https://müller.example/straße"),
    *("https://my.shop:8443", "tg://resolve?domain=studio"),
]
OFFER = Offer(CreatorSetup(), NOW, ("stripe",))


async def become(database: Database, folk: Folk, kind: ProductKind, **values: object) -> None:
    async with database.transaction() as session:
        await session.execute(update(Product).values(kind=kind, **values))


async def somebody_waits(database: Database, folk: Folk) -> None:
    async with database.transaction() as session:
        await grant(session, await session.get_one(Lead, folk.lead), folk.product, origin="line:1", now=NOW)
        assert await promised(session, OutboxKind.DELIVERY) == []


async def test_keys_that_are_made_from_now_on_reach_those_who_wait(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LICENCE_KEY)
    await somebody_waits(database, folk)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"makes_keys": False}, now=NOW)
        assert await promised(session, OutboxKind.DELIVERY) == []
        await edit_product(session, product, {"makes_keys": True}, now=NOW)
        (delivery,) = await promised(session, OutboxKind.DELIVERY)
        assert "Here is your key" in delivery.message["text"]


async def test_an_address_that_is_set_reaches_those_who_wait(database: Database):
    folk = await some_folk(database, file=False)
    await become(database, folk, ProductKind.LINK)
    await somebody_waits(database, folk)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"url": "https://board.example/1"}, now=NOW)
        assert len(await promised(session, OutboxKind.DELIVERY)) == 1


async def test_an_address_that_telegram_opens_for_nobody_is_refused(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        for url in OPENS_FOR_NOBODY:
            with pytest.raises(Invalid) as refused:
                await edit_product(session, product, {"url": url}, now=NOW)
            assert refused.value.why is not None, url
            assert "https://example.com" in plain_why(refused.value.why, "en")
        assert product.url is None
        for url in OPENS:
            await edit_product(session, product, {"url": url}, now=NOW)
            assert product.url == url.strip()


async def test_what_is_in_a_bundle_becomes_none_until_it_is_taken_out(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        part = await session.get_one(Product, folk.product)
        more = {"title": "All", "price": Money(1900, "usd"), "kind": ProductKind.BUNDLE, "now": NOW}
        bundle = await add_product(session, creator_id=folk.creator, **more)
        await put_in_bundle(session, bundle, part.id, now=NOW)
        with pytest.raises(Conflict) as refused:
            await edit_product(session, part, {"kind": ProductKind.BUNDLE}, now=NOW)
        assert refused.value.why is not None
        assert refused.value.why.key == "refused-kind-in-bundle"
        # any other kind will do
        await edit_product(session, part, {"kind": ProductKind.SERVICE}, now=NOW)
        assert await take_out(session, bundle, part.id, now=NOW)
        await edit_product(session, part, {"kind": ProductKind.BUNDLE}, now=NOW)
        assert part.kind == ProductKind.BUNDLE


async def test_a_variant_is_found_by_its_title_before_the_number_of_another(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        price = Money(1900, "usd")
        small = await add_variant(session, product, title="Small", price=price, now=NOW)
        number = await add_variant(session, product, title=str(small.id), price=price, now=NOW)
        assert await find_variant(session, product, str(small.id)) is number
        assert await find_variant(session, product, str(number.id)) is number
        assert await find_variant(session, product, "SMALL") is small


async def test_what_is_sold_out_still_leads_to_other_variants_and_to_reviews(database: Database):
    folk = await some_folk(database, file=False)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        price = Money(1900, "usd")
        gone = await add_variant(session, product, title="Small", price=price, stock=0, now=NOW)
        left = await add_variant(session, product, title="Large", price=price, stock=1, now=NOW)
        product.rating_sum, product.rating_count = 9, 2
        await session.flush()

        async def shown(choice: Choice) -> list[str]:
            card = await product_card(session, product, "en", OFFER, choice=choice)
            return [button.data or "" for row in card.buttons for button in row]

        reviews = f"reviews:{product.id}"
        assert await shown(Choice(variant=gone.id)) == [f"product:{product.id}:0:1", reviews]
        assert await shown(Choice()) == [f"product:{product.id}:{left.id}:1", reviews]
        left.stock = left.initial = 0
        await session.flush()
        assert await shown(Choice()) == [reviews]


async def test_what_is_sold_out_cannot_be_bought_from_its_card(database: Database):
    folk = await some_folk(database, file=False, stock=0)
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        product.rating_sum, product.rating_count = 5, 1
        await session.flush()
        card = await product_card(session, product, "en", OFFER)
    assert [button.data for row in card.buttons for button in row] == [f"reviews:{product.id}"]
