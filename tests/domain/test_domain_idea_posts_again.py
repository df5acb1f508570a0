"""What goes out of a post when something else has become of it meanwhile."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select
from test_domain_idea_posts import BERLIN, LATER, NOW, Desk, there

from automations.gateway import Refused
from automations.idea_posts import post_due
from automations.outcomes import Claimed, Told, close_failed, confirm, sweep
from automations.settling import Settled, settle
from automations.taking import Taking
from domain.closing import settle_businesses
from domain.definitions import Published
from domain.idea_post_content import PostChanges, Written
from domain.idea_posts import call_off, find_post, post_now, schedule_post, write_post
from domain.ideas import delete_idea
from store.database import Database
from store.models import (
    Account,
    AccountState,
    Creator,
    Idea,
    IdeaPost,
    Membership,
    OutboxMessage,
    OutboxState,
    PostState,
    Role,
)


@pytest.fixture
async def desk(database: Database) -> Desk:
    desk = Desk(database)
    await desk.begin()
    return desk


async def take(desk: Desk) -> Sequence[Claimed]:
    """What the sender takes next, until nothing is left to be looked at."""
    async with desk.database.transaction() as session:
        taking = Taking(Published())
        return (await taking.take(session, room=5, resting=[], lease_seconds=10, now=LATER)).claimed


async def fails(desk: Desk) -> int:
    """Posted at once, and Telegram refuses it; the id of its row."""
    await desk.does(post_now)
    (claimed,) = await take(desk)
    async with desk.database.transaction() as session:
        await close_failed(session, claimed, Refused("no"), now=NOW, chance=lambda: 0.0)
    assert await desk.state() is PostState.FAILED
    return claimed.id


async def again(desk: Desk, message_id: int) -> None:
    async with desk.database.transaction() as session:
        await settle(session, message_id, "again", now=LATER)


async def is_refused(desk: Desk, message_id: int) -> None:
    """Asked for again it goes out no more, and is what it was."""
    before = (await desk.state(), await desk.rows())
    with pytest.raises(Settled):
        await again(desk, message_id)
    assert (await desk.state(), await desk.rows()) == before
    assert await take(desk) == []


async def test_a_post_that_failed_goes_out_again_by_its_last_row_and_in_the_words_of_now(desk: Desk):
    first = await fails(desk)
    await desk.does(write_post, PostChanges(written=Written("New words")))
    second = await fails(desk)
    await is_refused(desk, first)
    await desk.does(write_post, PostChanges(written=Written("Newer words")))
    await again(desk, second)
    (claimed,) = await take(desk)
    assert (claimed.id, claimed.message.text) == (second, "Newer words")
    async with desk.database.transaction() as session:
        await confirm(session, [Told(claimed, 77, LATER)])
    assert await desk.state() is PostState.POSTED
    # whichever row, it stands there once
    for message_id in (first, second):
        await is_refused(desk, message_id)


async def test_what_was_planned_anew_called_off_or_deleted_goes_out_by_no_row_of_before(desk: Desk):
    first = await fails(desk)
    await desk.does(write_post, PostChanges(written=Written("New words")))
    await desk.does(schedule_post, there("2026-11-06 18:00"), BERLIN)
    await is_refused(desk, first)
    await desk.does(call_off)
    await is_refused(desk, first)
    await desk.does(delete_idea)
    await is_refused(desk, first)


async def test_what_is_uncertain_goes_out_again_as_long_as_its_idea_is_there(desk: Desk):
    await desk.does(post_now)
    (claimed,) = await take(desk)
    async with desk.database.transaction() as session:
        await sweep(session, now=NOW, abandoned=True)
    await again(desk, claimed.id)
    assert [each.id for each in await take(desk)] == [claimed.id]
    async with desk.database.transaction() as session:
        await sweep(session, now=NOW, abandoned=True)
    await desk.does(delete_idea)
    await is_refused(desk, claimed.id)
    # whoever has looked into the channel can still say so
    async with desk.database.transaction() as session:
        await settle(session, claimed.id, "failed", now=LATER)
    assert await desk.state() is PostState.FAILED


async def test_a_row_whose_post_is_not_to_go_out_now_is_dropped_and_changes_nothing_of_it(desk: Desk):
    await desk.does(post_now)
    for state in set(PostState) - {PostState.POSTING}:
        async with desk.database.transaction() as session:
            (await session.get_one(IdeaPost, 1)).state = state
            row = (await session.scalars(select(OutboxMessage).where(OutboxMessage.post_id.is_not(None)))).one()
            row.state = OutboxState.QUEUED
        assert await take(desk) == []
        assert (await desk.state(), await desk.rows()) == (state, [("idea-post:1:1", OutboxState.CANCELLED)])


async def owned(desk: Desk) -> int:
    """The account of whoever owns the business."""
    async with desk.database.transaction() as session:
        account = Account(email=None, name="Ada", role=Role.CREATOR, created_at=NOW)
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, creator_id=desk.creator_id, owner=True))
        return account.id


async def owner_is(desk: Desk, account_id: int, state: AccountState) -> None:
    async with desk.database.transaction() as session:
        (await session.get_one(Account, account_id)).state = state
        await session.flush()
        await settle_businesses(session, account_id, now=NOW)


async def test_a_business_that_closes_keeps_its_posts_as_drafts(desk: Desk):
    owner = await owned(desk)
    for plan in ((schedule_post, there("2026-11-03 18:00"), BERLIN), (post_now,)):
        await desk.does(*plan)
        await owner_is(desk, owner, AccountState.SUSPENDED)
        assert await desk.state() is PostState.DRAFT
        await owner_is(desk, owner, AccountState.ACTIVE)
        async with desk.database.transaction() as session:
            assert await post_due(session, now=LATER) == 0
        assert await take(desk) == []
        async with desk.database.reading() as session:
            post = await find_post(session, await session.get_one(Idea, desk.idea_id))
        assert post is not None
        assert post.message is not None
        assert (post.message["text"], post.due_at, post.local_at) == ("Hello", None, None)
    assert await desk.rows() == [("idea-post:1:1", OutboxState.CANCELLED)]
    # what is at Telegram by then is told what came of it
    await desk.does(post_now)
    (claimed,) = await take(desk)
    await owner_is(desk, owner, AccountState.SUSPENDED)
    assert await desk.state() is PostState.POSTING
    async with desk.database.transaction() as session:
        await confirm(session, [Told(claimed, 77, LATER)])
    assert await desk.state() is PostState.POSTED


async def test_what_comes_into_the_outbox_of_a_closed_business_is_not_posted_and_a_draft_again(desk: Desk):
    # promised by somebody who did not see yet that it is closed, put off by Telegram, or asked for again
    await desk.does(post_now)
    async with desk.database.transaction() as session:
        (await session.get_one(Creator, desk.creator_id)).closed_at = NOW
    assert await take(desk) == []
    assert (await desk.state(), await desk.rows()) == (PostState.DRAFT, [("idea-post:1:1", OutboxState.CANCELLED)])


async def test_a_try_whose_number_was_given_before_is_promised_all_the_same(desk: Desk):
    first = await fails(desk)
    await fails(desk)
    async with desk.database.transaction() as session:
        await session.delete(await session.get_one(OutboxMessage, first))
    await desk.does(post_now)
    assert await desk.rows() == [("idea-post:1:2", OutboxState.FAILED), ("idea-post:1:3", OutboxState.QUEUED)]
    assert len(await take(desk)) == 1
