import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import Blocked, Gateway, NotNow, Refused, SendFailure, SlowDown, Uncertain, Withdrawn
from automations.pace import Pace
from domain.definitions import Published
from domain.deliveries import note_delivery, note_withdrawn
from domain.holding import hold_order_of_right
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.people import note_block
from kit.clock import Clock
from kit.log import correlated, get_logger
from store.database import Database, count_changed
from store.models import OUTBOX_MOVES, OutboxKind, OutboxMessage, OutboxState
from store.queries.outbox import Claimed, cancel_unwanted, claim_due, find_delivery, left_in_sending

LEASE_SECONDS = 120
MOST_AT_ONCE = 60
# what was promised goes out again, however long Telegram is away and when nobody can tell whether it did
_PROMISED = frozenset({OutboxKind.DELIVERY, OutboxKind.NOTICE})
# marketing is given up after so many tries
MOST_ATTEMPTS = 12
LONGEST_WAIT = timedelta(minutes=15)
# nobody shall get the same file for ever because the answers to sending it are lost
MOST_UNCERTAIN = 10
# after the first lost answer, the second, …; the last one again and again
UNCERTAIN_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
_log = get_logger(__name__)


class Sender:
    """Speaks whatever Spark says unasked: claims a row (committed), calls Telegram, closes the row."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        gateway: Gateway,
        pace: Pace,
        published: Published,
        *,
        again: Callable[[float], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._gateway = gateway
        self._pace = pace
        self._published = published
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
            now = self._clock()
            async with self._database.transaction() as session:
                await cancel_unwanted(session, self._published.need_consent, now=now)
                claimed = await claim_due(session, now=now, most=most, resting=resting, lease_seconds=LEASE_SECONDS)
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
            # people come first, then orders, then the row
            if isinstance(failure, Blocked):
                await note_block(session, claimed.person_id, now=now)
            if claimed.entitlement_id is not None:
                await hold_order_of_right(session, claimed.entitlement_id)
            match failure:
                case Blocked():
                    if claimed.kind in _PROMISED:
                        # it waits for the person to come back
                        await _put_back(session, claimed.id, now, str(failure), counts=False)
                    else:
                        await _close(session, claimed.id, OutboxState.BLOCKED, error=str(failure), now=now)
                case SlowDown(seconds=seconds):
                    self._pace.rest(claimed.telegram_id, seconds)
                    self._pace.rest_all(min(seconds, 1.0))
                    await _put_back(session, claimed.id, now + timedelta(seconds=seconds), str(failure), counts=False)
                case NotNow() if claimed.kind in _PROMISED or claimed.attempts < MOST_ATTEMPTS:
                    await _put_back(session, claimed.id, now + _wait_after(claimed.attempts), str(failure))
                case Uncertain():
                    again_at = now + _wait_after_uncertain(claimed.uncertain + 1)
                    await _mark_uncertain(
                        session, claimed.id, claimed.kind, claimed.uncertain, str(failure), again_at=again_at, now=now
                    )
                case Withdrawn():
                    await _close(session, claimed.id, OutboxState.CANCELLED, error=str(failure), now=now)
                    if claimed.entitlement_id is not None:
                        await note_withdrawn(session, claimed.entitlement_id, now=now)
                case NotNow() | Refused() | _:
                    await _close(session, claimed.id, OutboxState.FAILED, error=str(failure), now=now)


async def confirm(session: AsyncSession, claimed: Claimed, message_id: int, *, now: datetime) -> None:
    """It went out. A confirmation that comes late, after the row was swept up as uncertain, is accepted too."""
    if claimed.entitlement_id is not None:
        # before the row, as whoever ends deliveries does
        await hold_order_of_right(session, claimed.entitlement_id)
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
        # a kill delays nobody's delivery; what is cut off time and again waits like any other
        again_at = now if uncertain == 0 else now + _wait_after_uncertain(uncertain + 1)
        reason = "the process ended while sending"
        await _mark_uncertain(session, message_id, kind, uncertain, reason, again_at=again_at, now=now)
    return len(left)


def _wait_after(attempts: int) -> timedelta:
    # the exponent is bounded too: a promise is tried for as long as it takes, and 2.0**1024 is no number
    return min(timedelta(seconds=2.0 ** min(attempts, 10)), LONGEST_WAIT)


def _wait_after_uncertain(times: int) -> timedelta:
    return UNCERTAIN_WAITS[min(times, len(UNCERTAIN_WAITS)) - 1]


async def _mark_uncertain(
    session: AsyncSession,
    message_id: int,
    kind: OutboxKind,
    uncertain: int,
    reason: str,
    *,
    again_at: datetime,
    now: datetime,
) -> None:
    again = kind in _PROMISED and uncertain + 1 < MOST_UNCERTAIN
    count = OutboxMessage.uncertain + 1
    if again:
        await _put_back(session, message_id, again_at, reason, uncertain=count)
    else:
        await _close(session, message_id, OutboxState.UNCERTAIN, error=reason, now=now, uncertain=count)


async def _close(
    session: AsyncSession, message_id: int, state: OutboxState, *, error: str, now: datetime, **more: Any
) -> None:
    close = (
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state.in_(OUTBOX_MOVES.sources(state)))
        .values(state=state, error=error, lease_until=None, closed_at=now, **more)
    )
    if await count_changed(session, close) and state in {OutboxState.FAILED, OutboxState.UNCERTAIN}:
        await _tell_of_stuck(session, message_id, error, now=now)


async def _put_back(
    session: AsyncSession, message_id: int, due_at: datetime, reason: str, *, counts: bool = True, **more: Any
) -> None:
    """`counts`: it was a try. One that Telegram put off, or that met a block, was none."""
    attempts = OutboxMessage.attempts if counts else OutboxMessage.attempts - 1
    await session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == message_id, OutboxMessage.state == OutboxState.SENDING)
        .values(state=OutboxState.QUEUED, due_at=due_at, attempts=attempts, error=reason, lease_until=None, **more)
    )


async def _tell_of_stuck(session: AsyncSession, message_id: int, reason: str, *, now: datetime) -> None:
    """Somebody has not got what is theirs: the creator hears of it. Of a notice that is stuck nobody is told."""
    delivery = await find_delivery(session, message_id)
    if delivery is None:
        return

    def told(language: str) -> Message:
        named = {"delivery": message_id, "title": delivery.title, "person": delivery.person}
        return Message(text=say("delivery-stuck", language, reason=reason, **named))

    key = f"delivery-stuck:{message_id}"
    await tell_creator(session, told, key=key, creator_id=delivery.creator_id, lead_id=delivery.lead_id, now=now)
