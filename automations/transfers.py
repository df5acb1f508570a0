"""Imports and exports, worked on in small steps by turns, so that a long one holds up nobody."""

from datetime import datetime

from sqlalchemy import select

from automations.exports import ExportJob
from automations.gateway import Blocked, NotNow, SlowDown, Uncertain
from automations.imports import CheckJob, ImportJob
from automations.order_exports import OrderExportJob
from automations.transfer_jobs import Job, Tools, language_for
from automations.transfer_outcomes import clear_ended, end, give_up_waiting, promise
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.messages.refusing import say_refusal
from domain.transfers.importing import Overtaken
from domain.transfers.problems import FileProblem
from kit.errors import Refusal
from kit.log import get_logger
from kit.text import unmarked
from store.database import is_unavailable
from store.models import Person, Transfer, TransferKind, TransferState

# after Telegram could not be reached
REST_SECONDS = 5.0
_AT_WORK = (TransferState.CHECKING, TransferState.RUNNING)
_log = get_logger(__name__)


class Transfers:
    """The work of the process that leads. What a dead one was at is taken up again where the store says."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._jobs: dict[int, Job] = {}
        self._rests: dict[int, float] = {}
        self._last = 0

    async def work(self) -> int:
        """One step of one transfer; returns 0 when there is nothing left to do now."""
        async with self._tools.database.reading() as session:
            waiting = await session.scalar(
                select(Transfer.id).where(Transfer.state == TransferState.READY, Transfer.expires_at <= self._now)
            )
        if waiting is not None:
            async with self._tools.database.transaction() as session:
                await give_up_waiting(session, now=self._now)
        cleared = await clear_ended(self._tools)
        job = await self._next()
        if job is None:
            return cleared
        await self._step(job)
        return 1

    def close(self) -> None:
        """What is kept on the disk of this machine goes; another process takes up the work."""
        for job in self._jobs.values():
            job.close()
        self._jobs.clear()

    @property
    def _now(self) -> datetime:
        return self._tools.clock()

    async def _next(self) -> Job | None:
        """By turns: whoever asks for a small file does not wait for a large one to be through."""
        now = self._tools.monotonic()
        async with self._tools.database.reading() as session:
            ids = (
                await session.scalars(select(Transfer.id).where(Transfer.state.in_(_AT_WORK)).order_by(Transfer.id))
            ).all()
            for gone in set(self._jobs) - set(ids):
                self._drop(gone)
            able = [each for each in ids if self._rests.get(each, 0) <= now]
            if not able:
                return None
            self._last = next((each for each in able if each > self._last), able[0])
            if self._last not in self._jobs:
                transfer = await session.get_one(Transfer, self._last)
                person = None if transfer.person_id is None else await session.get_one(Person, transfer.person_id)
                self._jobs[self._last] = self._job(transfer, person)
        return self._jobs[self._last]

    def _job(self, transfer: Transfer, person: Person | None) -> Job:
        match transfer.kind, transfer.state:
            case TransferKind.EXPORT, _ if person is not None:
                return ExportJob(self._tools, transfer, person)
            case TransferKind.ORDERS, _ if person is not None:
                return OrderExportJob(self._tools, transfer, person)
            case _, TransferState.CHECKING:
                return CheckJob(self._tools, transfer, person)
            case _:
                return ImportJob(self._tools, transfer, person)

    async def _step(self, job: Job) -> None:
        transfer_id = job.transfer.id
        try:
            if await job.step():
                self._drop(transfer_id)
        except (SlowDown, NotNow, Uncertain, Blocked) as failure:
            _log.warning("transfer waits", transfer=transfer_id, reason=str(failure))
            self._rests[transfer_id] = self._tools.monotonic() + REST_SECONDS
        except Overtaken:
            # the store knows better how far it is
            self._drop(transfer_id)
        except Refusal as refusal:
            # what is wrong with the file, or a segment that named what is gone by now
            await self._fail(job, refusal)
        except Exception as error:
            if is_unavailable(error):
                raise
            _log.exception("transfer failed", transfer=transfer_id)
            await self._fail(job, FileProblem("import-broke"))

    async def _fail(self, job: Job, refusal: Refusal) -> None:
        transfer, language = job.transfer, language_for(job.person)
        reason = say_refusal(refusal, language)
        self._drop(transfer.id)
        # the reason is Telegram HTML already, the name is not
        text = say("import-failed", language, name=transfer.file_name, reason="\x00").replace("\x00", reason)
        async with self._tools.database.transaction() as session:
            current = await session.get_one(Transfer, transfer.id)
            await promise(session, current, [], Message(text=text), now=self._now)
            await end(session, transfer.id, now=self._now, why=unmarked(say_refusal(refusal, "en")))

    def _drop(self, transfer_id: int) -> None:
        job = self._jobs.pop(transfer_id, None)
        self._rests.pop(transfer_id, None)
        if job is not None:
            job.close()
