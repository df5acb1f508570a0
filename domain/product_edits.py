"""Changing what stands on a product: each part checked by itself, then all of them together."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_waiting
from domain.events import record_event
from domain.product_checks import (
    ProductFields,
    SlugTaken,
    check_amounts,
    check_charged,
    check_chat,
    check_dates,
    checked_part,
)
from domain.product_words import keep_words
from domain.products import found_by, hold_product
from kit.errors import Conflict, Reason
from kit.money import Money
from store.models import BundleItem, Entitlement, OrderLine, Product, ProductKind, ProductVariant

# what buyers of a kind may be waiting for
_AWAITED = {ProductKind.LINK: "url", ProductKind.CHANNEL: "chat_id", ProductKind.LICENCE_KEY: "makes_keys"}
# what its words come from
_FOUND_BY = frozenset({"title", "description", "category", "tags"})


async def edit_product(session: AsyncSession, product: Product, fields: ProductFields, *, now: datetime) -> None:
    """The product says so from now on; orders that are open keep what they were opened with.

    Who waited for what it gives now (its address, its channel, keys made for them) gets it. Raises Invalid with the
    part that is wrong, SlugTaken, or Conflict where it has been sold as something else.
    """
    # a slug is a key: changing it waits for whoever has just pointed at the row, who may wait for us
    await hold_product(session, product.id, wholly="slug" in fields)
    await session.refresh(product)
    values = {name: checked_part(name, value) for name, value in fields.items()}
    if not values:
        return
    await _check_kind(session, product, fields)
    await _check_price(session, product, values)
    await check_chat(session, product.creator_id, fields.get("chat_id"))
    if {"active_from", "active_until"} & fields.keys():
        check_dates(
            fields.get("active_from", product.active_from),
            fields.get("active_until", product.active_until),
        )
    if values.get("currency", product.currency) != product.currency:
        # it was a price in the other one
        values.setdefault("compare_at_minor", None)
    values["words"] = found_by(
        str(values.get("title", product.title)),
        fields.get("description", product.description),
        str(values.get("category", product.category)),
        *values.get("tags", product.tags),
    )
    try:
        async with session.begin_nested():
            await session.execute(update(Product).where(Product.id == product.id).values(**values))
    except IntegrityError as error:
        slug = fields.get("slug", product.slug)
        raise SlugTaken(f"there is a product “{slug}” already", why=Reason("refused-slug-taken", slug=slug)) from error
    await session.refresh(product)
    if _FOUND_BY & fields.keys():
        await keep_words(session, product.id, product.words, product.tags)
    await record_event(
        session,
        "product.edited",
        creator_id=product.creator_id,
        subject=f"product:{product.id}",
        now=now,
        fields=sorted(fields),
    )
    if _AWAITED.get(product.kind) in fields:
        await deliver_waiting(session, product, now=now)


async def _check_kind(session: AsyncSession, product: Product, fields: ProductFields) -> None:
    """What somebody has bought as one thing does not become another, and variants and bundles stay apart."""
    kind = fields.get("kind", product.kind)
    if kind == product.kind:
        return
    sold = await session.scalar(
        select(
            exists().where(OrderLine.product_id == product.id) | exists().where(Entitlement.product_id == product.id)
        )
    )
    if sold:
        raise Conflict("somebody has ordered it already; add another product", why=Reason("refused-kind-sold"))
    if kind == ProductKind.BUNDLE and await _has_variants(session, product.id):
        raise Conflict("a bundle has no variants", why=Reason("refused-bundle-variants"))
    inside = exists().where(BundleItem.product_id == product.id)
    if kind == ProductKind.BUNDLE and await session.scalar(select(inside)):
        # what is in a bundle is reserved one deep
        raise Conflict("it is in a bundle itself; take it out there first", why=Reason("refused-kind-in-bundle"))
    held = exists().where(BundleItem.bundle_id == product.id)
    if product.kind == ProductKind.BUNDLE and await session.scalar(select(held)):
        raise Conflict("take out first what is in the bundle", why=Reason("refused-bundle-full"))


async def _check_price(session: AsyncSession, product: Product, values: Mapping[str, Any]) -> None:
    price, currency = values.get("price_minor", product.price_minor), values.get("currency", product.currency)
    changed = (price, currency) != (product.price_minor, product.currency)
    # it is the least of theirs: see domain.variants
    if changed and await _has_variants(session, product.id):
        raise Conflict("its variants have the prices; change those", why=Reason("refused-price-of-variants"))
    # what stands beside it already was right when it was set
    check_amounts(price, currency, values.get("compare_at_minor"))
    stars = values.get("price_stars", product.price_stars)
    own = values.get("pay_what_you_want", product.pay_what_you_want)
    if changed or (stars, own) != (product.price_stars, product.pay_what_you_want):
        check_charged(Money(price, currency), price_stars=stars, pay_what_you_want=own)


async def _has_variants(session: AsyncSession, product_id: int) -> bool:
    living = exists().where(ProductVariant.product_id == product_id, ProductVariant.archived_at.is_(None))
    return bool(await session.scalar(select(living)))
