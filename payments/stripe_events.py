"""What Stripe tells of its own accord: https://docs.stripe.com/api/events/types."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.clock import Clock
from kit.errors import Invalid
from payments.link_sales import order_by_link
from payments.provider_events import IGNORED, Applied, UnknownOrder, UnknownPayment, keep_words
from payments.rail import CheckoutState, Word
from payments.reconciling import read_soon
from payments.standings import apply_standing, find_payment, note_dispute, note_refunds
from payments.stripe_objects import (
    NAME,
    ORDER_KEY,
    ChargeObject,
    DisputeObject,
    RefundObject,
    SessionObject,
    StripeEvent,
    dispute_told,
    refund_told,
    standing_of,
)
from payments.stripe_signature import read_signed
from store.database import Database
from store.models import Order, Payment, ProviderEventState


@dataclass
class StripeEvents:
    """Signed by one of the `secrets`; `livemode` is our own key's."""

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
        async with self.database.transaction() as session:
            await keep_words(session, NAME, [Word(event.id, event.type, body.decode())], now=now)

    async def apply(self, session: AsyncSession, body: str, *, now: datetime) -> Applied:
        """What the event means for its order. Twice is a no-op. Raises UnknownOrder, UnknownPayment or Mismatch."""
        event = StripeEvent.model_validate_json(body)
        told = event.data.object
        # money of a checkout that is not as real as ours is a mismatch, for somebody to see
        of_ours = event.livemode == self.livemode or event.type.startswith("checkout.")
        match event.type if of_ours else "":
            case (
                "checkout.session.completed"
                | "checkout.session.async_payment_succeeded"
                | "checkout.session.async_payment_failed"
                | "checkout.session.expired"
            ):
                return await self._apply_session(session, event, now=now)
            case "refund.created" | "refund.updated" | "refund.failed":
                return await self._apply_refunds(session, [RefundObject.model_validate(told)], now=now)
            case "charge.refunded":
                return await self._apply_charge(session, ChargeObject.model_validate(told), now=now)
            case (
                "charge.dispute.created"
                | "charge.dispute.updated"
                | "charge.dispute.funds_withdrawn"
                | "charge.dispute.funds_reinstated"
                | "charge.dispute.closed"
            ):
                return await self._apply_dispute(session, DisputeObject.model_validate(told), now=now)
            case _:
                return IGNORED

    async def _apply_session(self, session: AsyncSession, event: StripeEvent, *, now: datetime) -> Applied:
        told = event.data.object
        by_link = told.get("payment_link") is not None
        # whatever the visitor of a link has put into its address, the order is the link's own
        order = None if by_link else await _order(session, told)
        if order is None and not by_link:
            # of whatever shape
            return IGNORED
        checkout = SessionObject.model_validate(told)
        # where the event and its session contradict each other, neither is of our mode
        livemode = event.livemode if checkout.livemode in {None, event.livemode} else not self.livemode
        standing = standing_of(checkout, _state_told(event.type, checkout), livemode=livemode)
        if checkout.payment_link is not None:
            order = await order_by_link(session, NAME, checkout.payment_link, standing, livemode=self.livemode, now=now)
        if order is None:
            return IGNORED
        fits = await apply_standing(session, order, standing, livemode=self.livemode, now=now)
        return Applied(ProviderEventState.APPLIED if fits else ProviderEventState.IGNORED, order.id)

    async def _apply_charge(self, session: AsyncSession, told: ChargeObject, *, now: datetime) -> Applied:
        """The newer versions of the API tell the refunds by themselves, to whoever subscribed to them; others ask."""
        if told.refunds is not None:
            return await self._apply_refunds(session, told.refunds.data, now=now)
        await read_soon(session, NAME, now=now)
        return IGNORED

    async def _apply_refunds(self, session: AsyncSession, told: Sequence[RefundObject], *, now: datetime) -> Applied:
        payment = await _payment(session, {each.payment_intent for each in told})
        if payment is None:
            return IGNORED
        await note_refunds(session, payment, [refund_told(each) for each in told], now=now)
        return Applied(ProviderEventState.APPLIED, payment.order_id)

    async def _apply_dispute(self, session: AsyncSession, told: DisputeObject, *, now: datetime) -> Applied:
        dispute = dispute_told(told)
        if dispute is None:
            return IGNORED
        payment = await _payment(session, {told.payment_intent})
        if payment is None:
            return IGNORED
        await note_dispute(session, payment, dispute, now=now)
        return Applied(ProviderEventState.APPLIED, payment.order_id)


def _state_told(kind: str, told: SessionObject) -> CheckoutState:
    match kind:
        case "checkout.session.completed" | "checkout.session.async_payment_succeeded":
            return CheckoutState.PAID if told.is_paid else CheckoutState.PENDING
        case "checkout.session.async_payment_failed":
            return CheckoutState.FAILED
        case _:
            return CheckoutState.EXPIRED


async def _order(session: AsyncSession, told: dict[str, Any]) -> Order | None:
    """None for a session that somebody else has made: by hand in the dashboard, or a shop on the same account.

    Raises UnknownOrder for one that has our mark.
    """
    reference = told.get("client_reference_id")
    if not isinstance(reference, str):
        return None
    order = await session.scalar(select(Order).where(Order.reference == reference))
    if order is None and ORDER_KEY in (told.get("metadata") or {}):
        raise UnknownOrder(f"no order with the reference {reference!r} is known here")
    return order


async def _payment(session: AsyncSession, intents: set[Any]) -> Payment | None:
    """None for money that no payment intent has brought, which none of ours has been. Raises UnknownPayment."""
    named = {each for each in intents if isinstance(each, str)}
    if len(named) != 1:
        return None
    (intent,) = named
    payment = await find_payment(session, NAME, intent)
    if payment is None:
        raise UnknownPayment(f"no payment with the reference {intent!r} is known here")
    return payment
