import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import Blocked, Gateway, NotNow, Refused, SendFailure, SlowDown, Uncertain
from automations.pace import Pace
from domain.entitlements import note_delivery
from domain.messages.plain import Message
from domain.people import note_block
from kit.clock import Clock
from kit.log import correlated, get_logger
from store.database import Database, count_changed
from store.models import OUTBOX_MOVES, OutboxKind, OutboxMessage, OutboxState
from store.queries.outbox import Claimed, claim_due, left_in_sending

LEASE_SECONDS = 120
MOST_AT_ONCE = 60
MOST_ATTEMPTS = 12
# nobody shall get the same file for ever because the answers to sending it are lost
MOST_UNCERTAIN = 6
# what was promised goes out again when nobody can tell whether it did; marketing does not
_GOES_OUT_AGAIN = frozenset({OutboxKind.DELIVERY, OutboxKind.NOTICE})
_log = get_logger(__name__)


class Sender:
    """Speaks whatever Spark says unasked: claims a row (committed), calls Telegram, closes the row."""

    def __init__(
        self, database: Database, clock: Clock, gateway: Gateway, pace: Pace, *, again: Callable[[float], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._gateway = gateway
        self._pace = pace
        # asks to be run again after so many seconds, when the pace has room
        self._again = again
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    async def send_due(self) -> int:
        """Starts sending what is due, as far as the pace allows; returns how many messages it took."""
        most = min(self._pace.room(), MOST_AT_ONCE - len(self._under_way))
        resting = self._pace.resting()
        claimed: list[Claimed] = []
        if most > 0:
            async with self._database.transaction() as session:
                claimed = await claim_due(
                    session, now=self._clock(), most=most, resting=resting, lease_seconds=LEASE_SECONDS
                )
        for each in claimed:
            self._pace.spend(each.telegram_id)
            task = asyncio.create_task(self._send(each))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if most <= 0 or resting or claimed:
            self._again(0.05 if most <= 0 else 1.0)
        return len(claimed)

    async def finish(self, seconds: float) -> None:
        """Waits for the messages in hand, at most so long; what is cut off is swept up as uncertain."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._under_way:
                    await asyncio.wait(set(self._under_way))

    async def _send(self, claimed: Claimed) -> None:
        with correlated(outbox=claimed.id):
            try:
                await self._try(claimed)
            except Exception:  # noqa: BLE001 - the row stays in `sending`, and is swept up as uncertain
                _log.exception("sending failed", kind=claimed.kind)
            self._again(0)

    async def _try(self, claimed: Claimed) -> None:
        try:
            message_id = await self._gateway.send(claimed.telegram_id, Message.model_validate(claimed.message))
        except SendFailure as failure:
            await self._close_failed(claimed, failure)
        else:
            async with self._database.transaction() as session:
                await confirm(session, claimed, message_id, now=self._clock())

    async def _close_failed(self, claimed: Claimed, failure: SendFailure) -> None:
        _log.warning("not sent", kind=claimed.kind, attempts=claimed.attempts, reason=str(failure))
        now = self._clock()
        async with self._database.transaction() as session:
            match failure:
                case Blocked():
                    if claimed.kind in _GOES_OUT_AGAIN:
                        # it waits for the person to come back
                        await _put_back(session, claimed.id, now, str(failure))
                    else:
                        await _close(session, claimed.id, OutboxState.BLOCKED, error=str(failure), now=now)
                    await note_block(session, claimed.person_id, now=now)
                case SlowDown(seconds=seconds):
                    self._pace.rest(claimed.telegram_id, seconds)
                    self._pace.rest_all(min(seconds, 1.0))
                    await _put_back(session, claimed.id, now + timedelta(seconds=seconds), str(failure))
                case NotNow() if claimed.attempts < MOST_ATTEMPTS:
                    wait = min(2.0**claimed.attempts, 300)
                    await _put_back(session, claimed.id, now + timedelta(seconds=wait), str(failure))
                case Uncertain():
                    await _mark_uncertain(session, claimed.id, claimed.kind, claimed.uncertain, str(failure), now=now)
                case NotNow() | Refused() | _:
                    await _close(session, claimed.id, OutboxState.FAILED, error=str(failure), now=now)


async def confirm(session: AsyncSession, claimed: Claimed, message_id: int, *, now: datetime) -> None:
    """It went out. A confirmation that comes late, after the row was swept up as uncertain, is accepted too."""
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == claimed.id, OutboxMessage.state.in_(OUTBOX_MOVES.sources(OutboxState.SENT)))
        .values(state=OutboxState.SENT, telegram_message_id=message_id, error=None, closed_at=now)
    )
    if claimed.entitlement_id is not None:
        await note_delivery(session, claimed.entitlement_id, now=now)


async def sweep(session: AsyncSession, *, now: datetime, abandoned: bool = False) -> int:
    """Settles what a dead process left in `sending`: nobody can tell whether it went out, and the row says so."""
    left = await left_in_sending(session, abandoned=abandoned)
    for message_id, kind, uncertain in left:
        await _mark_uncertain(session, message_id, kind, uncertain, "the process ended while sending", now=now)
    return len(left)


async def _mark_uncertain(
    session: AsyncSession, message_id: int, kind: OutboxKind, uncertain: int, reason: str, *, now: datetime
) -> None:
    again = kind in _GOES_OUT_AGAIN and uncertain + 1 < MOST_UNCERTAIN
    target = OutboxState.QUEUED if again else OutboxState.UNCERTAIN
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == OutboxState.SENDING)
        .values(
            state=target,
            uncertain=OutboxMessage.uncertain + 1,
            error=reason,
            lease_until=None,
            closed_at=None if again else now,
        )
    )


async def _close(session: AsyncSession, message_id: int, state: OutboxState, *, error: str, now: datetime) -> None:
    close = (
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state.in_(OUTBOX_MOVES.sources(state)))
        .values(state=state, error=error, closed_at=now)
    )
    await count_changed(session, close)


async def _put_back(session: AsyncSession, message_id: int, due_at: datetime, reason: str) -> None:
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == OutboxState.SENDING)
        .values(state=OutboxState.QUEUED, due_at=due_at, error=reason, lease_until=None)
    )
