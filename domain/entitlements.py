"""Rights to products: granted once for each origin, taken back, given back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.channel_passes import end_pass
from domain.deliveries import hand_over, hand_over_again, stop_deliveries
from domain.events import record_event
from domain.licence_keys import unvoid_keys, void_keys
from domain.products import hold_product
from store.database import count_changed, insert_once
from store.models import BundleItem, Entitlement, Lead, Product, ProductKind, ProductVariant

Cause = Literal["refund", "dispute", "hand"]
_ONCE_ONLY = frozenset({ProductKind.FILE, ProductKind.LINK, ProductKind.CHANNEL})


async def grant(
    session: AsyncSession,
    lead: Lead,
    product_id: int,
    *,
    origin: str,
    now: datetime,
    order_id: int | None = None,
    variant_id: int | None = None,
    quantity: int = 1,
    reason: str | None = None,
) -> bool:
    """The right to a product and the promise to deliver it. The same origin again is a no-op and answers False.

    A bundle gives the right to each product in it.
    """
    product = await session.get_one(Product, product_id)
    values = {
        "lead_id": lead.id,
        "order_id": order_id,
        "variant_id": variant_id,
        "quantity": quantity,
        "origin": origin,
        "reason": reason,
        "granted_at": now,
    }
    if product.kind != ProductKind.BUNDLE:
        return await _grant_one(session, lead, {**values, "product_id": product_id}, now=now)
    parts = await session.scalars(
        select(BundleItem.product_id).where(BundleItem.bundle_id == product_id).order_by(BundleItem.product_id)
    )
    granted = False
    for part in parts.all():
        of_part = {**values, "product_id": part, "variant_id": None, "origin": f"{origin}:{product_id}"}
        granted |= await _grant_one(session, lead, of_part, now=now)
    return granted


async def _grant_one(session: AsyncSession, lead: Lead, values: Mapping[str, object], *, now: datetime) -> bool:
    entitlement_id = await insert_once(session, Entitlement, values)
    if entitlement_id is None:
        return False
    await hand_over(session, lead, entitlement_id, now=now)
    return True


async def revoke(
    session: AsyncSession, entitlement: Entitlement, *, by: Cause, reason: str | None = None, now: datetime
) -> bool:
    """The right is gone, and what it gave is taken back. Twice is a no-op and answers False.

    While the lead owns the product by another right too, they keep the access; the keys of this one go all the same,
    since each was for one piece. What a dispute has taken away, a refund takes away for good.
    """
    await _hold_alike(session, entitlement)
    gone = update(Entitlement).where(Entitlement.id == entitlement.id)
    values: dict[str, object] = {"revoked_by": by} if reason is None else {"revoked_by": by, "reason": reason}
    first = await count_changed(session, gone.where(Entitlement.revoked_at.is_(None)).values(**values, revoked_at=now))
    if not first:
        if by != "dispute":
            await session.execute(gone.where(Entitlement.revoked_by == "dispute").values(**values))
        await session.refresh(entitlement)
        return False
    await session.refresh(entitlement)
    await stop_deliveries(session, entitlement.id, now=now)
    await void_keys(session, entitlement.id, now=now)
    await end_pass(session, entitlement.id, now=now)
    await _record(session, "entitlement.revoked", entitlement, now=now, by=by)
    return True


async def restore(session: AsyncSession, entitlement: Entitlement, *, reason: str | None = None, now: datetime) -> bool:
    """The right is back with what it gave, which is handed over once more. Twice is a no-op and answers False."""
    await _hold_alike(session, entitlement)
    await session.refresh(entitlement)
    revoked_at = entitlement.revoked_at
    values: dict[str, object] = {} if reason is None else {"reason": reason}
    back = (
        update(Entitlement)
        .where(Entitlement.id == entitlement.id, Entitlement.revoked_at.is_not(None))
        .values(revoked_at=None, revoked_by=None, **values)
    )
    if revoked_at is None or not await count_changed(session, back):
        return False
    await session.refresh(entitlement)
    await unvoid_keys(session, entitlement.id)
    lead = await session.get_one(Lead, entitlement.lead_id)
    await hand_over_again(session, lead, entitlement, mark=f"{revoked_at.timestamp():.0f}", now=now)
    await _record(session, "entitlement.restored", entitlement, now=now)
    return True


async def revoke_order(session: AsyncSession, order_id: int, *, by: Cause, now: datetime) -> int:
    """All that the order gave; returns how many rights went."""
    return sum([await revoke(session, each, by=by, now=now) for each in await _of_order(session, order_id)])


async def restore_order(session: AsyncSession, order_id: int, *, by: Cause, now: datetime) -> int:
    """What of the order was revoked `by` that, and by nothing else; returns how many rights are back."""
    theirs = await _of_order(session, order_id, Entitlement.revoked_by == by)
    return sum([await restore(session, each, now=now) for each in theirs])


async def owns(session: AsyncSession, lead_id: int, product_id: int) -> bool:
    """Whether they have a right to it that nobody has taken back."""
    right = exists().where(
        Entitlement.lead_id == lead_id, Entitlement.product_id == product_id, Entitlement.revoked_at.is_(None)
    )
    return bool(await session.scalar(select(right)))


async def owned_already(
    session: AsyncSession, lead_id: int, product: Product, variant_id: int | None = None
) -> int | None:
    """The right by which they have exactly this already, where paying for it once more would give them nothing new.

    None for what one may want several of, for what is free, and where people give what they like.
    """
    goods = product if variant_id is None else await session.get(ProductVariant, variant_id)
    if product.kind not in _ONCE_ONLY or product.pay_what_you_want or goods is None or goods.price_minor == 0:
        return None
    newest = (
        select(Entitlement.id)
        .where(
            Entitlement.lead_id == lead_id,
            Entitlement.product_id == product.id,
            Entitlement.variant_id.is_not_distinct_from(variant_id),
            Entitlement.revoked_at.is_(None),
        )
        .order_by(Entitlement.id.desc())
    )
    return await session.scalar(newest.limit(1))


async def _of_order(session: AsyncSession, order_id: int, *which: ColumnElement[bool]) -> list[Entitlement]:
    found = await session.scalars(
        select(Entitlement).where(Entitlement.order_id == order_id, *which).order_by(Entitlement.id)
    )
    return list(found.all())


async def _hold_alike(session: AsyncSession, entitlement: Entitlement) -> None:
    """Two rights to the same, revoked at once, each would look to the other to keep the access."""
    await hold_product(session, entitlement.product_id)
    await session.execute(
        select(Entitlement.id)
        .where(Entitlement.lead_id == entitlement.lead_id, Entitlement.product_id == entitlement.product_id)
        .order_by(Entitlement.id)
        .with_for_update(key_share=True)
    )


async def _record(session: AsyncSession, name: str, entitlement: Entitlement, *, now: datetime, **data: object) -> None:
    lead = await session.get_one(Lead, entitlement.lead_id)
    await record_event(
        session,
        name,
        creator_id=lead.creator_id,
        lead_id=lead.merged_into_id or lead.id,
        subject=f"product:{entitlement.product_id}",
        now=now,
        **data,
    )
