"""The shop as leads see it, and the creator's products behind it: every kind of thing, from adding it to having it."""

import base64
import hashlib
import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from store.models import FileRole, Order, Product, ProductVariant, StoredFile


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    return lena


async def stored(world: World, query: Any) -> Any:
    async with world.spark.database.reading() as session:
        return (await session.scalars(query)).all()


async def product(world: World, title: str) -> Product:
    (found,) = await stored(world, select(Product).where(Product.title == title))
    return found


async def sees(person: PersonOfTheWorld, text: str, *labels: str) -> Said:
    """Waits for the newest message that says so to have these buttons, which a tap may have changed."""

    async def shown() -> Said | None:
        heard = [said for said in await person.chat() if said.by_bot and text in said.text]
        newest = heard[-1] if heard else None
        return newest if newest and all(any(want in label for label in newest.labels) for want in labels) else None

    assert await person.world.until(shown), f"no {text!r} with {labels} in {[s.text for s in await person.chat()][-4:]}"
    found = await shown()
    assert found is not None
    return found


def a_photo(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    held = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    Image.new("RGB", size, "green").save(held, kind, exif=exif)
    return held.getvalue()


async def send_document(person: PersonOfTheWorld, name: str, content: bytes, mime_type: str) -> None:
    encoded = base64.b64encode(content).decode()
    await person.post({"document": {"file_name": name, "mime_type": mime_type, "content_base64": encoded}})


async def test_the_shop_shows_categories_and_leads_back(world: World, lena: PersonOfTheWorld):
    await lena.say("/shop")
    shop = await sees(
        lena, "Studio North", "Preset pack · $19.00", "Starter guide · free", "Studio shirt", "Things · 2"
    )
    assert not any("Inner circle" in label for label in shop.labels)
    await lena.tap("Things · 2")
    things = await sees(lena, "Studio North · Things", "Studio shirt", "‹ Everything")
    assert things.raw["message_id"] == shop.raw["message_id"]
    assert [label.partition(" · ")[0] for label in things.labels] == ["Studio shirt", "Wallpaper", "‹ Everything"]
    await lena.tap("‹ Everything")
    await sees(lena, "Studio North", "Preset pack · $19.00")


async def test_the_shop_is_searched_by_a_line_and_by_a_button(world: World, lena: PersonOfTheWorld):
    await lena.say("/shop search cotton SHI")
    found = await sees(lena, "1 for “cotton SHI”", "Studio shirt")
    assert len(found.labels) == 2
    await lena.tap("‹ Everything")
    await lena.tap("Search")
    await lena.hears("What are you looking for?")
    await lena.say("evening")
    await sees(lena, "for “evening”", "Preset pack", "Sorting app", "Everything together")
    await lena.say("/shop search <b>nothing</b>")
    await lena.hears("is called “<b>nothing</b>”")


async def test_many_products_come_in_pages(world: World, lena: PersonOfTheWorld):
    for number in range(1, 9):
        await world.creator.say(f'/product add "Print {number}" 9.00 usd')
    await world.creator.hears("Print 8, $9.00")
    await lena.say("/shop")
    first = await sees(lena, "Studio North", "Print 3", "›")
    await lena.tap("›")
    second = await sees(lena, "Studio North", "Print 4", "Print 8", "‹")
    assert second.raw["message_id"] == first.raw["message_id"]
    assert "Preset pack" not in "".join(second.labels)
    # what has gone since the button was shown leaves no empty page
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title.like("Print%")).values(active=False))
    await lena.tap("‹")
    await sees(lena, "Studio North", "Preset pack")


async def test_a_variant_is_chosen_counted_and_bought(world: World, lena: PersonOfTheWorld):
    await lena.say("/shop")
    await lena.tap("Studio shirt")
    card = await sees(lena, "Studio shirt", "Small · $25.00", "Large · $28.00")
    assert card.raw["photo"]
    assert "from $25.00" in card.text
    await lena.tap("Large")
    await sees(lena, "Studio shirt · Large", "Buy for $28.00", "× 1")
    await lena.tap("+")
    changed = await sees(lena, "Studio shirt · Large", "Buy for $56.00", "× 2", "‹ Another choice")
    assert changed.raw["message_id"] == card.raw["message_id"]
    assert "Only 3 left" in changed.text
    await lena.tap("Buy for $56.00")
    await lena.hears("Pay on the secure page")
    (large,) = await stored(world, select(ProductVariant).where(ProductVariant.title == "Large"))
    assert (large.stock, large.reserved, large.initial) == (1, 2, 3)


async def test_another_wish_while_a_checkout_is_open_is_asked_about(world: World, lena: PersonOfTheWorld):
    await lena.say("/shop")
    await lena.tap("Studio shirt")
    await lena.tap("Small")
    await lena.tap("Buy for $25.00")
    await lena.hears("Pay on the secure page")
    await lena.tap("‹ Another choice")
    await lena.tap("Medium")
    await sees(lena, "Studio shirt · Medium")
    await lena.tap("Buy for $25.00")
    asked = await lena.hears("You have a checkout open for Studio shirt (Small)")
    assert asked.labels == ["Pay it", "Call it off"]
    assert len(await stored(world, select(Order.id))) == 1


async def test_who_may_choose_the_price_says_how_much(world: World, lena: PersonOfTheWorld):
    await lena.say("/shop")
    await lena.tap("Wallpaper")
    await lena.tap("Buy, at your own price")
    await lena.hears("how much would you like to give, in USD?")
    await lena.say("a lot")
    await lena.hears("is not a price")
    await lena.say("$7.50")
    said = await lena.hears("Pay on the secure page")
    assert "Pay $7.50" in said.labels
    assert (await stored(world, select(Order.total_minor))) == [750]


async def test_a_card_is_opened_by_its_own_address_and_only_while_it_is_for_sale(world: World, lena: PersonOfTheWorld):
    pack = await product(world, "Preset pack")
    await world.creator.say(f"/product {pack.id} address")
    told = await world.creator.hears("opens here:")
    assert told.text.endswith(f"?start=p_{pack.id}")
    await lena.say(f"/start p_{pack.id}")
    await sees(lena, "24 presets", "Buy for $19.00")
    await world.creator.say(f"/product {pack.id} archive")
    await world.creator.hears("is off the shop")
    gone = (f"p_{pack.id}", "p_999999999999999", "p_99999999999999999999")
    for number, address in enumerate(gone, start=1):
        await lena.say(f"/start {address}")
        await lena.hears("not for sale at present", times=number)
    await lena.say("/start p_x")
    await lena.say("/shop")
    shop = await sees(lena, "Studio North", "Video course")
    assert "Preset pack" not in "".join(shop.labels)
    assert await lena.count("24 presets") == 1


async def test_a_button_of_what_is_no_longer_for_sale_says_so(world: World, lena: PersonOfTheWorld):
    pack = await product(world, "Preset pack")
    await lena.say("/shop")
    await lena.tap("Preset pack")
    await sees(lena, "24 presets", "Buy")
    await world.creator.say(f"/product {pack.id} archive")
    await world.creator.hears("is off the shop")
    assert "no longer for sale" in (await lena.tap("Buy"))["answer"]
    assert await stored(world, select(Order.id)) == []


# Behind it: what the creator does -----------------------------------------------------------------------------


async def test_a_product_from_its_first_button_to_the_first_buyer(world: World, lena: PersonOfTheWorld):
    creator = world.creator
    await creator.say("/product")
    await creator.tap("New product")
    await creator.tap("Link")
    await creator.hears("Its title, price and currency")
    await creator.say("Light map 12.00 usd category=Maps")
    await sees(creator, "Light map · Link", "Where it leads", "Picture", "Preview")
    await creator.tap("Where it leads")
    await creator.hears("Where does “Light map” lead?")
    await creator.say("javascript:alert(1)")
    await creator.hears("A link looks like https://example.com/page")
    await creator.say("https://example.com/map")
    await creator.hears("Leads to: https://example.com/map")
    await creator.tap("Description")
    await creator.say("Where <b>light</b> falls.")
    await creator.hears("Where <b>light</b> falls.")
    await creator.tap("Preview")
    await sees(creator, "Where <b>light</b> falls.", "Buy for $12.00")
    await world.pay(await lena.checkout("Light map"))
    await world.settle()
    assert await creator.count("Light map for $12.00 to Lena") == 1


async def test_a_picture_is_drawn_anew_and_shown_on_the_card(world: World, lena: PersonOfTheWorld):
    pack = await product(world, "Preset pack")
    await world.creator.say(f"/product {pack.id} image")
    await world.creator.hears("Send me the picture")
    await world.creator.say("here it is")
    await world.creator.hears("Send a picture, please")
    await send_document(world.creator, "me.webp", a_photo("WEBP"), "image/webp")
    shown = await world.creator.hears("This is the picture of “Preset pack” now.")
    assert shown.raw["photo"]
    (cover,) = await stored(
        world, select(StoredFile).where(StoredFile.product_id == pack.id, StoredFile.role == FileRole.COVER)
    )
    kept = await world.spark.files.read(cover.blob)
    assert kept.startswith(b"\xff\xd8\xff")
    assert b"where I live" not in kept
    assert hashlib.sha256(kept).hexdigest() == cover.sha256
    await lena.say("/shop")
    await lena.tap("Preset pack")
    assert (await sees(lena, "24 presets", "Buy")).raw["photo"]
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")


async def test_a_photo_that_a_creator_sends_is_asked_about(world: World):
    await world.creator.post({"photo": {"content_base64": base64.b64encode(a_photo()).decode()}})
    await world.creator.hears("Which product is this the picture of?")
    await world.creator.tap("Video course")
    await world.creator.hears("This is the picture of “Video course” now.")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("me.gif", b"GIF89a" + bytes(64), "is damaged"),
        ("me.jpg", b"\xff\xd8\xff" + bytes(64), "the picture is damaged"),
        ("me.png", b"#!/bin/sh\nrm -rf /", "no JPEG, PNG, WebP or GIF picture"),
        ("strip.jpg", a_photo(size=(900, 20)), "too small or too narrow"),
    ],
)
async def test_what_is_no_picture_is_refused_with_the_reason(world: World, name: str, content: bytes, why: str):
    pack = await product(world, "Preset pack")
    await world.creator.say(f"/product {pack.id} image")
    await world.creator.hears("Send me the picture")
    await send_document(world.creator, name, content, "image/jpeg")
    assert why in (await world.creator.hears("This cannot be the picture of “Preset pack”")).text


async def test_a_file_gets_its_checksum_and_its_next_version(world: World, lena: PersonOfTheWorld):
    pack = await product(world, "Preset pack")
    contents = [b"the first", b"the second, better"]
    for version, content in enumerate(contents, start=1):
        await world.creator.say(f"/product {pack.id} file add")
        await world.creator.hears("Send me the file for “Preset pack”", times=version)
        await world.creator.send_file("notes.zip", content)
        await world.creator.hears("is now delivered with this file" if version == 1 else "is version 2 now")
    await world.settle()
    query = select(StoredFile).where(StoredFile.file_name == "notes.zip").order_by(StoredFile.id)
    first, second = await stored(world, query)
    assert (first.version, second.version, second.replaced_at) == (1, 2, None)
    assert first.replaced_at is not None
    assert [each.sha256 for each in (first, second)] == [hashlib.sha256(content).hexdigest() for content in contents]
    assert [each.size for each in (first, second)] == [len(content) for content in contents]
    assert await world.spark.files.read(second.blob) == contents[1]
    await world.creator.say(f"/product {pack.id} files")
    listed = await world.creator.hears(second.sha256[:12])
    assert "preset-pack.zip (version 1)" in listed.text
    assert "notes.zip (version 2)" in listed.text
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("notes.zip")
    await lena.gets_file("preset-pack.zip")


async def test_a_file_is_fetched_when_telegram_is_back(world: World):
    pack = await product(world, "Preset pack")
    await world.control("POST", "/faults", {"api": "telegram", "method": "getFile", "fault": "500", "times": 1})
    await world.creator.say(f"/product {pack.id} file add")
    await world.creator.hears("Send me the file")
    await world.creator.send_file("late.zip", b"late")
    await world.creator.hears("is now delivered with this file")
    query = select(StoredFile.sha256).where(StoredFile.file_name == "late.zip")
    await world.settle()
    assert await stored(world, query) == [None]
    await world.skip(minutes=2)
    assert await stored(world, query) == [hashlib.sha256(b"late").hexdigest()]


async def test_a_bundle_is_filled_and_emptied_by_buttons(world: World, lena: PersonOfTheWorld):
    bundle = await product(world, "Everything together")
    await world.creator.say(f"/product {bundle.id}")
    card = await sees(world.creator, "Everything together · Bundle", "What is in it")
    assert "Preset pack" in card.text
    await world.creator.tap("What is in it")
    await sees(world.creator, "Which products are in Everything together?", "✓ Video course", "✓ Preset pack")
    await world.creator.tap("Video course")
    await sees(world.creator, "Which products are in Everything together?", "Video course", "✓ Preset pack")
    await world.creator.tap("Mood board")
    await sees(world.creator, "Which products are in", "✓ Mood board")
    await world.pay(await lena.checkout("Everything together"))
    await lena.gets_file("preset-pack.zip")
    await world.settle()
    await lena.say("/library")
    owned = await sees(lena, "Yours", "Preset pack", "Mood board")
    assert not any("Video course" in label for label in owned.labels)


async def test_a_channel_is_chosen_and_put_on_sale_by_buttons(world: World, lena: PersonOfTheWorld):
    circle = await product(world, "Inner circle")
    await world.creator.say(f"/product {circle.id} channel")
    await world.creator.hears("Make me an administrator of the channel or group first")
    chat = await world.control("POST", "/chats", {"type": "channel", "title": "The circle", "owner": world.creator.id})
    rights = {"can_invite_users": True, "can_restrict_members": True}
    await world.control("PUT", f"/chats/{chat['id']}/members/bot", {"status": "administrator", "rights": rights})
    await world.creator.hears("I can see “The circle” now")
    await world.creator.say(f"/product {circle.id}")
    await sees(world.creator, "Inner circle · Channel", "Channel")
    await world.creator.tap("Channel")
    await world.creator.tap("The circle")
    await sees(world.creator, "Inner circle · Channel", "More …")
    assert (await product(world, "Inner circle")).chat_id == chat["id"]
    await world.creator.tap("More …")
    await world.creator.tap("○ On sale")
    await sees(world.creator, "More about Inner circle", "✓ On sale")
    await lena.say("/shop")
    await sees(lena, "Studio North", "Inner circle · $15.00")
