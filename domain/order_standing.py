"""The state of a paid order, worked out from its payments, refunds and disputes, in whatever order these came."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.code_uses import free_code, use_code_again
from domain.entitlements import restore_order, revoke_order
from domain.reservations import hold_goods, let_go, sell_order, sell_order_beyond, was_released
from store.database import count_changed
from store.models import (
    ORDER_MOVES,
    Dispute,
    DisputeState,
    Entitlement,
    Order,
    OrderState,
    Payment,
    Refund,
    RefundState,
    ReservationState,
)

_AS_IT_WAS = frozenset({OrderState.PAID, OrderState.FULFILLED, OrderState.OVERSOLD})
# the rail has taken these
TAKEN = (RefundState.SENT, RefundState.DONE)


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it in minor units of the order's currency."""

    # came, less what has gone back
    kept: int
    # what the order costs, with tax and shipping
    due: int
    # banks want it back
    disputed: int
    # banks have taken it back
    lost: int

    @property
    def returned(self) -> bool:
        """All that came has gone back to the buyer, by refunds alone."""
        return self.kept <= 0

    @property
    def in_part(self) -> bool:
        return 0 < self.kept < self.due


async def standing_of(session: AsyncSession, order: Order) -> Standing:
    came = select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(Payment.order_id == order.id)
    gone = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.order_id == order.id, Refund.state.in_(TAKEN)
    )
    of_disputes = dict.fromkeys(DisputeState, 0)
    rows = await session.execute(
        select(Dispute.state, func.sum(Dispute.amount_minor).label("amount"))
        .where(Dispute.order_id == order.id)
        .group_by(Dispute.state)
    )
    for row in rows:
        of_disputes[row.state] = int(row.amount)
    return Standing(
        kept=int(await session.scalar(came) or 0) - int(await session.scalar(gone) or 0),
        due=order.total_minor + order.tax_minor + order.shipping_minor,
        disputed=of_disputes[DisputeState.OPEN],
        lost=of_disputes[DisputeState.LOST],
    )


async def settle_order(session: AsyncSession, order: Order, *, now: datetime, beyond: bool = False) -> Standing:
    """Brings state, stock, code and rights to what its money says. Twice is a no-op. The caller holds the row.

    A dispute sets everything aside until it is closed; money beyond what the order costs is beside the point. Where
    money is there again after all of it had gone back, stock is taken afresh, else the order is oversold; `beyond`:
    it is taken even where none is left, since the money cannot go back.
    """
    # stock, code and rights touch them at different times
    await hold_goods(session, [order.id])
    standing = await standing_of(session, order)
    if not standing.returned and order.state != OrderState.OVERSOLD and await _pieces_are_back(session, order):
        await _take_again(session, order, beyond=beyond)
    before, after = order.state, await _state(session, order, standing)
    if after != before and not {before, after} <= _AS_IT_WAS:
        moved = await count_changed(
            session,
            update(Order)
            .where(Order.id == order.id, Order.state == before, Order.state.in_(ORDER_MOVES.sources(after)))
            .values(state=after),
        )
        if not moved:
            raise RuntimeError(f"order {order.id} cannot go from {before} to {after}")
        await session.refresh(order, ["state"])
    await _settle_goods(session, order, standing)
    await _settle_rights(session, order, standing, now=now)
    return standing


async def _state(session: AsyncSession, order: Order, standing: Standing) -> OrderState:
    in_hand = standing.kept - standing.lost
    if standing.disputed and in_hand - standing.disputed < standing.due:
        return OrderState.DISPUTED
    if in_hand <= 0:
        return OrderState.REFUNDED
    if not await _handed_over(session, order) or await _pieces_are_back(session, order):
        # a part of it may have gone back: somebody has still to see to the rest
        return OrderState.OVERSOLD
    if in_hand < standing.due:
        return OrderState.PARTLY_REFUNDED
    waiting = select(Entitlement.id).where(
        Entitlement.order_id == order.id,
        Entitlement.delivered_at.is_(None),
        func.coalesce(Entitlement.revoked_by, "") != "hand",
    )
    return OrderState.PAID if await session.scalar(waiting.limit(1)) is not None else OrderState.FULFILLED


async def _settle_goods(session: AsyncSession, order: Order, standing: Standing) -> None:
    """What has been paid back in full is back on the shelf, its code free; neither is while a bank has the money."""
    if standing.returned:
        await let_go(session, [order.id], ReservationState.SOLD)
        await free_code(session, order.id)
        return
    if order.discount_code_id is not None:
        await use_code_again(session, order.discount_code_id, order.lead_id, order.id)


async def _take_again(session: AsyncSession, order: Order, *, beyond: bool) -> None:
    """From the shelf; its pieces may have been sold to somebody else meanwhile."""
    if not await sell_order(session, order.id) and beyond:
        await sell_order_beyond(session, order.id)


async def _settle_rights(session: AsyncSession, order: Order, standing: Standing, *, now: datetime) -> None:
    """Rights go with a full refund or a dispute, and come back when that is undone."""
    match order.state:
        case OrderState.DISPUTED:
            await revoke_order(session, order.id, by="dispute", now=now)
        case OrderState.REFUNDED:
            await revoke_order(session, order.id, by="refund" if standing.returned else "dispute", now=now)
        case OrderState.PARTLY_REFUNDED if await _revoking(session, order):
            await revoke_order(session, order.id, by="refund", now=now)
        case OrderState.OVERSOLD:
            # what they had once is not theirs again before somebody has seen to it
            pass
        case _:
            await restore_order(session, order.id, by="dispute", now=now)
            await restore_order(session, order.id, by="refund", now=now)


async def _handed_over(session: AsyncSession, order: Order) -> bool:
    return await session.scalar(select(Entitlement.id).where(Entitlement.order_id == order.id).limit(1)) is not None


async def _pieces_are_back(session: AsyncSession, order: Order) -> bool:
    """All its money had gone back once, and what it had bought is on the shelf, or with somebody else."""
    return await _handed_over(session, order) and await was_released(session, order.id)


async def _revoking(session: AsyncSession, order: Order) -> bool:
    revoking = select(Refund.id).where(Refund.order_id == order.id, Refund.state.in_(TAKEN), Refund.revokes)
    return await session.scalar(revoking.limit(1)) is not None
