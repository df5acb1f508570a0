"""Undo, under what became an idea, while somebody else is at the same idea."""

import asyncio

import pytest
from row_locks import until_waiting
from sqlalchemy import select
from test_handlers_team import Office, office

from domain.idea_parts import NoSuchIdea
from domain.idea_post_content import PostChanges, Written
from domain.idea_posts import hold_queued, post_now, write_post
from domain.ideas import delete_idea
from store.models import Channel, Idea, OutboxMessage

__all__ = ["office"]


async def test_whoever_undoes_an_idea_while_it_is_deleted_waits_and_throws_nobody_out(office: Office) -> None:
    await office.says("Ada", "/idea add Tour")
    async with office.database.transaction() as session:
        may = {"may_invite": False, "may_remove": False, "may_post": True, "seen_at": office.now}
        session.add(Channel(creator_id=office.creator, bot_id=1, chat_id=-100, title="The news", **may))
        await session.flush()
        idea = (await session.scalars(select(Idea))).one()
        await write_post(session, idea, PostChanges(written=Written("Hello")), now=office.now)
        await post_now(session, idea, now=office.now)
    async with office.database.transaction() as session:
        idea = (await session.scalars(select(Idea))).one()
        # what waits in the outbox comes before the idea, whoever it is
        await hold_queued(session, idea)
        undone = asyncio.create_task(office.taps("Ada", f"capture:undo:{office.creator}:{idea.number}"))
        await until_waiting(office.database)
        await delete_idea(session, idea, now=office.now)
    with pytest.raises(NoSuchIdea):
        await undone
    async with office.database.reading() as session:
        assert (await session.scalars(select(Idea))).all() == []
        states = await session.scalars(select(OutboxMessage.state).where(OutboxMessage.post_id.is_not(None)))
        assert states.all() == ["cancelled"]
