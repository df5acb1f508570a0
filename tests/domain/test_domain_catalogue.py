"""Products, their variants, bundles, files and pictures: what can be set, what is refused, and who is told."""

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from folk import BOT, NOW, SETUP, Folk, a_creator, a_lead, a_product, events, notices, ordered, promised, some_folk
from PIL import Image
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.bundles import MOST_UPSELLS, BadBundle, offer_after, put_in_bundle, stop_offering, take_out
from domain.covers import cover_of, drop_cover, refuse_cover, show_cover, take_cover
from domain.low_stock import tell_low_stock
from domain.messages.plain import Message
from domain.product_card import Choice, Offer, product_card
from domain.product_checks import DESCRIPTION_LENGTH, SlugTaken
from domain.product_edits import edit_product
from domain.product_files import attach_file, remove_file
from domain.products import (
    MOST_FETCHED,
    NoSuchProduct,
    add_product,
    archive_product,
    current_files,
    keep_upload,
    restore_product,
)
from domain.setups import CreatorSetup
from domain.shop_setup import ShopSetup
from domain.stock import Pieces, set_stock
from domain.variants import BadVariant, NoSuchVariant, add_variant, archive_variant, edit_variant, find_variant
from kit.errors import Conflict, Invalid, Reason
from kit.money import Money
from kit.paging import Paging
from kit.pictures import BadPicture, redraw
from kit.text import CAPTION_LIMIT, visible_length
from store.database import Database
from store.models import Creator, FileHandle, FileRole, Lead, OutboxKind, Product, ProductKind, Shape, StoredFile
from store.queries.catalogue import ShopFilter, count_categories, list_products, list_shop, offered_after

ALL_RAILS = CreatorSetup(
    shop=ShopSetup(rails=dict.fromkeys(ProductKind, ("stripe", "stars")), stars_rates={"usd": "77"})
)


@pytest_asyncio.fixture
async def folk(database: Database) -> AsyncIterator[Folk]:
    yield await some_folk(database)


async def made(session: Any, folk: Folk, title: str, price: int = 500, **more: Any) -> Product:
    return await add_product(session, creator_id=folk.creator, title=title, price=Money(price, "usd"), now=NOW, **more)


async def sent(session: Any, folk: Folk, name: str = "pack.zip", *, size: int | None = 3, **more: Any) -> StoredFile:
    return await keep_upload(
        session,
        creator_id=folk.creator,
        bot_id=BOT,
        telegram_file_id=f"handle of {name}",
        file_name=name,
        mime_type="application/zip",
        size=size,
        now=NOW,
        **more,
    )


async def card(
    session: Any, product: Product, choice: Choice | None = None, setup: CreatorSetup = ALL_RAILS
) -> Message:
    lead = (await session.scalars(select(Lead).where(Lead.creator_id == product.creator_id).limit(1))).one()
    offer = Offer(setup, NOW, ("stripe", "stars"), lead)
    return await product_card(session, product, "en", offer, choice=choice)


def labels(message: Message) -> list[str]:
    return [button.text for row in message.buttons for button in row]


async def titles(session: Any, folk: Folk, **wanted: Any) -> list[str]:
    page = await list_shop(session, folk.creator, ShopFilter(**wanted), Paging(), now=NOW)
    return [each.title for each in page.items]


# What stands on a product -------------------------------------------------------------------------------------


async def test_every_part_of_a_product_can_be_changed_and_taken_away_again(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(
            session,
            product,
            {
                "title": "  Sound \n pack ",
                "slug": "Sounds",
                "description": " Soft. ",
                "price_minor": 2500,
                "compare_at_minor": 3000,
                "price_stars": 250,
                "pay_what_you_want": True,
                "category": " Sound  and light ",
                "tags": ["#Loud", "loud", "soft"],
                "limit_per_person": 2,
                "low_stock": 3,
                "active_from": NOW,
                "active_until": NOW + timedelta(days=1),
                "url": "https://example.com/x",
                "instructions": "Unzip it.",
                "protected": True,
            },
            now=NOW,
        )
    async with database.reading() as session:
        now = await session.get_one(Product, folk.product)
        assert (now.title, now.slug, now.description, now.price_minor) == ("Sound pack", "sounds", "Soft.", 2500)
        assert (now.compare_at_minor, now.price_stars, now.pay_what_you_want) == (3000, 250, True)
        assert (now.category, now.tags, now.limit_per_person, now.low_stock) == (
            "Sound and light",
            ["loud", "soft"],
            2,
            3,
        )
        assert (now.active_from, now.active_until) == (NOW, NOW + timedelta(days=1))
        assert (now.url, now.instructions, now.protected) == ("https://example.com/x", "Unzip it.", True)
        assert await events(session, "product.edited") == ["product.edited"]
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        nothing = {"compare_at_minor": None, "price_stars": None, "limit_per_person": None, "url": None}
        await edit_product(
            session, product, {**nothing, "active_from": None, "active_until": None, "tags": []}, now=NOW
        )  # type: ignore[typeddict-item]
        assert (product.compare_at_minor, product.price_stars, product.limit_per_person, product.url) == (None,) * 4
        assert (product.active_from, product.active_until, product.tags) == (None, None, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"title": " "},
        {"title": "x" * 201},
        {"slug": "no slug"},
        {"slug": "-"},
        {"description": "x" * (DESCRIPTION_LENGTH + 1)},
        {"price_minor": -1},
        {"price_minor": 100_000_000},
        {"currency": "dollars"},
        {"compare_at_minor": 1900},
        {"price_stars": 0},
        {"price_stars": 2**70},
        {"price_stars": 10_001},
        {"price_minor": 10_001, "currency": "xtr"},
        {"limit_per_person": 0},
        {"low_stock": -1},
        {"category": "x" * 41},
        {"tags": ["a b"]},
        {"tags": [f"t{number}" for number in range(21)]},
        {"url": "javascript:alert(1)"},
        {"url": "example.com"},
        {"url": "https://[broken"},
        {"chat_id": -100123},
        {"active_from": NOW, "active_until": NOW},
    ],
)
async def test_a_part_that_cannot_be_is_refused_by_its_name_and_nothing_changes(
    database: Database, folk: Folk, fields: dict[str, Any]
):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        with pytest.raises(Invalid) as refusal:
            await edit_product(session, product, fields, now=NOW)  # type: ignore[arg-type]
        assert refusal.value.why is not None
        assert refusal.value.fields
    async with database.reading() as session:
        kept = await session.get_one(Product, folk.product)
        assert (kept.title, kept.price_minor, kept.slug) == ("Preset <pack>", 1900, "preset-pack")


async def test_two_products_of_a_creator_never_share_a_short_name(database: Database, folk: Folk):
    async with database.transaction() as session:
        other = await made(session, folk, "Other")
        with pytest.raises(SlugTaken):
            await edit_product(session, other, {"slug": "preset-pack"}, now=NOW)
        # and the transaction goes on
        await edit_product(session, other, {"slug": "another"}, now=NOW)
    async with database.reading() as session:
        assert (await session.get_one(Product, other.id)).slug == "another"


async def test_what_somebody_has_ordered_stays_the_kind_it_was(database: Database, folk: Folk):
    async with database.transaction() as session:
        product, fresh = await session.get_one(Product, folk.product), await made(session, folk, "Fresh")
        await ordered(session, await session.get_one(Lead, folk.lead), product)
        with pytest.raises(Conflict):
            await edit_product(session, product, {"kind": ProductKind.LINK}, now=NOW)
        await edit_product(session, fresh, {"kind": ProductKind.LINK}, now=NOW)
        assert fresh.kind == ProductKind.LINK


async def test_an_archived_product_is_off_the_shop_until_it_comes_back(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        for _ in range(2):
            await archive_product(session, product, now=NOW)
        assert await titles(session, folk) == []
        archived = await list_products(session, folk.creator, Paging(), archived=True)
        assert [each.id for each in archived.items] == [folk.product]
        for _ in range(2):
            await restore_product(session, product, now=NOW)
        assert await titles(session, folk) == ["Preset <pack>"]
        assert await events(session, "product.archived", "product.restored") == ["product.archived", "product.restored"]


# The shop -----------------------------------------------------------------------------------------------------


async def test_the_shop_shows_what_can_be_bought_now_and_nothing_else(database: Database, folk: Folk):
    day = timedelta(days=1)
    async with database.transaction() as session:
        for title, fields in {
            "Off": {"active": False},
            "Tomorrow": {"active_from": NOW + day},
            "Until now": {"active_until": NOW},
            "Begun": {"active_from": NOW, "active_until": NOW + day},
        }.items():
            await edit_product(session, await made(session, folk, title), fields, now=NOW)  # type: ignore[arg-type]
        other = await a_creator(session, "other", telegram_id=1002)
        await a_product(session, other, file=False)
        assert await titles(session, folk) == ["Preset <pack>", "Begun"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("creme", ["Crème brûlée"]),
        ("CRÈME", ["Crème brûlée"]),
        ("brul cre", ["Crème brûlée"]),
        ("reme", []),
        ("sweet", ["Crème brûlée"]),
        ("100%", []),
        ("_", []),
        ("straße", ["Straße"]),
        ("…", []),
        ("dessert", ["Crème brûlée"]),
    ],
)
async def test_search_finds_words_by_how_they_begin(database: Database, folk: Folk, search: str, found: list[str]):
    async with database.transaction() as session:
        product = await made(session, folk, "Crème brûlée", description="A dessert.")
        await edit_product(session, product, {"tags": ["sweet"]}, now=NOW)
        await made(session, folk, "Straße")
        assert await titles(session, folk, search=search) == found


async def test_categories_are_counted_with_what_is_on_sale(database: Database, folk: Folk):
    async with database.transaction() as session:
        for title, category in (("A", "Sound"), ("B", "Sound"), ("C", "Light"), ("D", "")):
            await edit_product(session, await made(session, folk, title), {"category": category}, now=NOW)
        gone = await made(session, folk, "E")
        await edit_product(session, gone, {"category": "Gone"}, now=NOW)
        await archive_product(session, gone, now=NOW)
        assert await count_categories(session, folk.creator, now=NOW) == {"Light": 1, "Sound": 2}
        assert await titles(session, folk, category="Sound") == ["A", "B"]


# Variants -----------------------------------------------------------------------------------------------------


async def test_a_product_with_variants_costs_what_its_least_costs(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        small = await add_variant(session, product, title="Small", price=Money(1500, "usd"), stock=2, now=NOW)
        await add_variant(session, product, title="Large", price=Money(2500, "usd"), now=NOW)
        assert product.price_minor == 1500
        await edit_variant(session, product, small, price=Money(3000, "usd"), now=NOW)
        assert product.price_minor == 2500
        with pytest.raises(Conflict):
            await edit_product(session, product, {"price_minor": 100}, now=NOW)
        shown = await card(session, product)
        assert labels(shown) == ["Small · $30.00", "Large · $25.00"]
        assert "from $25.00" in shown.text
        chosen = await card(session, product, Choice(variant=small.id))
        assert labels(chosen)[0] == "Buy for $30.00"
        assert "Only 2 left" in chosen.text
        await set_stock(session, small, 0)
        assert labels(await card(session, product)) == ["Large · $25.00"]


async def test_an_archived_variant_comes_back_under_its_title_with_what_it_has_sold(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        small = await add_variant(session, product, title="Small", price=Money(1500, "usd"), stock=5, now=NOW)
        lead = await session.get_one(Lead, folk.lead)
        await ordered(session, lead, product, variant=small)
        for _ in range(2):
            await archive_variant(session, product, small, now=NOW)
        again = await add_variant(session, product, title="Small", price=Money(1600, "usd"), stock=9, now=NOW)
        await session.refresh(again)
        assert (again.id, again.archived_at, again.price_minor) == (small.id, None, 1600)
        assert (again.stock, again.reserved, again.initial) == (9, 1, 10)


@pytest.mark.parametrize(
    ("title", "price"),
    [("Small", Money(1, "usd")), ("Other", Money(1, "eur")), ("Free", Money(0, "usd")), ("x" * 61, Money(1, "usd"))],
)
async def test_a_variant_that_does_not_fit_is_refused(database: Database, folk: Folk, title: str, price: Money):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await add_variant(session, product, title="Small", price=Money(1500, "usd"), now=NOW)
        with pytest.raises((BadVariant, Invalid)):
            await add_variant(session, product, title=title, price=price, now=NOW)
        assert (await find_variant(session, product, "sMALL")).title == "Small"
        with pytest.raises(NoSuchVariant):
            await find_variant(session, product, title if title != "Small" else "Tiny")


# Bundles ------------------------------------------------------------------------------------------------------


async def test_a_bundle_holds_products_and_nothing_that_holds_others(database: Database, folk: Folk):
    async with database.transaction() as session:
        bundle = await made(session, folk, "Both", 2500, kind=ProductKind.BUNDLE)
        other_bundle = await made(session, folk, "More", kind=ProductKind.BUNDLE)
        shirt = await made(session, folk, "Shirt")
        await add_variant(session, shirt, title="Small", price=Money(500, "usd"), now=NOW)
        for _ in range(2):
            await put_in_bundle(session, bundle, folk.product, now=NOW)
        for wrong in (bundle.id, other_bundle.id, shirt.id):
            with pytest.raises(BadBundle):
                await put_in_bundle(session, bundle, wrong, now=NOW)
        with pytest.raises(BadBundle):
            await put_in_bundle(session, shirt, folk.product, now=NOW)
        pack = await session.get_one(Product, folk.product)
        for goods in (pack, bundle):
            with pytest.raises(BadVariant):
                await add_variant(session, goods, title="Small", price=Money(500, "usd"), now=NOW)
        stranger = await a_product(session, await a_creator(session, "other", telegram_id=1002), file=False)
        with pytest.raises(NoSuchProduct):
            await put_in_bundle(session, bundle, stranger.id, now=NOW)
        assert "Preset &lt;pack&gt;" in (await card(session, bundle)).text
        await set_stock(session, pack, 0)
        sold_out = await card(session, bundle)
        assert "Sold out" in sold_out.text
        assert sold_out.buttons == ()
        assert [await take_out(session, bundle, folk.product, now=NOW) for _ in range(2)] == [True, False]


async def test_a_few_products_are_offered_after_one(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        others = [await made(session, folk, f"Other {number}") for number in range(MOST_UPSELLS + 1)]
        for other in others[:-1]:
            for _ in range(2):
                await offer_after(session, product, other.id, now=NOW)
        for wrong in (product, others[-1]):
            with pytest.raises(Conflict):
                await offer_after(session, product, wrong.id, now=NOW)
        assert await stop_offering(session, product, others[0].id, now=NOW)
        assert not await stop_offering(session, product, others[0].id, now=NOW)
        offered = await offered_after(session, product.id)
        assert [each.product.id for each in offered] == [each.id for each in others[1:-1]]


# Files and pictures -------------------------------------------------------------------------------------------


async def test_a_file_of_the_same_name_is_the_next_version_and_another_is_one_more(database: Database, folk: Folk):
    async with database.transaction() as session:
        for name in ("pack.zip", "read-me.txt", "pack.zip"):
            await attach_file(session, folk.creator, (await sent(session, folk, name)).id, folk.product, now=NOW)
        files = await current_files(session, folk.product)
        assert [(each.file_name, each.version) for each in files] == [("read-me.txt", 1), ("pack.zip", 3)]
        product = await session.get_one(Product, folk.product)
        await remove_file(session, product, files[0].id, now=NOW)
        with pytest.raises(NoSuchProduct):
            await remove_file(session, product, files[0].id, now=NOW)
        assert [each.version for each in await current_files(session, folk.product)] == [3]


async def test_versions_that_are_attached_at_once_count_one_after_the_other(database: Database, folk: Folk):
    async with database.transaction() as session:
        ids = [(await sent(session, folk)).id for _ in range(5)]

    async def attach(file_id: int) -> None:
        async with database.transaction() as session:
            await attach_file(session, folk.creator, file_id, folk.product, now=NOW)

    await asyncio.gather(*(attach(each) for each in ids))
    async with database.reading() as session:
        versions = await session.scalars(select(StoredFile.version).where(StoredFile.product_id == folk.product))
        assert sorted(versions) == [1, 2, 3, 4, 5, 6]
        assert [each.version for each in await current_files(session, folk.product)] == [6]


async def test_only_what_telegram_hands_to_bots_is_fetched(database: Database, folk: Folk):
    async with database.transaction() as session:
        kept = {}
        for name, size in (("small", MOST_FETCHED), ("large", MOST_FETCHED + 1), ("unknown", None)):
            stored = await sent(session, folk, name, size=size)
            await attach_file(session, folk.creator, stored.id, folk.product, now=NOW)
            kept[name] = stored.fetch_at
    assert kept == {"small": NOW, "large": None, "unknown": NOW}


async def test_a_lead_s_own_file_is_never_sold(database: Database, folk: Folk):
    async with database.transaction() as session:
        theirs = await sent(session, folk, lead_id=folk.lead)
        with pytest.raises(NoSuchProduct):
            await attach_file(session, folk.creator, theirs.id, folk.product, now=NOW)
        with pytest.raises(NoSuchProduct):
            await take_cover(session, folk.creator, theirs.id, folk.product, now=NOW)


def a_photo() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (320, 200), "blue").save(held, "JPEG")
    return held.getvalue()


async def test_a_picture_is_shown_once_it_is_drawn_anew_and_replaces_the_one_before(database: Database, folk: Folk):
    picture = redraw(a_photo())
    ids = []
    for number in range(2):
        async with database.transaction() as session:
            stored = await sent(session, folk, f"me-{number}.jpg", role=FileRole.COVER, shape=Shape.PHOTO)
            await take_cover(session, folk.creator, stored.id, folk.product, now=NOW)
            shown = await cover_of(session, folk.product)
            assert (shown.id if shown else None) == (ids[-1] if ids else None)
        for _ in range(2):
            async with database.transaction() as session:
                await show_cover(session, stored.id, picture, f"blob-{number}", now=NOW)
        ids.append(stored.id)
    async with database.transaction() as session:
        shown = await cover_of(session, folk.product)
        assert shown is not None
        assert (shown.id, shown.blob, shown.mime_type, shown.fetch_at) == (ids[1], "blob-1", "image/jpeg", None)
        # the picture as it was sent is not what anybody gets
        assert await session.get(FileHandle, (ids[1], BOT)) is None
        assert await current_files(session, folk.product) != []
        product = await session.get_one(Product, folk.product)
        assert (await card(session, product)).file == ids[1]
        assert sum("is the picture of" in text for text in await notices(session)) == 2
        assert [await drop_cover(session, product, now=NOW) for _ in range(2)] == [True, False]
        assert (await card(session, product)).file is None


async def test_a_refused_picture_leaves_the_card_as_it_was_and_says_why(database: Database, folk: Folk):
    async with database.transaction() as session:
        stored = await sent(session, folk, "me.gif", role=FileRole.COVER)
        await take_cover(session, folk.creator, stored.id, folk.product, now=NOW)
    for _ in range(2):
        async with database.transaction() as session:
            await refuse_cover(session, stored.id, Reason("refused-picture-kind"), now=NOW)
    async with database.transaction() as session:
        assert await cover_of(session, folk.product) is None
        assert [text for text in await notices(session) if "cannot be the picture" in text] == [
            "⚠️ This cannot be the picture of “Preset &lt;pack&gt;”: this is no JPEG, PNG, WebP or GIF picture"
        ]
        heavy = await sent(session, folk, "heavy.jpg", size=MOST_FETCHED + 1, role=FileRole.COVER)
        with pytest.raises(BadPicture):
            await take_cover(session, folk.creator, heavy.id, folk.product, now=NOW)


# The card -----------------------------------------------------------------------------------------------------


async def test_the_card_has_a_button_for_each_rail_that_can_sell_it(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        assert labels(await card(session, product)) == ["Buy for $19.00", "Buy for 1463 ⭐"]
        await edit_product(session, product, {"price_stars": 250}, now=NOW)
        assert labels(await card(session, product)) == ["Buy for $19.00", "Buy for 250 ⭐"]
        no_rate = CreatorSetup(shop=ShopSetup(rails={"file": ("stripe",)}))
        assert labels(await card(session, product, setup=no_rate)) == ["Buy for $19.00"]
        unknown = await product_card(session, product, "en", Offer(SETUP, NOW))
        assert [button.data for row in unknown.buttons for button in row] == [f"buy:{product.id}"]


async def test_the_card_says_what_it_cost_before_and_what_others_think(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"compare_at_minor": 2900}, now=NOW)
        product.rating_sum, product.rating_count = 14, 3
        await session.flush()
        shown = await card(session, product)
        assert "<s>$29.00</s> <b>$19.00</b>" in shown.text
        assert "★ 4.7 (3)" in shown.text
        assert f"reviews:{product.id}" in [button.data for row in shown.buttons for button in row]


async def test_a_card_with_a_picture_keeps_to_what_a_caption_holds(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"title": "𝕏" * 100, "description": "<&> 😀 " * 400}, now=NOW)
        assert visible_length((await card(session, product)).text) > CAPTION_LIMIT
        stored = await sent(session, folk, "me.jpg", role=FileRole.COVER)
        await take_cover(session, folk.creator, stored.id, product.id, now=NOW)
        await show_cover(session, stored.id, redraw(a_photo()), "blob", now=NOW)
        text = (await card(session, product)).text
        assert CAPTION_LIMIT - 10 < visible_length(text) <= CAPTION_LIMIT
        assert "Buy" in labels(await card(session, product))[0]


async def test_more_than_one_can_be_bought_where_that_makes_sense(database: Database, folk: Folk):
    async with database.transaction() as session:
        cup = await made(session, folk, "Cup", kind=ProductKind.PHYSICAL, stock=3)
        shown = await card(session, cup, Choice(quantity=2))
        assert labels(shown)[:2] == ["Buy for $10.00", "Buy for 770 ⭐"]
        counter = [button.data for button in shown.buttons[2]]
        assert counter == [f"product:{cup.id}", f"product:{cup.id}:0:2", f"product:{cup.id}:0:3"]
        # no more than there are, whatever the button says
        assert labels(await card(session, cup, Choice(quantity=99)))[0] == "Buy for $15.00"
        pack = await session.get_one(Product, folk.product)
        assert labels(await card(session, pack, Choice(quantity=2)))[0] == "Buy for $19.00"


async def test_who_may_choose_the_price_is_told_the_least(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"pay_what_you_want": True, "price_minor": 500}, now=NOW)
        shown = await card(session, product)
        assert labels(shown) == ["Buy for $5.00 or more", "Buy for 385 ⭐ or more"]
        assert "You choose the price, $5.00 or more" in shown.text
        await edit_product(session, product, {"price_minor": 0}, now=NOW)
        assert labels(await card(session, product))[0] == "Buy, at your own price"


def test_what_stands_behind_a_button_always_fits():
    largest = Choice(10**15 - 1, 99, "X" * 32)
    for act in ("product", "code"):
        assert len(largest.behind(act, 10**15 - 1).encode()) <= 64
    assert len(largest.to_buy(10**15 - 1, "stripe").encode()) <= 64
    assert largest.to_buy(10**15 - 1, "stripe") == f"buy:{10**15 - 1}:{10**15 - 1}:99:stripe"
    assert largest.to_buy(7, "stripe").endswith(":stripe:" + "X" * 32)
    assert Choice(code="SPRING").to_buy(7) == "buy:7:0:1:any:SPRING"
    assert Choice().to_buy(7) == "buy:7"


# Low stock ----------------------------------------------------------------------------------------------------


async def low_ones(session: AsyncSession) -> int:
    return sum(row.message["text"].startswith("📦") for row in await promised(session, OutboxKind.NOTICE))


async def test_a_creator_hears_that_little_is_left_once_until_it_is_restocked(database: Database, folk: Folk):
    async with database.transaction() as session:
        product = await session.get_one(Product, folk.product)
        await edit_product(session, product, {"low_stock": 2}, now=NOW)
        pieces = [Pieces(product.id, None, 1)]

        async def told_at(stock: int | None) -> int:
            product.stock = stock
            product.initial = None if stock is None else 10
            product.sold = 0 if stock is None else 10 - stock
            await session.flush()
            await tell_low_stock(session, pieces, now=NOW)
            return await low_ones(session)

        assert [await told_at(stock) for stock in (None, 3, 2, 2, 1, 0, 0)] == [0, 0, 1, 1, 1, 2, 2]
        await set_stock(session, product, 1)
        await tell_low_stock(session, pieces, now=NOW)
        assert await low_ones(session) == 3


async def test_another_creator_s_lead_never_sees_a_product_as_theirs(database: Database, folk: Folk):
    async with database.transaction() as session:
        other = await a_creator(session, "other", telegram_id=1002)
        await a_lead(session, other, 2002)
        page = await list_shop(session, other.id, ShopFilter(search="preset"), Paging(), now=NOW)
        assert (page.total, list(page.items)) == (0, [])
        assert (await session.get_one(Creator, other.id)).slug == "other"
