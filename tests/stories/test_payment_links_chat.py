"""How a creator comes by a payment link in the chat: made, posted, paid by a stranger, switched off."""

from sqlalchemy import func, select
from test_payment_links import claim_at, pay_by, read, rows
from world import PersonOfTheWorld, World

from store.models import Order, OrderState, PaymentLink, Product, ProductVariant

PACK = 2
FORM = "Like this: /product 2 paylink"


async def makes(creator: PersonOfTheWorld, line: str = f"/product {PACK} paylink", *, times: int = 1) -> str:
    """Asks for a link and reads its address in the answer."""
    await creator.say(line)
    return address_in((await creator.hears("is sold for", times=times)).text)


def address_in(text: str) -> str:
    return next(word for word in text.split() if word.startswith("http"))


async def is_closed(world: World, url: str) -> bool:
    """Whether a browser that opens the link is led to no checkout."""

    async def closed() -> bool:
        return not (await read(url))[2]

    return await world.until(closed)


async def unlimited(world: World) -> None:
    await world.creator.say(f"/product {PACK} stock unlimited")
    await world.creator.hears("Stock: unlimited")


async def test_a_creator_makes_a_link_by_buttons_a_stranger_pays_by_it_and_it_ends_when_they_say_so(world: World):
    creator = world.creator
    await unlimited(world)
    await creator.tap("Payment link to post elsewhere")
    await creator.hears("Payment links of Preset pack")
    await creator.tap("Make the link")
    told = await creator.hears("Preset pack is sold for $19.00 here:")
    url = address_in(told.text)
    await claim_at(world, await pay_by(url, "stranger@example.com"))
    assert "Preset pack for $19.00 to " in (await creator.hears("Sale")).text
    ((state, total, rail),) = await rows(world, Order.state, Order.total_minor, Order.rail)
    assert (state, total, rail) == (OrderState.PAID, 1900, "stripe")
    await creator.say("/orders")
    await creator.hears("Preset pack")

    await creator.tap("Switch it off")
    await creator.hears("be switched off? Nobody can begin to pay there any more")
    assert (await read(url))[2]
    await creator.tap("Back")
    assert url in (await creator.hears("Payment links of Preset pack")).text
    await creator.tap("Switch it off")
    await creator.tap("Yes, switch it off")
    await creator.hears("is being switched off")
    assert await is_closed(world, url)
    assert await makes(creator) != url


async def test_one_line_makes_the_link_shows_it_again_and_switches_it_off(world: World):
    creator = world.creator
    await unlimited(world)
    url = await makes(creator)
    assert await makes(creator, f"/product paylink {PACK}", times=2) == url
    assert await rows(world, func.count(PaymentLink.id)) == [(1,)]
    await creator.say(f"/product {PACK} paylink off")
    await creator.hears("is being switched off")
    assert await is_closed(world, url)
    await creator.say(f"/product {PACK} paylink off")
    await creator.hears("has no such payment link")


async def test_each_variant_has_a_link_of_its_own(world: World):
    creator = world.creator
    async with world.spark.database.reading() as session:
        shirt = (await session.scalars(select(Product.id).where(Product.title == "Studio shirt"))).one()
        small = (await session.scalars(select(ProductVariant).where(ProductVariant.title == "Small"))).one()
    await creator.say(f"/product {shirt} variant Small stock=unlimited")
    await creator.hears("Small")
    await creator.say(f"/product {shirt} paylink")
    shown = await creator.hears("Payment links of Studio shirt")
    assert shown.labels == ["➕ Make the link: Small", "‹ Back"]
    await creator.tap("Make the link: Small")
    url = address_in((await creator.hears("Studio shirt (Small) is sold for $25.00 here:")).text)
    await creator.say(f"/product {shirt} paylink Large")
    await creator.hears("is for what never runs out")
    thanks = await pay_by(url)
    await claim_at(world, thanks)
    assert await rows(world, PaymentLink.variant_id) == [(small.id,)]
    await creator.hears("Studio shirt (Small) for $25.00")
    await creator.say(f"/product {shirt} paylink Small off")
    await creator.hears("The payment link of Studio shirt (Small) is being switched off")
    assert await is_closed(world, url)


async def test_what_can_have_no_link_is_refused_with_how_to_mend_it(world: World):
    creator = world.creator
    line = f"/product {PACK} paylink"
    refusals = [
        (line, "take the stock off first"),
        (f"/product {PACK} stock unlimited", "Stock: unlimited"),
        (f"/product {PACK} limit 1", "Limit per person: 1"),
        (line, "and the limit per person"),
        (f"/product {PACK} limit -", "Stock: unlimited"),
        (f"/product {PACK} pwyw on", "from $19.00"),
        (line, "/product 2 pwyw off, and a price above 0"),
        (f"/product {PACK} pwyw off", "Price: $19.00"),
        (f"/product {PACK} price 0", "Price: free"),
        (line, "payment link needs a fixed price"),
        (f"/product {PACK} price 300 xtr", "Price: "),
        (line, "/product 2 price 19.00 usd gives it a price in money"),
        (f"/product {PACK} price 19.00 usd", "Price: $19.00"),
        (f"/product {PACK} sale off", "Not for sale at present"),
        (line, "/product 2 sale on"),
        (f"/product {PACK} archive", "is off the shop"),
        (line, "/product 2 restore brings it back"),
        (f'{line} "Large', FORM),
        (f"{line} Large", FORM),
    ]
    for said, answer in refusals:
        sent = (await creator.post({"text": said}))["message_id"]

        async def heard(after: int = sent, told: str = answer) -> bool:
            answers = [each for each in await creator.chat() if each.by_bot and each.raw["message_id"] > after]
            return any(told in each.text for each in answers)

        assert await world.until(heard), (said, answer, (await creator.chat())[-1].text)
    assert await rows(world, PaymentLink.id) == []
    await creator.say(f"/product {PACK}")
    card = await creator.hears("Archived: only those who own it have it")
    assert not any("Payment link" in label for label in card.labels)


async def test_what_stripe_refuses_or_cannot_do_is_told_and_can_be_tried_again(world: World):
    creator = world.creator
    await unlimited(world)
    await world.control(
        "POST", "/faults", {"api": "stripe", "method": "POST /v1/payment_links", "fault": "500", "times": 5}
    )
    await creator.say(f"/product {PACK} paylink")
    failed = await creator.hears("The payment link of “Preset pack” could not be made.")
    assert "try again in a minute" in failed.text
    await world.control("DELETE", "/faults")
    await creator.tap("Try again")
    url = address_in((await creator.hears("Preset pack is sold for $19.00 here:")).text)
    assert (await read(url))[2]
    # the promise that failed has ended: Stripe would repeat its failure for as long as it is asked the same
    assert [ended is not None for (ended,) in await rows(world, PaymentLink.ended_at)] == [True, False]


async def test_a_link_that_cannot_be_switched_off_is_told_once_and_goes_off_in_the_end(world: World):
    creator = world.creator
    await unlimited(world)
    url = await makes(creator)
    ((reference,),) = await rows(world, PaymentLink.reference)
    method = f"POST /v1/payment_links/{reference}"
    await world.control("POST", "/faults", {"api": "stripe", "method": method, "fault": "403", "times": 2})
    await creator.say(f"/product {PACK} paylink off")
    await creator.hears("is being switched off")
    told = await creator.hears("could not be switched off yet")
    assert url in told.text
    assert (await read(url))[2]
    await world.settle()
    await world.settle()
    assert await is_closed(world, url)
    assert await creator.count("could not be switched off yet") == 1
