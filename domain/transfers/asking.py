"""What people ask of a transfer: to begin it, to change its columns, to go on, to leave it."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.setups import CreatorSetup
from domain.transfers.mapping import assign, targets
from domain.transfers.reading import Layout
from kit.errors import Conflict, Invalid, NotFound, Reason
from store.database import count_changed, wake
from store.models import (
    TRANSFER_MOVES,
    LeadField,
    OutboxMessage,
    OutboxState,
    Transfer,
    TransferKind,
    TransferOutcome,
    TransferProblem,
    TransferState,
)

# the ticks that work on transfers
TOPIC = "transfers"
# an import that nobody confirms, and files that nobody fetches, are given up
KEPT_FOR = timedelta(days=1)


class NoSuchTransfer(NotFound):
    code = "no_such_transfer"


class TransferMovedOn(Conflict):
    """It is being worked on, or over: what the buttons under it offered is out of date."""

    code = "transfer_moved_on"


class TransferNotReady(Conflict):
    """It is still being looked through: there is nothing to say yes or no to."""

    code = "transfer_not_ready"


async def begin_import(
    session: AsyncSession,
    creator_id: int,
    person_id: int | None,
    *,
    file_name: str,
    now: datetime,
    telegram_file_id: str | None = None,
    folder: str | None = None,
) -> Transfer:
    """The file is fetched and checked from now on; nothing of it becomes a lead before somebody says yes.

    It is fetched from Telegram, or stands as `sent_blob(folder)` in the file store. Without a person nobody is told.
    """
    transfer = Transfer(
        creator_id=creator_id,
        person_id=person_id,
        kind=TransferKind.IMPORT,
        state=TransferState.CHECKING,
        file_name=file_name,
        telegram_file_id=telegram_file_id,
        folder=folder or new_folder(),
        mapping={},
        files=[],
        created_at=now,
    )
    return await _begun(session, transfer)


async def begin_export(
    session: AsyncSession,
    creator_id: int,
    person_id: int,
    *,
    question: str,
    file_name: str,
    now: datetime,
    kind: TransferKind = TransferKind.EXPORT,
) -> Transfer:
    """`question` is a segment, checked already; an empty one is every lead. Of orders it is a choice of their list."""
    return await _begun(session, _export(kind, creator_id, person_id, question or None, file_name, now=now))


def _export(
    kind: TransferKind, creator_id: int, person_id: int | None, question: str | None, file_name: str, *, now: datetime
) -> Transfer:
    return Transfer(
        creator_id=creator_id,
        person_id=person_id,
        kind=kind,
        state=TransferState.RUNNING,
        file_name=file_name,
        folder=new_folder(),
        mapping={},
        files=[],
        question=question,
        created_at=now,
    )


async def find_transfer(session: AsyncSession, creator_id: int, transfer_id: int) -> Transfer:
    """Raises NoSuchTransfer for one that is not this creator's."""
    transfer = await session.get(Transfer, transfer_id)
    if transfer is None or transfer.creator_id != creator_id:
        raise NoSuchTransfer("there is no such file here; send it again", why=Reason("refused-no-file"))
    return transfer


async def confirm_import(session: AsyncSession, transfer: Transfer) -> None:
    """Saying yes twice is saying it once. Raises TransferMovedOn."""
    layout = _layout(transfer)
    begin = {"position": layout.start, "next_row": layout.row, "rows": 0, "added": 0, "changed": 0, "expires_at": None}
    await _move(session, transfer, TransferState.RUNNING, **begin)


async def change_columns(session: AsyncSession, transfer: Transfer, wanted: Mapping[int, str | None]) -> None:
    """Each column is that field (None: left out), and the file is checked again. Raises TransferMovedOn."""
    layout = _layout(transfer)
    for column, target in wanted.items():
        if not 0 <= column < len(layout.columns):
            raise NoSuchTransfer("there is no such column", why=Reason("refused-no-column"))
        layout = assign(layout, column, target)
    await _move(session, transfer, TransferState.CHECKING, mapping=layout.model_dump(), expires_at=None)


async def map_columns(
    session: AsyncSession, transfer: Transfer, wanted: Mapping[str, str | None], setup: CreatorSetup
) -> None:
    """The same by the columns' names. Raises Invalid for a column or a field that there is not, and TransferMovedOn."""
    columns = _layout(transfer).columns
    known = await possible_targets(session, transfer.creator_id, setup)
    wrong = {name: "there is no such column" for name in wanted if not name or name not in columns}
    wrong |= {name: f"“{target}” is no field" for name, target in wanted.items() if target not in (None, *known)}
    if wrong:
        raise Invalid(
            "some columns are wrong: " + ", ".join(sorted(wrong)), fields=wrong, why=Reason("refused-no-column")
        )
    await change_columns(session, transfer, {columns.index(name): target for name, target in wanted.items()})


async def give_up(session: AsyncSession, transfer: Transfer, *, now: datetime) -> None:
    """Nothing more is taken from it, and its files go. Raises TransferMovedOn."""
    left = {"ended_at": now, "expires_at": now, "outcome": TransferOutcome.LEFT}
    await _move(session, transfer, TransferState.CLEARING, **left)


async def renew_exports(session: AsyncSession, creator_id: int, *, now: datetime) -> None:
    """Somebody is no more whom they may tell of: what has not gone out yet goes no more, and is made anew."""
    mine = (Transfer.creator_id == creator_id, Transfer.kind.in_((TransferKind.EXPORT, TransferKind.ORDERS)))
    under_way = (TransferState.RUNNING, TransferState.CLEARING)
    query = select(Transfer).where(*mine, Transfer.state.in_(under_way)).order_by(Transfer.id).with_for_update()
    for old in (await session.scalars(query, execution_options={"populate_existing": True})).all():
        waits = old.state is TransferState.RUNNING or await _is_unsent(session, old)
        old.state, old.ended_at, old.expires_at = TransferState.CLEARING, old.ended_at or now, now
        if waits:
            anew = _export(old.kind, creator_id, old.person_id, old.question, old.file_name, now=now)
            # progress goes on where it was shown
            anew.message_id = old.message_id
            session.add(anew)
    await session.flush()
    wake(session, TOPIC)


def file_keys(transfer: Transfer) -> list[str]:
    """Of the messages in which its files go out."""
    return [f"transfer:{transfer.id}:file:{file_id}" for file_id in transfer.files]


async def _is_unsent(session: AsyncSession, transfer: Transfer) -> bool:
    unsent = (OutboxMessage.key.in_(file_keys(transfer)), OutboxMessage.state == OutboxState.QUEUED)
    return await session.scalar(select(OutboxMessage.id).where(*unsent).limit(1)) is not None


async def fields_in_use(session: AsyncSession, creator_id: int) -> set[str]:
    """The keys under which this creator's leads have given answers."""
    keys = await session.scalars(select(LeadField.key).where(LeadField.creator_id == creator_id).distinct())
    return set(keys)


async def possible_targets(session: AsyncSession, creator_id: int, setup: CreatorSetup) -> list[str]:
    """What a column can be, in an order that stays as long as no field is new."""
    return targets(setup, await fields_in_use(session, creator_id))


async def forget_problems(session: AsyncSession, transfer_id: int) -> None:
    await session.execute(delete(TransferProblem).where(TransferProblem.transfer_id == transfer_id))


def _layout(transfer: Transfer) -> Layout:
    if transfer.state is not TransferState.READY:
        raise _not_now(transfer.state)
    return Layout.model_validate(transfer.mapping)


def _not_now(state: TransferState) -> Conflict:
    if state is TransferState.CHECKING:
        return TransferNotReady("this file is still being looked through; wait until it is ready")
    if state is TransferState.RUNNING:
        return TransferMovedOn("this file is being taken in already", why=Reason("refused-file-moved-on"))
    return TransferMovedOn("this file is dealt with already; send it again", why=Reason("refused-file-moved-on"))


async def _begun(session: AsyncSession, transfer: Transfer) -> Transfer:
    session.add(transfer)
    await session.flush()
    wake(session, TOPIC)
    return transfer


async def _move(session: AsyncSession, transfer: Transfer, state: TransferState, **values: object) -> None:
    """Only the one who finds it READY moves it on."""
    sources = set(TRANSFER_MOVES.sources(state)) & {TransferState.READY}
    move = update(Transfer).where(Transfer.id == transfer.id, Transfer.state.in_(sources)).values(state=state, **values)
    if not await count_changed(session, move):
        raise _not_now(await session.scalar(select(Transfer.state).where(Transfer.id == transfer.id)) or transfer.state)
    wake(session, TOPIC)


def sent_blob(folder: str) -> str:
    """A file that was not sent by Telegram, as it came."""
    return f"{folder}/sent.csv"


def new_folder() -> str:
    """A name that nobody guesses, for what is kept of one transfer in the file store."""
    return f"transfers/{secrets.token_hex(16)}"
