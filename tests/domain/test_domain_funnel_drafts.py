"""Wordings that were sent by chat and wait for a yes: of two who say it at once, one does."""

import asyncio
from datetime import UTC, datetime

import pytest

from domain.creators import add_creator
from domain.funnels.definition import Funnel
from domain.funnels.drafts import DraftGone, find_draft, keep_draft, take_draft
from store.database import Database
from store.models import Creator

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
CARE = Funnel.model_validate({"steps": [{"key": "ask", "do": "send", "text": "How are you?"}]})


async def creator_of(database: Database) -> int:
    async with database.transaction() as session:
        made = await add_creator(session, name="Studio", slug="studio", now=NOW)
        creator: Creator = made.creator
        return creator.id


async def keep(database: Database, creator_id: int) -> int:
    async with database.transaction() as session:
        return (await keep_draft(session, creator_id, {"care": CARE}, {"care": None}, now=NOW)).number


async def test_of_two_who_confirm_at_once_one_does(database: Database):
    creator_id = await creator_of(database)
    number = await keep(database, creator_id)

    async def confirm() -> bool:
        try:
            async with database.transaction() as session:
                funnels, bases = await take_draft(session, creator_id, number)
                # the other one is in the middle of it too
                await asyncio.sleep(0.05)
        except DraftGone:
            return False
        assert (funnels, bases) == ({"care": CARE}, {})
        return True

    assert sorted(await asyncio.gather(*(confirm() for _ in range(4)))) == [False, False, False, True]


async def test_what_is_sent_later_takes_the_place_of_what_was_sent_before(database: Database):
    creator_id = await creator_of(database)
    first, second = [await keep(database, creator_id) for _ in range(2)]
    async with database.reading() as session:
        with pytest.raises(DraftGone):
            await find_draft(session, creator_id, first)
        assert (await find_draft(session, creator_id, second)).bases == {"care": None}
        with pytest.raises(DraftGone):
            await find_draft(session, creator_id + 1, second)
