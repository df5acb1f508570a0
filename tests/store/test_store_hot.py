from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError

from store.database import Database
from store.hot import Bulk, fetch
from store.hot_statements import Row, Written
from store.models import Base, Creator, Decision, Lead, Lease, StepCount

NOW = datetime(2026, 11, 21, 9, 30, 15, 123_456, tzinfo=UTC)
LEAD = ("id", "creator_id", "name", "created_at")
DECISION = ("creator_id", "lead_id", "at", "about", "trace")
COUNT = ("creator_id", "about", "step", "arm", "measure", "count")
AFTER = select(Lead.id, Lead.name, Lead.stage, Lead.created_at, Lead.banned_at, Lead.phone_proof).where(
    Lead.created_at > bindparam("after", type_=Lead.created_at.type)
)
TRACES = select(Decision.at, Decision.trace).order_by(Decision.id)


async def with_leads(database: Database, count: int) -> None:
    async with database.transaction() as session:
        session.add(Creator(slug="studio", name="Studio", currency="usd", time_zone="UTC", created_at=NOW))
        await session.flush()
        bulk = Bulk()
        bulk.insert(Lead, LEAD, [(each, 1, f"Lead {each}", NOW + timedelta(days=each)) for each in range(1, count + 1)])
        assert await bulk.write(session) == [count]


async def written(database: Database, model: type[Base], names: tuple[str, ...], *batches: list[Row]) -> None:
    async with database.transaction() as session:
        for rows in batches:
            bulk = Bulk()
            bulk.insert(model, names, rows)
            await bulk.write(session)


@pytest.mark.parametrize("count", [3, 40])
async def test_what_was_written_is_read_as_the_models_say(database: Database, count: int):
    await with_leads(database, count)
    async with database.transaction() as session:
        rows = await fetch(session, AFTER.order_by(Lead.id), after=NOW + timedelta(days=1))
        # the same by the models, defaults and all
        known = await session.get_one(Lead, 2)
    assert len(rows) == count - 1
    assert list(rows[0]) == [2, "Lead 2", "new", NOW + timedelta(days=2), None, "typed"]
    assert list(rows[0]) == [known.id, known.name, known.stage, known.created_at, known.banned_at, known.phone_proof]


async def test_documents_come_back_as_they_were_whether_or_not_they_were_written_before(database: Database):
    await with_leads(database, 1)
    async with database.transaction() as session:
        bulk = Bulk()
        traces = [[["a", "said"], ["ü", 1, None]], Written('[["b","waits",5]]')]
        bulk.insert(Decision, DECISION, [(1, 1, NOW, "funnel:f", trace) for trace in traces])
        await bulk.write(session)
        rows = await fetch(session, TRACES, few=True)
    assert [list(row) for row in rows] == [[NOW, [["a", "said"], ["ü", 1, None]]], [NOW, [["b", "waits", 5]]]]


async def test_only_rows_that_are_still_so_are_changed_and_it_says_how_many(database: Database):
    await with_leads(database, 20)
    async with database.transaction() as session:
        bulk = Bulk()
        bulk.update(Lead, ("stage", "banned_at"), [("vip", NOW, each) for each in range(1, 4)])
        bulk.update(Lead, ("score",), [(5, each) for each in range(1, 21)], of={"stage": "new"})
        bulk.delete(Lead, ("id", "creator_id"), [(each, 1) for each in (1, 2, 99)])
        assert await bulk.write(session) == [3, 17, 2]
        rows = await session.execute(select(Lead.id, Lead.score, Lead.banned_at).where(Lead.id < 6).order_by(Lead.id))
        assert [tuple(row) for row in rows] == [(3, 0, NOW), (4, 5, None), (5, 5, None)]


async def test_a_row_that_is_there_already_is_left_out_or_fails_as_was_asked(database: Database):
    await with_leads(database, 2)
    lease = ("name", "holder", "expires_at")
    async with database.transaction() as session:
        bulk = Bulk()
        bulk.insert(Lease, lease, [("a", "me", NOW), ("a", "you", NOW), ("b", "me", NOW)], once=True)
        assert await bulk.write(session) == [2]
        assert (await session.get_one(Lease, "a")).holder == "me"
    with pytest.raises(DBAPIError, match=r"(?i)unique"):
        await written(database, Lease, lease, [("c", "me", NOW), ("a", "me", NOW)])
    async with database.reading() as session:
        # all of that transaction or nothing
        assert set(await session.scalars(select(Lease.name))) == {"a", "b"}


async def test_numbers_are_added_to_what_stands_there(database: Database):
    await with_leads(database, 1)
    for count in (2, 40):
        async with database.transaction() as session:
            bulk = Bulk()
            bulk.add_up(StepCount, COUNT, [(1, "funnel:f", step, "", "reached", count) for step in ("b", "a")])
            await bulk.write(session)
    async with database.reading() as session:
        assert set(await session.scalars(select(StepCount.count))) == {42}


async def test_what_the_driver_alone_has_written_is_undone_with_its_transaction(database: Database):
    await with_leads(database, 1)
    # the first statement of the transaction is the driver's own, and the second fails
    rows = [(each, 1, "New", NOW) for each in range(10, 30)]
    with pytest.raises(DBAPIError):
        await written(database, Lead, LEAD, rows, rows)
    async with database.reading() as session:
        assert len((await session.scalars(select(Lead.id))).all()) == 1


async def test_a_failure_of_the_database_is_told_as_one(database: Database):
    await with_leads(database, 1)
    with pytest.raises(DBAPIError):
        await written(database, Lead, LEAD, [(1, 1, "Twice", NOW)])
