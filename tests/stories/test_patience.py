"""What is slow or too long for one person is nobody else's trouble."""

from world import World

from playground.core import Fault


async def test_a_reply_that_telegram_holds_back_holds_up_nobody_else(world: World):
    anna, ben = await world.person("Anna"), await world.person("Ben")
    world.playground.core.faults.add(Fault("telegram", "sendMessage", "429", retry_after=3))
    await anna.say("/help")
    await world.until(lambda: _refused(world))
    await anna.say("/privacy")
    await ben.say("/help")
    await ben.hears("What I can do")
    assert await anna.count("What I can do") == 0
    # and hers come in the order in which she asked
    await anna.hears("keeps about you")
    said = [each.text for each in await anna.chat() if each.by_bot]
    assert [text.split()[1] for text in said] == ["I", "Studio"]


async def _refused(world: World) -> bool:
    return any(call["status"] == 429 for call in await world.calls("sendMessage"))
