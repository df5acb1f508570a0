"""Paying in Stars, in the chat: what is bought comes once, what cannot be had costs nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World, a_world, begin_studio

from bot.stars import TelegramStars
from domain.pay_links import ForOrder, PayLinks
from kit.tokens import derive_key
from payments.rail import RailRefused
from store.models import (
    Order,
    OrderState,
    Payment,
    Product,
    ProviderEvent,
    ProviderEventState,
    Refund,
    RefundState,
    Reservation,
    ReservationState,
)

SHIPPED = Path(__file__).parents[2] / "config.yaml"
SHOP = '    shop:\n      stars_rates: {usd: "77"}\n      rails: {file: [stars]}\n'
# 19 dollars at 77 Stars each
PRICE = 1463


@pytest_asyncio.fixture
async def starry(store_url: str, tmp_path: Path) -> AsyncIterator[World]:
    """The shipped configuration, whose files are sold for Stars alone."""
    config = SHIPPED.read_text().replace("    shop:\n", SHOP, 1)
    async with a_world(store_url, tmp_path, config) as world:
        await begin_studio(world)
        yield world


@pytest.fixture
async def lena(starry: World) -> PersonOfTheWorld:
    lena = await starry.person("Lena")
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    return lena


async def invoice(person: PersonOfTheWorld, product: str = "Preset pack") -> Said:
    """Taps Buy and waits for the invoice that comes of it."""

    async def invoices() -> list[Said]:
        return [said for said in await person.chat() if said.raw.get("invoice")]

    before = len(await invoices())
    asked = (await person.post({"text": "/shop"}))["message_id"]
    await person.tap(product, newer_than=asked)
    await person.tap("Buy", newer_than=asked)

    async def came() -> bool:
        return len(await invoices()) > before

    assert await person.world.until(came), "no invoice came"
    return (await invoices())[-1]


async def pays(person: PersonOfTheWorld, said: Said) -> dict[str, Any]:
    body = {"message_id": said.raw["message_id"]}
    return await person.world.control("POST", f"/people/{person.id}/star-payments", body)


async def orders(world: World) -> list[Order]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))


async def product(world: World) -> Product:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Product).where(Product.slug == "preset-pack"))).one()


async def set_stock(world: World, left: int) -> None:
    async with world.spark.database.transaction() as session:
        values = {"stock": left, "initial": left, "reserved": 0, "sold": 0}
        await session.execute(update(Product).where(Product.slug == "preset-pack").values(**values))


async def counts(world: World) -> tuple[int | None, int, int]:
    goods = await product(world)
    assert goods.stock is not None
    assert goods.stock + goods.reserved + goods.sold == goods.initial
    return goods.stock, goods.reserved, goods.sold


async def test_what_is_paid_in_stars_is_delivered_once_and_told_to_the_creator(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    assert said.raw["invoice"]["total_amount"] == PRICE
    assert said.raw["invoice"]["currency"] == "XTR"
    assert (await pays(lena, said))["ok"]
    await lena.gets_file("preset-pack.zip")
    await starry.creator.hears(f"Preset pack for {PRICE} ⭐ to Lena")
    await starry.skip(days=2)
    (order,) = await orders(starry)
    assert (order.state, order.rail, order.currency, order.total_minor) == (
        OrderState.FULFILLED,
        "stars",
        "xtr",
        PRICE,
    )
    assert order.receipt_number == 1
    assert sum(each.file_name == "preset-pack.zip" for each in await lena.chat()) == 1
    assert await counts(starry) == (49, 0, 1)


async def test_an_invoice_is_paid_once_however_often_it_was_sent(starry: World, lena: PersonOfTheWorld):
    first, second = await invoice(lena), await invoice(lena)
    assert first.raw["message_id"] != second.raw["message_id"]
    assert (await pays(lena, first))["ok"]
    await lena.gets_file("preset-pack.zip")
    refused = await pays(lena, second)
    assert refused == {
        "ok": False,
        "error": "This invoice is over, and nothing was paid. Please order again with /shop.",
    }
    assert await counts(starry) == (49, 0, 1)
    async with starry.spark.database.reading() as session:
        assert len((await session.scalars(select(Payment))).all()) == 1


async def test_what_is_off_the_shelf_by_then_is_refused_before_a_star_has_moved(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    async with starry.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.slug == "preset-pack").values(active=False))
    refused = await pays(lena, said)
    assert (refused["ok"], "no longer for sale" in refused["error"]) == (False, True)
    assert await counts(starry) == (50, 0, 0)


async def test_of_two_who_are_about_to_pay_for_the_last_one_the_second_is_refused_until_the_first_gives_up(
    starry: World, lena: PersonOfTheWorld
):
    anna = await starry.person("Anna")
    await anna.say("/start")
    await set_stock(starry, 1)
    hers, annas = await invoice(lena), await invoice(anna)
    turned_back = {"message_id": hers.raw["message_id"], "abandon": True}
    await starry.control("POST", f"/people/{lena.id}/star-payments", turned_back)
    assert await counts(starry) == (0, 1, 0)
    assert "sold out" in (await pays(anna, annas))["error"]
    await starry.skip(minutes=14)
    assert await counts(starry) == (0, 1, 0)
    await starry.skip(minutes=1)
    assert await counts(starry) == (1, 0, 0)
    assert (await pays(anna, annas))["ok"]
    await anna.gets_file("preset-pack.zip")
    assert "sold out" in (await pays(lena, hers))["error"]


async def test_money_that_comes_when_the_last_one_has_gone_goes_back_by_itself(starry: World, lena: PersonOfTheWorld):
    anna = await starry.person("Anna")
    await anna.say("/start")
    await set_stock(starry, 1)
    hers, annas = await invoice(lena), await invoice(anna)
    here = {"message_id": hers.raw["message_id"]}
    await starry.control("POST", f"/people/{lena.id}/star-payments", {**here, "abandon": True})
    await starry.skip(minutes=15)
    assert (await pays(anna, annas))["ok"]
    await anna.gets_file("preset-pack.zip")
    await starry.control("POST", f"/people/{lena.id}/star-payments", {**here, "agreed": True})
    await lena.hears("Your Stars are on their way back to you")
    await starry.skip(minutes=1)
    (back,) = await starry.calls("refundStarPayment")
    assert (back["params"]["user_id"], back["result"]) == (lena.id, True)
    assert [order.state for order in await orders(starry)] == [OrderState.REFUNDED, OrderState.FULFILLED]
    assert sum(each.file_name == "preset-pack.zip" for each in await lena.chat()) == 0
    assert await counts(starry) == (0, 0, 1)


async def test_a_payment_that_the_bot_was_never_told_of_is_found_in_telegrams_list(
    starry: World, lena: PersonOfTheWorld
):
    said = await invoice(lena)
    body = {"message_id": said.raw["message_id"], "deliver": "never"}
    assert (await starry.control("POST", f"/people/{lena.id}/star-payments", body))["update_id"] is None
    await starry.skip(minutes=30)
    await lena.gets_file("preset-pack.zip")
    assert [order.state for order in await orders(starry)] == [OrderState.FULFILLED]
    await starry.skip(days=2)
    async with starry.spark.database.reading() as session:
        kept = (await session.scalars(select(ProviderEvent).where(ProviderEvent.rail == "stars"))).all()
        assert [each.state for each in kept] == [ProviderEventState.APPLIED]
        assert len((await session.scalars(select(Payment))).all()) == 1


async def test_a_refund_made_past_spark_takes_the_right_back_and_is_told(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    paid = await pays(lena, said)
    await lena.gets_file("preset-pack.zip")
    await starry.settle()
    charge = {"user_id": lena.id, "telegram_payment_charge_id": paid["telegram_payment_charge_id"]}
    await starry.spark.intake.bot.refund_star_payment(**charge)

    async def is_refunded() -> bool:
        return (await orders(starry))[0].state == OrderState.REFUNDED

    assert await starry.until(is_refunded)
    await starry.creator.hears(f"{PRICE} ⭐")
    await starry.skip(minutes=30)
    async with starry.spark.database.reading() as session:
        (refund,) = (await session.scalars(select(Refund))).all()
        assert (refund.state, refund.amount_minor) == (RefundState.DONE, PRICE)
        held = await session.scalars(select(Reservation.state))
        assert set(held) == {ReservationState.RELEASED}
    assert await counts(starry) == (50, 0, 0)


async def test_an_old_invoice_is_refused_and_the_product_can_be_ordered_again(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    await starry.skip(days=2)
    assert "This invoice is over" in (await pays(lena, said))["error"]
    assert (await pays(lena, await invoice(lena)))["ok"]
    await lena.gets_file("preset-pack.zip")
    await starry.settle()
    assert [order.state for order in await orders(starry)] == [OrderState.EXPIRED, OrderState.FULFILLED]


async def test_giving_back_twice_is_a_no_op_and_what_nobody_paid_is_refused(starry: World, lena: PersonOfTheWorld):
    wire = TelegramStars(starry.spark.intake.bot)
    paid = await pays(lena, await invoice(lena))
    charge = paid["telegram_payment_charge_id"]
    for _ in range(2):
        await wire.give_back(lena.id, charge)
    with pytest.raises(RailRefused, match=r"(?i)charge_not_found"):
        await wire.give_back(lena.id, "stxOfNobody")
    told = [each.word for each in await wire.moves(0, 100)]
    assert [(each.kind, each.charge, each.stars, each.payer) for each in told if each is not None] == [
        ("successful_payment", charge, PRICE, lena.id),
        ("refunded_payment", charge, PRICE, lena.id),
    ]
    (order,) = await orders(starry)
    assert {each.payload for each in told if each is not None} == {order.reference}
    assert await wire.moves(2, 100) == []


async def test_a_pay_link_of_what_is_sold_for_stars_alone_opens_an_invoice(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    (order,) = await orders(starry)
    settings = starry.loaded.settings
    assert settings.secret_key is not None
    links = PayLinks(settings.public_url, derive_key(settings.secret_key.get_secret_value(), "pay"))
    link = await starry.led_to(links.address(ForOrder(order.id), until=starry.clock() + timedelta(days=1)))
    assert link.startswith("https://t.me/$")
    assert (await starry.control("POST", f"/people/{lena.id}/star-payments", {"link": link}))["ok"]
    await lena.gets_file("preset-pack.zip")
    assert (await pays(lena, said))["ok"] is False


async def about_to_pay(person: PersonOfTheWorld, said: Said) -> None:
    """The bot has agreed, and the money is still to come."""
    body = {"message_id": said.raw["message_id"], "abandon": True}
    await person.world.control("POST", f"/people/{person.id}/star-payments", body)


async def money_comes(person: PersonOfTheWorld, said: Said) -> None:
    """What the bot has agreed to a while ago."""
    body = {"message_id": said.raw["message_id"], "agreed": True}
    assert (await person.world.control("POST", f"/people/{person.id}/star-payments", body))["ok"]


async def first_order(world: World) -> OrderState:
    return (await orders(world))[0].state


async def is_first(world: World, state: OrderState) -> bool:
    async def is_so() -> bool:
        return await first_order(world) == state

    return await world.until(is_so)


async def test_an_order_whose_buyer_is_about_to_pay_is_called_off_by_nobody(starry: World, lena: PersonOfTheWorld):
    await set_stock(starry, 1)
    said = await invoice(lena)
    await about_to_pay(lena, said)
    for person in (lena, starry.creator):
        await person.say("/orders 1")
        await person.tap("Call it off")
        await person.hears("cannot be called off now")
    assert await first_order(starry) == OrderState.AWAITING_PAYMENT
    assert await counts(starry) == (0, 1, 0)
    await money_comes(lena, said)
    await lena.gets_file("preset-pack.zip")
    assert await is_first(starry, OrderState.FULFILLED)
    assert await counts(starry) == (0, 0, 1)


@pytest.mark.parametrize("left", ["one", "none"])
async def test_money_that_comes_for_an_order_that_was_called_off_buys_what_is_left_or_goes_back(
    starry: World, lena: PersonOfTheWorld, left: str
):
    anna = await starry.person("Anna")
    await anna.say("/start")
    await set_stock(starry, 1)
    said = await invoice(lena)
    await about_to_pay(lena, said)
    await starry.skip(minutes=15)
    await lena.say("/orders 1")
    await lena.tap("Call it off")
    await lena.hears("called off. Nothing was paid")
    assert await first_order(starry) == OrderState.CANCELLED
    assert await counts(starry) == (1, 0, 0)
    if left == "one":
        await money_comes(lena, said)
        await lena.gets_file("preset-pack.zip")
        assert await is_first(starry, OrderState.FULFILLED)
        assert await starry.calls("refundStarPayment") == []
    else:
        assert (await pays(anna, await invoice(anna)))["ok"]
        await anna.gets_file("preset-pack.zip")
        await money_comes(lena, said)
        await lena.hears("Your Stars are on their way back to you")
        assert await is_first(starry, OrderState.REFUNDED)
        (back,) = await starry.calls("refundStarPayment")
        assert (back["params"]["user_id"], back["result"]) == (lena.id, True)
        assert sum(each.file_name == "preset-pack.zip" for each in await lena.chat()) == 0
    assert await counts(starry) == (0, 0, 1)


async def test_of_paying_and_calling_off_at_the_same_moment_one_is_refused(starry: World, lena: PersonOfTheWorld):
    said = await invoice(lena)
    await starry.creator.say("/orders 1")
    paid, _ = await asyncio.gather(pays(lena, said), starry.creator.tap("Call it off"))
    if paid["ok"]:
        await lena.gets_file("preset-pack.zip")
        await starry.creator.hears("cannot be called off now")
        assert await is_first(starry, OrderState.FULFILLED)
        assert await counts(starry) == (49, 0, 1)
    else:
        await starry.creator.hears("called off. Nothing was paid")
        assert "This invoice is over" in paid["error"]
        assert await first_order(starry) == OrderState.CANCELLED
        assert await counts(starry) == (50, 0, 0)


async def test_an_invoice_of_yesterdays_price_is_refused_and_todays_card_is_shown(
    starry: World, lena: PersonOfTheWorld
):
    said = await invoice(lena)
    async with starry.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.slug == "preset-pack").values(price_minor=2500))
    refused = await pays(lena, said)
    assert refused["ok"] is False
    assert "The price is another one by now" in refused["error"]
    card = await lena.hears("The price has changed since that invoice")
    assert "$25.00" in card.text
    await lena.tap("Buy", newer_than=said.raw["message_id"])

    async def todays() -> list[Said]:
        found = [each for each in await lena.chat() if each.raw.get("invoice")]
        return found[1:]

    assert await starry.until(todays)
    (again,) = await todays()
    assert (await pays(lena, again))["ok"]
    await lena.gets_file("preset-pack.zip")

    async def bought() -> bool:
        return [each.state for each in await orders(starry)] == [OrderState.CANCELLED, OrderState.FULFILLED]

    assert await starry.until(bought)
    assert [each.total_minor for each in await orders(starry)] == [PRICE, 1925]
    # the one of before buys nothing any more
    assert (await pays(lena, said))["ok"] is False
