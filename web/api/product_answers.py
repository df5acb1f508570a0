"""A product as everybody sees it, and as those do who act for its creator."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.products import find_product
from store.models import Product, ProductKind, ProductVariant, Right
from store.queries.unready import Lacking, missing_of
from web.api.route import Call


class Rating(BaseModel):
    """`average` from 1.0 to 5.0; null while nobody has said anything."""

    average: float | None
    count: int

    @classmethod
    def of(cls, total: int, count: int) -> "Rating":
        return cls(average=average(total, count), count=count)


def average(total: int, count: int) -> float | None:
    return round(total / count, 1) if count else None


class OfCreator(BaseModel):
    slug: str
    name: str


class ProductItem(BaseModel):
    """What everybody may know. `stock` null is unlimited; `compare_at_minor` is a struck-out price beside its own.

    With `pay_what_you_want` the price is the least that is taken; of what has variants it is the least of theirs.
    """

    id: int
    slug: str
    title: str
    description: str
    kind: ProductKind
    price_minor: int
    currency: str
    compare_at_minor: int | None
    pay_what_you_want: bool
    category: str
    tags: list[str]
    stock: int | None
    active: bool
    rating: Rating
    creator: OfCreator
    image_url: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: Row[Any], public_url: str) -> "ProductItem":
        return cls(**_shown(row, public_url))


class VariantCard(BaseModel):
    """A choice that is for sale."""

    id: int
    title: str
    price_minor: int
    stock: int | None

    @classmethod
    def of(cls, variant: ProductVariant) -> "VariantCard":
        return cls(id=variant.id, title=variant.title, price_minor=variant.price_minor, stock=variant.stock)


class InBundle(BaseModel):
    id: int
    title: str
    kind: ProductKind

    @classmethod
    def of(cls, product: Product) -> "InBundle":
        return cls(id=product.id, title=product.title, kind=product.kind)


class ProductCard(ProductItem):
    """With its choices, and of a bundle with what is in it. `active_until` is when it goes off sale.

    `to_come`: whoever buys it now gets it as soon as its creator has added it.
    """

    active_until: datetime | None
    to_come: bool
    variants: list[VariantCard]
    contents: list[InBundle]

    @classmethod
    def with_parts(
        cls, row: Row[Any], public_url: str, variants: list[VariantCard], contents: list[InBundle], *, to_come: bool
    ) -> "ProductCard":
        shown = _shown(row, public_url)
        return cls(**shown, active_until=row.active_until, to_come=to_come, variants=variants, contents=contents)


class OwnProduct(BaseModel):
    """All that stands on it, for whoever acts for its creator.

    `stock` + `reserved` + `sold` is `initial` for whatever is limited; `reserved` are held by orders that can still be
    paid. `archived_at`: off the shop for good. `missing`: what is still to be brought: who buys it before waits for
    it, and an empty bundle is not sold.
    """

    id: int
    slug: str
    title: str
    description: str
    kind: ProductKind
    price_minor: int
    currency: str
    price_stars: int | None
    compare_at_minor: int | None
    pay_what_you_want: bool
    category: str
    tags: list[str]
    stock: int | None
    reserved: int
    sold: int
    initial: int | None
    limit_per_person: int | None
    low_stock: int
    active: bool
    active_from: datetime | None
    active_until: datetime | None
    archived_at: datetime | None
    url: str | None
    chat_id: int | None
    instructions: str
    protected: bool
    makes_keys: bool
    missing: Lacking | None
    rating: Rating
    created_at: datetime

    @classmethod
    def of(cls, product: Product, missing: Lacking | None) -> "OwnProduct":
        named = cls.model_fields.keys() - {"missing", "rating"}
        parts: dict[str, Any] = {name: getattr(product, name) for name in named}
        return cls(**parts, missing=missing, rating=Rating.of(product.rating_sum, product.rating_count))

    @classmethod
    async def told(cls, session: AsyncSession, product: Product) -> "OwnProduct":
        """With what is missing."""
        return cls.of(product, (await missing_of(session, [product.id])).get(product.id))


def _shown(row: Row[Any], public_url: str) -> dict[str, Any]:
    return {
        "id": row.id,
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "kind": row.kind,
        "price_minor": row.price_minor,
        "currency": row.currency,
        "compare_at_minor": row.compare_at_minor,
        "pay_what_you_want": row.pay_what_you_want,
        "category": row.category,
        "tags": row.tags,
        "stock": row.stock,
        "active": row.active,
        "rating": {"average": average(row.rating_sum, row.rating_count), "count": row.rating_count},
        "creator": {"slug": row.creator_slug, "name": row.creator_name},
        "image_url": f"{public_url}/api/v1/products/{row.id}/image" if row.has_image else None,
        "created_at": row.created_at,
    }


async def own_product(call: Call[Any, Any]) -> Product:
    """The one that the address names. Raises NoSuchProduct for another creator's."""
    return await find_product(call.session, call.creator_id, call.number("product_id"))


def acts_for(call: Call[Any, Any], creator_id: int) -> bool:
    """Whether whoever looks at a public page may see what is not public of it."""
    if call.caller is None:
        return False
    if call.caller.key_rights is not None and Right.VIEW not in call.caller.key_rights:
        return False
    standings = call.caller.standings.values()
    return any(each.creator_id == creator_id and each.may(Act.SEE_PRODUCTS) for each in standings)
