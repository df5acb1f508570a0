"""What a creator sends without having been asked becomes an idea, with what it was."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from world import PersonOfTheWorld, Said, World

from store.models import (
    Account,
    FileHandle,
    FileRole,
    Idea,
    IdeaAttachment,
    IdeaCheck,
    Membership,
    Person,
    Right,
    StoredFile,
)

PHOTO = base64.b64encode(b"a photo").decode()
SQLITE = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


async def ideas(world: World) -> list[Idea]:
    await world.settle()
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Idea).order_by(Idea.number)))


async def attachments(world: World, idea: Idea) -> list[IdeaAttachment]:
    async with world.spark.database.reading() as session:
        rows = select(IdeaAttachment).where(IdeaAttachment.idea_id == idea.id).order_by(IdeaAttachment.id)
        return list(await session.scalars(rows))


async def sends(person: PersonOfTheWorld, body: dict[str, Any], text: str) -> Said:
    """Sends it, and returns the one answer, which says so."""
    sent = (await person.post(body))["message_id"]

    async def answers() -> list[Said]:
        return [said for said in await person.chat() if said.by_bot and said.raw["message_id"] > sent]

    assert await person.world.until(answers)
    await person.world.settle()
    (said,) = await answers()
    assert text in said.text
    return said


async def now_says(person: PersonOfTheWorld, said: Said, text: str) -> Said:
    """The same message, once it says so: nothing was sent beside it."""

    async def changed() -> bool:
        found = [each for each in await person.chat() if each.raw["message_id"] == said.raw["message_id"]]
        return bool(found) and text in found[0].text

    assert await person.world.until(changed), [each.text for each in await person.chat()]
    return next(each for each in await person.chat() if each.raw["message_id"] == said.raw["message_id"])


async def test_what_is_passed_on_and_what_is_sent_becomes_an_idea_with_what_it_was(world: World):
    creator = world.creator
    forward = {"text": "Tour of the studio <b>\nwith https://example.com/plan inside", "from": "Mara"}
    said = await sends(creator, {"forward": forward}, "Kept as idea 1: Tour of the studio <b>")
    assert said.labels == ["✅ Keep as it is", "↩️ Undo", "➕ Add to another idea"]
    assert "from Mara" in said.text
    await sends(creator, {"voice": {"duration": 4}}, "Kept as idea 2: Voice note of Nov 3, 2026")
    await sends(creator, {"text": "https://example.com/a?b=c"}, "Kept as idea 3: https://example.com/a?b=c")
    photo = {"photo": {"content_base64": PHOTO}, "caption": "Light at the pier #summer"}
    said = await sends(creator, photo, "Kept as idea 4: Light at the pier #summer")
    # it may be a product's picture too
    assert "Which product is this the picture of?" in said.text
    assert "Video course" in said.labels
    # a lead's message passed on to the bot from their chat
    lena = await world.person("Lena")
    asked = await lena.post({"text": "When do you film at night?"})
    passed_on = {"forward": {"person": lena.id, "message_id": asked["message_id"]}}
    await sends(creator, passed_on, "Kept as idea 5: When do you film at night?")
    first, voice, link, photo_idea, question = await ideas(world)
    assert [(each.kind, each.words, each.forwarded_from) for each in await attachments(world, first)] == [
        ("text", forward["text"], "Mara"),
        ("link", "https://example.com/plan", None),
    ]
    assert [each.kind for each in await attachments(world, voice)] == ["voice"]
    assert [(each.kind, each.words) for each in await attachments(world, link)] == [("link", link.title)]
    assert [each.kind for each in await attachments(world, photo_idea)] == ["photo"]
    assert [each.forwarded_from for each in await attachments(world, question)] == ["Lena"]


@SQLITE
async def test_a_capture_is_kept_undone_or_added_to_another_idea_in_its_one_message(world: World):
    creator = world.creator
    first = await sends(creator, {"voice": {"duration": 4}}, "Kept as idea 1")
    await creator.tap("Keep as it is")
    assert (await now_says(creator, first, "Kept as idea 1")).labels == ["💡 Open the idea"]
    second = await sends(creator, {"text": "Look: https://example.com/"}, "Kept as idea 2")
    await creator.tap("Undo")
    await now_says(creator, second, "Idea 2 is gone again.")
    third = await sends(creator, {"photo": {"content_base64": PHOTO}}, "Kept as idea 3: Photo of")
    await creator.tap("Add to another idea")
    await now_says(creator, third, "Which idea does")
    await creator.tap("1. Voice note")
    await now_says(creator, third, "Added to idea 1")
    (only,) = await ideas(world)
    assert [each.kind for each in await attachments(world, only)] == ["voice", "photo"]
    # what was worked on since is undone by nobody's mistake
    fourth = await sends(creator, {"voice": {"duration": 4}}, "Kept as idea 4")
    async with world.spark.database.transaction() as session:
        later = world.clock() + timedelta(hours=1)
        await session.execute(update(Idea).where(Idea.number == 4).values(updated_at=later))
    body = {"message_id": fourth.raw["message_id"], "data": fourth.button("Undo")["data"]}
    answer = await world.control("POST", f"/people/{creator.id}/taps", body)
    assert "has been worked on since" in answer["answer"]
    # a photo that is a product's after all
    fifth = await sends(creator, {"photo": {"content_base64": PHOTO}}, "Kept as idea 5")
    await creator.tap("Video course")
    await now_says(creator, fifth, "Idea 5 is gone again.")
    assert [each.number for each in await ideas(world)] == [1, 4]
    # so may be a file that was passed on from elsewhere
    lena = await world.person("Lena")
    sent = await lena.post({"document": {"file_name": "pack.zip", "content_base64": PHOTO}, "caption": "For you"})
    said = await sends(creator, {"forward": {"person": lena.id, "message_id": sent["message_id"]}}, "Kept as idea 6")
    assert "Which product is it for?" in said.text
    await creator.tap("Undo")
    # and a file that is an idea after all
    await creator.send_file("mood.zip", b"PK not really")
    sixth = await creator.hears("Got “mood.zip”. Which product is it for?")
    await creator.tap("It is an idea")
    await now_says(creator, sixth, "Kept as idea 7: mood.zip")
    assert [(each.kind, each.file_name) for each in await attachments(world, (await ideas(world))[-1])] == [
        ("document", "mood.zip")
    ]
    # of all that came, the product's picture alone is kept for it; the rest Telegram has, for the ideas
    await world.skip(days=1, hours=1)

    async def kept() -> list[tuple[FileRole, bool]]:
        async with world.spark.database.reading() as session:
            found = select(StoredFile).join(FileHandle, FileHandle.file_id == StoredFile.id)
            return [(each.role, each.product_id is not None) for each in await session.scalars(found)]

    async def are_gone() -> bool:
        return await kept() == [(FileRole.COVER, True)]

    assert await world.until(are_gone), await kept()


@SQLITE
async def test_an_album_is_one_idea_and_an_update_that_comes_twice_too(world: World):
    creator = world.creator
    album = {"photo": {"content_base64": PHOTO}, "media_group_id": "77"}
    await sends(creator, {**album, "caption": "Three of the pier"}, "Kept as idea 1: Three of the pier")
    said = len(await creator.chat())
    await creator.post(album)
    await creator.post({"video": {}, "media_group_id": "77"})
    (idea,) = await ideas(world)
    assert [each.kind for each in await attachments(world, idea)] == ["photo", "photo", "video"]
    assert len(await creator.chat()) == said + 2
    # another one
    await sends(creator, {**album, "media_group_id": "78"}, "Kept as idea 2")


@SQLITE
async def test_what_such_messages_meant_before_they_still_mean(world: World):
    creator, lena = world.creator, await world.person("Lena")
    # an open question has it
    await lena.say("/start")
    await lena.hears("What shall we call you?")
    await lena.post({"forward": {"text": "https://example.com/", "from": "Mara"}})
    await lena.post({"voice": {"duration": 1}})
    # a table is leads, and what was asked for is for what asked
    await creator.send_file("leads.csv", b"name,email\nAnna,anna@example.com\n")
    await creator.hears("leads.csv")
    await creator.say("/product 2 image")
    await creator.hears("Send me the picture")
    await creator.post({"photo": {"content_base64": PHOTO}})
    await world.settle()
    # a plain thought without a link is a message as before
    await creator.say("Just thinking")
    # a reply to what a lead wrote goes to them
    await creator.say("/lead 1 take")
    await creator.hears("taken over the chat")
    await lena.say("Are you there?")
    relayed = await creator.hears("Are you there?")
    await world.settle()
    answer = {"text": "Look: https://example.com/look", "reply_to": relayed.raw["message_id"]}
    await creator.post(answer)
    await lena.hears("https://example.com/look")
    # and whoever is asked something answers
    await creator.say("/start ad42")
    await creator.hears("What shall we call you?")
    await creator.post({"voice": {"duration": 1}})
    assert await ideas(world) == []


@SQLITE
async def test_more_is_sent_for_an_idea_its_checklist_ticked_off_and_all_of_it_shown_again(world: World):
    creator = world.creator
    await creator.say("/idea add Studio tour")
    assert len(await ideas(world)) == 1
    card = await sends(creator, {"text": "/idea 1"}, "Studio tour")
    await creator.tap("📎")
    await now_says(creator, card, "Nothing has been sent for it yet.")
    await creator.tap("Send more")
    await now_says(creator, card, "Send me what belongs to idea 1")
    album = {"photo": {"content_base64": PHOTO}, "media_group_id": "79"}
    await creator.post({**album, "caption": "The gate"})
    shown = await now_says(creator, card, "1. 🖼 Photo · The gate")
    # the others of its album come along
    before = len(await creator.chat())
    await creator.post(album)
    assert [len(await attachments(world, each)) for each in await ideas(world)] == [2]
    assert len(await creator.chat()) == before + 1
    await creator.tap("Open the idea")
    await creator.tap("📎")
    await now_says(creator, card, "2. 🖼 Photo")
    await creator.tap("🗑 2")
    await creator.tap("👁 1")
    await world.settle()
    again = (await creator.chat())[-1]
    assert (bool(again.raw["photo"]), again.raw.get("caption") or again.text) == (True, "The gate")
    await creator.tap("🗑 1")
    await now_says(creator, shown, "Nothing has been sent for it yet.")
    # the checklist, in the same message
    await creator.tap("Open the idea")
    await now_says(creator, card, "Studio tour")
    await creator.tap("☑")
    await now_says(creator, card, "Nothing on its checklist yet.")
    await creator.tap("➕ Add")
    await now_says(creator, card, "One line each.")
    await creator.say("Ask <Mara>\n\nBook the van")
    listed = await now_says(creator, card, "0 of 2 done")
    assert listed.labels[:2] == ["☐ Ask <Mara>", "☐ Book the van"]
    await creator.tap("☐ Ask <Mara>")
    assert (await now_says(creator, card, "1 of 2 done")).labels[0] == "☑ Ask <Mara>"
    await creator.tap("☑ Ask <Mara>")
    await now_says(creator, card, "0 of 2 done")
    await creator.tap("🗑 Remove")
    await now_says(creator, card, "Tap what is to go.")
    await creator.tap("🗑 Ask <Mara>")
    await now_says(creator, card, "0 of 1 done")
    async with world.spark.database.reading() as session:
        assert list(await session.scalars(select(IdeaCheck.what))) == ["Book the van"]


@SQLITE
async def test_of_whoever_is_forgotten_nothing_is_shown_and_what_was_ones_own_is_nobodys_else(world: World):
    creator, lena = world.creator, await world.person("Lena")
    own = await creator.post({"text": "https://example.com/mine"})
    await creator.hears("Kept as idea 1")
    passed_on = {"forward": {"person": creator.id, "message_id": own["message_id"]}}
    assert "from" not in (await sends(creator, passed_on, "Kept as idea 2")).text
    await lena.say("/start")
    asked = await lena.post({"text": "I am ill"})
    passed_on = {"forward": {"person": lena.id, "message_id": asked["message_id"]}}
    assert "from Lena" in (await sends(creator, passed_on, "Kept as idea 3: I am ill")).text
    await lena.say("/forget_me")
    await lena.tap("forget me")
    await lena.hears("you are forgotten here")
    card = await sends(creator, {"text": "/idea 3"}, "Note of Nov 3, 2026")
    await creator.tap("📎")
    shown = await now_says(creator, card, "1. 💬 Text")
    assert "Lena" not in shown.text
    body = {"message_id": card.raw["message_id"], "data": shown.button("👁 1")["data"]}
    answer = await world.control("POST", f"/people/{creator.id}/taps", body)
    assert answer["answer"] == "This is no longer there."


@SQLITE
async def test_whoever_may_only_look_keeps_nothing_and_ticks_nothing(world: World):
    creator = world.creator
    await sends(creator, {"voice": {"duration": 4}}, "Kept as idea 1")
    async with world.spark.database.transaction() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == creator.id))).one()
        member = select(Membership).join(Account).where(Account.person_id == person.id)
        for each in await session.scalars(member):
            each.owner = False
            each.rights = [Right.VIEW]
    said = [each for each in await creator.chat() if "Kept as idea 1" in each.text][-1]
    body = {"message_id": said.raw["message_id"], "data": said.button("Undo")["data"]}
    answer = await world.control("POST", f"/people/{creator.id}/taps", body)
    assert answer["answer"]
    await creator.post({"voice": {"duration": 4}})
    await creator.post({"text": "https://example.com/"})
    assert len(await ideas(world)) == 1
