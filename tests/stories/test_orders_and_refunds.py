"""After the money: what buyers and creators see of an order, and how money goes back, on either database."""

import re

import pytest
from sqlalchemy import func, select, update
from world import PersonOfTheWorld, Said, World

from domain.paying import Received, pay_order
from domain.products import add_product
from kit.money import Money
from store.models import (
    Entitlement,
    Event,
    Order,
    OrderState,
    OutboxMessage,
    Payment,
    Product,
    Refund,
    RefundState,
    Reservation,
    ReservationState,
)

REFUNDS = "POST /v1/refunds"


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.answers_welcome()
    await lena.gets_file("starter-guide.pdf")
    return lena


async def the_order(world: World, number: int = 0) -> Order:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Order).order_by(Order.id)))[number]


async def becomes(world: World, state: OrderState, number: int = 0) -> Order:
    """The order once it is in that state, when everything that follows from it has been done."""

    async def is_so() -> bool:
        return (await the_order(world, number)).state == state

    assert await world.until(is_so), f"order is {(await the_order(world, number)).state}, not {state}"
    await world.settle()
    return await the_order(world, number)


async def owned(world: World, order: Order) -> int:
    async with world.spark.database.reading() as session:
        theirs = select(func.count()).where(Entitlement.order_id == order.id, Entitlement.revoked_at.is_(None))
        return await session.scalar(theirs) or 0


async def payment_of(world: World, order: Order) -> Payment:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Payment).where(Payment.order_id == order.id))).one()


async def refunds(world: World) -> list[Refund]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Refund).order_by(Refund.id)))


async def events(world: World, name: str) -> int:
    async with world.spark.database.reading() as session:
        return await session.scalar(select(func.count()).where(Event.name == name)) or 0


async def bought(world: World, lena: PersonOfTheWorld, product: str = "Preset pack") -> Order:
    await world.pay(await lena.checkout(product))
    await lena.hears("Thank you! Your payment")
    return await becomes(world, OrderState.FULFILLED)


async def after(person: PersonOfTheWorld, text: str) -> Said:
    """The first answer to a line."""
    sent = (await person.post({"text": text}))["message_id"]

    async def said() -> list[Said]:
        return [each for each in await person.chat() if each.by_bot and each.raw["message_id"] > sent]

    assert await person.world.until(said), f"no answer to {text!r}"
    return (await said())[0]


async def happens(world: World, kind: str, order: Order, **more: object) -> None:
    """Something at Stripe that nobody asked for here."""
    payment = await payment_of(world, order)
    await world.control("POST", "/stripe/events", {"type": kind, "payment_intent": payment.reference, **more})


async def test_a_refund_in_full_goes_by_the_rail_and_takes_the_goods_back(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    asked = await after(world.creator, f"/refund {order.id} they bought it twice")
    assert "back to Lena" in asked.text
    assert "they bought it twice" in asked.text
    await world.creator.tap("Yes, give $19.00 back")
    await lena.hears("$19.00 are on their way back to you")
    await world.creator.hears("$19.00 for “Preset pack” went back to Lena")
    order = await becomes(world, OrderState.REFUNDED)
    assert await owned(world, order) == 0
    (refund,) = await refunds(world)
    assert (refund.amount_minor, refund.state, refund.reason) == (1900, RefundState.DONE, "they bought it twice")
    calls = [call for call in await world.calls(REFUNDS) if call["status"] == 200]
    assert [call["params"].get("amount", 1900) for call in calls] == [1900]
    assert await events(world, "order.refunded") == 1
    card = await after(world.creator, f"/orders {order.id}")
    assert "refunded" in card.text
    assert not [label for label in card.labels if label.startswith("Give")]


async def test_a_part_goes_back_and_the_buyer_keeps_what_they_bought(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await world.creator.say(f"/orders {order.id}")
    await world.creator.tap("Give a part back")
    await world.creator.hears("How much of $19.00")
    await world.creator.say("5.00 it came late")
    await world.creator.tap("they keep what they bought")
    await lena.hears("$5.00 are on their way back to you")
    order = await becomes(world, OrderState.PARTLY_REFUNDED)
    assert await owned(world, order) == 1
    assert order.refunded_minor == 500
    card = await after(world.creator, f"/orders {order.id}")
    assert "it came late" in card.text
    assert "Give $14.00 back" in card.labels
    rest = await after(world.creator, f"/refund {order.id} 20.00")
    assert "Only $14.00 are left" in rest.text


async def test_a_second_yes_gives_nothing_back(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    first = await after(world.creator, f"/refund {order.id} 5.00")
    second = await after(world.creator, f"/refund {order.id} 5.00")
    answers = []
    for asked in (first, second):
        body = {"message_id": asked.raw["message_id"], "data": asked.button("they keep what they bought")["data"]}
        answers.append((await world.control("POST", f"/people/{world.creator.id}/taps", body))["answer"])
    await lena.hears("$5.00 are on their way back to you")
    await world.settle()
    assert answers[0] is None
    assert "has gone back since you were asked" in answers[1]
    assert [each.amount_minor for each in await refunds(world)] == [500]


async def test_an_amount_as_the_bot_writes_it_is_given_back_and_never_taken_for_a_reason(
    world: World, lena: PersonOfTheWorld
):
    order = await bought(world, lena)
    for amount in ("$5.00", "5 $ late", "5.00usd"):
        asked = await after(world.creator, f"/refund {order.id} {amount}")
        assert "Give $5.00 for" in asked.text
    for amount in ("-5", "€5", "5 €", "EUR 5"):
        assert "is not a price" in (await after(world.creator, f"/refund {order.id} {amount}")).text


async def test_who_owns_it_gets_it_again_and_is_sent_to_no_second_checkout(world: World, lena: PersonOfTheWorld):
    await lena.say("/start p_2")
    before = await lena.hears("Preset pack")
    await bought(world, lena)
    card = await after(lena, "/start p_2")
    assert "This is yours already" in card.text
    assert card.labels == ["Get it again"]
    # the button of an older card leads to no second checkout either
    body = {"message_id": before.raw["message_id"], "data": before.button("Buy")["data"]}
    await world.control("POST", f"/people/{lena.id}/taps", body)
    await lena.hears("This is yours already", times=2)
    await lena.tap("Get it again")
    await world.settle()
    assert sum(said.file_name == "preset-pack.zip" for said in await lena.chat()) == 2
    assert await lena.count("Pay on the secure page") == 1
    # what was given back can be bought again
    await world.creator.say("/refund 1")
    await world.creator.tap("Yes, give $19.00 back")
    await becomes(world, OrderState.REFUNDED)
    assert "Buy for $19.00" in (await after(lena, "/start p_2")).labels


async def test_a_no_takes_the_yes_away(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    asked = await after(world.creator, f"/refund {order.id}")
    await world.creator.tap("No")
    await world.creator.hears(f"Nothing of order {order.id} goes back")
    (now,) = [each for each in await world.creator.chat() if each.raw["message_id"] == asked.raw["message_id"]]
    assert now.labels == ["See the order"]
    assert await refunds(world) == []


async def test_nobody_gives_back_the_money_of_somebody_elses_order(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    assert "for creators" in (await after(lena, f"/refund {order.id}")).text
    card = await after(lena, f"/orders {order.id}")
    assert card.labels == ["Receipt", "Ask for help", "All orders"]
    anna = await world.person("Anna")
    await anna.answers_welcome(name="Anna")
    await anna.say(f"/orders {order.id}")
    await anna.hears(f"no order {order.id} here")


async def test_a_refund_made_at_stripes_dashboard_is_noted_once(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await happens(world, "refund", order)
    await lena.hears("$19.00 are on their way back to you")
    order = await becomes(world, OrderState.REFUNDED)
    assert await owned(world, order) == 0
    assert len(await refunds(world)) == 1
    assert await world.creator.count("went back to Lena") == 1


async def test_a_dispute_that_is_lost_takes_the_goods_for_good(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await happens(world, "dispute_opened", order)
    told = await world.creator.hears("wants $19.00 for “Preset pack” back")
    assert "dashboard" in told.text
    order = await becomes(world, OrderState.DISPUTED)
    assert await owned(world, order) == 0
    assert "can be given back now" in (await after(world.creator, f"/refund {order.id}")).text
    await happens(world, "dispute_lost", order)
    await world.creator.hears("is lost")
    order = await becomes(world, OrderState.REFUNDED)
    assert await owned(world, order) == 0


async def test_a_dispute_that_is_won_gives_everything_back(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await happens(world, "dispute_opened", order)
    await becomes(world, OrderState.DISPUTED)
    await happens(world, "dispute_won", order)
    await world.creator.hears("is decided for you")
    order = await becomes(world, OrderState.FULFILLED)
    assert await owned(world, order) == 1


async def sold_to_two(world: World, lena: PersonOfTheWorld) -> tuple[Order, PersonOfTheWorld]:
    """The last one, paid by Anna after her checkout's stock had gone to Lena by the creator's own hand."""
    anna = await world.person("Anna")
    await anna.answers_welcome(name="Anna")
    first = await anna.checkout("Preset pack")
    async with world.spark.database.transaction() as session:
        # as an order stands whose checkout has ended here while its money was on its way
        stock = (Product.title == "Preset pack",)
        await session.execute(update(Order).values(state=OrderState.EXPIRED, open_key=None, look_at=None))
        await session.execute(update(Product).where(*stock).values(stock=0, reserved=0, sold=0, initial=0))
        await session.execute(update(Reservation).values(state=ReservationState.RELEASED))
    await world.pay(first)
    await world.creator.hears("the last one had just gone")
    return await becomes(world, OrderState.OVERSOLD), anna


async def test_an_oversold_order_is_given_back_from_its_notice(world: World, lena: PersonOfTheWorld):
    order, anna = await sold_to_two(world, lena)
    await world.creator.tap("Give it back")
    await world.creator.tap("Yes, give $19.00 back")
    await anna.hears("$19.00 are on their way back to you")
    order = await becomes(world, OrderState.REFUNDED)
    assert await owned(world, order) == 0


async def test_an_oversold_order_is_handed_over_anyway_from_its_notice(world: World, lena: PersonOfTheWorld):
    order, anna = await sold_to_two(world, lena)
    await world.creator.tap("Hand over anyway")
    await anna.gets_file("preset-pack.zip")
    order = await becomes(world, OrderState.FULFILLED)
    assert await owned(world, order) == 1
    await world.creator.tap("Hand over anyway")
    await world.settle()
    assert sum(said.file_name == "preset-pack.zip" for said in await anna.chat()) == 1


async def test_a_buyer_sees_their_orders_and_gets_the_receipt_again(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    listed = await after(lena, "/orders")
    assert "Preset pack" in listed.text
    assert "$19.00" in listed.text
    await lena.tap(f"#{order.id}")
    card = await lena.hears("Receipt no. 1")
    assert card.labels
    await lena.tap("Receipt", newer_than=listed.raw["message_id"])
    sent = await lena.gets_file("receipt-1.txt")
    assert "Receipt no. 1" in sent.text
    kept = await world.control("GET", f"/people/{lena.id}/chat")
    assert any((each.get("document") or {}).get("file_name") == "receipt-1.txt" for each in kept["messages"])


async def test_a_buyer_pays_an_open_order_again_or_calls_it_off(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await lena.say("/orders 1")
    await lena.tap("Pay it")
    said = await lena.hears("Pay on the secure page", times=2)
    assert str(said.button("Pay")["url"]).endswith(session_id)
    await lena.tap("Call it off")
    await lena.hears("called off. Nothing was paid")
    order = await the_order(world)
    assert order.state == OrderState.CANCELLED
    (ended,) = await world.calls(f"POST /v1/checkout/sessions/{session_id}/expire")
    assert ended["status"] == 200
    async with world.spark.database.reading() as session:
        product = (await session.scalars(select(Product).where(Product.title == "Preset pack"))).one()
    assert product.reserved == 0


async def test_the_creator_calls_off_an_unpaid_order_and_the_buyer_hears_of_it(world: World, lena: PersonOfTheWorld):
    await lena.checkout("Preset pack")
    await world.creator.say("/orders 1")
    await world.creator.tap("Call it off")
    await world.creator.hears("called off. Nothing was paid")
    await lena.hears("was called off by the seller")
    assert (await the_order(world)).state == OrderState.CANCELLED
    await lena.checkout("Preset pack")
    assert (await the_order(world, 1)).state == OrderState.AWAITING_PAYMENT


async def test_calling_off_what_has_just_been_paid_changes_nothing(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    await lena.say("/orders 1")
    await lena.hears("To be paid until")
    await world.pay(session_id, deliver="late")
    await lena.tap("Call it off")
    await lena.hears("cannot be called off now")
    await lena.gets_file("preset-pack.zip")
    await becomes(world, OrderState.FULFILLED)


async def test_a_buyers_question_reaches_the_creator_with_the_order_and_is_answered(
    world: World, lena: PersonOfTheWorld
):
    order = await bought(world, lena)
    await lena.say(f"/orders {order.id}")
    await lena.tap("Ask for help")
    await lena.hears("What is it about?")
    await lena.say("The zip will not <open>")
    told = await world.creator.hears(f"asks about order {order.id}")
    assert "The zip will not <open>" in told.text
    await lena.hears("has it now, and answers here")
    await world.creator.tap("Answer")
    await world.creator.say("Try another app")
    await lena.hears("Try another app")


async def test_the_creators_list_shows_sales_by_state_and_exports_them(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await lena.checkout("Video course")
    listed = await after(world.creator, "/orders")
    assert f"#{order.id} Preset pack · $19.00 · fulfilled · Lena" in listed.text
    assert "awaiting payment" in listed.text
    await world.creator.tap("Not paid yet")
    await world.creator.hears("Not paid yet, 1")
    await world.creator.say("/orders export paid")
    sent = await world.creator.gets_file(f"orders-studio-{world.clock():%Y-%m-%d}.csv")
    assert "1 order" in sent.text


async def test_after_the_delivery_what_goes_with_it_is_offered_once(world: World, lena: PersonOfTheWorld):
    async with world.spark.database.reading() as session:
        products = {row.title: row.id for row in await session.execute(select(Product.title, Product.id))}
    await world.creator.say(f"/product {products['Preset pack']} after {products['Video course']}")
    await world.settle()
    await bought(world, lena)
    offer = await lena.hears("This goes well with it")
    assert [label for label in offer.labels if "Video course" in label]
    await lena.tap("Video course", newer_than=offer.raw["message_id"] - 1)
    await lena.hears("Video course")
    assert await lena.count("This goes well with it") == 1


async def test_nobody_is_offered_anything_more_after_stop(world: World, lena: PersonOfTheWorld):
    async with world.spark.database.reading() as session:
        products = {row.title: row.id for row in await session.execute(select(Product.title, Product.id))}
    await world.creator.say(f"/product {products['Preset pack']} after {products['Video course']}")
    await lena.say("/stop")
    await lena.hears("no more follow-ups")
    await bought(world, lena)
    await world.settle()
    assert await lena.count("This goes well with it") == 0


async def test_an_abandoned_checkout_is_told_once_and_followed_up(world: World, lena: PersonOfTheWorld):
    await lena.checkout("Preset pack")
    await world.skip(minutes=59)
    assert await events(world, "checkout.abandoned") == 0
    await world.skip(minutes=2)
    await lena.hears("is still waiting for you")
    await world.skip(hours=3)
    assert await events(world, "checkout.abandoned") == 1


async def test_a_paid_or_called_off_checkout_was_never_abandoned(world: World, lena: PersonOfTheWorld):
    await bought(world, lena)
    await lena.checkout("Video course")
    await lena.say("/orders 2")
    await lena.tap("Call it off")
    await lena.hears("called off. Nothing was paid")
    await world.skip(hours=3)
    assert await events(world, "checkout.abandoned") == 0
    assert await lena.count("is still waiting for you") == 0


async def test_a_code_is_added_typed_and_taken_off_the_price(world: World, lena: PersonOfTheWorld):
    card = await after(world.creator, "/coupon add SPRING20 20% uses=1 each=1")
    assert "20 % off" in card.text
    asked = (await lena.post({"text": "/shop"}))["message_id"]
    await lena.tap("Preset pack", newer_than=asked)
    await lena.tap("code", newer_than=asked)
    await lena.hears("Which code do you have")
    await lena.say("WINTER")
    await lena.hears("There is no such code")
    await lena.say("spring20")
    await lena.tap("$15.20", newer_than=asked)
    said = await lena.hears("Pay on the secure page")
    await world.pay(str(said.button("Pay")["url"]).rsplit("/", 1)[-1])
    await lena.gets_file("preset-pack.zip")
    order = await becomes(world, OrderState.FULFILLED)
    assert (order.subtotal_minor, order.discount_minor, order.total_minor) == (1900, 380, 1520)
    await world.creator.say("/coupon SPRING20")
    await world.creator.hears("Used: 1 of 1")


async def test_a_link_applies_its_code(world: World, lena: PersonOfTheWorld):
    await world.creator.say("/coupon add FIVE 5.00 usd product=preset-pack")
    await world.creator.hears("$5.00 off")
    assert "no product “nope”" in (await after(world.creator, "/coupon link FIVE nope")).text
    link = await after(world.creator, "/coupon link FIVE")
    key = re.search(r"start=(\w+)", link.text)
    assert key is not None
    await lena.say(f"/start {key[1]}")
    await lena.tap("$14.00")
    said = await lena.hears("Pay on the secure page")
    await world.pay(str(said.button("Pay")["url"]).rsplit("/", 1)[-1])
    order = await becomes(world, OrderState.FULFILLED)
    assert order.total_minor == 1400
    await world.creator.say("/coupon archive FIVE")
    await world.creator.hears("out of use")
    asked = (await lena.post({"text": f"/start {key[1]}"}))["message_id"]
    await lena.hears("no longer valid")
    # the product that the link is for is there all the same
    await lena.hears("This is yours already")
    anna = await world.person("Anna")
    await anna.say(f"/start {key[1]}")
    await anna.hears("no longer valid")
    await anna.tap("Buy for $19.00")
    assert not [each for each in await lena.chat() if each.raw["message_id"] > asked and "$14.00" in str(each.labels)]


async def test_a_link_for_everything_lists_all_of_it_at_the_price_by_its_code(world: World, lena: PersonOfTheWorld):
    async with world.spark.database.transaction() as session:
        creator_id = await session.scalar(select(Product.creator_id).limit(1))
        for number in range(14):
            await add_product(
                session, creator_id=creator_id, title=f"Print {number}", price=Money(1000, "usd"), now=world.clock()
            )
    await world.creator.say("/coupon add HALF 50%")
    await world.creator.hears("50 % off")
    key = re.search(r"start=(\w+)", (await after(world.creator, "/coupon link HALF")).text)
    assert key is not None
    listed = await after(lena, f"/start {key[1]}")
    assert "Preset pack · $9.50" in listed.labels
    assert listed.labels[-1] == "›"
    await lena.tap("›")

    async def turned() -> list[str]:
        return [label for each in await lena.chat() for label in each.labels if label == "Print 13 · $5.00"]

    assert await world.until(turned)
    await lena.tap("Print 13")
    await lena.tap("Buy for $5.00")
    await lena.hears("Pay on the secure page")


async def test_the_receipt_is_told_once_and_not_for_what_was_free(world: World, lena: PersonOfTheWorld):
    assert await lena.count("Receipt no.") == 0
    await bought(world, lena)
    await world.skip(hours=1)
    assert await lena.count("Receipt no. 1") == 1
    async with world.spark.database.reading() as session:
        keys = await session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.like("receipt:%")))
        assert list(keys) == ["receipt:1"]


async def test_money_in_another_currency_delivers_nothing_and_the_creator_is_told(world: World, lena: PersonOfTheWorld):
    session_id = await lena.checkout("Preset pack")
    async with world.spark.database.transaction() as session:
        await session.execute(update(Order).values(currency="eur"))
    await world.pay(session_id)
    await world.creator.hears("Stripe reports a payment that does not fit it")
    await world.settle()
    assert (await the_order(world)).state == OrderState.AWAITING_PAYMENT
    assert not [said for said in await lena.chat() if said.file_name == "preset-pack.zip"]


async def test_a_part_goes_back_and_takes_the_goods_when_the_creator_says_so(world: World, lena: PersonOfTheWorld):
    order = await bought(world, lena)
    await world.creator.say(f"/refund {order.id} 18.00 usd")
    await world.creator.tap("they lose what they bought")
    await lena.hears("$18.00 are on their way back to you")
    order = await becomes(world, OrderState.PARTLY_REFUNDED)
    assert await owned(world, order) == 0


async def test_money_that_came_twice_is_given_back_from_its_notice_and_a_refusal_is_told(
    world: World, lena: PersonOfTheWorld
):
    order = await bought(world, lena)
    async with world.spark.database.transaction() as session:
        # a payment that Stripe, asked to give it back, knows nothing of
        await pay_order(
            session,
            await session.get_one(Order, order.id),
            Received("stripe", "pi_unknown", Money(1900, "usd")),
            now=world.clock(),
        )
    await world.creator.hears("a second time")
    for card in (await after(world.creator, f"/orders {order.id}"), await after(lena, f"/orders {order.id}")):
        assert card.text.count("$19.00 came") == 2
    # the notice's button, under the card
    await world.creator.tap("Give it back")
    await world.creator.hears("Give the payment of $19.00")
    await world.creator.tap("Yes, give $19.00 back")
    failed = await world.creator.hears("could not go back to Lena")
    assert "Give it back" in failed.labels
    order = await becomes(world, OrderState.FULFILLED)
    assert await owned(world, order) == 1
    assert [each.state for each in await refunds(world)] == [RefundState.FAILED]
