"""A group that becomes a supergroup has another number: who bought the way in goes in there, and out of there."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from domain.entitlements import revoke_order
from domain.leads import capture_lead
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Channel, ChannelPass, Creator, PassState, Person, Product, ProductKind

RIGHTS = {"can_invite_users": True, "can_restrict_members": True, "can_manage_chat": True}


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.hears("Studio North")
    return lena


@pytest.fixture
async def group(world: World) -> int:
    """A group of the creator's, with the bot as an administrator, into which a product lets people."""
    body = {"type": "group", "title": "Inner circle", "owner": world.creator.id}
    chat = int((await world.control("POST", "/chats", body))["id"])
    await world.control("PUT", f"/chats/{chat}/members/bot", {"status": "administrator", "rights": RIGHTS})
    await world.creator.hears("I can see “Inner circle” now")
    async with world.spark.database.transaction() as session:
        creator = (await session.scalars(select(Creator).order_by(Creator.id).limit(1))).one()
        more = {"title": "Circle", "price": Money(500, "usd"), "kind": ProductKind.CHANNEL}
        product = await add_product(session, creator_id=creator.id, now=world.clock(), **more)
        await session.execute(update(Product).where(Product.id == product.id).values(chat_id=chat))
    return chat


async def buys(world: World, person: PersonOfTheWorld) -> int:
    now = world.clock()
    async with world.spark.database.transaction() as session:
        known = (await session.scalars(select(Person).where(Person.telegram_id == person.id))).one()
        product = (await session.scalars(select(Product).where(Product.title == "Circle"))).one()
        lead, _ = await capture_lead(session, product.creator_id, known, source=None, now=now)
        good_for = timedelta(hours=1)
        order = await open_order(session, lead, Wish(product), now=now, good_for=good_for, setup=CreatorSetup())
        await pay_order(session, order, Received("stripe", f"pi_{order.id}", Money(500, "usd")), now=now)
        return order.id


async def loses_it(world: World, order_id: int) -> None:
    async with world.spark.database.transaction() as session:
        await revoke_order(session, order_id, by="refund", now=world.clock())


async def goes_in(world: World, person: PersonOfTheWorld, said: Said) -> dict[str, Any]:
    link = said.button("Join")["url"]
    return await world.control("POST", f"/people/{person.id}/joins", {"invite_link": link})


async def upgraded(world: World, chat: int, deliver: str = "once") -> int:
    new = int((await world.control("POST", f"/chats/{chat}/upgrade", {"deliver": deliver}))["id"])
    if deliver == "once":
        assert await world.until(lambda: stands_at(world, new))
    return new


async def numbers(world: World) -> set[int | None]:
    """Of every chat that products, passes and the bot's own list speak of."""
    async with world.spark.database.reading() as session:
        found = [
            *await session.scalars(select(Product.chat_id).where(Product.title == "Circle")),
            *await session.scalars(select(ChannelPass.chat_id)),
            *await session.scalars(select(Channel.chat_id)),
        ]
    return set(found)


async def stands_at(world: World, chat: int) -> bool:
    return await numbers(world) == {chat}


async def status_in(world: World, chat: int, person: PersonOfTheWorld) -> str:
    members = (await world.control("GET", f"/chats/{chat}"))["members"]
    return next((each["status"] for each in members if each["user"]["id"] == person.id), "left")


async def pass_is(world: World, state: PassState) -> bool:
    async def is_so() -> bool:
        async with world.spark.database.reading() as session:
            return (await session.scalars(select(ChannelPass.state))).one() == state

    return await world.until(is_so)


async def test_after_the_upgrade_buyers_go_into_the_new_group_and_out_of_it(
    world: World, lena: PersonOfTheWorld, group: int
):
    order_id = await buys(world, lena)
    assert (await goes_in(world, lena, await lena.hears("The button lets you in")))["chat_id"] == group
    assert await pass_is(world, PassState.JOINED)
    new = await upgraded(world, group)
    assert await status_in(world, new, lena) == "member"
    await loses_it(world, order_id)
    assert await pass_is(world, PassState.REMOVED)
    assert await status_in(world, new, lena) == "left"
    anna = await world.person("Anna")
    await anna.say("/shop")
    await anna.hears("Studio North")
    await buys(world, anna)
    joined = await goes_in(world, anna, await anna.hears("The button lets you in"))
    assert (joined["status"], joined["chat_id"]) == ("joined", new)
    assert await numbers(world) == {new}


async def test_a_link_into_the_old_group_is_made_anew_from_the_library(
    world: World, lena: PersonOfTheWorld, group: int
):
    await buys(world, lena)
    await lena.hears("The button lets you in")
    new = await upgraded(world, group)
    await lena.say("/library")
    await lena.tap("Circle")
    again = await lena.hears("The button lets you in", times=2)
    assert (await goes_in(world, lena, again))["chat_id"] == new
    assert await pass_is(world, PassState.JOINED)


async def test_an_upgrade_that_nobody_told_is_learnt_from_the_invitation(
    world: World, lena: PersonOfTheWorld, group: int
):
    new = await upgraded(world, group, deliver="never")
    await buys(world, lena)
    await world.skip(minutes=2)
    joined = await goes_in(world, lena, await lena.hears("The button lets you in"))
    assert joined["chat_id"] == new
    assert await pass_is(world, PassState.JOINED)
    assert await numbers(world) == {new}
    assert await world.creator.count("Telegram gives me no invite link") == 0


async def test_an_upgrade_that_nobody_told_is_learnt_from_the_removal(world: World, lena: PersonOfTheWorld, group: int):
    order_id = await buys(world, lena)
    await goes_in(world, lena, await lena.hears("The button lets you in"))
    assert await pass_is(world, PassState.JOINED)
    new = await upgraded(world, group, deliver="never")
    await loses_it(world, order_id)
    assert await pass_is(world, PassState.REMOVED)
    assert await status_in(world, new, lena) == "left"
    assert await world.creator.count("I cannot remove them") == 0
    assert await numbers(world) == {new}
