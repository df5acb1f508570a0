"""A rail's own words: kept once under their name, committed, and only then applied."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.admins import alert_operators
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.pricing import STARS
from kit.clock import Clock
from kit.log import correlated, get_logger
from payments.rail import Word
from payments.standings import Mismatch, tell_of_mismatch
from payments.stripe_objects import what_is_wrong
from store.database import Database, insert_each_once, is_unavailable, wake
from store.models import Lead, Order, ProviderEvent, ProviderEventState

TOPIC = "provider_events"
BATCH = 50
MOST_ATTEMPTS = 10
_log = get_logger(__name__)


class Unknown(Exception):
    """A rail speaks of what is not here, or not yet."""


class UnknownOrder(Unknown):
    """An order that carries our mark: when it never comes, a person has to look."""


class UnknownPayment(Unknown):
    """Money that may never have been ours, as others use the same account: when it never comes, it was not."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a word came to, and whose money it tells of."""

    state: ProviderEventState
    order_id: int | None = None


IGNORED = Applied(ProviderEventState.IGNORED)


class Applier(Protocol):
    async def apply(self, session: AsyncSession, body: str, *, now: datetime) -> Applied:
        """What a word means. Twice is a no-op. Raises Unknown, Mismatch, or a ValidationError that names nobody."""


class _Nobody:
    """Stands for a rail that is not set up, or no longer."""

    async def apply(self, _session: AsyncSession, _body: str, *, now: datetime) -> Applied:
        raise Unknown(f"at {now:%Y-%m-%d %H:%M} this rail was not set up")


_NOBODY = _Nobody()


async def keep_words(session: AsyncSession, rail: str, words: Iterable[Word], *, now: datetime) -> None:
    """Kept in their order, and applied soon after the commit; those that are known are left as they are."""
    rows = [
        {
            "rail": rail,
            "reference": word.reference,
            "kind": word.kind,
            "body": word.body,
            "state": ProviderEventState.KEPT,
            "attempts": 0,
            "received_at": now,
            "retry_at": now,
        }
        for word in words
    ]
    await insert_each_once(session, ProviderEvent, rows)
    wake(session, TOPIC)


@dataclass
class ProviderEvents:
    """`appliers` know what the words of each rail mean."""

    database: Database
    clock: Clock
    appliers: Mapping[str, Applier]

    async def apply_due(self) -> int:
        """Applies kept words, each in a transaction of its own, so that one bad one holds up nobody."""
        async with self.database.reading() as session:
            due = await session.execute(
                select(ProviderEvent.id, ProviderEvent.rail)
                .where(ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at <= self.clock())
                .order_by(ProviderEvent.id)
                .limit(BATCH)
            )
            words = due.all()
        taken = 0
        for event_id, rail in words:
            with correlated(provider_event=event_id):
                taken += await self._apply_one(event_id, rail)
        return taken

    async def _apply_one(self, event_id: int, rail: str) -> bool:
        """False when another process has it in hand."""
        now = self.clock()
        try:
            async with self.database.transaction() as session:
                kept = await session.scalar(
                    select(ProviderEvent)
                    .where(ProviderEvent.id == event_id, ProviderEvent.state == ProviderEventState.KEPT)
                    .with_for_update(skip_locked=True)
                )
                if kept is None:
                    return False
                applied = await self.appliers.get(rail, _NOBODY).apply(session, kept.body, now=now)
                await _settle(session, event_id, applied, now=now)
        except Mismatch as mismatch:
            _log.error("a provider event does not fit its order", reason=str(mismatch))
            refused = Applied(ProviderEventState.REFUSED, mismatch.order_id)
            async with self.database.transaction() as session:
                await _settle(session, event_id, refused, now=now, error=str(mismatch))
                await tell_of_mismatch(session, mismatch, key=str(event_id), now=now)
        except ValidationError as error:
            # the words stay what they are, so that another try reads no more in them
            reason = what_is_wrong(error)
            _log.error("a provider event cannot be read", reason=reason)
            async with self.database.transaction() as session:
                await _settle(session, event_id, Applied(ProviderEventState.REFUSED), now=now, error=reason)
        except Exception as error:
            if is_unavailable(error):
                raise
            await self._try_later(event_id, error, now=now)
        return True

    async def _try_later(self, event_id: int, error: Exception, *, now: datetime) -> None:
        """Kept for another try, later and later; after the last one it stays `refused` for a person to see."""
        told = f"{type(error).__name__}: {error}"
        _log.warning("a provider event could not be applied", error=told)
        async with self.database.transaction() as session:
            kept = await session.scalar(
                update(ProviderEvent)
                .where(ProviderEvent.id == event_id, ProviderEvent.state == ProviderEventState.KEPT)
                .values(attempts=ProviderEvent.attempts + 1, error=told)
                .returning(ProviderEvent)
            )
            if kept is None:
                return
            kept.retry_at = now + timedelta(seconds=min(2.0**kept.attempts, 3600))
            if kept.attempts < MOST_ATTEMPTS:
                return
            await session.flush()
            match error:
                case UnknownPayment():
                    await _settle(session, event_id, IGNORED, now=now, error=told)
                case _:
                    # whoever runs Spark is alerted: by this once, by the log, and by `spark doctor` while it stays
                    await _alert(session, kept, error, now=now)
                    _log.error("a provider event is given up; somebody has to look at it", error=told)
                    await _settle(session, event_id, Applied(ProviderEventState.REFUSED), now=now, error=told)


async def _alert(session: AsyncSession, kept: ProviderEvent, error: Exception, *, now: datetime) -> None:
    """Tells those who look after the instance, once for each event."""
    key = "admin-unknown-order" if isinstance(error, UnknownOrder) else "admin-unapplied"
    rail, kind, event = ("Telegram" if kept.rail == STARS else "Stripe"), kept.kind, kept.reference
    # what went wrong may quote what people have told: its kind alone is said
    reason = type(error).__name__

    def told(language: str) -> Message:
        return Message(text=say(key, language, rail=rail, kind=kind, event=event, reason=reason))

    await alert_operators(session, told, key=f"provider-event:{kept.id}", now=now)


async def _settle(
    session: AsyncSession, event_id: int, applied: Applied, *, now: datetime, error: str | None = None
) -> None:
    """What the word came to. Words that nobody needs again are not kept: they name people."""
    await session.execute(
        update(ProviderEvent)
        .where(ProviderEvent.id == event_id, ProviderEvent.state == ProviderEventState.KEPT)
        .values(state=applied.state, error=error, settled_at=now, order_id=applied.order_id)
    )
    forgotten = (
        select(Order.id)
        .join(Lead, Lead.id == Order.lead_id)
        .where(Order.id == ProviderEvent.order_id, Lead.forgotten_at.is_not(None))
    )
    await session.execute(
        update(ProviderEvent)
        .where(ProviderEvent.id == event_id, (ProviderEvent.state == ProviderEventState.IGNORED) | forgotten.exists())
        .values(body="{}"),
        execution_options={"synchronize_session": False},
    )
