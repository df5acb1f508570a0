"""A lead is removed by whoever sells to them: what somebody owns, and how many stars they gave, is not the seller's."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.forgetting import forget_lead
from domain.holding import hold_family
from kit.errors import Conflict
from store.models import Entitlement, Lead, Order, Payment


class LeadOwns(Conflict):
    """They have bought something, or been given it, or have money here, and would lose it without a refund."""

    code = "lead_owns"


async def remove_lead(session: AsyncSession, lead: Lead, *, now: datetime, with_library: bool = False) -> None:
    """Forgets them by their seller's word. Their reviews keep their stars, without words.

    Raises LeadOwns for one who has a right to something, or has paid more than went back, unless it is said that it
    goes too (`with_library`): that is for an owner of the business in person to say (`Act.REMOVE_OWNERS`).
    """
    family, _ = await hold_family(session, lead)
    rights = exists().where(Entitlement.lead_id.in_(family), Entitlement.revoked_at.is_(None))
    # a right can be taken back for a cent, or for nothing
    money = exists().where(
        Order.lead_id.in_(family), Payment.order_id == Order.id, Payment.refunded_minor < Payment.amount_minor
    )
    if not with_library and await session.scalar(select(rights | money)):
        raise LeadOwns(
            "this lead owns something, or has money here that did not go back: pay it back first, or let them ask for "
            "it by /forget_me; an owner who signs in may say ?with_library=true"
        )
    await forget_lead(session, lead, keep_stars=True, now=now)
