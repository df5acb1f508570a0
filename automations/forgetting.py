from dataclasses import dataclass

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.raw_words import finish_forgetting
from kit.clock import Clock
from store.database import Database
from store.files import FileStore
from store.models import FileHandle, Person, StoredFile

BATCH = 100


@dataclass
class Forgetting:
    """What could not go in the transaction that forgot somebody: their files, and what their answer still needed."""

    database: Database
    clock: Clock
    files: FileStore

    async def run(self) -> int:
        async with self.database.reading() as session:
            waits = await session.scalar(select(exists().where(Person.forgetting_at.is_not(None))))
        people = 0
        if waits:
            async with self.database.transaction() as session:
                people = await finish_forgetting(session, now=self.clock())
        return people + await self._drop_files()

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
