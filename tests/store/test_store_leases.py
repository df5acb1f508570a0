import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from store.database import Database
from store.database_clock import database_in
from store.models import Lease
from store.queries.leases import clear_leases, database_time, give_back_lease, take_lease


async def take(database: Database, holder: str, *, seconds: float = 60, name: str = "poller") -> bool:
    async with database.transaction() as session:
        return await take_lease(session, name, holder, seconds=seconds)


async def let_it_run_out(database: Database) -> None:
    """As if the time had passed on the database's own clock, which no test can move."""
    async with database.transaction() as session:
        await session.execute(update(Lease).values(expires_at=database_in(session, -0.001)))


async def test_only_one_holds_a_lease_however_many_ask_at_once(database: Database):
    took = await asyncio.gather(*(take(database, f"process {number}") for number in range(8)))
    assert sum(took) == 1
    assert await take(database, "another", name="sender")


async def test_a_holder_renews_its_lease_and_the_end_moves_on(database: Database):
    ends = []
    for seconds in (60, 600):
        assert await take(database, "one", seconds=seconds)
        async with database.reading() as session:
            ends.append((await session.scalars(select(Lease.expires_at))).one())
    assert timedelta(seconds=530) < ends[1] - ends[0] < timedelta(seconds=600)


async def test_a_lease_that_ran_out_is_free_and_its_old_holder_is_refused(database: Database):
    assert await take(database, "one")
    await let_it_run_out(database)
    assert await take(database, "two")
    assert not await take(database, "one")


async def test_a_lease_runs_by_the_databases_clock(database: Database):
    async with database.reading() as session:
        told = await database_time(session)
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=60)
    assert await take(database, "one", seconds=90.5)
    async with database.reading() as session:
        left = (await session.scalars(select(Lease.expires_at))).one() - await database_time(session)
    assert timedelta(seconds=60) < left <= timedelta(seconds=90.5)


async def test_a_lease_is_given_back_by_its_holder_only(database: Database):
    assert await take(database, "one")
    async with database.transaction() as session:
        await give_back_lease(session, "poller", "two")
    assert not await take(database, "two")
    async with database.transaction() as session:
        await give_back_lease(session, "poller", "one")
    assert await take(database, "two")


async def test_where_one_process_is_alone_every_lease_is_cleared(database: Database):
    assert await take(database, "the dead one")
    async with database.transaction() as session:
        await clear_leases(session)
    assert await take(database, "two")
