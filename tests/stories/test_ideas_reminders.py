"""What a creator is reminded of while time passes: mornings with something due, and Mondays with something to tell."""

from test_ideas_capture import SQLITE, now_says
from world import World

pytestmark = SQLITE


async def test_the_clock_walks_to_each_morning_that_has_something_to_tell_and_past_the_others(world: World):
    creator = world.creator
    await creator.say("/idea add Studio tour due:2026-11-04")
    await creator.hears("Idea 1")
    await world.skip(days=2)
    said = await creator.hears("Due today")
    assert "1. Studio tour" in said.text
    assert await creator.count("1. Studio tour, since yesterday") == 1
    # its card is a message of its own, and the notice stays
    await creator.tap("💡 1")
    card = await creator.hears("Studio tour", times=4)
    assert card.raw["message_id"] > said.raw["message_id"]
    await now_says(creator, said, said.text)
    # a restart in between tells nothing twice
    await world.restart()
    await world.skip(hours=1)
    assert await creator.count("1. Studio tour, since yesterday") == 1
    await creator.say("/idea 1 published")
    await world.settle()
    await world.skip(days=2)
    assert await creator.count("1. Studio tour, since yesterday") == 1
    # Monday tells what moved, and a week in which nothing was is quiet
    await world.skip(days=2)
    assert "1. Studio tour: idea → published" in (await creator.hears("Your ideas since")).text
    await world.skip(days=7)
    assert await creator.count("Your ideas since") == 1


async def test_monday_tells_what_an_idea_brought(world: World):
    creator, lena = world.creator, await world.person("Lena")
    await creator.say("/idea add Studio tour")
    await creator.hears("Idea 1")
    await creator.say('/link idea 1 "From the tour"')
    made = await creator.hears("?start=")
    key = made.text.partition("?start=")[2].split()[0].rstrip(".,")
    await lena.say(f"/start {key}")
    await lena.hears("What shall we call you?")
    await world.pay(await lena.checkout("Preset pack"))
    await creator.hears("Sale: Preset pack")
    await world.skip(days=7)
    said = await creator.hears("Your ideas since")
    assert "What they brought" in said.text
    assert "1. Studio tour – 1 lead, 1 order, $19.00" in said.text
