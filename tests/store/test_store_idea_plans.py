"""Questions about ideas follow their indexes, so that what others have costs nothing."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import event, insert, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_post_content import PostChanges, Written
from domain.idea_posts import schedule_post, write_post
from domain.ideas import hold_idea
from domain.raw_words import finish_forgetting
from kit.paging import Paging
from store.database import Database
from store.models import Channel, Creator, Idea, IdeaStage, Link, LinkTarget, Person, Priority
from store.queries.idea_results import brought_by_tag
from store.queries.ideas import IdeaFilter, IdeaSort, list_ideas

NOW = datetime(2031, 5, 4, 12, tzinfo=UTC)


async def _many(database: Database) -> int:
    """Of many creators, one of whom has a thousand."""
    async with database.transaction() as session:
        plain = {"currency": "usd", "time_zone": "UTC", "created_at": NOW}
        everybody = [Creator(slug=f"c{number}", name="C", **plain) for number in range(40)]
        session.add_all(everybody)
        await session.flush()
        ids = [each.id for each in everybody]
        owners = [*[ids[0]] * 1200, *ids[1:] * 100]
        rows = [
            {
                "creator_id": owner,
                "public_id": uuid4(),
                "number": number,
                "title": f"Title {number * 7919 % 5000}",
                "title_key": f"title {number * 7919 % 5000}",
                "stage": list(IdeaStage)[number % 4],
                "stage_place": number % 4,
                "stage_at": NOW,
                "priority": list(Priority)[number % 3],
                "priority_place": number % 3,
                "tags": [f"tag{number % 50}"],
                "due_date": None if number % 2 else date(2031, 6, 1) + timedelta(days=number % 100),
                "created_at": NOW + timedelta(seconds=number * 31 % 5000),
                "updated_at": NOW + timedelta(seconds=number * 17 % 5000),
            }
            for number, owner in enumerate(owners)
        ]
        await session.execute(insert(Idea), rows)
        tags = "INSERT INTO idea_tag SELECT id, 'tag' || number % 50, creator_id FROM idea"
        words = "INSERT INTO idea_search (rowid, words) SELECT id, creator_id || 'xw' || number % 400 FROM idea"
        if not database.is_sqlite:
            word = "creator_id || 'xw' || number % 400"
            words = f"INSERT INTO idea_search SELECT id, array_to_tsvector(ARRAY[{word}]) FROM idea"
        sent = "INSERT INTO idea_attachment (idea_id, kind, chat_id, origin_digest, created_at) "
        await session.execute(text(f"{sent} SELECT id, 'text', id, 'of ' || id, created_at FROM idea"))
        await session.execute(text(tags))
        await session.execute(text(words))
    await _look_through(database)
    return ids[0]


async def _look_through(database: Database) -> None:
    """PostgreSQL chooses by what it has counted."""
    if not database.is_sqlite:
        async with database.engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("VACUUM ANALYZE"))


async def _plans(database: Database, asks: Callable[[AsyncSession], Awaitable[object]], *, writes: bool = False) -> str:
    way = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    asked: list[tuple[str, Any]] = []
    engine = (database._read_engine if database.is_sqlite and not writes else database.engine).sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    async with database.transaction() if writes else database.reading() as session:
        await asks(session)
    event.remove(engine, "before_cursor_execute", note)
    async with database.reading() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            # of so few rows a whole table is read as quickly
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
            # and each row looked up by itself, as costs nothing in so small a store
            await connection.execute(text("SET LOCAL random_page_cost = 4"))
        told = [await connection.exec_driver_sql(f"{way} {one}", given) for one, given in asked]
        return "\n".join(str(row[-1]) for each in told for row in each)


async def test_every_order_and_each_filter_follows_its_index(database: Database):
    ada = await _many(database)

    async def plans(wanted: IdeaFilter) -> str:
        return await _plans(database, lambda session: list_ideas(session, ada, wanted, Paging()))

    orders = {
        IdeaSort.CREATED_AT: "ix_idea_list",
        IdeaSort.UPDATED_AT: "ix_idea_updated",
        IdeaSort.TITLE: "ix_idea_title",
        IdeaSort.PRIORITY: "ix_idea_priority",
        IdeaSort.STAGE: "ix_idea_stage",
        IdeaSort.DUE_DATE: "ix_idea_by_due",
    }
    for sort, index in orders.items():
        for descending in (True, False):
            plan = await plans(IdeaFilter(sort=sort, descending=descending))
            assert index in plan, (sort, plan)
            assert "Seq Scan" not in plan, plan
            # the first of those with a day and of those without one are put together, and these alone are sorted
            sorts = "TEMP B-TREE" in plan or "Sort" in plan
            assert sorts == (sort is IdeaSort.DUE_DATE), plan
    found = "VIRTUAL TABLE INDEX" if database.is_sqlite else "ix_idea_search_words"
    for wanted, index in (
        (IdeaFilter(tags=("tag7", "tag9")), "ix_idea_tag_tag"),
        (IdeaFilter(tags=("tag7",), stage=IdeaStage.DRAFT, priority=Priority.LOW), "ix_idea_tag_tag"),
        (IdeaFilter(search="w7"), found),
        (IdeaFilter(search="w7", tags=("tag7",), sort=IdeaSort.TITLE), found),
        (IdeaFilter(stage=IdeaStage.DRAFT), "ix_idea_stage"),
        (IdeaFilter(priority=Priority.LOW), "ix_idea_priority"),
        # SQLite numbers the indexes of its unique keys as they come: the one of each creator's numbers
        (IdeaFilter(up_to=20), "(creator_id=? AND number<?)" if database.is_sqlite else "ix_idea_list"),
    ):
        plan = await plans(wanted)
        assert index in plan, (wanted, plan)
        assert "Seq Scan on idea" not in plan, plan
        assert "SCAN idea" not in plan.replace("SCAN idea_search VIRTUAL TABLE", ""), plan


async def test_what_was_posted_and_kept_long_ago_is_not_looked_through(database: Database):
    """Whatever stood in a channel before, and whatever others have sent."""
    ada = await _many(database)
    async with database.transaction() as session:
        where = {"bot_id": 1, "chat_id": -100, "title": "The news", "seen_at": NOW}
        session.add(Channel(creator_id=ada, **where, may_invite=False, may_remove=False, may_post=True))
        session.add(
            Person(
                bot_id=1,
                telegram_id=7,
                first_name="Lena",
                language="en",
                created_at=NOW,
                forgetting_at=NOW,
                seen_at=NOW,
            )
        )
        idea = await hold_idea(session, ada, number=1)
        await write_post(session, idea, PostChanges(written=Written("Hello")), now=NOW)

    async def schedules(session: AsyncSession) -> None:
        await schedule_post(
            session, await hold_idea(session, ada, number=1), NOW + timedelta(days=1), ZoneInfo("UTC"), now=NOW
        )

    plan = await _plans(database, schedules, writes=True)
    assert "ix_idea_post_to_come" in plan, plan
    assert "ix_idea_post_channel_id" not in plan, plan
    plan = await _plans(database, lambda session: finish_forgetting(session, now=NOW), writes=True)
    assert "ix_idea_attachment_chat" in plan, plan
    assert "ix_idea_attachment_origin" in plan, plan


async def test_what_a_tag_brought_is_added_up_from_the_creators_own_tags(database: Database):
    ada = await _many(database)
    async with database.transaction() as session:
        link = Link(creator_id=ada, key="k", title="", target=LinkTarget.START, name="", created_at=NOW)
        session.add(link)
        await session.flush()
        await session.execute(update(Idea).where(Idea.creator_id == ada).values(link_id=link.id))
    await _look_through(database)
    plan = await _plans(database, lambda session: brought_by_tag(session, ada))
    assert "ix_idea_tag_tag" in plan, plan
