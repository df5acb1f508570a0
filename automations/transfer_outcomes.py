"""How a transfer ends: its outcome is promised through the outbox, and its files go once that is sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import IO

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.transfer_jobs import Tools, size_of
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.transfers.asking import KEPT_FOR, file_keys, forget_problems
from kit.log import get_logger
from store.database import count_changed
from store.models import (
    TRANSFER_MOVES,
    FileHandle,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    StoredFile,
    Transfer,
    TransferOutcome,
    TransferState,
)

_log = get_logger(__name__)
_ON_ITS_WAY = (OutboxState.QUEUED, OutboxState.SENDING)


async def put_up(tools: Tools, transfer: Transfer, name: str, content: IO[bytes]) -> StoredFile:
    """The file's bytes are in the file store, under the transfer's own folder; its row is yet to be added."""
    blob = f"{transfer.folder}/{name}"
    size = size_of(content)
    await tools.files.write_from(blob, content)
    return StoredFile(
        creator_id=transfer.creator_id,
        product_id=None,
        lead_id=None,
        file_name=name,
        mime_type="text/csv",
        size=size,
        sha256=None,
        blob=blob,
        created_at=tools.clock(),
    )


async def promise(
    session: AsyncSession,
    transfer: Transfer,
    files: Sequence[tuple[StoredFile, str]],
    last: Message | None,
    *,
    now: datetime,
) -> None:
    """The files, each with the words under it, and then the last word. All of it once for each time it was checked.

    Nothing of it where a program asked.
    """
    if transfer.person_id is None:
        return
    sent = list(transfer.files)
    for stored, caption in files:
        session.add(stored)
        await session.flush()
        await _queue(
            session, transfer, transfer.person_id, Message(text=caption, file=stored.id), f"file:{stored.id}", now=now
        )
        sent.append(stored.id)
    await session.execute(update(Transfer).where(Transfer.id == transfer.id).values(files=sent))
    if last is not None:
        await _queue(session, transfer, transfer.person_id, last, f"{transfer.state}:{transfer.checks}", now=now)


async def _queue(
    session: AsyncSession, transfer: Transfer, person_id: int, message: Message, key: str, *, now: datetime
) -> None:
    await queue_message(
        session,
        message,
        key=f"transfer:{transfer.id}:{key}",
        kind=OutboxKind.NOTICE,
        creator_id=transfer.creator_id,
        person_id=person_id,
        now=now,
    )


async def end(session: AsyncSession, transfer_id: int, *, now: datetime, why: str | None = None) -> bool:
    """It is over, and its files go once they are sent, a day later at the latest. Ending it twice is a no-op.

    `why` says in English what it failed with.
    """
    outcome = TransferOutcome.FINISHED if why is None else TransferOutcome.FAILED
    over = (
        update(Transfer)
        .where(Transfer.id == transfer_id, Transfer.state.in_(TRANSFER_MOVES.sources(TransferState.CLEARING)))
        .values(state=TransferState.CLEARING, ended_at=now, expires_at=now + KEPT_FOR, outcome=outcome, why=why)
    )
    return bool(await count_changed(session, over))


async def give_up_waiting(session: AsyncSession, *, now: datetime) -> int:
    """Imports that nobody has said yes to within a day."""
    waited = (
        update(Transfer)
        .where(Transfer.state == TransferState.READY, Transfer.expires_at <= now)
        .values(state=TransferState.CLEARING, ended_at=now, outcome=TransferOutcome.LEFT)
    )
    return await count_changed(session, waited)


async def clear_ended(tools: Tools) -> int:
    """Forgets the files of those transfers whose outcome has gone out, or waits in vain; returns how many."""
    now = tools.clock()
    async with tools.database.reading() as session:
        clearing = select(Transfer).where(Transfer.state == TransferState.CLEARING).order_by(Transfer.id)
        ended = (await session.scalars(clearing)).all()
        due = [each for each in ended if not await _is_awaited(session, each, now=now)]
    cleared = 0
    for transfer in due:
        # first the bytes: after a crash in between there is nothing left to forget, and it is forgotten again
        try:
            await tools.files.forget_folder(transfer.folder)
        except OSError as error:
            _log.warning("a transfer's files are not forgotten yet", transfer=transfer.id, reason=type(error).__name__)
            continue
        async with tools.database.transaction() as session:
            await _forget(session, transfer, now=now)
        cleared += 1
    return cleared


async def _is_awaited(session: AsyncSession, transfer: Transfer, *, now: datetime) -> bool:
    """True while a file of it is still to be sent, or a program may ask; nobody waits for it longer than a day."""
    if transfer.expires_at is not None and transfer.expires_at <= now:
        return False
    if transfer.person_id is None:
        return True
    on_its_way = select(OutboxMessage.id).where(
        OutboxMessage.key.in_(file_keys(transfer)), OutboxMessage.state.in_(_ON_ITS_WAY)
    )
    return await session.scalar(on_its_way.limit(1)) is not None


async def _forget(session: AsyncSession, transfer: Transfer, *, now: datetime) -> None:
    cancel = (
        update(OutboxMessage)
        .where(OutboxMessage.key.in_(file_keys(transfer)), OutboxMessage.state == OutboxState.QUEUED)
        .values(state=OutboxState.CANCELLED, closed_at=now)
    )
    await session.execute(cancel)
    await session.execute(delete(FileHandle).where(FileHandle.file_id.in_(transfer.files)))
    await session.execute(delete(StoredFile).where(StoredFile.id.in_(transfer.files)))
    await forget_problems(session, transfer.id)
    done = (
        update(Transfer)
        .where(Transfer.id == transfer.id, Transfer.state == TransferState.CLEARING)
        .values(state=TransferState.DONE, file_name="", mapping={}, question=None, files=[], telegram_file_id=None)
    )
    await session.execute(done)
