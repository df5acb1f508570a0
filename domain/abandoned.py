"""Checkouts that somebody began, and has not paid for a while."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.order_ends import UNDER_WAY
from store.models import Order

_BATCH = 200


async def note_abandoned(session: AsyncSession, *, now: datetime) -> int:
    """Records `checkout.abandoned` of each unpaid order whose time for it has come, once; how many were looked at.

    One that is paid by now, or whose money is on its way, is passed over.
    """
    due = (
        await session.scalars(
            select(Order)
            .where(Order.abandons_at <= now)
            .order_by(Order.abandons_at, Order.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True),
            execution_options={"populate_existing": True},
        )
    ).all()
    if not due:
        return 0
    await session.execute(update(Order).where(Order.id.in_([each.id for each in due])).values(abandons_at=None))
    for order in due:
        if order.state in UNDER_WAY and order.pending_at is None:
            await record_event(
                session,
                "checkout.abandoned",
                creator_id=order.creator_id,
                lead_id=order.lead_id,
                subject=f"order:{order.id}",
                now=now,
            )
    return len(due)
