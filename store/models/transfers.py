from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Enum, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, Moves, Numbered, state_column
from store.models.sealed import Sealed, SealedJson

_AT_WORK = text("state IN ('checking', 'running', 'clearing')")


class TransferKind(StrEnum):
    IMPORT = "import"
    EXPORT = "export"
    # an export too, of orders
    ORDERS = "orders"


class TransferState(StrEnum):
    """An import is CHECKED by a dry run, waits as READY for a yes, and is then RUNNING; an export runs at once.

    CLEARING: done or given up, and its files with personal data still have to go.
    """

    CHECKING = "checking"
    READY = "ready"
    RUNNING = "running"
    CLEARING = "clearing"
    DONE = "done"


class TransferOutcome(StrEnum):
    FINISHED = "finished"
    # somebody said no, or nobody said yes
    LEFT = "left"
    FAILED = "failed"


TRANSFER_MOVES = Moves(
    {
        TransferState.CHECKING: frozenset({TransferState.READY, TransferState.CLEARING}),
        TransferState.READY: frozenset({TransferState.CHECKING, TransferState.RUNNING, TransferState.CLEARING}),
        TransferState.RUNNING: frozenset({TransferState.CLEARING}),
        TransferState.CLEARING: frozenset({TransferState.DONE}),
    }
)


class Transfer(Numbered, Base):
    """Leads on their way in from, or out to, a CSV file; or orders on their way out."""

    __tablename__ = "transfer"
    __table_args__ = (Index("ix_transfer_at_work", "id", sqlite_where=_AT_WORK, postgresql_where=_AT_WORK),)
    creator_id: Mapped[int] = mapped_column(ForeignKey("creator.id"))
    # who asked, and is told how it goes; None of one that was asked for by the API, whose caller looks by themselves
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[TransferKind] = state_column(TransferKind, TransferKind.IMPORT)
    state: Mapped[TransferState] = state_column(TransferState, TransferState.CHECKING)
    file_name: Mapped[str]
    # Telegram's handle of the file sent
    telegram_file_id: Mapped[str | None]
    # everything that is kept in the file store meanwhile stands under this name, and goes at the end
    folder: Mapped[str]
    # how the file is laid out, and which column is which field
    mapping: Mapped[dict[str, Any]] = mapped_column(SealedJson("transfer.mapping"), default=dict)
    # of an export: the segment, or which orders
    question: Mapped[str | None] = mapped_column(Sealed("transfer.question"))
    # where the next batch begins, a byte of the file
    position: Mapped[int] = mapped_column(default=0)
    # the number of the row that stands there
    next_row: Mapped[int] = mapped_column(default=0)
    rows: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    added: Mapped[int] = mapped_column(default=0)
    changed: Mapped[int] = mapped_column(default=0)
    bad: Mapped[int] = mapped_column(default=0)
    # the message in which progress is shown
    message_id: Mapped[int | None]
    # the stored files that are sent as its outcome
    files: Mapped[list[Any]] = mapped_column(default=list)
    # how often it was checked: each time has an outcome of its own
    checks: Mapped[int] = mapped_column(default=0)
    # then it is given up, whether anybody has answered or fetched it or not
    expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # how it ended, and in English why it failed
    outcome: Mapped[TransferOutcome | None] = mapped_column(
        Enum(TransferOutcome, native_enum=False, length=24, values_callable=lambda enum: [str(each) for each in enum])
    )
    why: Mapped[str | None] = mapped_column(Text)


class TransferProblem(Base):
    """Why one row of a file was not taken; rows are counted as a spreadsheet does, the header being 1."""

    __tablename__ = "transfer_problem"
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfer.id"), primary_key=True, autoincrement=False)
    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(Text)
    # the check let it pass, and it could not be taken all the same
    late: Mapped[bool] = mapped_column(default=False)
