"""Counting who uses a code: from the opening of an order until that ends unpaid or is refunded in full."""

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.discounts import used_by_them, used_up
from store.database import count_changed, insert_once
from store.models import DiscountCode, DiscountUse, Lead


async def hold_codes(session: AsyncSession, creator_id: int, code_id: int | None, code: str | None) -> None:
    """The code by its number and the one by its name, before either is freed or used."""
    by_name = (DiscountCode.creator_id == creator_id) & (DiscountCode.code == (code or "").strip().upper())
    both = select(DiscountCode.id).where((DiscountCode.id == code_id) | by_name)
    await session.execute(both.order_by(DiscountCode.id).with_for_update(key_share=True))


async def use_code(session: AsyncSession, code_id: int, lead: Lead, order_id: int) -> None:
    """Counts one use by that order: the database decides who has the last one. Raises CodeRefused."""
    use = (
        update(DiscountCode)
        .where(
            DiscountCode.id == code_id,
            DiscountCode.archived_at.is_(None),
            DiscountCode.most_uses.is_(None) | (DiscountCode.uses < DiscountCode.most_uses),
        )
        .values(uses=DiscountCode.uses + 1)
    )
    if not await count_changed(session, use):
        raise used_up()
    most = await session.scalar(select(DiscountCode.most_per_person).where(DiscountCode.id == code_id))
    if not await _take_slot(session, code_id, lead.id, order_id, most=most):
        raise used_by_them()


async def use_code_again(session: AsyncSession, code_id: int, lead_id: int, order_id: int) -> None:
    """An order whose use was freed is paid after all: it counts, whatever the limits are. Twice is a no-op."""
    if await session.scalar(select(DiscountUse.id).where(DiscountUse.order_id == order_id)) is not None:
        return
    await session.execute(update(DiscountCode).where(DiscountCode.id == code_id).values(uses=DiscountCode.uses + 1))
    await _take_slot(session, code_id, lead_id, order_id, most=None)


async def free_code(session: AsyncSession, order_id: int) -> None:
    """The order uses its code no more, and somebody else may. Twice is a no-op."""
    code_id = await session.scalar(
        delete(DiscountUse).where(DiscountUse.order_id == order_id).returning(DiscountUse.discount_code_id)
    )
    if code_id is not None:
        await session.execute(update(DiscountCode).where(DiscountCode.id == code_id).values(uses=DiscountCode.uses - 1))


async def move_uses(session: AsyncSession, into: int, other: int) -> None:
    """One lead has become a part of another: the uses of both count as theirs, be it over the limit."""
    uses = await session.scalars(select(DiscountUse).where(DiscountUse.lead_id == other).order_by(DiscountUse.id))
    for use in uses.all():
        used = func.coalesce(func.max(DiscountUse.slot), 0)
        last = select(used).where(DiscountUse.discount_code_id == use.discount_code_id, DiscountUse.lead_id == into)
        use.slot, use.lead_id = (await session.scalar(last) or 0) + 1, into
        await session.flush()


async def _take_slot(session: AsyncSession, code_id: int, lead_id: int, order_id: int, *, most: int | None) -> bool:
    """The first of the lead's slots that is free; the unique key keeps two orders out of one."""
    theirs = select(DiscountUse.slot).where(DiscountUse.discount_code_id == code_id, DiscountUse.lead_id == lead_id)
    taken = set(await session.scalars(theirs))
    slot = 1
    while most is None or slot <= most:
        values = {"discount_code_id": code_id, "lead_id": lead_id, "slot": slot, "order_id": order_id}
        if slot not in taken and await insert_once(session, DiscountUse, values) is not None:
            return True
        slot += 1
    return False
