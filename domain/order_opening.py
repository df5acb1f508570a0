"""What every new order begins with, whoever opens it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.pricing import FREE
from domain.setups import CreatorSetup
from kit.tokens import new_reference
from store.models import Lead, Order


def first_values(
    lead: Lead,
    *,
    rail: str,
    subtotal_minor: int,
    discount_minor: int,
    code_id: int | None,
    currency: str,
    open_key: str | None,
    now: datetime,
    good_for: timedelta,
    setup: CreatorSetup,
    by_seller: bool = False,
) -> dict[str, Any]:
    return {
        "creator_id": lead.creator_id,
        "lead_id": lead.id,
        "by_seller": by_seller,
        "reference": new_reference(),
        "open_key": open_key,
        "rail": rail,
        "subtotal_minor": subtotal_minor,
        "discount_minor": discount_minor,
        "discount_code_id": code_id,
        "total_minor": subtotal_minor - discount_minor,
        "currency": currency,
        "expires_at": now + good_for,
        # no rail tells the end of an invoice, nor of an order that nobody went on to ask it about
        "look_at": now + good_for if rail != FREE else None,
        "abandons_at": now + setup.shop.abandoned_after if rail != FREE else None,
        "created_at": now,
    }


async def record_order(session: AsyncSession, name: str, order: Order, *, now: datetime) -> None:
    await record_event(
        session, name, creator_id=order.creator_id, lead_id=order.lead_id, subject=f"order:{order.id}", now=now
    )
