"""What a creator gives to somebody, or takes back, for a reason of their own and without money."""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.entitlements import grant, owns, restore, revoke
from kit.errors import Conflict, Invalid, Reason
from kit.tokens import new_reference
from store.models import Entitlement, Lead, Order, OrderState, Product, Refund, RefundState

REASON_LENGTH = 500
_WITHOUT_MONEY = (OrderState.REFUNDED, OrderState.DISPUTED)


class OwnedAlready(Conflict):
    code = "owned_already"


class NothingToTake(Conflict):
    code = "nothing_to_take"


async def give_by_hand(session: AsyncSession, lead: Lead, product: Product, reason: str, *, now: datetime) -> None:
    """The lead gets the product; what was taken by hand before comes back. Raises OwnedAlready, or Invalid.

    The right of an order whose money has all gone back, or is with a bank, or of which a part goes back with the right,
    stays gone: what they get then is a present.
    """
    reason = _read(reason)
    if await owns(session, lead.id, product.id):
        raise OwnedAlready("they have it already")
    unpaid = exists().where(Order.id == Entitlement.order_id, Order.state.in_(_WITHOUT_MONEY))
    # else the next of its money would take it away once more
    given_up = exists().where(
        Refund.order_id == Entitlement.order_id, Refund.revokes, Refund.state != RefundState.FAILED
    )
    taken = await session.scalars(
        select(Entitlement)
        .where(Entitlement.lead_id == lead.id, Entitlement.product_id == product.id, Entitlement.revoked_by == "hand")
        .where(~unpaid, ~given_up)
        .order_by(Entitlement.id)
    )
    back = [await restore(session, each, reason=reason, now=now) for each in taken.all()]
    if not any(back):
        await grant(session, lead, product.id, origin=f"hand:{new_reference()}", reason=reason, now=now)


async def take_by_hand(session: AsyncSession, lead: Lead, product: Product, reason: str, *, now: datetime) -> None:
    """Every right of the lead to the product goes; their money stays where it is. Raises NothingToTake, or Invalid."""
    reason = _read(reason)
    held = await session.scalars(
        select(Entitlement)
        .where(Entitlement.lead_id == lead.id, Entitlement.product_id == product.id, Entitlement.revoked_at.is_(None))
        .order_by(Entitlement.id)
    )
    gone = [await revoke(session, each, by="hand", reason=reason, now=now) for each in held.all()]
    if not any(gone):
        raise NothingToTake("they do not have it")


def _read(reason: str) -> str:
    reason = " ".join(reason.split())
    if not 1 <= len(reason) <= REASON_LENGTH:
        raise Invalid(
            f"say why, in up to {REASON_LENGTH} characters",
            fields={"reason": reason[:50]},
            why=Reason("refused-reason", most=REASON_LENGTH),
        )
    return reason
