"""What hangs on an idea: what was sent for it, and its checklist. On either database."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from test_domain_ideas import creators

from domain.idea_attachments import (
    MOST_ATTACHMENTS,
    IdeaWorkedOn,
    Sent,
    TooManyAttachments,
    attach,
    capture_idea,
    list_attachments,
    pass_on,
    remove_attachment,
    undo_capture,
)
from domain.idea_changes import change_idea
from domain.idea_checks import TooManyChecks, add_checks, list_checks, remove_check, tick_check
from domain.idea_parts import MOST_CHECKS, NoSuchIdea
from domain.idea_post_content import PostChanges, Written
from domain.idea_posts import call_off, write_post
from domain.ideas import add_idea
from kit.errors import Invalid
from store.database import Database
from store.models import AttachmentKind, Idea

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def a_photo(message: int, album: str | None = None) -> Sent:
    return Sent(AttachmentKind.PHOTO, f"handle {message}", chat_id=5, message_id=message, album=album)


async def test_what_was_captured_is_undone_or_passed_on_until_somebody_works_on_it(database: Database):
    one, two = await creators(database)

    async def captured(message: int, album: str | None = None, creator: int = one) -> tuple[Idea, bool]:
        sent = a_photo(message, album)
        found = await capture_idea(session, sent, creator_id=creator, title="Photo", public_id=uuid4(), now=NOW)
        return found.idea, found.new

    async with database.transaction() as session:
        first, _ = await captured(1, "a")
        assert await captured(2, "a") == (first, False)
        # somebody else's of the same name is another
        assert (await captured(2, "a", two))[1]
        assert not await attach(session, first, a_photo(1), now=LATER)
        with pytest.raises(NoSuchIdea):
            await pass_on(session, first, (await captured(3, creator=two))[0], now=LATER)
        second, _ = await captured(4)
        await pass_on(session, second, first, now=LATER)
        assert [each.message_id for each in await list_attachments(session, first.id)] == [1, 2, 4]
        with pytest.raises(NoSuchIdea):
            await undo_capture(session, second, now=LATER)
        # it has been added to
        with pytest.raises(IdeaWorkedOn):
            await undo_capture(session, first, now=LATER)
        third, _ = await captured(5)
        await change_idea(session, third, {"title": "Light"}, now=LATER)
        for undo in (undo_capture(session, third, now=LATER), pass_on(session, third, first, now=LATER)):
            with pytest.raises(IdeaWorkedOn):
                await undo
        fourth, _ = await captured(6)
        # so is one of which something is to be posted, until that is dropped
        await write_post(session, fourth, PostChanges(written=Written("See the pier")), now=LATER)
        for undo in (undo_capture(session, fourth, now=LATER), pass_on(session, fourth, first, now=LATER)):
            with pytest.raises(IdeaWorkedOn):
                await undo
        await call_off(session, fourth, drop=True, now=LATER)
        await undo_capture(session, fourth, now=LATER)
        numbers = await session.scalars(select(Idea.number).where(Idea.creator_id == one).order_by(Idea.number))
        assert numbers.all() == [1, 3]


async def test_an_idea_holds_so_many_attachments_and_a_crowd_of_links_is_cut(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        full = await add_idea(session, creator_id=one, title="Full", now=NOW)
        for number in range(MOST_ATTACHMENTS):
            assert await attach(session, full, a_photo(number), now=LATER)
        with pytest.raises(TooManyAttachments):
            await attach(session, full, a_photo(99), now=LATER)
        links = tuple(f"https://example.com/{number}" for number in range(30))
        sent = Sent(AttachmentKind.TEXT, words="Links", links=links, chat_id=5, message_id=100)
        found = await capture_idea(session, sent, creator_id=one, title="Links", public_id=uuid4(), now=NOW)
        held = await list_attachments(session, found.idea.id)
        assert [each.words for each in held] == ["Links", *links[:10]]
        with pytest.raises(TooManyAttachments):
            await pass_on(session, found.idea, full, now=LATER)
        assert await remove_attachment(session, full, (await list_attachments(session, full.id))[0].id, now=LATER)
        # another idea's is not this one's to take away
        assert not await remove_attachment(session, full, held[0].id, now=LATER)


async def test_a_checklist_is_ticked_off_line_by_line_and_has_an_end(database: Database):
    one, _ = await creators(database)
    async with database.transaction() as session:
        idea = await add_idea(session, creator_id=one, title="One", now=NOW)
        first, second = await add_checks(session, idea, ["  Ask   Mara ", "", "Book the van"], now=LATER)
        assert [first.what, second.what, idea.updated_at] == ["Ask Mara", "Book the van", LATER]
        assert [await tick_check(session, idea, first.id, done=True, now=LATER) for _ in range(2)] == [True, False]
        assert await tick_check(session, idea, first.id, done=False, now=LATER)
        other = await add_idea(session, creator_id=one, title="Two", now=NOW)
        assert not await tick_check(session, other, first.id, done=True, now=LATER)
        assert not await remove_check(session, other, first.id, now=LATER)
        assert [await remove_check(session, idea, first.id, now=LATER) for _ in range(2)] == [True, False]
        with pytest.raises(Invalid):
            await add_checks(session, idea, ["x" * 201], now=LATER)

    async def add() -> bool:
        async with database.transaction() as session:
            held = await session.get_one(Idea, idea.id)
            try:
                await add_checks(session, held, [f"{number}" for number in range(60)], now=LATER)
            except TooManyChecks:
                return False
            return True

    # two at once do not go past the end together
    assert sorted(await asyncio.gather(add(), add())) == [False, True]
    async with database.reading() as session:
        assert len(await list_checks(session, idea.id)) == 61 <= MOST_CHECKS
