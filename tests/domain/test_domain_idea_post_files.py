"""Whose files a post may have, and how long they are kept for it. On either database."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from row_locks import until_waiting
from test_domain_idea_posts import BERLIN, NOW, Desk, desk, there

from domain.idea_post_content import PostChanges, Written
from domain.idea_post_files import NoSuchFile
from domain.idea_posted import note_posted
from domain.idea_posts import AlreadyPosted, call_off, schedule_post, write_post
from domain.ideas import add_idea, delete_idea
from domain.loose_files import LOOSE_FOR, Arrived, UploadKind, drop_stale, note_arrival, promise_upload
from domain.product_files import attach_file
from domain.products import add_product
from kit.money import Money
from store.models import FileRole, Idea, IdeaPost, Lead, PostState, Shape, StoredFile

__all__ = ["desk"]


async def sent_up(desk: Desk, *, whole: bool = True) -> int:
    async with desk.database.transaction() as session:
        promised = await promise_upload(session, desk.creator_id, UploadKind.FILE, now=NOW)
        if whole:
            arrived = Arrived(3, "x" * 64, "a.pdf", "application/pdf")
            await note_arrival(session, promised.upload_id, arrived, now=NOW)
        return promised.upload_id


async def stored(desk: Desk, **more: Any) -> int:
    said = {"creator_id": desk.creator_id, "file_name": "a.pdf", "mime_type": "application/pdf", "size": 3}
    async with desk.database.transaction() as session:
        row = StoredFile(**{"blob": "b", "sha256": None, "created_at": NOW, "loose_until": NOW, **said, **more})
        session.add(row)
        await session.flush()
        return row.id


async def says(desk: Desk, file: int | None, **more: Any) -> IdeaPost:
    post: IdeaPost = await desk.does(write_post, PostChanges(written=Written("Hi", file)), **more)
    return post


async def stands(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        (await session.get_one(IdeaPost, 1)).state = PostState.POSTING
        await session.flush()
        await note_posted(session, 1, 77, now=NOW)


async def kept_after(desk: Desk, days: int, *files: int) -> list[bool]:
    """Which of them are there that many days after now, and are not about to go."""
    async with desk.database.transaction() as session:
        await drop_stale(session, now=NOW + timedelta(days=days, seconds=1))
    async with desk.database.reading() as session:
        return [(await session.get_one(StoredFile, each)).forgetting_at is None for each in files]


async def test_a_file_is_kept_for_as_long_as_a_post_has_it_and_goes_after_that(desk: Desk) -> None:
    first, second, third, other = [await sent_up(desk) for _ in range(4)]
    await says(desk, first)
    await desk.does(schedule_post, there("2026-11-06 18:00"), BERLIN)
    await says(desk, second)
    async with desk.database.transaction() as session:
        idea = await add_idea(session, creator_id=desk.creator_id, title="Another", now=NOW)
        both = PostChanges(written=Written("Me too", second))
        await write_post(session, idea, both, now=NOW)
    # what another file took the place of goes as what nothing has taken, and what two have stays for one
    assert await kept_after(desk, 2, first, second, other) == [False, True, False]
    await desk.does(call_off, drop=True)
    assert await kept_after(desk, 2, second) == [True]
    async with desk.database.transaction() as session:
        await delete_idea(session, await session.get_one(Idea, idea.id), now=NOW)
    async with desk.database.reading() as session:
        assert (await session.get_one(StoredFile, second)).loose_until == NOW + LOOSE_FOR
    assert await kept_after(desk, 2, second, third) == [False, False]
    # gone is gone
    with pytest.raises(NoSuchFile):
        await says(desk, second)


async def test_what_stands_in_the_channel_keeps_its_file_until_its_idea_is_deleted(desk: Desk) -> None:
    file = await sent_up(desk)
    await says(desk, file)
    await stands(desk)
    assert await kept_after(desk, 30, file) == [True]
    await desk.does(delete_idea)
    assert await kept_after(desk, 2, file) == [False]


async def test_what_nobody_may_read_in_a_channel_is_no_file_of_a_post(desk: Desk) -> None:
    async with desk.database.transaction() as session:
        lead = Lead(creator_id=desk.creator_id, name="Bo", created_at=NOW)
        session.add(lead)
        await session.flush()
    refused = {
        "on its way": await sent_up(desk, whole=False),
        "a lead's answer": await stored(desk, lead_id=lead.id),
        "licence keys": await stored(desk, role=FileRole.KEYS),
        "being forgotten": await stored(desk, forgetting_at=NOW),
        "taken away": await stored(desk, removed_at=NOW),
        # an export of leads, for instance
        "something else's": await stored(desk, loose_until=None),
    }
    for file in refused.values():
        with pytest.raises(NoSuchFile):
            await says(desk, file, of_products=True)
    # what buyers pay for is given away by whoever may change products
    goods = await sent_up(desk)
    async with desk.database.transaction() as session:
        price = Money(1900, "usd")
        pack = await add_product(session, creator_id=desk.creator_id, title="Pack", price=price, stock=None, now=NOW)
        await attach_file(session, desk.creator_id, goods, pack.id, now=NOW)
    with pytest.raises(NoSuchFile):
        await says(desk, goods)
    await says(desk, goods, of_products=True)
    # and stays the product's
    await desk.does(call_off, drop=True)
    assert await kept_after(desk, 2, goods) == [True]


async def test_no_voice_note_takes_anothers_place_in_a_channel(desk: Desk) -> None:
    photo, voice = [await stored(desk, shape=shape) for shape in (Shape.PHOTO, Shape.VOICE)]
    await says(desk, photo)
    await stands(desk)
    with pytest.raises(AlreadyPosted, match="voice note"):
        await says(desk, voice)
    assert (await says(desk, photo)).file_id == photo


async def test_a_file_that_one_lets_go_of_while_another_takes_it_stays(desk: Desk) -> None:
    file = await sent_up(desk)
    await says(desk, file)
    async with desk.database.transaction() as session:
        other = await add_idea(session, creator_id=desk.creator_id, title="Another", now=NOW)
    async with desk.database.transaction() as session:
        await write_post(session, other, PostChanges(written=Written("Mine too", file)), now=NOW)
        dropped = asyncio.create_task(desk.does(call_off, drop=True))
        await until_waiting(desk.database, dropped)
    await dropped
    assert await kept_after(desk, 2, file) == [True]
