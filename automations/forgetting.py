from dataclasses import dataclass, field

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.forgetting import TOPIC
from domain.loose_files import drop_stale
from domain.raw_words import finish_forgetting
from kit.clock import Clock
from store.database import Database
from store.files import FileStore
from store.models import FileHandle, Person, StoredFile

BATCH = 100


@dataclass
class Forgetting:
    """What could not go in the transaction that forgot somebody: their files, and what their answer still needed.

    With them go files that were sent up and that nothing has taken within a day. At last the store's own traces of
    what was deleted go, those of before a crash included.
    """

    database: Database
    clock: Clock
    files: FileStore
    _traces: bool = field(default=True, init=False)

    def __post_init__(self) -> None:
        self.database.on_commit(self._note)

    def _note(self, woken: frozenset[str]) -> None:
        self._traces |= TOPIC in woken

    async def run(self) -> int:
        await self._drop_stale()
        done = await self._drop_people() + await self._drop_files()
        if self._traces or done:
            # noted before: what is forgotten in the meantime has a turn of its own
            self._traces = False
            self._traces = not await self.database.drop_traces() or self._traces
        return done

    async def _drop_people(self) -> int:
        async with self.database.reading() as session:
            waits = await session.scalar(select(exists().where(Person.forgetting_at.is_not(None))))
        people = 0
        if waits:
            async with self.database.transaction() as session:
                people = await finish_forgetting(session, now=self.clock())
        return people

    async def _drop_stale(self) -> None:
        now = self.clock()
        async with self.database.reading() as session:
            waits = await session.scalar(select(exists().where(StoredFile.loose_until <= now)))
        if waits:
            async with self.database.transaction() as session:
                await drop_stale(session, now=now)

    async def _drop_files(self) -> int:
        """The content goes before its row, so that a crash in between leaves nothing that nobody knows of."""
        async with self.database.reading() as session:
            found = await session.execute(
                select(StoredFile.id, StoredFile.blob)
                .where(StoredFile.forgetting_at.is_not(None))
                .order_by(StoredFile.id)
                .limit(BATCH)
            )
            rows = list(found)
        for row in rows:
            if row.blob is not None:
                async with self.database.reading() as session:
                    shared = await _is_shared(session, row.id, row.blob)
                if not shared:
                    await self.files.forget(row.blob)
            async with self.database.transaction() as session:
                await session.execute(delete(FileHandle).where(FileHandle.file_id == row.id))
                await session.execute(delete(StoredFile).where(StoredFile.id == row.id))
        return len(rows)


async def _is_shared(session: AsyncSession, file_id: int, blob: str) -> bool:
    """The same bytes twice are one blob: somebody else may have sent them too."""
    other = aliased(StoredFile)
    return bool(await session.scalar(select(exists().where(other.blob == blob, other.id != file_id))))
