"""What creators type, tap and send about products, as people really do it."""

import base64
from typing import Any

import pytest
from bot_world import Hook, answered, count, message, row, tap
from sqlalchemy import event, select, update
from test_handlers_creator import says
from test_handlers_products import pack, variants
from world import World

from bot.handlers.product_parts import split_words
from domain.creators import add_creator
from domain.leads import capture_lead
from domain.products import add_product, current_files
from domain.variants import add_variant
from kit.money import Money
from store.models import Person, Product, ProductVariant, StoredFile

PHOTO = base64.b64encode(b"a photo").decode()
HELD = {"file_unique_id": "u", "file_size": 3, "duration": 1}


async def test_a_button_edits_its_own_variant_and_not_one_that_is_called_by_its_number(world: World):
    await says(world, '/product 4 variant add "Small" 5.00')
    await says(world, '/product 4 variant add "Large" 9.00')
    async with world.spark.database.transaction() as session:
        ids = {each.title: each.id for each in await session.scalars(select(ProductVariant))}
        small = update(ProductVariant).where(ProductVariant.title == "Small")
        # a size that reads like the number of the other
        await session.execute(small.values(title=str(ids["Large"])))
    await says(world, "/product 4 variants")
    await world.creator.tap("Large")
    await world.creator.hears("Large – $9.00")
    await world.creator.tap("Price")
    await world.creator.hears("Large")
    await world.creator.say("12.00")
    await world.creator.hears("Large – $12.00")
    assert await variants(world, 4) == {str(ids["Large"]): (500, None), "Large": (1200, None)}
    # in a line the title comes first too
    await says(world, f"/product 4 variant {ids['Large']} price=6.00")
    assert await variants(world, 4) == {str(ids["Large"]): (600, None), "Large": (1200, None)}


async def test_three_photos_are_three_files_of_a_product(world: World):
    for _ in range(3):
        await says(world, "/product 2 file add")
        kept = await count(world, StoredFile)
        await world.creator.post({"photo": {"content_base64": PHOTO}})

        async def is_kept(before: int = kept) -> bool:
            return await count(world, StoredFile) > before

        assert await world.until(is_kept)
    await world.settle()
    async with world.spark.database.reading() as session:
        photos = [each for each in await current_files(session, 2) if each.file_name.startswith("photo-")]
    assert len({each.file_name for each in photos}) == 3
    assert [each.version for each in photos] == [1, 1, 1]


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_a_video_or_a_song_that_a_creator_sends_is_asked_about(hook: Hook, kind: str):
    await hook.world.creator.say("/start")
    await hook.world.creator.hears("For you as the creator")
    # with words under it, as in the middle of an album
    body: dict[str, Any] = {kind: {**HELD, "file_id": "a-handle", "width": 1, "height": 1}, "media_group_id": "1"}
    update_body = message(9001, hook.world.creator.id, "")
    del update_body["message"]["text"]
    update_body["message"] |= body
    assert await hook.post(update_body) == 200
    await hook.world.creator.hears(f"Got “{kind}-u.")
    assert (await row(hook.world, 9001)).error is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lena's pack 19 usd", ["Lena's", "pack", "19", "usd"]),
        ("Lena’s pack 19 usd", ["Lena’s", "pack", "19", "usd"]),
        ("„Lena’s pack“ 19 usd", ["Lena’s pack", "19", "usd"]),
        ("title=\"Rock 'n' roll\" tags=a,b", ["title=Rock 'n' roll", "tags=a,b"]),
        (r"C:\new # 5", [r"C:\new", "#", "5"]),
        ('"" x', ["", "x"]),
        ("Rock 'n' Roll 9 usd", ["Rock", "'n'", "Roll", "9", "usd"]),
        ("‘Smart’ 9 usd", ["‘Smart’", "9", "usd"]),
        ("‘Smart pack’ 9 usd", ["Smart pack", "9", "usd"]),
        ("title='Smart' tags=a", ["title=Smart", "tags=a"]),
        ("", []),
    ],
)
def test_words_are_what_stands_between_spaces_or_in_double_quotes(text: str, words: list[str]):
    assert split_words(text) == words


def test_a_quote_that_is_never_closed_is_told():
    with pytest.raises(ValueError, match="closing"):
        split_words('"Lena 19 usd')


async def test_a_title_with_an_apostrophe_is_added_in_a_line_and_by_the_form(world: World):
    assert "Lena's pack" in await says(world, "/product add Lena's pack 19 usd")
    await says(world, "/product")
    await world.creator.tap("New product")
    await world.creator.hears("What is it that you sell?")
    await world.creator.tap("Service")
    await world.creator.hears("19.00")
    await world.creator.say("Ben’s call 30 eur")
    await world.creator.hears("Ben’s call")


async def test_days_beyond_all_calendars_are_told_the_right_form_and_break_nothing(world: World):
    for day in ("9999-12-31", "9999-12-31 23:30+00:00", "0001-01-01"):
        assert "A day is written like 2026-12-01" in await says(world, f"/product 2 until {day}"), day
    assert "A day is written like 2026-12-01" in await says(world, "/coupon add LATE 20% until=9999-12-31")
    assert (await pack(world)).active_until is None


async def test_a_list_of_products_asks_for_all_variants_at_once(world: World):
    async with world.spark.database.transaction() as session:
        creator_id = (await pack(world)).creator_id
        for number in range(6):
            more = {"title": f"Print {number}", "price": Money(500, "usd"), "stock": 1}
            product = await add_product(session, creator_id=creator_id, now=world.clock(), **more)
            for size, stock in (("S", 2), ("L", number)):
                price = Money(500, "usd")
                await add_variant(session, product, title=size, price=price, stock=stock, now=world.clock())
    asked: list[str] = []
    engines = {world.spark.database.engine.sync_engine, world.spark.database._read_engine.sync_engine}

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM product_variant" in statement:
            asked.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    answer = await says(world, "/product list")
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
    assert "Print 5 – $5.00, 7 left" in answer
    assert len(asked) == 1


async def test_nobody_learns_the_title_of_what_is_not_on_sale_by_a_made_up_button(hook: Hook):
    lena = await hook.known()
    world = hook.world
    async with world.spark.database.transaction() as session:
        other = await add_creator(session, name="Other", slug="other", now=world.clock())
        person = (await session.scalars(select(Person).where(Person.telegram_id == lena.id))).one()
        for creator_id in (other.creator.id, (await pack(world)).creator_id):
            await capture_lead(session, creator_id, person, source=None, now=world.clock())
            made = await add_product(
                session, creator_id=creator_id, title=f"Secret {creator_id}", price=Money(500, "usd"), now=world.clock()
            )
            made.active = False
        secret = list(await session.scalars(select(Product.id).where(Product.title.startswith("Secret"))))
    number = 9100
    for product_id in secret:
        for data in (f"rate:{product_id}", f"rate:{product_id}:skip", f"rate:{product_id}:5", f"reviews:{product_id}"):
            number += 1
            assert await hook.post(tap(number, lena.id, data, str(number))) == 200
            await answered(world, number)
    told = [str(call["params"]) for call in await world.calls("answerCallbackQuery")]
    told += [said.text for said in await lena.chat()]
    assert not [each for each in told if "Secret" in each]
    assert len([each for each in told if "no such product" in each]) == 6
    # what is on sale is no secret
    assert await hook.post(tap(9200, lena.id, f"rate:{(await pack(world)).id}", "9200")) == 200
    await answered(world, 9200)
    assert "Preset pack" in str((await world.calls("answerCallbackQuery"))[-1]["params"])
