"""Stripe's words as its webhook brings them, signed; and the till that hears them."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from kit.clock import MovableClock
from payments.provider_events import ProviderEvents
from payments.stripe_events import StripeEvents
from payments.stripe_objects import ORDER_KEY
from payments.stripe_rail import NAME
from store.database import Database
from store.models import Order, OrderState, ProviderEvent, ProviderEventState

SECRETS = ("whsec_new", "whsec_old")
COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"
EXPIRED = "checkout.session.expired"


def sign(body: bytes, now: datetime, *, secret: str = SECRETS[0], at: int | None = None) -> str:
    """https://docs.stripe.com/webhooks#verify-manually"""
    timestamp = int(now.timestamp()) if at is None else at
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def reference_of(order: object) -> str:
    """What the tests' orders are known by to Stripe, in the place of something random."""
    return f"order-{order}"


def word(
    kind: str, order: object, event_id: str, *, livemode: bool = False, told_live: bool | None = None, **changes: Any
) -> bytes:
    """One event about the checkout session of an order; `told_live` is the event's own word on that."""
    session = {
        "object": "checkout.session",
        "id": "cs_1",
        "livemode": livemode,
        "client_reference_id": None if order is None else reference_of(order),
        "metadata": {} if order is None else {ORDER_KEY: reference_of(order)},
        "amount_total": 1900,
        "currency": "usd",
        "payment_status": "paid",
        "payment_intent": f"pi_{order}",
    }
    data = {"object": session | changes}
    live = livemode if told_live is None else told_live
    return orjson.dumps({"id": event_id, "object": "event", "type": kind, "livemode": live, "data": data})


def a_till(database: Database, clock: MovableClock, secrets: Sequence[str] = SECRETS) -> "Till":
    stripe = StripeEvents(database, clock, secrets, livemode=False)
    return Till(database, clock, stripe, ProviderEvents(database, clock, {NAME: stripe}))


@dataclass
class Till:
    database: Database
    clock: MovableClock
    # what takes Stripe's words in, and what applies those that were kept
    stripe: StripeEvents
    events: ProviderEvents

    async def keep(self, body: bytes) -> None:
        await self.stripe.keep(body, sign(body, self.clock()))

    async def hear(self, *bodies: bytes) -> None:
        """Each is kept and applied before the next one comes."""
        for body in bodies:
            await self.keep(body)
            await self.events.apply_due()

    async def kept(self) -> list[ProviderEvent]:
        async with self.database.reading() as session:
            return [*await session.scalars(select(ProviderEvent).order_by(ProviderEvent.id))]

    async def states(self) -> list[ProviderEventState]:
        return [row.state for row in await self.kept()]

    async def order_state(self, order_id: int) -> OrderState:
        async with self.database.reading() as session:
            return (await session.get_one(Order, order_id)).state
