"""Money, in all the orders in which Stripe tells of it: nothing that was paid is lost, and nothing is given twice."""

from typing import Any

import pytest
from sqlalchemy import select, update
from world import PersonOfTheWorld, World

from domain.orders import expire_order
from store.models import Order, OrderState, Payment, Product

SESSIONS = "POST /v1/checkout/sessions"


async def orders(world: World) -> list[Order]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))


async def payments(world: World) -> int:
    async with world.spark.database.reading() as session:
        return len((await session.scalars(select(Payment.id))).all())


async def files(person: PersonOfTheWorld, name: str) -> int:
    return sum(said.file_name == name for said in await person.chat())


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    return lena


async def test_a_declined_card_changes_nothing_and_the_same_page_takes_the_next_one(
    world: World, lena: PersonOfTheWorld
):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, "declined")
    await world.settle()
    assert (await orders(world))[0].state == OrderState.AWAITING_PAYMENT
    await world.pay(session_id)
    await lena.gets_file("preset-pack.zip")
    assert await payments(world) == 1


async def test_a_slow_payment_is_delivered_when_the_money_has_come_and_not_before(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, "async_pending")
    await world.skip(minutes=5)
    assert await files(lena, "preset-pack.zip") == 0
    assert (await orders(world))[0].state == OrderState.AWAITING_PAYMENT
    assert await lena.count("waiting for your bank") == 1
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("Buy", newer_than=asked)
    await lena.hears("waiting for your bank", times=2)
    assert await lena.count("Pay on the secure page") == 1
    await world.pay(session_id, "async_paid")
    await lena.gets_file("preset-pack.zip")


async def test_a_slow_payment_that_fails_delivers_nothing_and_the_product_can_be_ordered_again(
    world: World, lena: PersonOfTheWorld
):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, "async_pending")
    await world.pay(session_id, "async_failed")
    await lena.hears("Preset pack did not go through")
    await world.creator.hears("the payment of Lena for “Preset pack” did not go through")
    await world.skip(minutes=5)
    assert await files(lena, "preset-pack.zip") == 0
    again = await lena.checkout("Preset pack")
    assert again != session_id
    await world.pay(again)
    await lena.gets_file("preset-pack.zip")


async def test_an_expired_checkout_ends_its_order_and_a_new_one_can_be_opened(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, "expire")

    async def has_expired() -> bool:
        return (await orders(world))[0].state == OrderState.EXPIRED

    assert await world.until(has_expired)
    await world.skip(days=2)
    assert await lena.count("is still waiting for you") == 0
    again = await lena.checkout("Preset pack")
    assert again != session_id
    await world.pay(again)
    await lena.gets_file("preset-pack.zip")
    assert (await orders(world))[0].state == OrderState.EXPIRED


@pytest.mark.parametrize("deliver", ["twice", "late"])
async def test_however_the_webhook_comes_it_is_one_payment_and_one_file(
    world: World, lena: PersonOfTheWorld, deliver: str
):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, deliver=deliver)
    if deliver == "late":
        await world.settle()
        assert await files(lena, "preset-pack.zip") == 0
        await world.skip(hours=2)
    await lena.gets_file("preset-pack.zip")
    await world.skip(minutes=1)
    assert await files(lena, "preset-pack.zip") == 1
    assert await payments(world) == 1
    assert await world.creator.count("Preset pack for $19.00 to Lena") == 1


async def test_the_last_one_sold_twice_is_told_to_the_creator_and_never_given_twice(
    world: World, lena: PersonOfTheWorld
):
    anna = await world.person("Anna")
    await anna.answers_welcome(name="Anna")
    async with world.spark.database.transaction() as session:
        await session.execute(update(Product).where(Product.title == "Preset pack").values(stock=1, initial=1))
    await world.pay(await anna.checkout("Preset pack"), deliver="late")
    async with world.spark.database.transaction() as session:
        # as if Stripe had said before that nobody could pay it any more: what it held is free
        await expire_order(session, (await session.scalars(select(Order))).one(), now=world.clock())
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await world.skip(hours=2)
    told = await world.creator.hears("the last one had just gone")
    assert "Anna paid $19.00" in told.text
    await anna.hears("the last one had just gone")
    await world.skip(days=2)
    assert await anna.count("is still waiting for you") == 0
    assert await files(anna, "preset-pack.zip") == 0
    assert [order.state for order in await orders(world)] == [OrderState.OVERSOLD, OrderState.FULFILLED]
    assert await payments(world) == 2
    await anna.say("/shop")
    await anna.tap("Preset pack")
    await anna.hears("Sold out")


async def test_money_that_does_not_fit_the_order_delivers_nothing_and_the_creator_is_told(
    world: World, lena: PersonOfTheWorld
):
    session_id = await lena.checkout("Preset pack")
    async with world.spark.database.transaction() as session:
        await session.execute(update(Order).values(total_minor=5000))
    await world.pay(session_id)
    await world.creator.hears("Stripe reports a payment that does not fit it")
    await world.skip(minutes=5)
    assert await files(lena, "preset-pack.zip") == 0
    assert await payments(world) == 0


async def test_money_that_comes_after_the_order_has_expired_is_taken_and_delivered(
    world: World, lena: PersonOfTheWorld
):
    session_id = await lena.checkout("Preset pack")
    await world.pay(session_id, deliver="late")
    async with world.spark.database.transaction() as session:
        await session.execute(update(Order).values(state=OrderState.EXPIRED, open_key=None))
    await world.skip(hours=2)
    await lena.gets_file("preset-pack.zip")
    assert [order.state for order in await orders(world)] == [OrderState.FULFILLED]


async def test_while_stripe_is_down_the_buyer_is_told_and_the_same_button_works_later(
    world: World, lena: PersonOfTheWorld
):
    fault = {"api": "stripe", "method": SESSIONS, "fault": "500", "times": 50}
    await world.control("POST", "/faults", fault)
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("Buy", newer_than=asked)
    await lena.hears("Payment is not available right now")
    await world.skip(minutes=61)
    reminder = await lena.hears("is still waiting for you")
    assert reminder.labels == ["Finish checkout"]
    assert "/shop leads you back" in reminder.text
    await world.control("DELETE", "/faults")
    await lena.tap("Buy", newer_than=asked)
    said = await lena.hears("Pay on the secure page")
    await world.pay(str(said.button("Pay")["url"]).rsplit("/", 1)[-1])
    await lena.gets_file("preset-pack.zip")
    assert len(await orders(world)) == 1


async def test_two_taps_on_buy_are_one_order_and_one_checkout(world: World, lena: PersonOfTheWorld):
    first = await lena.checkout("Preset pack")
    assert await lena.checkout("Preset pack") == first
    assert len(await orders(world)) == 1
    made = [call for call in await world.calls(SESSIONS) if call["status"] == 200]
    assert len(made) == 1


async def test_after_stop_no_follow_up_comes_and_what_is_bought_still_does(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    await world.skip(days=3)
    assert await lena.count("is still waiting for you") == 0
    assert await lena.count("did you have a moment") == 0
    again = await lena.checkout("Video course")
    await world.pay(again)
    await lena.gets_file("video-course.zip")
    assert session_id != again


async def test_what_was_paid_while_the_buyer_had_blocked_the_bot_comes_when_they_are_back(
    world: World, lena: PersonOfTheWorld
):
    session_id = await lena.checkout("Preset pack")
    await blocks(world, lena, blocked=True)
    await world.pay(session_id)
    await world.creator.hears("Preset pack for $19.00 to Lena")
    await world.skip(days=2)
    assert await files(lena, "preset-pack.zip") == 0
    await blocks(world, lena, blocked=False)
    await lena.gets_file("preset-pack.zip")
    assert await files(lena, "preset-pack.zip") == 1
    assert await lena.count("did you have a moment") == 0


async def blocks(world: World, person: PersonOfTheWorld, *, blocked: bool) -> Any:
    return await world.control("PUT", f"/people/{person.id}/blocked", {"blocked": blocked})


async def test_a_payment_told_while_spark_was_down_is_delivered_when_it_is_back(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await world.spark.stop()
    await world.pay(session_id)
    await world.begin()
    await lena.gets_file("preset-pack.zip")
    await world.skip(minutes=1)
    assert await files(lena, "preset-pack.zip") == 1


async def test_a_try_long_after_stripe_was_down_is_a_new_order_with_time_to_pay(world: World, lena: PersonOfTheWorld):
    fault = {"api": "stripe", "method": SESSIONS, "fault": "500", "times": 50}
    await world.control("POST", "/faults", fault)
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("Buy", newer_than=asked)
    await lena.hears("Payment is not available right now")
    await world.control("DELETE", "/faults")
    await world.skip(minutes=1380 - 10)
    await world.pay(await lena.checkout("Preset pack"))
    await lena.gets_file("preset-pack.zip")
    await world.settle()
    assert [order.state for order in await orders(world)] == [OrderState.EXPIRED, OrderState.FULFILLED]


async def test_what_was_sold_before_it_had_a_file_is_delivered_when_it_gets_one(world: World, lena: PersonOfTheWorld):
    await world.creator.say('/product add "Light tables" 9.00 usd')
    await world.creator.hears("Light tables")
    await world.pay(await lena.checkout("Light tables"))
    await lena.hears("You will hear here how you get it")
    await world.settle()
    assert [order.state for order in await orders(world)] == [OrderState.PAID]
    await world.creator.send_file("tables.zip", b"tables")
    await world.creator.hears("Which product is it for?")
    await world.creator.tap("Light tables")
    await lena.gets_file("tables.zip")
    await world.settle()
    assert [order.state for order in await orders(world)] == [OrderState.FULFILLED]
