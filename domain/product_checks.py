"""What may stand on a product: each part checked by itself."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypedDict
from urllib.parse import urlsplit

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.products import read_title
from kit.errors import Conflict, Invalid, Reason
from kit.money import MOST_MINOR, MOST_STARS, Money, check_currency, check_exact, least_of, most_of
from kit.text import utf16_length
from store.models import Channel, ProductKind

DESCRIPTION_LENGTH = 3000
MOST_TAGS = 20
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


def checked_part(name: str, value: Any) -> Any:
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


def check_amounts(price_minor: int, currency: str, compare_at_minor: int | None) -> None:
    """Raises Invalid for what cannot be charged, and for a struck-out price that is no higher."""
    if price_minor > most_of(currency):
        raise Invalid(
            "the price is larger than one payment may be",
            fields={"price_minor": str(price_minor)},
            why=Reason("refused-price-large"),
        )
    check_exact(Money(price_minor, currency), "price_minor")
    if compare_at_minor is None:
        return
    check_exact(Money(compare_at_minor, currency), "compare_at_minor")
    if compare_at_minor <= price_minor:
        raise Invalid(
            "the price to compare with is higher than its own",
            fields={"compare_at_minor": str(compare_at_minor)},
            why=Reason("refused-compare", price=Money(price_minor, currency).format()),
        )


def check_charged(price: Money, *, price_stars: int | None, pay_what_you_want: bool) -> None:
    """Raises Invalid for a price that no card pays: above nothing, below the least payment, with none in Stars."""
    least = Money(least_of(price.currency), price.currency)
    if 0 < price.amount_minor < least.amount_minor and price_stars is None and not pay_what_you_want:
        raise Invalid(
            f"a payment is at least {least.format()}",
            fields={"price_minor": str(price.amount_minor)},
            why=Reason("refused-charge-small", least=least.format()),
        )


def check_dates(begins: datetime | None, ends: datetime | None) -> None:
    if begins is not None and ends is not None and ends <= begins:
        raise Invalid("it ends before it begins", fields={"active_until": str(ends)}, why=Reason("refused-dates"))


async def check_chat(session: AsyncSession, creator_id: int, chat_id: int | None) -> None:
    """Only a channel or group of the creator's own, into which the bot may let people."""
    if chat_id is None:
        return
    known = exists().where(Channel.chat_id == chat_id, Channel.creator_id == creator_id, Channel.may_invite)
    if not await session.scalar(select(known)):
        raise Invalid(
            "make the bot an administrator there first, with the right to invite people",
            fields={"chat_id": str(chat_id)},
            why=Reason("refused-channel"),
        )


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
