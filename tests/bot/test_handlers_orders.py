"""Orders, refunds and discount codes in the chat: what each line and button answers, and to whom."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from bot_world import SHIPPED, Hook, answered, tap
from sqlalchemy import func, select, update
from world import TOKEN, PersonOfTheWorld, Said, World, a_world, begin_studio

from domain.messages.catalogue import say
from store.models import DiscountCode, Order, OrderState, Person, Product, Refund
from store.queries.order_lists import CHOICES

WRONG = [
    ("/orders nonsense", "orders-form"),
    ("/orders export nonsense", "orders-form"),
    ("/orders 1 2", "orders-form"),
    ("/refund twelve", "refund-form"),
    ("/coupon add", "coupon-form"),
    ("/coupon add SPRING20", "coupon-form"),
    ("/coupon add SPRING20 twenty", "coupon-form"),
    ("/coupon add SPRING20 20% colour=red", "coupon-form"),
    ('/coupon add SPRING20 20% segment="tag:vip', "coupon-form"),
    ("/coupon add SPRING20 0%", "refused-code-percent"),
    ("/coupon add SPRING20 101%", "refused-code-percent"),
    ("/coupon add SPRING20 10% 5 usd", "coupon-form"),
    ("/coupon add SPRING20 10% 20%", "coupon-form"),
    ("/coupon add S 20%", "refused-code-form"),
    ("/coupon add SPRING20 uses=5", "refused-code-worth"),
    ("/coupon add SPRING20 20% uses=0", "refused-code-limit"),
    ("/coupon add SPRING20 20% uses=many", "refused-code-limit"),
    ("/coupon add SPRING20 20% product=nothing", "refused-no-product"),
    ("/coupon add SPRING20 20% product=99999999999999999999", "refused-no-product"),
    ("/coupon add SPRING20 20% from=2026-12-24 until=2026-12-01", "refused-code-dates"),
    ("/coupon add SPRING20 20% until=tomorrow", "product-part-date"),
    ("/coupon archive SPRING20", "refused-no_such_code"),
    ("/coupon link SPRING20", "refused-no_such_code"),
    ("/coupon SPRING20", "refused-no_such_code"),
]
HOSTILE = [
    *("order:", "order:show", "order:show:x", "order:show:1:all", "order:show:1:all:x", "order:show:1:bad:0"),
    *("order:show:99999999999999999999", "order:refund:99999999999999999999", "order:return:99999999999999999999"),
    *("order:back:1:1900:1900:x", "order:back:1:1:99999999999999999999:k", "order:back:1:-1:1900:k", "order:melt:1"),
    *("orders:", "orders:all:-1", "orders:all:99999999999999999999", "orders:bad:0", "orders:export:bad"),
    *("coupon:", "coupon:show:99999999999999999999", "coupon:link:x", "coupon:archive:0", "coupon:melt"),
    *("code:", "code:x", "code:1:2", "code:99999999999999999999", "code:1:99999999999999999999:1"),
]
MEANT_FOR_THE_SELLER = ("refund", "part", "hand", "ship", "shipped", "cancel", "paper")


async def after(person: PersonOfTheWorld, text: str) -> Said:
    """The first answer to a line."""
    sent = (await person.post({"text": text}))["message_id"]

    async def said() -> list[Said]:
        return [each for each in await person.chat() if each.by_bot and each.raw["message_id"] > sent]

    assert await person.world.until(said), f"no answer to {text!r}"
    return (await said())[0]


def plainly(key: str, **values: object) -> str:
    """The beginning of a text of ours, as a chat shows it."""
    text = say(key, "en", **values)
    return text.split("<")[0].strip()[:30]


async def buyer(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.hears("When you feel like looking around")
    await lena.gets_file("starter-guide.pdf")
    return lena


async def bought(world: World) -> tuple[PersonOfTheWorld, int]:
    """Lena, with a paid order."""
    lena = await buyer(world)
    await world.pay(await lena.checkout("Preset pack"))
    await lena.hears("Receipt no. 1")
    await world.settle()
    async with world.spark.database.reading() as session:
        return lena, (await session.scalars(select(Order.id))).one()


@pytest_asyncio.fixture
async def seeded(sqlite_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """One database is enough where nothing is kept."""
    async with a_world(sqlite_url, tmp_path, SHIPPED) as world:
        await begin_studio(world)
        yield world


async def test_a_wrong_line_is_told_the_right_form(seeded: World):
    for line, key in WRONG:
        assert plainly(key) in (await after(seeded.creator, line)).text, line


async def test_only_creators_see_sales_give_money_back_and_make_codes(seeded: World):
    lena = await buyer(seeded)
    for line in ("/refund", "/refund 1", "/coupon", "/coupon add SPRING20 20%", "/orders export"):
        assert (await after(lena, line)).text == say("creators-only", "en")
    assert "You have not ordered anything yet" in (await after(lena, "/orders")).text


async def test_menus_open_without_a_word_behind_them(seeded: World):
    assert "There is no paid order" in (await after(seeded.creator, "/refund")).text
    menu = await after(seeded.creator, "/coupon")
    assert "There are no discount codes yet" in menu.text
    assert menu.labels == ["New code", "The old ones too"]
    assert "None of these" in (await after(seeded.creator, "/orders")).text


async def test_a_code_is_made_by_the_button_too(world: World):
    await world.creator.say("/coupon")
    await world.creator.tap("New code")
    await world.creator.hears("Type the code and what it takes off")
    await world.creator.say("welcome-5 5.00 eur product=preset-pack,3 from=2026-11-01 until=2026-11-30 uses=10 each=1")
    card = await world.creator.hears("WELCOME-5: €5.00 off")
    assert "Used: 0 of 10" in card.text
    assert "For each person: 1" in card.text
    async with world.spark.database.reading() as session:
        code = (await session.scalars(select(DiscountCode))).one()
    assert (code.code, code.amount_minor, code.currency, len(code.products)) == ("WELCOME-5", 500, "eur", 2)
    assert code.starts_at is not None
    assert code.ends_at is not None
    # the creator's days, in Berlin, the last one to its end
    assert (code.starts_at.isoformat(), code.ends_at.isoformat()) == (
        "2026-10-31T23:00:00+00:00",
        "2026-11-30T23:00:00+00:00",
    )
    changed = await after(world.creator, "/coupon edit WELCOME-5 10% uses=- until=-")
    assert "10 % off" in changed.text
    assert "Used: 0 of" not in changed.text
    assert "Until" not in changed.text
    assert "For each person: 1" in changed.text


async def test_the_file_of_orders_has_their_amounts_and_no_formula(world: World):
    _, order_id = await bought(world)
    async with world.spark.database.transaction() as session:
        await session.execute(update(Order).values(details={"name": "=HYPERLINK(1)", "email": "+1@example.com"}))
    await world.creator.say("/orders export")
    said = await world.creator.gets_file(f"orders-studio-{world.clock():%Y-%m-%d}.csv")
    content = await the_file(world, said)
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    assert row["order"] == str(order_id)
    assert (row["name"], row["email"]) == ("'=HYPERLINK(1)", "'+1@example.com")
    assert (row["items"], row["total"], row["currency"], row["given_back"]) == ("Preset pack", "19.00", "usd", "0.00")
    assert row["receipt"] == "1"


async def the_file(world: World, said: Said) -> bytes:
    """As whoever got it would open it."""
    file_id = said.raw["document"]["file_id"]
    async with world._http.get(f"{world.address}/telegram/bot{TOKEN}/getFile", params={"file_id": file_id}) as answer:
        path = (await answer.json())["result"]["file_path"]
    async with world._http.get(f"{world.address}/telegram/file/bot{TOKEN}/{path}") as answer:
        return await answer.read()


async def test_the_receipt_is_in_the_readers_language(world: World):
    lena, order_id = await bought(world)
    async with world.spark.database.transaction() as session:
        await session.execute(update(Person).where(Person.telegram_id == lena.id).values(language_chosen="de"))
    await lena.say(f"/orders {order_id}")
    card = await lena.hears("Bestellung 1")
    assert "Beleg Nr. 1" in card.text
    await lena.tap("Beleg", newer_than=card.raw["message_id"] - 1)
    content = (await the_file(world, await lena.gets_file("beleg-1.txt"))).decode()
    assert "Summe" in content
    assert "19,00" in content
    assert "Studio North" in content
    assert "Bezahlt per Karte" in content


async def test_lists_turn_their_pages(world: World):
    lena, _ = await bought(world)
    async with world.spark.database.transaction() as session:
        first = (await session.scalars(select(Order))).one()
        values = {
            column.name: getattr(first, column.name)
            for column in Order.__table__.columns
            if column.name not in {"id", "reference", "session_id", "receipt_number"}
        }
        for number in range(11):
            session.add(Order(**values | {"reference": f"copy-{number}", "state": OrderState.EXPIRED}))
    await world.creator.say("/orders")
    first_page = await world.creator.hears("All orders, 12")
    assert "#12 " in first_page.text
    assert "#1 " not in first_page.text
    await world.creator.tap("›")
    await world.creator.hears("#1 Preset pack")
    await world.creator.tap("Ended unpaid · 11")
    await world.creator.hears("Ended unpaid, 11")
    await lena.say("/orders")
    await lena.tap("›")
    await lena.hears("#1 Preset pack")


async def test_what_waits_for_the_creator_is_a_list_of_its_own(world: World):
    _, order_id = await bought(world)
    async with world.spark.database.transaction() as session:
        await session.execute(update(Order).values(state=OrderState.OVERSOLD))
    assert f"#{order_id} " in (await after(world.creator, "/orders todo")).text
    assert "None of these" in (await after(world.creator, "/orders paid")).text
    assert set(CHOICES) == {"all", "todo", "paid", "unpaid", "back", "ended"}


async def test_taps_that_nobody_was_offered_change_nothing(hook: Hook):
    world = hook.world
    lena, order_id = await bought(world)
    async with world.spark.database.reading() as session:
        before = (await session.scalars(select(Order))).one()
    made_up = [f"order:{act}:{order_id}" for act in MEANT_FOR_THE_SELLER]
    made_up += [f"order:back:{order_id}:1900:1900:r", "order:return:1", "order:return:1:1900", "coupon:new"]
    for number, data in enumerate([*made_up, *HOSTILE], start=900_000):
        assert await hook.post(tap(number, lena.id, data)) == 200
        assert (await answered(world, number)).error is None, data
    mallory = await world.person("Mallory")
    for number, act in enumerate(("show", "pay", "off", "receipt", "help"), start=910_000):
        assert await hook.post(tap(number, mallory.id, f"order:{act}:{order_id}")) == 200
        assert (await answered(world, number)).error is None, act
    for number, data in enumerate(HOSTILE, start=920_000):
        assert await hook.post(tap(number, world.creator.id, data)) == 200
        assert (await answered(world, number)).error is None, data
    await world.settle()
    async with world.spark.database.reading() as session:
        now = (await session.scalars(select(Order))).one()
        assert await session.scalar(select(func.count()).select_from(Refund)) == 0
    assert (now.state, now.shipped_at, now.refunded_minor) == (before.state, None, 0)


async def test_what_goes_by_post_is_marked_as_sent_and_followed_by_the_buyer(world: World):
    lena = await buyer(world)
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title == "Preset pack").values(kind="physical"))
    await world.pay(await lena.checkout("Preset pack"))
    sale = await world.creator.hears("Sale")
    await world.creator.tap("Mark as sent", newer_than=sale.raw["message_id"] - 1)
    await world.creator.hears("How can order 1 be followed?")
    assert "#1 " in (await after(world.creator, "/orders todo")).text
    await world.creator.say("/orders 1")
    await world.creator.tap("Mark as sent")
    await world.creator.hears("How can order 1 be followed?", times=2)
    await world.creator.say("DHL 00340434161094")
    await lena.hears("DHL 00340434161094")
    await world.settle()
    async with world.spark.database.reading() as session:
        order = (await session.scalars(select(Order))).one()
    assert order.shipped_at is not None
    assert order.state == OrderState.FULFILLED
    assert "None of these" in (await after(world.creator, "/orders todo")).text
