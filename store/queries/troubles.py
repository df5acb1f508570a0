from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    ClockJump,
    Enrollment,
    EnrollmentState,
    Order,
    OrderState,
    OutboxMessage,
    OutboxState,
    ProviderEvent,
    ProviderEventState,
    Refund,
    RefundState,
    TelegramUpdate,
)
from store.queries.rails import Since
from store.queries.updates import MOST_RESUMED

LATELY = timedelta(days=1)
SOON = timedelta(minutes=10)
MANY_TRIES = 10


@dataclass(frozen=True, slots=True)
class Trouble:
    """How many rows wait for a person to look at them, which they are, and for how long the oldest has."""

    what: str
    count: int
    told: str
    oldest: timedelta


async def count_troubles(session: AsyncSession, *, now: datetime) -> list[Trouble]:
    """Each kind of trouble that the store can hold, also where there is none of it."""
    asked: list[tuple[str, Since, ColumnElement[bool], str]] = [
        (
            "messages",
            OutboxMessage.created_at,
            OutboxMessage.state.in_([OutboxState.FAILED, OutboxState.UNCERTAIN])
            | ((OutboxMessage.state == OutboxState.QUEUED) & (OutboxMessage.attempts >= MANY_TRIES)),
            "could not be sent so far, or perhaps were (outbox_message, error)",
        ),
        (
            "replies",
            TelegramUpdate.received_at,
            TelegramUpdate.answered_at.is_(None) & (TelegramUpdate.resumed >= MOST_RESUMED),
            "replies were given up (telegram_update, resumed)",
        ),
        (
            "updates",
            TelegramUpdate.received_at,
            TelegramUpdate.error.is_not(None) & (TelegramUpdate.received_at > now - LATELY),
            "since yesterday could not be handled (telegram_update, error)",
        ),
        (
            "payments",
            ProviderEvent.received_at,
            (ProviderEvent.state == ProviderEventState.REFUSED)
            | ((ProviderEvent.state == ProviderEventState.KEPT) & (ProviderEvent.received_at < now - SOON)),
            "of the rails' events fit no order or cannot be applied (provider_event, error)",
        ),
        (
            "refunds",
            Refund.created_at,
            ((Refund.state == RefundState.ASKED) & (Refund.created_at < now - SOON))
            | ((Refund.state == RefundState.FAILED) & (Refund.closed_at > now - LATELY)),
            "are not made so far, or were refused since yesterday (refund, error)",
        ),
        (
            "checkouts",
            Order.look_at,
            Order.state.in_([OrderState.OPEN, OrderState.AWAITING_PAYMENT]) & (Order.look_at < now - SOON),
            "could not be asked about at their rail for a while (order, look_at)",
        ),
        ("orders", Order.paid_at, Order.state == OrderState.OVERSOLD, "are paid and sold out (order, state oversold)"),
        (
            "follow-ups",
            Enrollment.started_at,
            Enrollment.state == EnrollmentState.PARKED,
            "are parked with their reason (enrollment, state parked)",
        ),
        (
            "clock-jumps",
            ClockJump.noticed_at,
            ClockJump.noticed_at > now - LATELY,
            "since yesterday: a machine's clock was set, or it slept; keep it by NTP (clock_jump, seconds)",
        ),
    ]
    return [await _count(session, *each, now=now) for each in asked]


async def _count(
    session: AsyncSession, what: str, since: Since, condition: ColumnElement[bool], told: str, *, now: datetime
) -> Trouble:
    count, oldest = (await session.execute(select(func.count(), func.min(since)).where(condition))).one()
    return Trouble(what, count, told, timedelta() if oldest is None else max(now - oldest, timedelta()))
