"""Changing what stands on a product: each part checked by itself, then all of them together."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import urlsplit

from sqlalchemy import exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_waiting
from domain.events import record_event
from domain.products import found_by, hold_product, read_title
from kit.errors import Conflict, Invalid, Reason
from kit.money import MOST_MINOR, MOST_STARS, Money, check_currency, most_of
from kit.text import utf16_length
from store.models import BundleItem, Channel, Entitlement, OrderLine, Product, ProductKind, ProductVariant

DESCRIPTION_LENGTH = 3000
MOST_TAGS = 20
# what buyers of a kind may be waiting for
_AWAITED = {ProductKind.LINK: "url", ProductKind.CHANNEL: "chat_id", ProductKind.LICENCE_KEY: "makes_keys"}
_NUMBERS = {
    "price_minor": (0, MOST_MINOR),
    "compare_at_minor": (1, MOST_MINOR),
    "price_stars": (1, MOST_STARS),
    "limit_per_person": (1, 1000),
    "low_stock": (0, 1_000_000),
}
_TEXTS = {"description": DESCRIPTION_LENGTH, "instructions": 2000, "category": 40}
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SLUG_LENGTH = 60
_URL_LENGTH = 2000
_TAG = re.compile(r"[\w-]{1,40}")


class SlugTaken(Conflict):
    code = "slug_taken"


class ProductFields(TypedDict, total=False):
    """What can be changed of a product; prices in minor units of its currency, None takes a part away."""

    title: str
    slug: str
    description: str
    kind: ProductKind
    price_minor: int
    currency: str
    price_stars: int | None
    compare_at_minor: int | None
    pay_what_you_want: bool
    category: str
    tags: Sequence[str]
    limit_per_person: int | None
    low_stock: int
    active: bool
    active_from: datetime | None
    active_until: datetime | None
    url: str | None
    chat_id: int | None
    instructions: str
    protected: bool
    makes_keys: bool


async def edit_product(session: AsyncSession, product: Product, fields: ProductFields, *, now: datetime) -> None:
    """The product says so from now on; orders that are open keep what they were opened with.

    Who waited for what it gives now (its address, its channel, keys made for them) gets it. Raises Invalid with the
    part that is wrong, SlugTaken, or Conflict where it has been sold as something else.
    """
    # a slug is a key: changing it waits for whoever has just pointed at the row, who may wait for us
    await hold_product(session, product.id, wholly="slug" in fields)
    await session.refresh(product)
    values = {name: _checked(name, value) for name, value in fields.items()}
    if not values:
        return
    await _check_kind(session, product, fields)
    await _check_price(session, product, values)
    await _check_chat(session, product, fields)
    _check_dates(product, fields)
    if values.get("currency", product.currency) != product.currency:
        # it was a price in the other one
        values.setdefault("compare_at_minor", None)
    values["words"] = found_by(
        str(values.get("title", product.title)),
        fields.get("description", product.description),
        str(values.get("category", product.category)),
        *_tags(fields.get("tags", product.tags)),
    )
    try:
        async with session.begin_nested():
            await session.execute(update(Product).where(Product.id == product.id).values(**values))
    except IntegrityError as error:
        slug = fields.get("slug", product.slug)
        raise SlugTaken(f"there is a product “{slug}” already", why=Reason("refused-slug-taken", slug=slug)) from error
    await session.refresh(product)
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


def _checked(name: str, value: Any) -> Any:
    """One part as it is kept. Raises Invalid."""
    if value is None:
        return None
    if name in _NUMBERS:
        return _number(name, value, *_NUMBERS[name])
    kept = value
    match name:
        case "description" | "instructions" | "category":
            kept = _text(name, value, _TEXTS[name])
        case "title":
            kept = read_title(value)
        case "slug":
            kept = _slug(value)
        case "tags":
            kept = _tags(value)
        case "currency":
            kept = check_currency(value)
        case "url":
            kept = _address(value)
    return kept


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
    if price > most_of(currency):
        raise Invalid(
            "the price is larger than one payment may be",
            fields={"price_minor": str(price)},
            why=Reason("refused-price-large"),
        )
    compare = values.get("compare_at_minor")
    if compare is not None and compare <= price:
        raise Invalid(
            "the price to compare with is higher than its own",
            fields={"compare_at_minor": str(compare)},
            why=Reason("refused-compare", price=Money(price, currency).format()),
        )


async def _check_chat(session: AsyncSession, product: Product, fields: ProductFields) -> None:
    """Only a channel or group of the creator's own, into which the bot may let people."""
    chat_id = fields.get("chat_id")
    if chat_id is None:
        return
    known = exists().where(
        Channel.chat_id == chat_id,
        Channel.creator_id == product.creator_id,
        Channel.may_invite,
    )
    if not await session.scalar(select(known)):
        raise Invalid(
            "make the bot an administrator there first, with the right to invite people",
            fields={"chat_id": str(chat_id)},
            why=Reason("refused-channel"),
        )


def _check_dates(product: Product, fields: ProductFields) -> None:
    begins = fields.get("active_from", product.active_from)
    ends = fields.get("active_until", product.active_until)
    if {"active_from", "active_until"} & fields.keys() and begins is not None and ends is not None and ends <= begins:
        raise Invalid("it ends before it begins", fields={"active_until": str(ends)}, why=Reason("refused-dates"))


async def _has_variants(session: AsyncSession, product_id: int) -> bool:
    living = exists().where(ProductVariant.product_id == product_id, ProductVariant.archived_at.is_(None))
    return bool(await session.scalar(select(living)))


def _number(name: str, value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise Invalid(
            f"{name.replace('_', ' ')} is a number from {least} to {most}",
            fields={name: str(value)},
            why=Reason("refused-number", least=least, most=most),
        )
    return value


def _text(name: str, value: str, most: int) -> str:
    text = " ".join(value.split()) if name == "category" else value.strip()
    if utf16_length(text) > most:
        raise Invalid(
            f"a {name} has up to {most} characters", fields={name: text[:50]}, why=Reason("refused-length", most=most)
        )
    return text


def _slug(value: str) -> str:
    slug = value.strip().lower()
    if _SLUG.fullmatch(slug) is None or len(slug) > _SLUG_LENGTH:
        raise Invalid(
            f"“{value}” is no slug: letters, digits and hyphens", fields={"slug": value}, why=Reason("refused-slug")
        )
    return slug


def _tags(values: Sequence[str]) -> list[str]:
    tags = list(dict.fromkeys(tag for each in values if (tag := each.strip().lstrip("#").casefold())))
    if len(tags) > MOST_TAGS or not all(_TAG.fullmatch(tag) for tag in tags):
        raise Invalid(
            f"up to {MOST_TAGS} tags of letters, digits and hyphens",
            fields={"tags": ",".join(tags)[:100]},
            why=Reason("refused-product-tags", most=MOST_TAGS),
        )
    return tags


def _address(value: str) -> str:
    address = value.strip()
    if len(address) > _URL_LENGTH or not address.isprintable() or " " in address or not _opens(address):
        raise Invalid(
            "a link looks like https://example.com/page, without spaces",
            fields={"url": value[:100]},
            why=Reason("refused-url"),
        )
    return address


def _opens(address: str) -> bool:
    """Whether Telegram takes it behind a button: it refuses hosts without a dot, and the whole message with them.

    https://core.telegram.org/bots/api#inlinekeyboardbutton
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "tg":
        return bool(host)
    return parts.scheme in {"https", "http"} and all(host.split(".")) and "." in host
