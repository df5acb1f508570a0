from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from kit.text import search_words
from store.models import BundleItem, Channel, Creator, DiscountCode, Product, ProductKind, ProductVariant, Upsell
from store.queries.product_search import Totals
from store.queries.product_shapes import LISTED

MOST_SHOWN = 50
MOST_CATEGORIES = 20
_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class ShopFilter:
    """Products of one category, or whose words begin like those that somebody typed."""

    category: str | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered after a product, and the code that the offer applies."""

    product: Product
    code: str | None


def on_sale(creator_id: int, now: datetime) -> ColumnElement[bool]:
    """A bundle is once something is in it."""
    return and_(
        or_(Product.kind != ProductKind.BUNDLE, exists().where(BundleItem.bundle_id == Product.id)),
        Product.creator_id == creator_id,
        ~exists().where(Creator.id == creator_id, Creator.closed_at.is_not(None)),
        LISTED,
        or_(Product.active_from.is_(None), Product.active_from <= now),
        or_(Product.active_until.is_(None), Product.active_until > now),
    )


def is_on_sale(product: Product, now: datetime) -> bool:
    """The same of one that is at hand, but for what is in a bundle."""
    begun = product.active_from is None or product.active_from <= now
    over = product.active_until is not None and product.active_until <= now
    return product.active and product.archived_at is None and begun and not over


async def list_shop(
    session: AsyncSession, creator_id: int, wanted: ShopFilter, paging: Paging, *, now: datetime
) -> Page[Product]:
    """What this creator has on sale, oldest first."""
    conditions = [on_sale(creator_id, now)]
    if wanted.category is not None:
        conditions.append(Product.category == wanted.category)
    # each of the words begins one of the product's
    words = search_words(wanted.search)[:_MOST_WORDS]
    conditions += [Product.words.contains(f" {word}", autoescape=True) for word in words]
    if wanted.search and not words:
        return Page([], 0, paging)
    return await _page(session, select(Product).where(*conditions).order_by(Product.id), paging)


async def count_categories(session: AsyncSession, creator_id: int, *, now: datetime) -> dict[str, int]:
    """How many are on sale in each, by name; those in none are left out."""
    rows = await session.execute(
        select(Product.category, func.count().label("many"))
        .where(on_sale(creator_id, now), Product.category != "")
        .group_by(Product.category)
        .order_by(Product.category)
        .limit(MOST_CATEGORIES)
    )
    return {row.category: row.many for row in rows}


async def list_products(
    session: AsyncSession, creator_id: int, paging: Paging, *, archived: bool, totals: Totals | None = None
) -> Page[Product]:
    """All that the creator has, on sale or not, newest first; the archived ones apart."""
    put_away = Product.archived_at.is_not(None) if archived else Product.archived_at.is_(None)
    query = select(Product).where(Product.creator_id == creator_id, put_away).order_by(Product.id.desc())
    if totals is None:
        return await _page(session, query, paging)

    async def count() -> int:
        of_them = select(func.count()).select_from(Product).where(Product.creator_id == creator_id, put_away)
        return await session.scalar(of_them) or 0

    found = await session.scalars(query.limit(paging.limit).offset(paging.offset))
    return Page(found.all(), await totals(("own products", creator_id, archived), count), paging)


async def variants_of(session: AsyncSession, product_id: int) -> Sequence[ProductVariant]:
    """The choices that are for sale, oldest first."""
    living = select(ProductVariant).where(ProductVariant.product_id == product_id, ProductVariant.archived_at.is_(None))
    return (await session.scalars(living.order_by(ProductVariant.id))).all()


async def page_of_variants(session: AsyncSession, product_id: int, paging: Paging) -> Page[ProductVariant]:
    """All that the product has or had, oldest first."""
    mine = ProductVariant.product_id == product_id
    total = await session.scalar(select(func.count()).select_from(ProductVariant).where(mine)) or 0
    query = select(ProductVariant).where(mine).order_by(ProductVariant.id)
    found = await session.scalars(query.limit(paging.limit).offset(paging.offset))
    return Page(found.all(), total, paging)


async def is_empty_bundle(session: AsyncSession, product: Product) -> bool:
    """Whoever bought it would get nothing."""
    if product.kind != ProductKind.BUNDLE:
        return False
    return (
        await session.scalar(select(BundleItem.product_id).where(BundleItem.bundle_id == product.id).limit(1)) is None
    )


async def goes_by_post(session: AsyncSession, product: Product) -> bool:
    """It, or something in it, is sent to an address."""
    if product.kind != ProductKind.BUNDLE:
        return product.kind == ProductKind.PHYSICAL
    parcel = (
        select(Product.id)
        .join(BundleItem, BundleItem.product_id == Product.id)
        .where(BundleItem.bundle_id == product.id, Product.kind == ProductKind.PHYSICAL)
    )
    return await session.scalar(parcel.limit(1)) is not None


async def are_any_left(session: AsyncSession, product: Product) -> bool:
    """Whether somebody could get one: of a bundle all that is in it, of variants any."""
    parts = await bundle_contents(session, product.id) if product.kind == ProductKind.BUNDLE else [product]
    variants = await variants_of(session, product.id)
    if variants:
        return any(each.stock != 0 for each in variants)
    return bool(parts) and all(each.stock != 0 for each in (product, *parts))


async def variants_of_each(
    session: AsyncSession, product_ids: Collection[int]
) -> Mapping[int, Sequence[ProductVariant]]:
    """The same of several products at once, by product; without those that have none."""
    living = select(ProductVariant).where(
        ProductVariant.product_id.in_(product_ids), ProductVariant.archived_at.is_(None)
    )
    found: dict[int, list[ProductVariant]] = {}
    for each in await session.scalars(living.order_by(ProductVariant.id)):
        found.setdefault(each.product_id, []).append(each)
    return found


async def bundle_contents(session: AsyncSession, bundle_id: int) -> Sequence[Product]:
    found = await session.scalars(
        select(Product)
        .join(BundleItem, BundleItem.product_id == Product.id)
        .where(BundleItem.bundle_id == bundle_id)
        .order_by(Product.id)
    )
    return found.all()


async def offered_after(session: AsyncSession, product_id: int) -> list[Offered]:
    rows = await session.execute(
        select(Product, DiscountCode.code)
        .join(Upsell, Upsell.offered_id == Product.id)
        .outerjoin(DiscountCode, DiscountCode.id == Upsell.discount_code_id)
        .where(Upsell.product_id == product_id)
        .order_by(Product.id)
    )
    return [Offered(product, code) for product, code in rows]


async def takes_codes(session: AsyncSession, creator_id: int) -> bool:
    """Whether the creator has any discount code at all that somebody might type."""
    living = select(DiscountCode.id).where(DiscountCode.creator_id == creator_id, DiscountCode.archived_at.is_(None))
    return await session.scalar(living.limit(1)) is not None


async def channels_of(session: AsyncSession, creator_id: int) -> Sequence[Channel]:
    """Where the bot may let people in for this creator."""
    found = select(Channel).where(Channel.creator_id == creator_id, Channel.may_invite).order_by(Channel.id)
    return (await session.scalars(found.limit(MOST_SHOWN))).all()


async def _page(session: AsyncSession, query: Select[Product], paging: Paging) -> Page[Product]:
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    found = await session.scalars(query.limit(paging.limit).offset(paging.offset))
    return Page(found.all(), total, paging)
