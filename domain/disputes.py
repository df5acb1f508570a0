"""A buyer's bank wants money back: the rights rest until it has decided."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.order_standing import settle_order
from domain.order_words import tell_buyer, tell_seller
from kit.money import Money
from store.database import count_changed, insert_once
from store.models import Dispute, DisputeState, Order, OrderState, Payment
from store.queries.library import still_gives


async def open_dispute(
    session: AsyncSession, payment: Payment, *, reference: str, amount: Money, reason: str, now: datetime
) -> None:
    """The order is set aside and its rights are taken back; the creator is told what to do. Twice is a no-op."""
    order = await session.get_one(Order, payment.order_id)
    await session.refresh(order, with_for_update=True)
    values = {
        "order_id": order.id,
        "rail": payment.rail,
        "reference": reference,
        "amount_minor": amount.amount_minor,
        "currency": amount.currency,
        "reason": reason,
        "opened_at": now,
    }
    dispute_id = await insert_once(session, Dispute, values)
    if dispute_id is None:
        return
    await settle_order(session, order, now=now)
    if order.state == OrderState.DISPUTED:
        await tell_buyer(session, "dispute-opened-buyer", order, key=f"dispute-opened-buyer:{dispute_id}", now=now)
    await _record(session, "dispute.opened", order, now=now)
    await tell_seller(
        session, "dispute-opened-told", order, key=f"dispute-opened:{dispute_id}", amount=amount, why=reason, now=now
    )


async def close_dispute(session: AsyncSession, payment: Payment, *, reference: str, won: bool, now: datetime) -> bool:
    """Won: everything is as it was. Lost: the money is gone, and the rights with it where it was all of it.

    Twice is a no-op; False for one that is not known to be open.
    """
    known = select(Dispute).where(Dispute.rail == payment.rail, Dispute.reference == reference)
    dispute = await session.scalar(known)
    if dispute is None:
        return False
    order = await session.get_one(Order, dispute.order_id)
    await session.refresh(order, with_for_update=True)
    state = DisputeState.WON if won else DisputeState.LOST
    close = (
        update(Dispute)
        .where(Dispute.id == dispute.id, Dispute.state == DisputeState.OPEN)
        .values(state=state, closed_at=now)
    )
    if not await count_changed(session, close):
        return False
    if not won:
        # it is not there any more to be given back
        await session.execute(
            update(Payment)
            .where(Payment.id == payment.id)
            .values(refunded_minor=Payment.refunded_minor + dispute.amount_minor)
        )
    before = order.state
    await settle_order(session, order, now=now)
    theirs = await still_gives(session, order.id)
    if theirs and before == OrderState.DISPUTED:
        await tell_buyer(session, "dispute-over-buyer", order, key=f"dispute-over-buyer:{dispute.id}", now=now)
    elif not won and order.state == OrderState.REFUNDED:
        await tell_buyer(session, "dispute-lost-buyer", order, key=f"dispute-lost-buyer:{dispute.id}", now=now)
    await _record(session, f"dispute.{state}", order, now=now)
    amount = Money(dispute.amount_minor, dispute.currency)
    text = _told(order, won=won, theirs=theirs)
    await tell_seller(session, text, order, key=f"dispute-closed:{dispute.id}", amount=amount, now=now)
    return True


def _told(order: Order, *, won: bool, theirs: bool) -> str:
    """What is said to the seller: by what the buyer has now, whatever of the money came or went beside it."""
    if won:
        return "dispute-won-told" if theirs else "dispute-won-alone-told"
    if theirs:
        return "dispute-lost-part-told"
    return "dispute-lost-told" if order.state == OrderState.REFUNDED else "dispute-lost-alone-told"


async def _record(session: AsyncSession, name: str, order: Order, *, now: datetime) -> None:
    await record_event(
        session, name, creator_id=order.creator_id, lead_id=order.lead_id, subject=f"order:{order.id}", now=now
    )
