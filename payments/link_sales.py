"""Money that came by a payment link: its order is made when the rail first tells of it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.payment_links import Buyer, hold_link, open_link_order
from kit.money import Money
from payments.rail import CheckoutState, Standing
from payments.standings import Mismatch, misfit
from store.models import Order

_BOUGHT = frozenset({CheckoutState.PAID, CheckoutState.PENDING})


async def order_by_link(
    session: AsyncSession, rail: str, link: str, standing: Standing, *, livemode: bool, now: datetime
) -> Order | None:
    """The order of a checkout that somebody opened by a link of ours, made when they have done their part.

    None for a link that is not ours, and for a checkout that came to nothing. Raises Mismatch.
    """
    known = select(Order).where(Order.rail == rail, Order.session_id == standing.session_id)
    order = await session.scalar(known)
    if order is not None or standing.state not in _BOUGHT:
        return order
    # two words about one checkout take turns here
    ours = await hold_link(session, rail, link)
    if ours is None or standing.livemode != livemode:
        return None
    order = await session.scalar(known)
    if order is not None:
        return order
    wrong = misfit(standing, Money(ours.price_minor, ours.currency), livemode=livemode, whose=f"payment link {ours.id}")
    if wrong is not None:
        raise Mismatch(wrong, creator_id=ours.creator_id, order_id=None)
    return await open_link_order(session, ours, standing.session_id, Buyer.of(standing.buyer), now=now)
