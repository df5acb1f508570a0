"""The bytes of what creators send: fetched in the background, for a checksum, a link, and the picture on a card."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import FileGateway, NotNow, SendFailure, SlowDown, Uncertain
from domain.covers import refuse_cover, show_cover
from domain.images import draw_anew
from domain.key_files import MOST_IN_ONE, add_some_keys, close_key_file, keys_of_file, refuse_key_file
from domain.licence_keys import Added
from kit.clock import Clock
from kit.errors import Invalid, Reason
from kit.log import get_logger
from kit.pictures import BadPicture
from store.database import Database
from store.files import PIECE, FileStore
from store.models import FileHandle, FileRole, StoredFile

BATCH = 10
AGAIN = timedelta(minutes=1)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Sent:
    file_id: int
    role: FileRole
    telegram_file_id: str


@dataclass
class ProductFiles:
    """Fetching one twice, as two processes may, comes to the same."""

    database: Database
    clock: Clock
    gateway: FileGateway
    files: FileStore
    # files that were sent to another bot are that one's to fetch
    bot_id: int

    async def run(self) -> int:
        """Fetches some of what is due; returns how many were settled."""
        now = self.clock()
        async with self.database.reading() as session:
            found = await session.execute(
                select(StoredFile.id, StoredFile.role, FileHandle.telegram_file_id)
                .join(FileHandle, FileHandle.file_id == StoredFile.id)
                .where(StoredFile.fetch_at <= now, FileHandle.bot_id == self.bot_id)
                .order_by(StoredFile.fetch_at, StoredFile.id)
                .limit(BATCH)
            )
            due = [_Sent(row.id, row.role, row.telegram_file_id) for row in found]
        for sent in due:
            await self._fetch(sent)
        return len(due)

    async def _fetch(self, sent: _Sent) -> None:
        with TemporaryFile() as content:
            try:
                await self.gateway.download(sent.telegram_file_id, content)
            except (NotNow, SlowDown, Uncertain) as failure:
                await self._later(sent, failure)
            except SendFailure as failure:
                await self._give_up(sent, failure)
            else:
                await self._keep(sent, content)

    async def _keep(self, sent: _Sent, content: IO[bytes]) -> None:
        if sent.role is FileRole.COVER:
            await self._keep_cover(sent, content)
            return
        if sent.role is FileRole.KEYS:
            await self._keep_keys(sent, content)
            return
        digest, size = await asyncio.to_thread(_measure, content)
        await self.files.write_from(digest, content)
        async with self.database.transaction() as session:
            await _settle(session, sent.file_id, blob=digest, sha256=digest, size=size)

    async def _keep_keys(self, sent: _Sent, content: IO[bytes]) -> None:
        """Part by part; one that a process dies in the middle of begins anew, and what is there is counted so."""
        try:
            keys = await asyncio.to_thread(lambda: keys_of_file(_whole(content)))
        except Invalid as refusal:
            why = refusal.why or Reason("refused-key-file-text")
            async with self.database.transaction() as session:
                await refuse_key_file(session, sent.file_id, why, now=self.clock())
            return
        added = doubled = 0
        for at in range(0, len(keys), MOST_IN_ONE):
            async with self.database.transaction() as session:
                part = await add_some_keys(session, sent.file_id, keys[at : at + MOST_IN_ONE], now=self.clock())
            if part is None:
                return
            added, doubled = added + part.added, doubled + part.doubled
        async with self.database.transaction() as session:
            await close_key_file(session, sent.file_id, Added(added, doubled), now=self.clock())

    async def _keep_cover(self, sent: _Sent, content: IO[bytes]) -> None:
        try:
            picture = await draw_anew(content)
        except BadPicture as refusal:
            why = refusal.why or Reason("refused-picture-damaged")
            async with self.database.transaction() as session:
                await refuse_cover(session, sent.file_id, why, now=self.clock())
            return
        blob = await self.files.keep(picture.content)
        async with self.database.transaction() as session:
            await show_cover(session, sent.file_id, picture, blob, now=self.clock())

    async def _later(self, sent: _Sent, failure: SendFailure) -> None:
        _log.warning("a file waits to be fetched", file=sent.file_id, reason=str(failure))
        async with self.database.transaction() as session:
            await _settle(session, sent.file_id, fetch_at=self.clock() + AGAIN)

    async def _give_up(self, sent: _Sent, failure: SendFailure) -> None:
        """A file that Telegram does not hand out is still delivered by its handle."""
        _log.warning("a file cannot be fetched", file=sent.file_id, reason=str(failure))
        async with self.database.transaction() as session:
            if sent.role is FileRole.COVER:
                await refuse_cover(session, sent.file_id, Reason("refused-picture-lost"), now=self.clock())
            elif sent.role is FileRole.KEYS:
                await refuse_key_file(session, sent.file_id, Reason("refused-key-file-lost"), now=self.clock())
            else:
                await _settle(session, sent.file_id)


async def _settle(session: AsyncSession, file_id: int, **values: object) -> None:
    await session.execute(
        update(StoredFile)
        .where(StoredFile.id == file_id, StoredFile.fetch_at.is_not(None))
        .values({"fetch_at": None, **values})
    )


def _whole(content: IO[bytes]) -> bytes:
    content.seek(0)
    return content.read()


def _measure(content: IO[bytes]) -> tuple[str, int]:
    """The SHA-256 and the size, read piece by piece."""
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := content.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size
