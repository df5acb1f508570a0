"""What belongs together: the products in a bundle, and what is offered after one."""

from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.discounts import find_code
from domain.events import record_event
from domain.products import find_product, hold_product
from kit.errors import Conflict, Reason
from store.database import count_changed, insert_each_once, upsert
from store.models import BundleItem, Product, ProductKind, ProductVariant, Upsell

MOST_ITEMS = 20
MOST_UPSELLS = 3


class BadBundle(Conflict):
    code = "bad_bundle"


async def put_in_bundle(session: AsyncSession, bundle: Product, product_id: int, *, now: datetime) -> Product:
    """Who buys the bundle from now on gets this product too. Twice is a no-op. Raises BadBundle, NoSuchProduct."""
    product = await find_product(session, bundle.creator_id, product_id)
    for each in sorted({bundle.id, product.id}):
        await hold_product(session, each)
    if bundle.kind != ProductKind.BUNDLE:
        raise BadBundle(f"“{bundle.title}” is no bundle", why=Reason("refused-no-bundle", title=bundle.title))
    if product.kind == ProductKind.BUNDLE:
        raise BadBundle("a bundle goes into no bundle", why=Reason("refused-bundle-in-bundle"))
    variants = exists().where(ProductVariant.product_id == product.id, ProductVariant.archived_at.is_(None))
    if await session.scalar(select(variants)):
        raise BadBundle("what has variants goes into no bundle", why=Reason("refused-bundle-of-variants"))
    held = await session.scalar(select(func.count()).where(BundleItem.bundle_id == bundle.id)) or 0
    if held >= MOST_ITEMS:
        raise BadBundle(f"a bundle holds up to {MOST_ITEMS}", why=Reason("refused-bundle-large", most=MOST_ITEMS))
    await insert_each_once(session, BundleItem, [{"bundle_id": bundle.id, "product_id": product.id}])
    await _note(session, "bundle.filled", bundle, product.id, now=now)
    return product


async def take_out(session: AsyncSession, bundle: Product, product_id: int, *, now: datetime) -> bool:
    """Who has bought the bundle before keeps it. False when it was not in there."""
    gone = delete(BundleItem).where(BundleItem.bundle_id == bundle.id, BundleItem.product_id == product_id)
    if not await count_changed(session, gone):
        return False
    await _note(session, "bundle.emptied", bundle, product_id, now=now)
    return True


async def offer_after(
    session: AsyncSession, product: Product, offered_id: int, *, code: str | None = None, now: datetime
) -> Product:
    """Whoever buys the one is offered the other, with a code applied when there is one. Again changes the code.

    Raises Conflict, NoSuchProduct or NoSuchCode.
    """
    offered = await find_product(session, product.creator_id, offered_id)
    if offered.id == product.id:
        raise Conflict("a product is not offered after itself", why=Reason("refused-upsell-itself"))
    await hold_product(session, product.id)
    others = (Upsell.product_id == product.id, Upsell.offered_id != offered.id)
    if (await session.scalar(select(func.count()).where(*others)) or 0) >= MOST_UPSELLS:
        raise Conflict(
            f"up to {MOST_UPSELLS} products are offered after one",
            why=Reason("refused-many-upsells", most=MOST_UPSELLS),
        )
    code_id = None if code is None else (await find_code(session, product.creator_id, code)).id
    key = {"product_id": product.id, "offered_id": offered.id}
    await upsert(session, Upsell, key, {"discount_code_id": code_id})
    await _note(session, "upsell.added", product, offered.id, now=now)
    return offered


async def stop_offering(session: AsyncSession, product: Product, offered_id: int, *, now: datetime) -> bool:
    """False when it was not offered."""
    gone = delete(Upsell).where(Upsell.product_id == product.id, Upsell.offered_id == offered_id)
    if not await count_changed(session, gone):
        return False
    await _note(session, "upsell.removed", product, offered_id, now=now)
    return True


async def _note(session: AsyncSession, event: str, product: Product, other_id: int, *, now: datetime) -> None:
    await record_event(
        session, event, creator_id=product.creator_id, subject=f"product:{product.id}", now=now, product=other_id
    )
