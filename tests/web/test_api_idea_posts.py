from datetime import timedelta
from typing import Any

import pytest
from api_caller import Program
from sqlalchemy import select
from web_world import Client, Site

from automations.outcomes import sweep
from store.models import Channel, Membership, OutboxKind, OutboxMessage, OutboxState, Right, StoredFile


@pytest.fixture
async def ada(site: Site, client: Client) -> Program:
    return await Program.of(site, client)


async def add_channel(ada: Program, title: str = "The news", *, may_post: bool = True) -> int:
    async with ada.site.database.transaction() as session:
        channel = Channel(
            bot_id=1,
            chat_id=-1001 - len(title),
            creator_id=ada.creator_id,
            title=title,
            may_invite=False,
            may_remove=False,
            may_post=may_post,
            seen_at=ada.site.clock(),
        )
        session.add(channel)
        await session.flush()
        return channel.id


async def add_idea(ada: Program, title: str = "Studio tour") -> str:
    ideas = f"/{ada.account_id}/ideas"
    return f"{ideas}/{(await ada.told('POST', ideas, {'title': title}, status=201))['id']}"


def refused(told: Any) -> str:
    return str(told["error"]["code"])


async def test_a_post_is_written_scheduled_called_off_and_posted(ada: Program):
    channel = await add_channel(ada)
    (item,) = (await ada.told("GET", "/channels"))["items"]
    assert (item["id"], item["title"], item["may_post"]) == (channel, "The news", True)
    idea = await add_idea(ada)
    assert refused(await ada.told("GET", f"{idea}/post", status=404)) == "NO_SUCH_POST"
    assert refused(await ada.told("DELETE", f"{idea}/post", status=404)) == "NO_SUCH_POST"
    body = {"text": "See <b>us</b>", "buttons": [{"text": "Presets", "url": "link"}], "silent": True}
    post = await ada.told("PUT", f"{idea}/post", body)
    link = (await ada.told("GET", idea))["link"]
    url = (await ada.told("GET", f"/links/{link}"))["url"]
    assert (post["state"], post["channel"], post["buttons"]) == ("draft", channel, [{"text": "Presets", "url": url}])
    assert await ada.told("GET", f"{idea}/post") == post
    post = await ada.told("POST", f"{idea}/post/schedule", {"at": "2031-12-01T18:00"})
    assert (post["state"], post["local_at"]) == ("scheduled", "2031-12-01T18:00")
    post = await ada.told("POST", f"{idea}/post/schedule", {"at": "2031-12-02T18:00:00+02:00"})
    assert post["due_at"] == "2031-12-02T16:00:00Z"
    await ada.told("PUT", f"{idea}/post", {"text": "See us"})
    assert (await ada.told("GET", f"{idea}/post"))["state"] == "scheduled"
    await ada.told("DELETE", f"{idea}/post", status=204)
    await ada.told("GET", f"{idea}/post", status=404)
    await ada.told("PUT", f"{idea}/post", {"text": "Here\nwe go"})
    assert (await ada.told("POST", f"{idea}/post/now"))["state"] == "posting"
    async with ada.site.database.reading() as session:
        (row,) = (await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == OutboxKind.POST))).all()
    assert (row.person_id, row.message, row.urgency) == (None, {"text": "Here\nwe go"}, 1)
    assert refused(await ada.told("PUT", f"{idea}/post", {"text": "No"}, status=409)) == "POST_UNDER_WAY"
    # while it waits in the outbox it can still be called off
    await ada.told("DELETE", f"{idea}/post", status=204)
    async with ada.site.database.reading() as session:
        assert (await session.get_one(OutboxMessage, row.id)).state == "cancelled"


async def test_a_post_whose_answer_got_lost_is_settled_by_who_has_looked(ada: Program):
    await add_channel(ada)
    idea = await add_idea(ada)
    assert refused(await ada.told("POST", f"{idea}/post/settle", {"stands": True}, status=404)) == "NO_SUCH_POST"
    await ada.told("PUT", f"{idea}/post", {"text": "Here we go"})
    assert refused(await ada.told("POST", f"{idea}/post/settle", {"stands": True}, status=409)) == "MESSAGE_SETTLED"

    async def lose_the_answer() -> None:
        await ada.told("POST", f"{idea}/post/now")
        async with ada.site.database.transaction() as session:
            waits = (OutboxMessage.kind == OutboxKind.POST, OutboxMessage.state == OutboxState.QUEUED)
            (await session.scalars(select(OutboxMessage).where(*waits))).one().state = OutboxState.SENDING
            await session.flush()
            assert await sweep(session, now=ada.site.clock(), abandoned=True) == 1

    await lose_the_answer()
    # nobody knows whether there is anything to call off
    told = await ada.told("DELETE", f"{idea}/post", status=409)
    assert (refused(told), "settle it first" in told["error"]["message"]) == ("POST_UNDER_WAY", True)
    assert (await ada.told("GET", f"{idea}/post"))["state"] == "uncertain"
    await ada.told("POST", f"{idea}/post/settle", {"stands": "perhaps"}, status=422)
    assert (await ada.told("POST", f"{idea}/post/settle", {"stands": False}))["state"] == "failed"
    await lose_the_answer()
    post = await ada.told("POST", f"{idea}/post/settle", {"stands": True})
    assert (post["state"], post["message_id"]) == ("posted", None)
    assert (await ada.told("GET", idea))["stage"] == "published"
    assert refused(await ada.told("POST", f"{idea}/post/settle", {"stands": False}, status=409)) == "MESSAGE_SETTLED"
    told = await ada.told("PUT", f"{idea}/post", {"text": "Here we go again"}, status=409)
    assert (refused(told), "change it in Telegram" in told["error"]["message"]) == ("ALREADY_POSTED", True)


async def test_what_cannot_be_posted_is_refused_with_its_reason(ada: Program):
    idea = await add_idea(ada)

    async def is_refused(method: str, at: str, body: Any, status: int) -> str:
        return refused(await ada.told(method, f"{idea}{at}", body, status=status))

    assert await is_refused("POST", "/post/now", None, 404) == "NO_SUCH_POST"
    assert await is_refused("PUT", "/post", {"text": " "}, 422) == "BAD_POST"
    assert await is_refused("PUT", "/post", {"text": "x" * 4097}, 422) == "BAD_POST"
    assert await is_refused("PUT", "/post", {"text": "<b>x"}, 422) == "BAD_POST"
    assert await is_refused("PUT", "/post", {"text": "x", "buttons": [{"text": "A", "url": "no"}]}, 422) == "BAD_POST"
    # which no store keeps
    unkept = ({"text": "a\0b"}, {"text": "x", "file": 2**63}, {"text": "x", "channel": 2**63}, {"text": "x", "file": 0})
    for body in unkept:
        assert await is_refused("PUT", "/post", body, 422) == "INVALID", body
    assert await is_refused("PUT", "/post", {"text": "x", "file": 99}, 404) == "NO_SUCH_FILE"
    assert await is_refused("PUT", "/post", {"text": "x", "channel": 99}, 409) == "POST_NO_CHANNEL"
    await ada.told("PUT", f"{idea}/post", {"text": "<b>" + "x" * 4096 + "</b>"})
    at = {"at": "2031-12-01T18:00"}
    assert await is_refused("POST", "/post/schedule", at, 409) == "POST_NO_CHANNEL"
    closed = await add_channel(ada, "Closed", may_post=False)
    assert await is_refused("PUT", "/post", {"text": "x", "channel": closed}, 409) == "POST_NO_CHANNEL"
    await ada.told("PUT", f"{idea}/post", {"text": "x", "channel": await add_channel(ada)})
    assert await is_refused("POST", "/post/schedule", {"at": "soon"}, 422) == "BAD_MOMENT"
    assert await is_refused("POST", "/post/schedule", {"at": "2031-05-04T11:00Z"}, 422) == "POST_IN_THE_PAST"
    # which has no instant at all, or none in which anybody posts
    for far in ("9999-12-31T23:59-12:00", "0001-01-01T00:00+12:00", "9999-12-31T23:59", "0001-01-01", "2201-01-01"):
        told = await ada.told("POST", f"{idea}/post/schedule", {"at": far}, status=422)
        assert (refused(told), "between 1970 and 2200" in told["error"]["message"]) == ("BAD_MOMENT", True), far
    await ada.told("POST", f"{idea}/post/schedule", at)
    other = await add_idea(ada, "Another")
    await ada.told("PUT", f"{other}/post", {"text": "y"})
    told = await ada.told("POST", f"{other}/post/schedule", at, status=409)
    assert refused(told) == "POST_SAME_MINUTE"
    assert (await ada.told("POST", f"{other}/post/schedule", at | {"keep": True}))["state"] == "scheduled"
    elsewhere = await add_channel(ada, "The studio")
    third = await add_idea(ada, "A third")
    await ada.told("PUT", f"{third}/post", {"text": "z", "channel": elsewhere})
    await ada.told("POST", f"{third}/post/schedule", at)
    there = (await ada.told("GET", f"{idea}/post"))["channel"]
    told = await ada.told("PUT", f"{third}/post", {"text": "z", "channel": there}, status=409)
    assert refused(told) == "POST_SAME_MINUTE"
    moved = await ada.told("PUT", f"{third}/post", {"text": "z", "channel": there, "keep": True})
    assert (moved["state"], moved["channel"]) == ("scheduled", there)


async def test_a_draft_that_is_older_than_the_only_channel_goes_there(ada: Program):
    idea, later = await add_idea(ada), await add_idea(ada, "Behind the lens")
    for each in (idea, later):
        assert (await ada.told("PUT", f"{each}/post", {"text": "Hello"}))["channel"] is None
    assert refused(await ada.told("POST", f"{idea}/post/now", status=409)) == "POST_NO_CHANNEL"
    channel = await add_channel(ada)
    assert (await ada.told("PUT", f"{idea}/post", {"text": "Hello you"}))["channel"] == channel
    # a time as in the chat
    post = await ada.told("POST", f"{later}/post/schedule", {"at": "tomorrow 18:00"})
    tomorrow = (ada.site.clock() + timedelta(days=1)).date()
    assert (post["channel"], post["local_at"]) == (channel, f"{tomorrow}T18:00")


async def test_a_post_has_a_file_that_was_sent_up_and_goods_by_whoever_may_change_products(ada: Program):
    await add_channel(ada)
    idea = await add_idea(ada)
    price = {"title": "Pack", "price_minor": 1900, "currency": "usd"}
    product = (await ada.told("POST", "/products", price, status=201))["id"]
    async with ada.site.database.transaction() as session:
        now = ada.site.clock()
        of_ada = {"creator_id": ada.creator_id, "mime_type": "application/pdf", "size": 3, "blob": "b"}
        free = StoredFile(file_name="a.pdf", **of_ada, created_at=now, loose_until=now)
        goods = StoredFile(file_name="b.pdf", **of_ada, created_at=now, attached_at=now, product_id=product)
        session.add_all([free, goods])
        await session.flush()
    assert (await ada.told("PUT", f"{idea}/post", {"file": free.id}))["file"] == free.id
    assert (await ada.told("PUT", f"{idea}/post", {"file": goods.id}))["file"] == goods.id
    await ada.told("PUT", f"{idea}/post", {"text": "x"})
    async with ada.site.database.transaction() as session:
        member = (await session.scalars(select(Membership).where(Membership.account_id == ada.account_id))).one()
        member.owner, member.rights = False, [Right.SEND]
    assert refused(await ada.told("PUT", f"{idea}/post", {"file": goods.id}, status=404)) == "NO_SUCH_FILE"
    assert (await ada.told("PUT", f"{idea}/post", {"file": free.id}))["file"] == free.id
