import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import pytest_asyncio
from folk import NOW, a_creator, a_person, count
from quick_stores import AS_SHIPPED
from sqlalchemy import Executable, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError
from sqlalchemy.orm.exc import DetachedInstanceError
from stores import DATA_KEYS

from store.database import Database, as_async_url, count_changed, insert_once, is_unavailable, upsert, wake
from store.models import Creator, Idea, Lead, Lease, Person, Product


def creator(slug: str, **changes: object) -> Creator:
    return Creator(**({"slug": slug, "name": slug, "currency": "usd", "time_zone": "UTC", "created_at": NOW} | changes))


@pytest_asyncio.fixture
async def neighbour(store_url: str) -> AsyncIterator[Database]:
    """The same store, as another process has it."""
    database = Database(store_url, data_keys=DATA_KEYS)
    yield database
    await database.close()


async def test_what_happens_in_a_transaction_is_saved_together_or_not_at_all(database: Database):
    async with database.transaction() as session:
        session.add_all([creator("a"), creator("b")])

    async def fail_by_itself() -> None:
        async with database.transaction() as session:
            session.add(creator("c"))
            await session.flush()
            await session.execute(delete(Creator).where(Creator.slug == "a"))
            raise ZeroDivisionError

    async def fail_by_the_store() -> None:
        async with database.transaction() as session:
            session.add(creator("d"))
            await session.flush()
            session.add(creator("b"))

    with pytest.raises(ZeroDivisionError):
        await fail_by_itself()
    with pytest.raises(IntegrityError):
        await fail_by_the_store()
    async with database.reading() as session:
        assert set(await session.scalars(select(Creator.slug))) == {"a", "b"}


async def test_a_cancelled_transaction_saves_nothing_and_holds_nothing(database: Database):
    inside = asyncio.Event()

    async def one() -> None:
        async with database.transaction() as session:
            session.add(creator("a"))
            await session.flush()
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(one())
    await inside.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with database.transaction() as session:
        assert await count(session, Creator) == 0
        session.add(creator("a"))


async def test_what_was_committed_survives_a_power_cut(tmp_path: Path):
    database = Database.__new__(Database)
    AS_SHIPPED(database, f"sqlite:///{tmp_path / 'spark.db'}")
    async with database.engine.connect() as connection:
        # https://www.sqlite.org/pragma.html#pragma_synchronous: 2 is FULL
        assert (await connection.exec_driver_sql("PRAGMA synchronous")).scalar_one() == 2
    await database.close()


async def test_reading_refuses_to_write(database: Database):
    for act in (
        text("INSERT INTO lease (name, holder) VALUES ('a', 'b')"),
        delete(Creator),
        update(Creator).values(name="x"),
    ):
        with pytest.raises(DBAPIError, match=r"readonly|read-only"):
            async with database.reading() as session:
                await session.execute(act)
    async with database.transaction() as session:
        session.add(creator("a"))


async def test_a_reader_never_waits_for_a_writer_and_keeps_one_view(database: Database, neighbour: Database):
    async with database.transaction() as session:
        session.add(creator("a"))
    async with asyncio.timeout(5), database.reading() as reader:
        assert await count(reader, Creator) == 1
        async with neighbour.transaction() as writer:
            writer.add(creator("b"))
            await writer.flush()
            for either in (database, neighbour):
                async with either.reading() as another:
                    assert await count(another, Creator) == 1
        assert await count(reader, Creator) == 1
        async with database.reading() as fresh:
            assert await count(fresh, Creator) == 2


async def test_rows_that_were_not_asked_for_are_never_fetched_behind_ones_back(database: Database):
    async with database.transaction() as session:
        made = creator("a")
        session.add(made)
    assert made.name == "a"
    async with database.transaction() as session:
        held = await session.get_one(Creator, made.id)
        session.expire(held)
        session.expunge(held)
    with pytest.raises(DetachedInstanceError):
        assert held.name


async def test_a_row_is_inserted_once_however_many_try(database: Database, neighbour: Database):
    values = {"slug": "a", "name": "a", "currency": "usd", "time_zone": "UTC", "created_at": NOW}

    async def one(store: Database) -> int | None:
        async with store.transaction() as session:
            return await insert_once(session, Creator, values)

    made = await asyncio.gather(*(one(store) for store in (database, neighbour) * 5))
    assert sum(each is not None for each in made) == 1
    async with database.reading() as session:
        assert [*await session.scalars(select(Creator.id))] == [each for each in made if each is not None]


async def test_only_a_unique_key_lets_an_insert_pass_in_silence(database: Database):
    values = {"creator_id": 404, "person_id": None, "name": "", "created_at": NOW}
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await insert_once(session, Lead, values)


async def test_a_failed_insert_leaves_the_transaction_usable(database: Database):
    async with database.transaction() as session:
        first = await a_creator(session)
        assert (
            await insert_once(
                session, Creator, {"slug": "studio", "name": "", "currency": "", "time_zone": "", "created_at": NOW}
            )
            is None
        )
        session.add(creator("b"))
    async with database.reading() as session:
        assert await count(session, Creator) == 2
        assert (await session.get_one(Creator, first.id)).name == "Studio"


async def test_an_upsert_makes_or_renews_and_what_came_first_stays(database: Database):
    key = {"bot_id": 1, "telegram_id": 2}
    seen: list[Person] = []
    for day, name in enumerate(("Lena", "Magda")):
        async with database.transaction() as session:
            latest = {"first_name": name, "language": "en", "seen_at": NOW + timedelta(days=day)}
            seen.append(await upsert(session, Person, key, latest, created_at=NOW + timedelta(days=day)))
    assert seen[0].id == seen[1].id
    assert (seen[1].first_name, seen[1].created_at, seen[1].seen_at) == ("Magda", NOW, NOW + timedelta(days=1))


async def test_a_changed_count_tells_who_was_first(database: Database):
    async with database.transaction() as session:
        session.add_all([creator("a"), creator("b")])

    async def rename() -> int:
        async with database.transaction() as session:
            return await count_changed(session, update(Creator).where(Creator.name == "a").values(name="c"))

    assert sorted(await asyncio.gather(*(rename() for _ in range(5)))) == [0, 0, 0, 0, 1]
    async with database.transaction() as session:
        assert await count_changed(session, delete(Creator)) == 2
        assert await count_changed(session, delete(Creator)) == 0


async def test_listeners_are_woken_after_the_commit_and_only_then(database: Database):
    heard: list[frozenset[str]] = []
    database.on_commit(heard.append)
    async with database.transaction() as session:
        wake(session, "outbox")
        wake(session, "outbox")
        wake(session, "events")
        session.add(creator("a"))
        await session.flush()
        assert heard == []
    assert heard == [frozenset({"outbox", "events"})]

    async def fail(row: Creator | None) -> None:
        async with database.transaction() as session:
            wake(session, "outbox")
            if row is None:
                raise ZeroDivisionError
            session.add(row)

    with pytest.raises(ZeroDivisionError):
        await fail(None)
    with pytest.raises(IntegrityError):
        await fail(creator("a"))
    async with database.transaction() as session:
        session.add(creator("quiet"))
    assert len(heard) == 1


async def test_a_listener_finds_what_was_saved(database: Database, neighbour: Database):
    looked: list[asyncio.Task[int]] = []

    async def look() -> int:
        async with neighbour.reading() as session:
            return await count(session, Creator)

    database.on_commit(lambda _: looked.append(asyncio.create_task(look())))
    async with database.transaction() as session:
        session.add(creator("a"))
        wake(session, "events")
    assert await looked[0] == 1


BERLIN = timezone(timedelta(hours=2))


async def test_an_instant_comes_back_to_the_microsecond_and_in_utc(database: Database):
    instants = [
        datetime(1, 1, 2, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2031, 5, 4, 12, 0, 0, 123456, tzinfo=UTC),
        datetime(2031, 5, 4, 14, 0, 0, 123457, tzinfo=BERLIN),
        datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
    ]
    async with database.transaction() as session:
        session.add_all(creator(f"c{number}", created_at=instant) for number, instant in enumerate(instants))
    async with database.reading() as session:
        back = [*await session.scalars(select(Creator.created_at).order_by(Creator.created_at))]
        assert back == instants
        assert {each.tzinfo for each in back} == {UTC}
        for number, instant in enumerate(instants):
            assert await count(session, Creator, Creator.created_at == instant) == 1
            assert await count(session, Creator, Creator.created_at < instant) == number


async def test_an_instant_without_a_zone_is_refused(database: Database):
    with pytest.raises(StatementError, match="time zone"):
        async with database.transaction() as session:
            session.add(creator("a", created_at=datetime(2031, 5, 4)))  # noqa: DTZ001 - the very mistake


async def test_stock_can_never_be_below_zero_whatever_the_code_says(database: Database):
    async with database.transaction() as session:
        made = await a_creator(session)
    values = {"creator_id": made.id, "slug": "x", "title": "x", "description": "", "price_minor": 1}
    with pytest.raises(IntegrityError, match="stock"):
        async with database.transaction() as session:
            await session.execute(insert(Product).values(**values, currency="usd", created_at=NOW, stock=-1))


async def test_an_error_tells_nothing_of_what_people_said(database: Database):
    async with database.transaction() as session:
        await a_person(session, first_name="Persephone")
    with pytest.raises(IntegrityError) as error:
        async with database.transaction() as session:
            session.add_all([creator("a", name="Persephone"), creator("a", name="Persephone")])
    assert "Persephone" not in str(error.value)


async def test_foreign_keys_are_watched(database: Database):
    with pytest.raises(IntegrityError):
        async with database.transaction() as session:
            await session.execute(insert(Idea).values(creator_id=404, public_id=None, number=1, title="x"))


async def _error(database: Database, act: Executable) -> BaseException | None:
    try:
        async with database.transaction() as session:
            await session.execute(act)
    except Exception as error:  # noqa: BLE001 - whatever it is, its kind is the question
        return error
    return None


async def test_wrong_data_does_not_make_the_store_unavailable(database: Database):
    async with database.transaction() as session:
        session.add(creator("a"))
    for act in (
        insert(Lease).values(name="x", holder="\ud800", expires_at=NOW),
        insert(Creator).values(slug="a", name="", currency="", time_zone="", created_at=NOW),
        select(Creator).where(Creator.id == 10**30),
        select(Creator).where(Creator.id == "seven"),
    ):
        error = await _error(database, act)
        # SQLite takes some of these for an answer
        assert error is None or not is_unavailable(error)


async def test_a_store_that_cannot_be_reached_is_unavailable(tmp_path: Path):
    for url in ("postgresql://x@127.0.0.1:1/x", "postgresql://x@nowhere.invalid/x", f"sqlite:///{tmp_path}"):
        database = Database(url, data_keys=DATA_KEYS)
        error = await _error(database, text("SELECT 1"))
        assert error is not None
        assert is_unavailable(error), url
        assert not await database.is_up()
        await database.close()


async def test_a_busy_sqlite_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("store.engines.BUSY_TIMEOUT_MS", 10)
    one, two = (Database(f"sqlite:///{tmp_path / 'x.db'}", data_keys=DATA_KEYS) for _ in range(2))
    async with one.transaction() as session:
        await session.execute(text("SELECT 1"))
        busy = await _error(two, text("SELECT 1"))
        assert isinstance(busy, OperationalError)
        assert is_unavailable(busy)
        assert await two.is_up()
    await one.close()
    await two.close()


async def test_a_lost_connection_or_a_deadlock_is_unavailable_and_the_next_call_works(postgresql_url: str):
    database = Database(postgresql_url, data_keys=DATA_KEYS)
    async with database.transaction() as session:
        session.add_all([creator("a"), creator("b")])
    both = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with database.transaction() as session:
            await session.execute(update(Creator).where(Creator.slug == first).values(name="x"))
            await both.wait()
            await session.execute(update(Creator).where(Creator.slug == second).values(name="x"))

    ended = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    (deadlock,) = [each for each in ended if each is not None]
    assert is_unavailable(deadlock)

    async def lose_it() -> None:
        async with database.transaction() as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            async with database.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            await session.execute(text("SELECT 1"))

    with pytest.raises(DBAPIError) as lost:
        await lose_it()
    assert is_unavailable(lost.value)
    assert await database.is_up()
    await database.close()


def test_an_address_is_taken_as_people_write_it():
    assert as_async_url("sqlite:///data/spark.db").drivername == "sqlite+aiosqlite"
    assert as_async_url("postgresql://a:b@c/d").drivername == "postgresql+asyncpg"
    with pytest.raises(ValueError, match="is not a store"):
        as_async_url("mysql://a/b")
