"""What the work on one transfer keeps in memory, all of which can be had again: a dead process loses nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Protocol

from sqlalchemy import update

from automations.gateway import FileGateway, SendFailure
from automations.pace import Pace
from domain.definitions import Published
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.setups import CreatorSetup
from domain.transfers.reports import progress
from kit.clock import Clock
from kit.log import get_logger
from store.database import Database
from store.files import FileStore
from store.models import Person, Transfer

# how often the message that shows progress may change
SECONDS_BETWEEN_EDITS = 2.0
_log = get_logger(__name__)


@dataclass(frozen=True)
class Tools:
    """What working on transfers needs."""

    database: Database
    clock: Clock
    gateway: FileGateway
    files: FileStore
    pace: Pace
    published: Published
    seconds_between_edits: float = SECONDS_BETWEEN_EDITS
    monotonic: Callable[[], float] = time.monotonic


@dataclass
class Shown:
    """The one message in which progress is shown: changed at most every few seconds, and only to say something new.

    It is a courtesy: what of it gets lost is not said again.
    """

    tools: Tools
    transfer: Transfer
    # None where nobody is told: a program asks how far it is
    person: Person | None
    kind: str
    began_with: int = 0
    _text: str = ""
    _message_id: int | None = None
    _began_at: float = field(init=False)
    _told_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._began_at = self._told_at = self.tools.monotonic()
        self._message_id = self.transfer.message_id

    async def tell(self, rows: int, share: float | None) -> None:
        """`rows` are done, which is `share` of the whole."""
        now = self.tools.monotonic()
        if self.person is None or now - self._told_at < self.tools.seconds_between_edits:
            return
        taken = max(now - self._began_at, 0.001)
        rate = (rows - self.began_with) / taken
        left = None if share is None or not share else taken / share * (1 - share)
        text = progress(self.kind, rows=rows, share=share, rate=rate, seconds_left=left, language=self.person.speaks)
        await self._show(self.person, text)
        self._told_at = self.tools.monotonic()

    async def finish(self, rows: int) -> None:
        """What was shown says that it is over."""
        if self._message_id is not None and self.person is not None:
            await self._show(self.person, say("transfer-progress-over", self.person.speaks, rows=rows))

    async def _show(self, person: Person, text: str) -> None:
        if text == self._text:
            return
        self._text = text
        self.tools.pace.spend(person.telegram_id)
        try:
            if self._message_id is not None:
                await self.tools.gateway.edit(person.telegram_id, self._message_id, text)
                return
            self._message_id = await self.tools.gateway.send(person.telegram_id, Message(text=text))
        except SendFailure as failure:
            _log.info("progress not shown", transfer=self.transfer.id, reason=str(failure))
            return
        keep = update(Transfer).where(Transfer.id == self.transfer.id).values(message_id=self._message_id)
        async with self.tools.database.transaction() as session:
            await session.execute(keep)


class Job(Protocol):
    """One transfer being worked on."""

    transfer: Transfer

    @property
    def person(self) -> Person | None: ...

    async def step(self) -> bool:
        """Does a little of it; True once it is over."""

    def close(self) -> None:
        """What was kept on the disk of this machine goes."""


def language_for(person: Person | None) -> str:
    """English where it is a program that asks."""
    return "en" if person is None else person.speaks


def setup_of(tools: Tools, transfer: Transfer) -> CreatorSetup:
    return tools.published.setup(transfer.creator_id)


def size_of(file: IO[bytes]) -> int:
    return file.seek(0, 2)
