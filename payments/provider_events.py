from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.orders import Received, expire_order, fail_payment, note_pending, pay_order
from domain.outbox import tell_creator
from kit.clock import Clock
from kit.errors import Invalid
from kit.log import correlated, get_logger
from kit.money import Money
from payments.stripe_rail import NAME
from payments.stripe_signature import read_signed
from store.database import Database, insert_once, is_unavailable, wake
from store.models import Lead, Order, ProviderEvent, ProviderEventState

TOPIC = "provider_events"
BATCH = 50
MOST_ATTEMPTS = 10
_log = get_logger(__name__)


class _Lenient(BaseModel):
    """Stripe's objects, of which Spark reads a part: https://docs.stripe.com/api/events/object."""

    # what is wrong with them is told without what stands in them: they name people
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class SessionObject(_Lenient):
    id: str
    client_reference_id: str | None = None
    amount_total: int
    currency: str
    payment_status: str
    payment_intent: str | None = None


class _Data(_Lenient):
    object: dict[str, Any]


class StripeEvent(_Lenient):
    id: str
    type: str
    livemode: bool
    data: _Data


class UnknownOrder(Exception):  # noqa: N818 - not an error of ours: the order may be about to be saved
    """Stripe speaks of an order that is not here, or not yet."""


class Mismatch(Exception):  # noqa: N818 - said of Stripe's words
    """What Stripe says does not fit the order; nothing is handed over."""

    def __init__(self, order: Order, message: str) -> None:
        super().__init__(message)
        # plain numbers: the row itself is gone with the transaction that this ends
        self.order_id, self.creator_id = order.id, order.creator_id


@dataclass
class StripeEvents:
    """Stripe's own words: kept once under their id, committed, and only then applied."""

    database: Database
    clock: Clock
    secrets: Sequence[str]
    livemode: bool

    async def keep(self, body: bytes, signature: str | None) -> None:
        """Returns once the event is saved. Raises BadSignature or Invalid; the same event again is a no-op."""
        now = self.clock()
        raw = read_signed(body, signature, self.secrets, now=now)
        try:
            event = StripeEvent.model_validate(raw)
        except ValidationError:
            raise Invalid("this is not a Stripe event") from None
        values = {
            "rail": NAME,
            "reference": event.id,
            "kind": event.type,
            "body": body.decode(),
            "received_at": now,
            "retry_at": now,
        }
        async with self.database.transaction() as session:
            await insert_once(session, ProviderEvent, values)
            wake(session, TOPIC)

    async def apply_due(self) -> int:
        """Applies kept events, each in a transaction of its own, so that one bad one holds up nobody."""
        async with self.database.reading() as session:
            due = await session.scalars(
                select(ProviderEvent.id)
                .where(ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at <= self.clock())
                .order_by(ProviderEvent.id)
                .limit(BATCH)
            )
            ids = list(due)
        taken = 0
        for event_id in ids:
            with correlated(provider_event=event_id):
                taken += await self._apply_one(event_id)
        return taken

    async def _apply_one(self, event_id: int) -> bool:
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
                event = StripeEvent.model_validate_json(kept.body)
                applied = await apply(session, event, livemode=self.livemode, now=now)
                await _settle(session, event_id, applied, now=now, order_id=await _order_named(session, event))
        except Mismatch as mismatch:
            _log.error("a provider event does not fit its order", reason=str(mismatch))
            async with self.database.transaction() as session:
                await _refuse(session, event_id, mismatch, now=now)
        except ValidationError as error:
            # the words stay what they are, so that another try reads no more in them
            reason = _what_is_wrong(error)
            _log.error("a provider event cannot be read", reason=reason)
            async with self.database.transaction() as session:
                await _settle(session, event_id, ProviderEventState.REFUSED, error=reason, now=now)
        except Exception as error:
            if is_unavailable(error):
                raise
            await self._try_later(event_id, error, now=now)
        return True

    async def _try_later(self, event_id: int, error: Exception, *, now: datetime) -> None:
        """Kept for another try, later and later; after the last one it stays `refused` for a person to see."""
        _log.warning("a provider event could not be applied", error=f"{type(error).__name__}: {error}")
        async with self.database.transaction() as session:
            kept = await session.scalar(
                update(ProviderEvent)
                .where(ProviderEvent.id == event_id, ProviderEvent.state == ProviderEventState.KEPT)
                .values(attempts=ProviderEvent.attempts + 1, error=f"{type(error).__name__}: {error}")
                .returning(ProviderEvent)
            )
            if kept is None:
                return
            kept.retry_at = now + timedelta(seconds=min(2.0**kept.attempts, 3600))
            if kept.attempts >= MOST_ATTEMPTS:
                kept.state = ProviderEventState.REFUSED


async def apply(session: AsyncSession, event: StripeEvent, *, livemode: bool, now: datetime) -> ProviderEventState:
    """What the event means for its order. Twice is a no-op. Raises UnknownOrder or Mismatch."""
    if event.type not in _ABOUT_ORDERS:
        return ProviderEventState.IGNORED
    if event.data.object.get("client_reference_id") is None:
        # a session that somebody made by hand in Stripe's dashboard, of whatever shape
        return ProviderEventState.IGNORED
    told = SessionObject.model_validate(event.data.object)
    order = await _order(session, told)
    match event.type:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            if told.payment_status not in {"paid", "no_payment_required"}:
                if event.livemode != livemode or told.id != (order.session_id or told.id):
                    return ProviderEventState.IGNORED
                await note_pending(session, order, now=now)
                return ProviderEventState.APPLIED
            _check(order, told, expected_livemode=livemode, told_livemode=event.livemode)
            received = Received(NAME, told.payment_intent or told.id, Money(told.amount_total, told.currency))
            await pay_order(session, order, received, now=now)
        case _ if event.livemode != livemode or told.id != (order.session_id or told.id):
            # the end of another checkout, of an earlier store's order of this number
            return ProviderEventState.IGNORED
        case "checkout.session.async_payment_failed":
            await fail_payment(session, order, now=now)
        case _:
            await expire_order(session, order, now=now)
    return ProviderEventState.APPLIED


_ABOUT_ORDERS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)


async def _order_named(session: AsyncSession, event: StripeEvent) -> int | None:
    reference = event.data.object.get("client_reference_id")
    if not isinstance(reference, str):
        return None
    return await session.scalar(select(Order.id).where(Order.reference == reference))


async def _order(session: AsyncSession, told: SessionObject) -> Order:
    order = await session.scalar(select(Order).where(Order.reference == told.client_reference_id))
    if order is None:
        raise UnknownOrder(f"no order with the reference {told.client_reference_id!r} is known here")
    return order


def _check(order: Order, told: SessionObject, *, expected_livemode: bool, told_livemode: bool) -> None:
    """Money counts only as the order says it: this amount, currency, session, and mode."""
    expected = (order.total_minor, order.currency, order.session_id or told.id, expected_livemode)
    given = (told.amount_total, told.currency.lower(), told.id, told_livemode)
    if expected != given:
        raise Mismatch(order, f"order {order.id} expects {expected}, Stripe says {given}")


def _what_is_wrong(error: ValidationError) -> str:
    """Which keys are missing or of another kind, never what was given for them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = (f"{'.'.join(str(part) for part in each['loc'])}: {each['type']}" for each in found)
    return f"{error.title} cannot be read: {', '.join(wrong)}"


async def _refuse(session: AsyncSession, event_id: int, mismatch: Mismatch, *, now: datetime) -> None:
    """Nothing is handed over, and the creator is told: money may have moved that fits no order."""
    order_id = mismatch.order_id
    await _settle(session, event_id, ProviderEventState.REFUSED, error=str(mismatch), now=now, order_id=order_id)

    def told(language: str) -> Message:
        return Message(text=say("payment-mismatch", language, order=mismatch.order_id))

    await tell_creator(session, told, key=f"mismatch:{event_id}", creator_id=mismatch.creator_id, now=now)


async def _settle(
    session: AsyncSession,
    event_id: int,
    state: ProviderEventState,
    *,
    now: datetime,
    error: str | None = None,
    order_id: int | None = None,
) -> None:
    """What the event came to. Words that nobody needs again are not kept: they name people."""
    await session.execute(
        update(ProviderEvent)
        .where(ProviderEvent.id == event_id, ProviderEvent.state == ProviderEventState.KEPT)
        .values(state=state, error=error, settled_at=now, order_id=order_id)
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
