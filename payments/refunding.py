"""Money that goes back: what was promised is asked of the rail, once, and its answer noted."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from domain.refunds import fail_refund, note_refund
from kit.clock import Clock
from kit.errors import Refusal
from kit.log import correlated, get_logger
from kit.money import Money
from payments.rail import Rail, RailDown, RailRefused, Rails, RefundDue
from store.database import Database, count_changed
from store.models import Order, Payment, Refund, RefundState
from store.models.base import spelled

AT_ONCE = 4
# the rail itself failed so often
MOST_FAILURES = 10
WIRE_SECONDS = 8.0
_SOONEST, _LATEST = timedelta(seconds=30), timedelta(hours=1)
# money that the rail has sent is asked after so often, until it has arrived
_ON_ITS_WAY = timedelta(hours=6)
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    due: RefundDue
    rail: str
    payment_id: int
    state: RefundState


@dataclass
class Refunding:
    """Several processes may run it: each try is taken by one, and the rail knows a refund that is asked for again."""

    database: Database
    clock: Clock
    rails: Rails

    async def refund_due(self) -> int:
        """Works on some of the refunds that are due; how many those were."""
        async with self.database.reading() as session:
            rows = await session.execute(
                select(Refund.id, Refund.retry_at)
                .where(
                    Refund.state.in_([spelled(RefundState.ASKED), spelled(RefundState.SENT)]),
                    Refund.retry_at <= self.clock(),
                )
                .order_by(Refund.retry_at, Refund.id)
                .limit(AT_ONCE)
            )
            due = rows.all()
        await asyncio.gather(*(self._work_on(refund_id, retry_at) for refund_id, retry_at in due))
        return len(due)

    async def _work_on(self, refund_id: int, retry_at: datetime) -> None:
        now = self.clock()
        taken = await self._take(refund_id, retry_at, now=now)
        rail = None if taken is None else self.rails.get(taken.rail)
        if taken is None or rail is None:
            return
        with correlated(refund=refund_id):
            await self._ask(rail, taken, now=now)

    async def _take(self, refund_id: int, retry_at: datetime, *, now: datetime) -> _Taken | None:
        """Pushed back before the rail is asked: a crash costs one try, and two processes make one."""
        async with self.database.transaction() as session:
            refund = await session.get_one(Refund, refund_id)
            waits = min(max((now - refund.created_at) / 2, _SOONEST), _LATEST)
            later = now + (_ON_ITS_WAY if refund.state == RefundState.SENT else waits)
            taken = await count_changed(
                session,
                update(Refund)
                .where(Refund.id == refund_id, Refund.state == refund.state, Refund.retry_at == retry_at)
                .values(retry_at=later),
            )
            if not taken:
                return None
            payment = await session.get_one(Payment, refund.payment_id)
            reference = await session.scalar(select(Order.reference).where(Order.id == refund.order_id))
        due = RefundDue(
            refund_id=refund_id,
            order_id=refund.order_id,
            order_reference=str(reference),
            payment_reference=payment.reference,
            reference=refund.reference,
            attempt=refund.attempts,
            money=Money(refund.amount_minor, refund.currency),
            is_whole=refund.amount_minor == payment.amount_minor,
        )
        return _Taken(due, refund.rail, payment.id, refund.state)

    async def _ask(self, rail: Rail, taken: _Taken, *, now: datetime) -> None:
        try:
            async with asyncio.timeout(WIRE_SECONDS):
                answer = await rail.refund(taken.due)
        except RailDown as down:
            _log.warning("a refund has to wait", reason=str(down))
            if down.answered:
                await self._count_failure(taken, str(down), now=now)
        except RailRefused as refusal:
            await self._give_up(taken, refusal, now=now)
        except TimeoutError:
            _log.warning("a refund has to wait", reason="the rail takes too long to answer")
        else:
            async with self.database.transaction() as session:
                await note_refund(
                    session,
                    await session.get_one(Payment, taken.payment_id),
                    reference=answer.reference,
                    amount_minor=taken.due.money.amount_minor,
                    state=answer.state,
                    refund_id=taken.due.refund_id,
                    error=answer.error,
                    now=now,
                )

    async def _count_failure(self, taken: _Taken, error: str, *, now: datetime) -> None:
        """The rail says the same again to the same attempt, so the next one is another."""
        async with self.database.transaction() as session:
            refund = await session.scalar(
                update(Refund)
                .where(Refund.id == taken.due.refund_id)
                .values(attempts=Refund.attempts + 1, error=error)
                .returning(Refund)
            )
            if refund is not None and refund.attempts >= MOST_FAILURES:
                await fail_refund(session, refund, error, now=now)

    async def _give_up(self, taken: _Taken, refusal: Refusal, *, now: datetime) -> None:
        """Asking again would be in vain: the creator reads why. Money on its way stays so until the rail says more."""
        _log.error("a rail refuses a refund", reason=str(refusal))
        if taken.state == RefundState.SENT:
            return
        async with self.database.transaction() as session:
            refund = await session.get_one(Refund, taken.due.refund_id)
            await fail_refund(session, refund, str(refusal), now=now)
