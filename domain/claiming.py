"""What was bought outside of Telegram comes to its buyer's chat, by a link that only the buyer's browser was shown."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.merging import CannotMerge, merge_leads
from kit.errors import Conflict, NotFound
from store.models import Lead, Order, OrderState

CLAIM_PREFIX = "claim_"


class NoClaim(NotFound):
    code = "no_claim"


class ClaimSpent(Conflict):
    """Somebody's chat has fetched it already: a claim is good once."""

    code = "claim_spent"


class Purchase(StrEnum):
    """How a checkout outside of Telegram stands, for whoever comes from it."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    PAID = "paid"
    # it is in somebody's chat
    FETCHED = "fetched"
    OVER = "over"


_ENDED = (OrderState.EXPIRED, OrderState.CANCELLED, OrderState.REFUNDED)


async def find_purchase(session: AsyncSession, rail: str, session_id: str) -> tuple[Purchase, Order | None]:
    order = await session.scalar(select(Order).where(Order.rail == rail, Order.session_id == session_id))
    if order is None:
        return Purchase.UNKNOWN, None
    if order.state in _ENDED:
        return Purchase.OVER, order
    buyer = await session.get_one(Lead, order.lead_id)
    if buyer.person_id is not None:
        return Purchase.FETCHED, order
    return (Purchase.PENDING if order.paid_at is None else Purchase.PAID), order


def claim_payload(order: Order) -> str:
    """A `/start` payload that stands for the order; its reference is nobody's to guess."""
    return CLAIM_PREFIX + order.reference


async def find_claim(session: AsyncSession, payload: str) -> Order:
    """The order that the payload stands for. Raises NoClaim."""
    order = await session.scalar(select(Order).where(Order.reference == payload.removeprefix(CLAIM_PREFIX)))
    if order is None:
        raise NoClaim("there is no purchase behind this link")
    return order


async def claim_order(session: AsyncSession, lead: Lead, order: Order, *, now: datetime) -> None:
    """The order's own lead, who has no chat, becomes a part of this one, who gets what is theirs.

    Claiming what one has already is a no-op. Raises ClaimSpent.
    """
    if order.lead_id == lead.id:
        return
    buyer = await session.get_one(Lead, order.lead_id)
    if buyer.person_id is not None or buyer.creator_id != lead.creator_id:
        raise ClaimSpent("this purchase has been fetched already")
    try:
        await merge_leads(session, lead, buyer, now=now)
    except CannotMerge:
        # somebody else was faster by a moment
        raise ClaimSpent("this purchase has been fetched already") from None
