"""Revision 0006 with ideas that are there."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import JSON, Uuid, column, insert, select, table
from stores import DATA_KEYS

from domain.ideas import add_idea, delete_idea, hold_idea
from kit.paging import Paging
from store.database import Database
from store.models import Idea, IdeaStage, IdeaTag
from store.models.base import Instant
from store.queries.ideas import IdeaFilter, IdeaSort, list_ideas
from store.schema import migrate

AT = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
LATER = datetime(2031, 5, 9, 12, 0, tzinfo=UTC)
BEFORE = table(
    "idea",
    *(column(name) for name in ("creator_id", "number", "title", "notes", "stage", "priority", "due_date")),
    *(column(name, Instant()) for name in ("created_at", "updated_at")),
    column("public_id", Uuid()),
    column("tags", JSON()),
)
CREATOR = table("creator", *(column(name) for name in ("id", "slug", "name", "currency", "time_zone", "receipts")))
CREATOR.append_column(column("created_at", Instant()))
# more than are filled in at once
MANY = 520


@pytest.fixture
async def old(empty_store_url: str) -> AsyncIterator[Database]:
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    await migrate(database, target="0005")
    async with database.schema_change() as connection:
        plain = {"name": "C", "currency": "usd", "time_zone": "UTC", "receipts": 0, "created_at": AT}
        await connection.execute(
            insert(CREATOR), [{"id": 1, "slug": "ada", **plain}, {"id": 2, "slug": "bob", **plain}]
        )
        await connection.execute(insert(BEFORE), [_row(number) for number in range(1, MANY + 1)])
        special: dict[str, Any] = {"title": "ÄPFEL & Crème", "notes": "im Straßencafé", "priority": "high"}
        special |= {"stage": "published", "tags": ["food", "写真"], "due_date": date(2031, 6, 1), "updated_at": LATER}
        await connection.execute(insert(BEFORE), [{**_row(MANY + 1), **special, "creator_id": 2, "number": 7}])
    yield database
    await database.close()


def _row(number: int) -> dict[str, Any]:
    return {
        "creator_id": 1,
        "public_id": UUID(int=number),
        "number": number,
        "title": f"Title {number}",
        "notes": "",
        "stage": "idea",
        "priority": "low",
        "tags": [],
        "due_date": None,
        "created_at": AT,
        "updated_at": AT,
    }


async def test_up_every_idea_is_sorted_found_and_counted_on_and_down_again_nothing_of_it_is_lost(old: Database):
    for _ in range(2):
        await migrate(old)
        await _as_ever(old)
        await migrate(old, target="0005")
        async with old.reading() as session:
            names = ("title", "stage", "priority", "tags", "updated_at")
            kept = select(*(BEFORE.c[name] for name in names)).where(BEFORE.c.creator_id == 2)
            row = (await session.execute(kept)).one()
            assert tuple(row) == ("ÄPFEL & Crème", "published", "high", ["food", "写真"], LATER)
    await migrate(old)
    async with old.transaction() as session:
        await delete_idea(session, await hold_idea(session, 2, number=7), now=LATER)
        assert (await add_idea(session, creator_id=2, title="Next", now=LATER)).number == 8
        assert (await add_idea(session, creator_id=1, title="Next", now=LATER)).number == MANY + 1


async def _as_ever(database: Database) -> None:
    async with database.reading() as session:
        idea = (await session.scalars(select(Idea).where(Idea.creator_id == 2))).one()
        assert (idea.title_key, idea.stage, idea.stage_place) == ("äpfel & crème", IdeaStage.PUBLISHED, 3)
        assert (idea.priority_place, idea.stage_at, idea.published_at) == (0, LATER, LATER)
        tags = select(IdeaTag.tag, IdeaTag.creator_id).order_by(IdeaTag.tag)
        assert [tuple(row) for row in await session.execute(tags)] == [("food", 2), ("写真", 2)]
        for search in ("apfel", "strassen creme", "CAFÉ"):
            found = await list_ideas(session, 2, IdeaFilter(search=search), Paging())
            assert [each.id for each in found.items] == ([] if search == "CAFÉ" else [idea.id])
        # the last of a batch and the first of the next
        for number in (100, 500, 501, MANY):
            found = await list_ideas(session, 1, IdeaFilter(search=f"title {number}"), Paging())
            assert [number] == [each.number for each in found.items]
        page = await list_ideas(session, 1, IdeaFilter(sort=IdeaSort.TITLE, descending=False), Paging(3))
        assert ([each.number for each in page.items], page.total) == ([1, 10, 100], MANY)
