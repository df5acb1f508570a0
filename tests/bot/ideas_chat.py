"""A creator's ideas in the chat."""

from typing import Any

from leads_chat import message, the_creator
from world import Said, World

from domain.ideas import add_idea, find_idea
from store.models import Idea


async def kept(world: World, *titles: str, **more: Any) -> None:
    creator = await the_creator(world)
    async with world.spark.database.transaction() as session:
        for title in titles:
            await add_idea(session, creator_id=creator.id, title=title, now=world.clock(), **more)
            world.clock.pass_time(seconds=1)


async def idea_of(world: World, number: int) -> Idea | None:
    creator = await the_creator(world)
    async with world.spark.database.reading() as session:
        return await find_idea(session, creator.id, number)


async def typed(world: World, screen: Said, text: str) -> Said:
    """The same message once what was typed has changed it; the bot says nothing else."""
    before = sum(each.by_bot for each in await world.creator.chat())
    await world.creator.say(text)
    number = screen.raw["message_id"]

    async def changed() -> bool:
        now = await message(world, number)
        return (now.text, now.raw["buttons"]) != (screen.text, screen.raw["buttons"])

    assert await world.until(changed), f"{text!r} changed nothing in {screen.text!r}"
    assert sum(each.by_bot for each in await world.creator.chat()) == before
    return await message(world, number)
