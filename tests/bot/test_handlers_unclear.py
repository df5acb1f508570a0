"""Messages of which nobody can tell whether they arrived, as a creator sees and settles them."""

import pytest
from bot_world import SHIPPED, answered, hooked, tap
from leads_chat import the_creator
from sqlalchemy import select, update
from world import CREATOR, PersonOfTheWorld, World

import automations.settling
import bot.handlers.unclear
from domain.messages.plain import Message
from domain.outbox import queue_message
from store.models import OutboxKind, OutboxMessage, OutboxState, Person

LOST = 7


async def lost(world: World, lead: PersonOfTheWorld, *, count: int, state: OutboxState = OutboxState.UNCERTAIN) -> None:
    """So many messages to the lead, the answers to which never came."""
    creator = await the_creator(world)
    async with world.spark.database.transaction() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == lead.id))).one()
        for number in range(count):
            key = f"{state}:{number}"
            await queue_message(
                session,
                Message(text=f"<b>News</b> {number} & more"),
                key=key,
                kind=OutboxKind.FUNNEL,
                creator_id=creator.id,
                person_id=person.id,
                now=world.clock(),
            )
            said = {"state": state, "error": "no answer", "closed_at": world.clock(), "uncertain": 1}
            await session.execute(update(OutboxMessage).where(OutboxMessage.key == key).values(said))


async def states(world: World) -> list[OutboxState]:
    async with world.spark.database.reading() as session:
        ours = select(OutboxMessage.state).where(OutboxMessage.kind == OutboxKind.FUNNEL).order_by(OutboxMessage.id)
        return list(await session.scalars(ours))


async def test_a_creator_settles_them_one_by_one_and_all_at_once(
    store_url: str, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    for module in (bot.handlers.unclear, automations.settling):
        monkeypatch.setattr(module, "MOST_AT_ONCE", LOST - 4)
    async with hooked(store_url, tmp_path, SHIPPED) as hook:
        world, updates = hook.world, iter(range(10**6, 10**7))

        async def press(data: str) -> None:
            update_id = next(updates)
            assert await hook.post(tap(update_id, CREATOR, data)) == 200
            await answered(world, update_id)

        await world.creator.say("/start")
        await world.creator.hears("For you as the creator")
        creator = await the_creator(world)
        await press(f"settle:list:{creator.id}:0")
        await world.creator.hears("nothing to settle")
        lena = await hook.known()
        await lost(world, lena, count=LOST)
        await press(f"settle:list:{creator.id}:0")
        said = await world.creator.hears(f"{LOST} messages to look at")
        assert "“News 6 & more”" in said.text
        assert "uncertain · funnel to Lena" in said.text
        async with world.spark.database.reading() as session:
            lost_ones = select(OutboxMessage.id).where(OutboxMessage.key.like("uncertain:%"))
            ids = list(await session.scalars(lost_ones.order_by(OutboxMessage.id)))
        assert any(label == f"✅ {max(ids)} arrived" for label in said.labels)
        await press(f"settle:sent:{ids[0]}:1")
        await press(f"settle:failed:{ids[1]}:1")
        await press(f"settle:again:{ids[2]}:1")
        await lena.hears("News 2 & more")
        await world.settle()
        assert await states(world) == [
            OutboxState.SENT,
            OutboxState.FAILED,
            OutboxState.SENT,
            *[OutboxState.UNCERTAIN] * (LOST - 3),
        ]
        # what is known is not settled again, and says so
        await press(f"settle:sent:{ids[0]}:0")
        popped_up = [call["params"].get("text") for call in await world.calls("answerCallbackQuery")]
        assert f"There is nothing to settle about message {ids[0]}: it is known what became of it." in popped_up
        await press(f"settle:sent:all:{creator.id}:0")
        asked = await world.creator.hears(f"all {LOST - 3} uncertain messages")
        assert f"{LOST - 4} go in one tap" in asked.text
        assert (await states(world)).count(OutboxState.UNCERTAIN) == LOST - 3
        # what became uncertain after the question is not meant by the yes
        await world.skip(minutes=1)
        async with world.spark.database.transaction() as session:
            late = update(OutboxMessage).where(OutboxMessage.id == ids[-1])
            await session.execute(late.values(closed_at=world.clock()))
        await press(asked.button("Yes")["data"])
        assert (await states(world)).count(OutboxState.UNCERTAIN) == 1
        await press(f"settle:sent:{ids[-1]}:0")
        # the page it was on is empty by now
        await press(f"settle:list:{creator.id}:1")
        await world.creator.hears("One message to look at")
        # a button of before finds none left, and asks about none
        await press(f"settle:again:all:{creator.id}:0")
        assert not any("Send all 0" in said.text for said in await world.creator.chat())


async def test_nobody_settles_what_is_somebody_elses(store_url: str, tmp_path):
    async with hooked(store_url, tmp_path, SHIPPED) as hook:
        lena = await hook.known()
        await lost(hook.world, lena, count=1)
        async with hook.world.spark.database.reading() as session:
            (message_id,) = await session.scalars(
                select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.UNCERTAIN)
            )
        creator = await the_creator(hook.world)
        whole = (f"settle:list:{creator.id}:0", f"settle:again:all:{creator.id}:0")
        for number, data in enumerate((*whole, f"settle:sent:{message_id}:0")):
            assert await hook.post(tap(10**6 + number, lena.id, data)) == 200
            await answered(hook.world, 10**6 + number)
        assert await states(hook.world) == [OutboxState.UNCERTAIN]
