"""Two who say yes at the same moment give the money back once, on either database."""

import asyncio

import pytest
from sqlalchemy import select
from world import PersonOfTheWorld, Said, World

from domain.creators import make_bind_payload
from store.models import Account, Creator, Membership, Order, OrderState, Payment, Refund, Role

REFUNDS = "POST /v1/refunds"
PRICE = 1900


@pytest.fixture
async def mia(world: World) -> PersonOfTheWorld:
    """Another of the creator's team."""
    async with world.spark.database.transaction() as session:
        creator = (await session.scalars(select(Creator))).one()
        account = Account(role=Role.CREATOR, name="Mia", created_at=world.clock())
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, creator_id=creator.id))
        payload = await make_bind_payload(session, account.id, now=world.clock())
    mia = await world.person("Mia")
    await mia.say(f"/start {payload}")
    await mia.hears("You now act for Studio North")
    return mia


@pytest.fixture
async def order(world: World) -> Order:
    """Lena has paid 19 dollars."""
    lena = await world.person("Lena")
    await lena.say("/shop")
    await world.pay(await lena.checkout("Preset pack"))
    await lena.hears("Thank you! Your payment")
    await world.settle()
    return await the_order(world)


async def the_order(world: World) -> Order:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Order))).one()


async def asked(person: PersonOfTheWorld, line: str) -> Said:
    """The question before money goes back."""
    sent = (await person.post({"text": line}))["message_id"]

    async def said() -> list[Said]:
        return [each for each in await person.chat() if each.by_bot and each.raw["message_id"] > sent]

    assert await person.world.until(said)
    return (await said())[0]


async def say_yes(person: PersonOfTheWorld, question: Said, label: str) -> str | None:
    body = {"message_id": question.raw["message_id"], "data": question.button(label)["data"]}
    answer: str | None = (await person.world.control("POST", f"/people/{person.id}/taps", body))["answer"]
    return answer


async def given_back(world: World) -> tuple[list[int], list[int], int]:
    """What was asked for here, what Stripe was asked for, and what stands with the payment."""
    async with world.spark.database.reading() as session:
        here = list(await session.scalars(select(Refund.amount_minor)))
        payment = (await session.scalars(select(Payment))).one()
    there = [call["params"].get("amount", PRICE) for call in await world.calls(REFUNDS) if call["status"] == 200]
    return here, there, payment.refunded_minor


# what is typed after the order's number, the yes to it, and what it comes to
WAYS = {
    "all of it": ("", "Yes, give $19.00 back", PRICE, OrderState.REFUNDED),
    "a part": ("5.00", "they keep what they bought", 500, OrderState.PARTLY_REFUNDED),
}


@pytest.mark.parametrize("way", WAYS)
async def test_two_of_a_team_who_say_yes_at_once_give_it_back_once(
    world: World, order: Order, mia: PersonOfTheWorld, way: str
):
    amount, label, back, ends = WAYS[way]
    both = [world.creator, mia]
    questions = [await asked(each, f"/refund {order.id} {amount}") for each in both]
    answers = await asyncio.gather(
        *(say_yes(each, question, label) for each, question in zip(both, questions, strict=True))
    )
    assert answers.count(None) == 1
    assert "has gone back since you were asked" in next(each for each in answers if each is not None)
    await world.skip(hours=1)
    assert (await the_order(world)).state == ends
    assert await given_back(world) == ([back], [back], back)


async def test_one_who_taps_yes_twice_at_once_gives_it_back_once(world: World, order: Order):
    question = await asked(world.creator, f"/refund {order.id} 5.00")
    await asyncio.gather(*(say_yes(world.creator, question, "they keep what they bought") for _ in range(3)))
    await world.skip(hours=1)
    assert await given_back(world) == ([500], [500], 500)


async def test_parts_that_are_more_than_was_paid_together_are_not_both_given_back(
    world: World, order: Order, mia: PersonOfTheWorld
):
    hers = await asked(mia, f"/refund {order.id} 12.00")
    whole = await asked(world.creator, f"/refund {order.id}")
    await asyncio.gather(
        say_yes(mia, hers, "they keep what they bought"), say_yes(world.creator, whole, "Yes, give $19.00 back")
    )
    await world.skip(hours=1)
    here, there, stands = await given_back(world)
    assert here == there
    assert here in ([1200], [PRICE])
    assert stands == here[0]
