"""From a thought to a published post to a sale: what an idea brought, by first and by last touch, in chat and API."""

import re
from typing import Any

from test_ideas_publishing import a_channel, in_channel, schedule, shows, stage, write
from test_orders_and_refunds import after, becomes, bought
from world import PersonOfTheWorld, Said, World

from store.models import IdeaStage, OrderState


async def now_says(creator: PersonOfTheWorld, said: Said, *texts: str) -> Said:
    """The same message, once it says all of that: no other is sent."""
    number = said.raw["message_id"]

    async def present() -> Said:
        return next(each for each in await creator.chat() if each.raw["message_id"] == number)

    async def says() -> bool:
        told = (await present()).text
        return all(text in told for text in texts)

    assert await creator.world.until(says), (await present()).text
    return await present()


async def press(creator: PersonOfTheWorld, said: Said, label: str) -> None:
    body = {"message_id": said.raw["message_id"], "data": said.button(label)["data"]}
    await creator.world.control("POST", f"/people/{creator.id}/taps", body)


class Api:
    """The creator's program, by the token that the bot gives."""

    def __init__(self, world: World, token: str, account: str) -> None:
        self.world, self.token, self.account = world, token, account

    @classmethod
    async def of(cls, world: World) -> "Api":
        said = await after(world.creator, "/token")
        account = re.search(r"user id there is (\d+)", said.text)
        assert account is not None
        return cls(world, said.text.split()[-1], account[1])

    async def get(self, path: str) -> Any:
        address = f"/api/v1/{self.account}/ideas{path}"
        status, told = await self.world.get(address, Authorization=f"Bearer {self.token}")
        assert status == 200, told
        return told


def brought(item: Any) -> tuple[Any, ...]:
    touches = (item["first_touch"], item["last_touch"])
    return item["leads"], item["touched_leads"], *((each["orders"], each["money"]) for each in touches)


def usd(gross: int, back: int = 0) -> list[dict[str, Any]]:
    return [{"currency": "usd", "gross_minor": gross, "refunded_minor": back, "net_minor": gross - back}]


async def _published(world: World) -> str:
    """A thought becomes a post; the payload of its button's link."""
    creator = world.creator
    channel = await a_channel(world)
    # a message that somebody passed on is the thought
    await creator.post({"forward": {"text": "A tour of the studio", "from": "Mara"}})
    await shows(creator, "Kept as idea 1: A tour of the studio")
    await after(creator, "/idea 1 draft")
    card = await after(creator, "/idea 1 #video")
    assert "📝 draft" in card.text
    assert "📈" not in card.text
    await press(creator, card, "📣 The post")
    await shows(creator, "the post of idea 1", "Nothing is written yet")
    await write(world, "Come and see <b>the studio</b>", parse_mode="HTML")
    await creator.tap("🔘 Buttons")
    await shows(creator, "one a line")
    await creator.say("Get the presets - link")
    await shows(creator, "🔘 Get the presets")
    await schedule(world, "tomorrow 18:00")
    await shows(creator, "Goes out on 2026-11-04 18:00 (Europe/Berlin)")
    await world.skip(hours=33)
    (post,) = await in_channel(world, channel)
    assert await stage(world) is IdeaStage.PUBLISHED
    return str(post.button("Get the presets")["url"]).rpartition("?start=")[2]


async def _sold(world: World, link: str) -> None:
    """Lena comes by the post first, and Otto by an advertisement."""
    lena, otto = await world.person("Lena"), await world.person("Otto")
    await lena.answers_welcome(source=link)
    await otto.say("/start ad42")
    await otto.hears("What shall we call you?")
    await world.skip(minutes=5)
    await otto.say(f"/start {link}")
    await world.settle()
    first = await bought(world, lena)
    # Lena is led back to the shop by something else, and buys again: that is the post's by first touch alone
    await world.skip(minutes=5)
    await lena.say("/start newsletter")
    await world.settle()
    await world.pay(await lena.checkout("Video course"))
    await lena.hears("Thank you! Your payment", times=2)
    await becomes(world, OrderState.FULFILLED, 1)
    await world.pay(await otto.checkout("Preset pack"))
    await otto.hears("Thank you! Your payment")
    await becomes(world, OrderState.FULFILLED, 2)
    # and a part of the first goes back
    await after(world.creator, f"/refund {first.id} 5.00")
    await world.creator.tap("they keep what they bought")
    await becomes(world, OrderState.PARTLY_REFUNDED)


async def test_an_idea_is_captured_posted_and_told_what_it_sold(world: World):
    creator = world.creator
    await _sold(world, await _published(world))
    card = await after(creator, "/idea 1")
    assert "📈 New leads: 1 · their orders: 2 ($63.00)" in card.text
    await press(creator, card, "📈 Results")
    one = await now_says(creator, card, "New leads by its links: 1 (came by them at all: 2)")
    assert "By first touch: orders 2, customers 1, $63.00" in one.text
    assert "By last touch: orders 2, customers 2, $33.00" in one.text
    await press(creator, one, "All ideas")
    every = await now_says(creator, card, "what ideas brought in twelve months", "1. A tour of the studio")
    assert "👤 1 · first touch: 2 ($63.00) · last touch: 2 ($33.00)" in every.text
    await press(creator, every, "By tag")
    tags = await now_says(creator, card, "by tag", "#video")
    await press(creator, tags, "By month")
    months = await now_says(creator, card, "by month", "November 2026")
    assert "October 2026\n👤 0 · first touch: 0 (–)" in months.text
    await press(creator, months, "By idea")
    every = await now_says(creator, card, "1. A tour of the studio")
    await press(creator, every, "1")
    one = await now_says(creator, card, "By last touch")
    await press(creator, one, "‹ Idea")
    await now_says(creator, card, "Idea 1: A tour of the studio", "📈 New leads: 1")
    assert "what ideas brought in twelve months" in (await after(creator, "/idea results")).text
    board = await after(creator, "/idea")
    await press(creator, board, "📈 Results")
    every = await now_says(creator, board, "what ideas brought in twelve months")
    await press(creator, every, "‹ Board")
    await now_says(creator, board, "Ideas of Studio North")
    # the API tells the same
    await world.skip(minutes=1)
    api = await Api.of(world)
    (idea,) = (await api.get(""))["items"]
    expected = (1, 2, (2, usd(6800, 500)), (2, usd(3800, 500)))
    assert brought(await api.get(f"/{idea['id']}/results")) == expected
    (by_idea,) = (await api.get("/results"))["items"]
    assert (by_idea["number"], *brought(by_idea)) == (1, *expected)
    (by_tag,) = (await api.get("/results?by=tag"))["items"]
    assert (by_tag["tag"], *brought(by_tag)) == ("video", *expected)
    by_month = (await api.get("/results?by=month"))["items"]
    assert brought(by_month[-1]) == expected
    assert by_month[-1]["from"] == "2026-10-31T23:00:00Z"
