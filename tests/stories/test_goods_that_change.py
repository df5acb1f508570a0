"""What is taken away, moved or ended between the promise and the delivery, and who is in a channel afterwards."""

import pytest
from sqlalchemy import select
from test_deliveries import a_chat, attached, buys, follows, has_status, offers, rights_of_bot, state_of_pass
from world import PersonOfTheWorld, World

from domain.product_files import remove_file
from store.models import (
    ChannelPass,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    PassState,
    Product,
    ProductKind,
    StoredFile,
)


@pytest.fixture
async def lena(world: World) -> PersonOfTheWorld:
    lena = await world.person("Lena")
    await lena.say("/shop")
    await lena.hears("Studio North")
    return lena


async def deliveries(world: World) -> list[OutboxState]:
    async with world.spark.database.reading() as session:
        theirs = select(OutboxMessage.state).where(OutboxMessage.kind == OutboxKind.DELIVERY)
        return list(await session.scalars(theirs.order_by(OutboxMessage.id)))


async def test_a_file_that_was_taken_away_before_it_went_out_never_does_and_the_next_one_comes_instead(
    world: World, lena: PersonOfTheWorld
):
    product_id = await offers(world, "Brush set", ProductKind.FILE)
    await world.creator.send_file("wrong.zip", b"wrong")
    await attached(world, "wrong.zip", product_id)
    await world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": True})
    await buys(world, lena, product_id)

    await world.settle()
    assert await deliveries(world) == [OutboxState.QUEUED]
    before = len(await world.calls("sendDocument"))
    async with world.spark.database.transaction() as session:
        file_id = (await session.scalars(select(StoredFile.id).where(StoredFile.file_name == "wrong.zip"))).one()
        await remove_file(session, await session.get_one(Product, product_id), file_id, now=world.clock())
    await world.control("PUT", f"/people/{lena.id}/blocked", {"blocked": False})
    await lena.say("/library")

    async def called_off() -> bool:
        # while somebody writes of a person who had blocked the bot, what waits for them is looked at again a moment
        # later
        await world.skip(seconds=2)
        return await deliveries(world) == [OutboxState.CANCELLED]

    assert await world.until(called_off)
    assert len(await world.calls("sendDocument")) == before
    await world.creator.send_file("right.zip", b"right")
    await attached(world, "right.zip", product_id)
    await lena.gets_file("right.zip")
    assert [said.file_name for said in await lena.chat() if said.file_name] == ["right.zip"]


async def test_who_is_forgotten_is_out_of_the_channel_and_known_there_no_more(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world)
    await world.creator.hears("I can see “Inner circle” now")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    await buys(world, lena, product_id)
    await follows(world, lena, await lena.hears("The button lets you in"))
    assert await state_of_pass(world, PassState.JOINED)
    await lena.say("/forget_me")
    assert "your place in channels" in (await lena.hears("Shall you be forgotten?")).text
    await lena.tap("Yes, forget me")
    assert await world.until(lambda: has_status(world, chat, lena, "left"))
    assert await state_of_pass(world, PassState.REMOVED)
    async with world.spark.database.reading() as session:
        assert (await session.scalars(select(ChannelPass.telegram_id))).one() is None


async def test_a_stranger_who_is_still_to_go_out_is_not_forgotten_over_a_new_link(world: World, lena: PersonOfTheWorld):
    chat = await a_chat(world)
    await world.creator.hears("I can see")
    product_id = await offers(world, "Circle", ProductKind.CHANNEL, chat_id=chat)
    await buys(world, lena, product_id)
    said = await lena.hears("The button lets you in")
    await rights_of_bot(world, chat, can_restrict_members=False)
    await world.creator.hears("no longer remove them")
    stranger = await world.person("Stranger")
    await follows(world, stranger, said)
    await lena.hears("Somebody else came in by your link")
    await lena.say("/library")
    told = await lena.tap("Circle")
    assert "is being removed" in str(told["answer"])
    await rights_of_bot(world, chat)
    assert await world.until(lambda: has_status(world, chat, stranger, "left"))
    assert await state_of_pass(world, PassState.INVITED)
    await lena.tap("Circle")
    again = await lena.hears("The button lets you in", times=2)
    assert (await follows(world, lena, again))["status"] == "joined"
