"""Ideas are posted into a channel: written, previewed, at their minute, once, and edited there."""

import base64
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from world import PersonOfTheWorld, Said, World

from domain.idea_post_content import PostChanges, Written
from domain.idea_posts import write_post
from domain.ideas import delete_idea
from store.models import Channel, Idea, IdeaPost, IdeaStage, Link, OutboxMessage, PostState, StoredFile

SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
PHOTO = base64.b64encode(b"a photo").decode()
RIGHTS = {"can_post_messages": True}


async def a_channel(world: World, title: str = "The news") -> int:
    chat = await world.control("POST", "/chats", {"type": "channel", "title": title, "owner": world.creator.id})
    await let_in(world, chat["id"])
    said = await world.creator.hears(f"I can see “{title}” now")
    assert "I may post your ideas there" in said.text
    return int(chat["id"])


async def let_in(world: World, chat_id: int, **body: Any) -> None:
    body = body or {"status": "administrator", "rights": RIGHTS}
    await world.control("PUT", f"/chats/{chat_id}/members/bot", body)


async def in_channel(world: World, chat_id: int) -> list[Said]:
    await world.settle()
    return [Said(each) for each in (await world.control("GET", f"/chats/{chat_id}"))["messages"] if each["text"]]


async def the_post(world: World, number: int = 1) -> IdeaPost:
    await world.settle()
    async with world.spark.database.reading() as session:
        found = select(IdeaPost).join(Idea, Idea.id == IdeaPost.idea_id).where(Idea.number == number)
        return (await session.scalars(found.order_by(IdeaPost.id.desc()))).first() or IdeaPost()


async def stage(world: World, number: int = 1) -> IdeaStage:
    async with world.spark.database.reading() as session:
        return (await session.scalars(select(Idea.stage).where(Idea.number == number))).one()


async def shows(creator: PersonOfTheWorld, *texts: str) -> Said:
    """Waits until a message of the bot's, new or edited, says all of that, and returns the newest that does."""

    async def found() -> list[Said]:
        return [said for said in await creator.chat() if said.by_bot and all(text in said.text for text in texts)]

    if not await creator.world.until(found):
        chat = "\n".join(f"  {said.raw['from']}: {said.text} {said.labels}" for said in await creator.chat())
        raise AssertionError(f"nobody was shown {texts} in\n{chat}")
    return (await found())[-1]


async def open_post(world: World, title: str = "Studio tour", number: int = 1) -> None:
    await world.creator.say(f"/idea add {title}")
    await shows(world.creator, title)
    await world.creator.say(f"/idea {number}")
    await world.creator.tap("📣 The post")
    await shows(world.creator, f"the post of idea {number}", "Nothing is written yet")


async def write(world: World, text: str, **more: Any) -> None:
    await world.creator.tap("✍️ Write")
    await shows(world.creator, "Send me the post")
    await world.creator.post({"text": text, **more})
    await shows(world.creator, "the post of idea", "✍️ A draft")


async def schedule(world: World, when: str) -> None:
    await world.creator.tap("🕒 Schedule")
    await shows(world.creator, "When is it to go out")
    await world.creator.say(when)


async def sent(world: World, chat_id: int, method: str = "sendMessage") -> list[dict[str, Any]]:
    return [call for call in await world.calls(method) if str(call["params"].get("chat_id")) == str(chat_id)]


async def test_a_draft_keeps_its_formatting_is_previewed_exactly_posted_on_time_and_edited_there(world: World):
    channel = await a_channel(world)
    creator = world.creator
    await open_post(world)
    await write(world, 'See <b>the studio</b> &amp; <a href="https://example.com/tour">more</a>', parse_mode="HTML")
    await creator.tap("🔘 Buttons")
    await shows(creator, "one a line")
    await creator.say("Get the presets - link\nOur site - https://example.com")
    await shows(creator, "🔘 Our site: https://example.com")
    await creator.tap("🔕 Silent")
    await shows(creator, "🔕 Without a sound")
    async with world.spark.database.reading() as session:
        link = (await session.scalars(select(Link).join(Idea, Idea.link_id == Link.id))).one()
    await creator.tap("👀 Preview")
    preview = await shows(creator, "See the studio & more")
    # over a change of the clock: Berlin is on +01:00 now, and on +02:00 then
    await schedule(world, "2027-03-28 02:30")
    screen = await shows(creator, "Goes out on 2027-03-28 03:00 (Europe/Berlin)")
    assert "the clock is put forward and never shows this time" in screen.text
    await schedule(world, "tomorrow 18:00")
    await shows(creator, "Goes out on 2026-11-04 18:00 (Europe/Berlin)")
    post = await the_post(world)
    assert (post.state, post.local_at) == (PostState.SCHEDULED, "2026-11-04T18:00")
    assert await world.next_due() is not None
    # it waits in rows, and whoever starts later posts it, once
    await world.skip(hours=20)
    await world.restart()
    assert await in_channel(world, channel) == []
    await world.skip(hours=12, minutes=1)
    (said,) = await in_channel(world, channel)
    assert (said.text, said.raw["html"]) == (preview.text, preview.raw["html"])
    assert said.raw["buttons"] == preview.raw["buttons"]
    assert said.button("Get the presets")["url"].endswith(f"?start={link.key}")
    (call,) = await sent(world, channel)
    assert call["params"]["disable_notification"] is True
    assert call["at"].startswith("2026-11-04T17:00")
    post = await the_post(world)
    assert (post.state, post.telegram_message_id) == (PostState.POSTED, said.raw["message_id"])
    assert post.due_at == datetime(2026, 11, 4, 17, 0, tzinfo=UTC)
    assert await stage(world) is IdeaStage.PUBLISHED
    await creator.hears("stands in “The news”")
    # edits follow
    await creator.tap("📣 The post")
    await shows(creator, "Posted on 2026-11-04 18:00")
    await creator.tap("✍️ Write")
    await shows(creator, "Send me the post")
    await creator.post({"text": "See <i>the new studio</i>", "parse_mode": "HTML"})
    await shows(creator, "Posted on", "See the new studio")
    (said,) = await in_channel(world, channel)
    assert (said.text, said.raw["edited"]) == ("See the new studio", True)
    assert said.labels == ["Get the presets", "Our site"]
    assert (await the_post(world)).edit_at is None


@SQLITE
async def test_a_picture_is_posted_now_and_its_caption_edited_and_a_deleted_message_is_told(world: World):
    channel = await a_channel(world)
    creator = world.creator
    await open_post(world)
    await creator.tap("✍️ Write")
    await shows(creator, "Send me the post")
    await creator.post({"photo": {"content_base64": PHOTO}, "caption": "A <b>look</b>", "parse_mode": "HTML"})
    await shows(creator, "📎 With a file", "A look")
    await creator.tap("👀 Preview")

    async def pictures() -> list[Said]:
        return [said for said in await creator.chat() if said.by_bot and "photo" in said.raw]

    assert await world.until(pictures)
    assert [(said.raw["html"], said.labels) for said in await pictures()] == [("A <b>look</b>", [])]
    await creator.tap("🚀 Post now")
    await shows(creator, "Post it in The news now?")
    await creator.tap("🚀 Yes, post it")
    await creator.hears("stands in “The news”")
    (said,) = await in_channel(world, channel)
    assert "photo" in said.raw
    assert said.raw["html"] == "A <b>look</b>"
    await creator.tap("📣 The post")
    await creator.tap("✍️ Write")
    await creator.say("Only words")
    await creator.hears("lets no post change between a text and a file")
    await creator.post({"photo": {"content_base64": PHOTO}, "caption": "Another look"})
    await shows(creator, "Posted on", "Another look")
    (said,) = await in_channel(world, channel)
    assert said.text == "Another look"
    # one that came by the API has never been at Telegram
    async with world.spark.database.transaction() as session:
        picture = BytesIO()
        Image.new("RGB", (16, 16)).save(picture, "JPEG")
        blob = await world.spark.files.keep(picture.getvalue())
        file = (await session.scalars(select(StoredFile).order_by(StoredFile.id.desc()).limit(1))).one()
        new = {"creator_id": file.creator_id, "file_name": "third.jpg", "mime_type": "image/jpeg", "shape": file.shape}
        third = StoredFile(blob=blob, size=13, **new, created_at=world.clock(), loose_until=world.clock())
        session.add(third)
        await session.flush()
        idea = (await session.scalars(select(Idea))).one()
        changes = PostChanges(written=Written("Sent up", third.id))
        await write_post(session, idea, changes, now=world.clock())

    async def sent_up() -> bool:
        return (await in_channel(world, channel))[0].text == "Sent up"

    assert await world.until(sent_up)
    # somebody deletes it in the channel
    await world.control(
        "POST", "/faults", {"api": "telegram", "method": "editMessageMedia", "fault": "403", "times": 1}
    )
    await creator.tap("✍️ Write")
    await creator.post({"photo": {"content_base64": PHOTO}, "caption": "A third look"})
    await creator.hears("what you changed does not show in “The news”")


@SQLITE
async def test_what_cannot_be_posted_is_told_with_its_reason_and_tried_again_by_a_button(world: World):
    channel = await a_channel(world)
    creator = world.creator
    await open_post(world)
    await write(world, "Hello")
    await schedule(world, "yesterday")
    await creator.hears("is no time")
    await creator.say("2026-11-02 18:00")
    await creator.hears("That time is over")
    await creator.say("today 18:00")
    await shows(creator, "Goes out on 2026-11-03 18:00")
    # a second one at the same minute is warned of, and can be kept
    await creator.say("/idea add Another one")
    await shows(creator, "Another one")
    await creator.say("/idea 2")
    await creator.tap("📣 The post")
    await write(world, "Hello again")
    await schedule(world, "today 18:00")
    await shows(creator, "idea 1, “Studio tour”, goes into that channel at that minute too")
    await creator.tap("✅ Keep that time")
    await shows(creator, "the post of idea 2", "Goes out on 2026-11-03 18:00")
    await creator.tap("✖️ Do not post")
    await shows(creator, "the post of idea 2", "✍️ A draft")
    # the bot is put out of the channel, which Telegram says when it posts
    await world.control("POST", "/faults", {"api": "telegram", "method": "sendMessage", "fault": "403", "times": 1})
    await world.skip(hours=9)
    told = await creator.hears("could not be posted in “The news”")
    assert (await the_post(world)).state is PostState.FAILED
    assert told.labels == ["🔁 Try again", "📣 The post"]
    assert await in_channel(world, channel) == []
    await let_in(world, channel, status="left")
    await creator.hears("I have lost rights in “The news”")
    assert "I may not post in “The news”" in (await creator.tap("🔁 Try again"))["answer"]
    await let_in(world, channel)
    await creator.hears("I can see “The news” now", times=2)
    await creator.tap("🔁 Try again")
    await creator.hears("stands in “The news”")
    (said,) = await in_channel(world, channel)
    assert said.text == "Hello"
    async with world.spark.database.reading() as session:
        keys = (await session.scalars(select(OutboxMessage.key).where(OutboxMessage.post_id.is_not(None)))).all()
    assert sorted(keys) == ["idea-post:1:1", "idea-post:1:2"]


@SQLITE
async def test_a_lost_answer_is_told_never_repeated_and_settled_by_hand(world: World):
    channel = await a_channel(world)
    creator = world.creator
    await open_post(world)
    await write(world, "Hello")
    fault = {"api": "telegram", "method": "sendMessage", "fault": "drop_reply", "times": 1}
    await schedule(world, "today 18:00")
    await shows(creator, "Goes out on 2026-11-03 18:00")
    await world.control("POST", "/faults", fault)
    await world.skip(hours=9)
    await creator.hears("Telegram's answer got lost")
    await world.skip(days=1)
    assert len(await in_channel(world, channel)) == 1
    assert (await the_post(world)).state is PostState.UNCERTAIN
    await creator.say("/stats uncertain")
    await creator.hears("post of an idea to The news")
    await creator.tap("📣 The post")
    await creator.tap("✅ It is there")
    # nothing is promised that cannot be done
    card = await shows(creator, "Posted on", "I do not know which message in the channel it is")
    assert card.labels == ["👀 Preview", "‹ Idea"]
    assert await stage(world) is IdeaStage.PUBLISHED


@SQLITE
async def test_an_idea_that_is_deleted_and_a_channel_that_is_gone_are_not_posted(world: World):
    channel = await a_channel(world)
    creator = world.creator
    for number, title in ((1, "Studio tour"), (2, "Desk tour")):
        await creator.say(f"/idea add {title}")
        await shows(creator, title)
        await creator.say(f"/idea {number}")
        await creator.tap("📣 The post")
        await write(world, f"Hello {number}")
        await schedule(world, f"today 18:0{number}")
        await shows(creator, f"Goes out on 2026-11-03 18:0{number}")
    async with world.spark.database.transaction() as session:
        idea = (await session.scalars(select(Idea).where(Idea.number == 1))).one()
        await delete_idea(session, idea, now=world.clock())
        (await session.scalars(select(Channel))).one().may_post = False
    await world.skip(hours=10)
    await creator.hears("could not be posted in “The news”: the bot may not post")
    assert await in_channel(world, channel) == []
    async with world.spark.database.reading() as session:
        states = (await session.scalars(select(IdeaPost.state).order_by(IdeaPost.id))).all()
    assert list(states) == [PostState.CANCELLED, PostState.FAILED]


@SQLITE
async def test_a_channel_that_was_known_before_posts_were_is_asked_for_its_rights(world: World):
    await a_channel(world)
    async with world.spark.database.transaction() as session:
        (await session.scalars(select(Channel))).one().may_post = None
    await world.restart()

    async def known() -> bool:
        async with world.spark.database.reading() as session:
            return (await session.scalars(select(Channel.may_post))).one() is True

    assert await world.until(known)
    assert len(await world.calls("getChatMember")) == 1
