"""What creators write about a product, read: one part at a time, as a prompt asks for it or as `part=…` in a line."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from bot.turn import Said, Turn
from domain.product_checks import ProductFields
from domain.setups import CreatorSetup
from kit.money import Money
from kit.zones import zone_named
from store.models import ProductKind

# those that the card asks for and a line sets, in the order in which the form tells them
PARTS = (
    *("title", "description", "price", "compare", "stars", "pwyw", "stock", "low", "limit", "category", "tags"),
    *("from", "until", "kind", "link", "chat", "instructions", "protected", "makekeys", "slug", "sale"),
)
# what `-` takes away
_REMOVABLE = frozenset({"compare", "stars", "stock", "limit", "from", "until", "link", "chat"})
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
# a pair of single quotes groups several words too, outside double ones; whatever it is around behind `=`, and a
# straight one at the very beginning; any other belongs to the word: Rock 'n' Roll
_SINGLE = re.compile(r"(\"[^\"]*\")|(?:\A'|(?<!\S)['‘‚](?=[^'‘’\"]*\s)|(?<==)['‘‚])([^'‘’\"]*)['‘’](?!\S)")
_ON = frozenset({"on", "yes", "true", "1", "an", "ja"})
_OFF = frozenset({"off", "no", "false", "0", "aus", "nein"})
_WHOLE = re.compile(r"[0-9]{1,10}")
_CHAT = re.compile(r"-?[0-9]{1,15}")
_PRICE = re.compile(r"([0-9.,]+)\s*([A-Za-z]{3})?")
_YEARS = range(1970, 9999)
_UNLIMITED = frozenset({"unlimited", "unbegrenzt", "∞"})


@dataclass
class Told:
    """What a line says of a product: its fields, and the stock apart, which is counted."""

    fields: ProductFields = field(default_factory=ProductFields)
    stock: int | None = None
    sets_stock: bool = False


def split_words(text: str) -> list[str]:
    """By spaces, but for what stands in quotes, straight or not. Raises ValueError for double ones never closed.

    An apostrophe is a letter like any other.
    """
    straight = _SINGLE.sub(lambda found: found[1] or f'"{found[2]}"', text.translate(_QUOTES))
    words = shlex.shlex(straight, posix=True)
    words.whitespace_split, words.quotes, words.escape, words.commenters = True, '"', "", ""
    return list(words)


def read_part(turn: Turn, told: Told, part: str, text: str, *, currency: str, setup: CreatorSetup) -> None:  # noqa: C901, PLR0912 - one flat `match` with a case for each part
    """Adds what was written of one part. Raises Said with the right form of it, or Invalid."""
    text, fields = text.strip(), told.fields
    if part in _REMOVABLE and (text == "-" or text.casefold() in _UNLIMITED):
        _remove(told, part)
        return
    match part:
        case "title":
            fields["title"] = text
        case "description":
            fields["description"] = "" if text == "-" else text
        case "instructions":
            fields["instructions"] = "" if text == "-" else text
        case "category":
            fields["category"] = "" if text == "-" else text
        case "tags":
            fields["tags"] = [] if text == "-" else text.replace(",", " ").split()
        case "slug":
            fields["slug"] = text
        case "price":
            price = read_price(turn, text, currency)
            fields["price_minor"], fields["currency"] = price.amount_minor, price.currency
        case "compare":
            fields["compare_at_minor"] = read_price(turn, text, currency).amount_minor
        case "stars":
            fields["price_stars"] = _number(turn, part, text)
        case "stock":
            told.stock, told.sets_stock = _number(turn, part, text), True
        case "low":
            fields["low_stock"] = _number(turn, part, text)
        case "limit":
            fields["limit_per_person"] = _number(turn, part, text)
        case "from":
            fields["active_from"] = read_instant(turn, part, text, setup)
        case "until":
            fields["active_until"] = read_instant(turn, part, text, setup, end=True)
        case "kind":
            fields["kind"] = read_kind(turn, text)
        case "link":
            fields["url"] = text
        case "chat":
            fields["chat_id"] = _chat(turn, text)
        case "pwyw":
            fields["pay_what_you_want"] = _switch(turn, part, text)
        case "protected":
            fields["protected"] = _switch(turn, part, text)
        case "makekeys":
            fields["makes_keys"] = _switch(turn, part, text)
        case "sale":
            fields["active"] = _switch(turn, part, text)
        case _:
            raise turn.refusal("product-form-edit")


def read_parts(turn: Turn, words: Sequence[str], *, currency: str, setup: CreatorSetup) -> Told:
    """`title="…" compare=29.00 tags=a,b`. Raises Said for a word that is none of these."""
    told = Told()
    for word in words:
        part, sign, text = word.partition("=")
        if not sign or part.lower() not in PARTS:
            raise turn.refusal("product-form-edit")
        read_part(turn, told, part.lower(), text, currency=currency, setup=setup)
    return told


def read_price(turn: Turn, text: str, currency: str) -> Money:
    """`19.00`, `19.00 usd`, `19.00usd`. Raises Said or Invalid."""
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        raise turn.refusal("product-part-price")
    return Money.parse(found[1], found[2] or currency)


def read_kind(turn: Turn, text: str) -> ProductKind:
    """As Spark or the reader's language calls it. Raises Said."""
    wanted = text.strip().casefold().replace("-", "_").replace(" ", "_")
    for kind in ProductKind:
        if wanted in {kind.value, turn.word(f"kind-{kind}", kind).casefold().replace(" ", "_")}:
            return kind
    raise turn.refusal("product-part-kind", kinds=", ".join(ProductKind))


def _remove(told: Told, part: str) -> None:
    fields = told.fields
    match part:
        case "compare":
            fields["compare_at_minor"] = None
        case "stars":
            fields["price_stars"] = None
        case "stock":
            told.stock, told.sets_stock = None, True
        case "limit":
            fields["limit_per_person"] = None
        case "from":
            fields["active_from"] = None
        case "until":
            fields["active_until"] = None
        case "link":
            fields["url"] = None
        case "chat":
            fields["chat_id"] = None


def _number(turn: Turn, part: str, text: str) -> int:
    if _WHOLE.fullmatch(text) is None:
        raise _wrong(turn, part)
    return int(text)


def _chat(turn: Turn, text: str) -> int:
    if _CHAT.fullmatch(text) is None:
        raise _wrong(turn, "chat")
    return int(text)


def _switch(turn: Turn, part: str, text: str) -> bool:
    word = text.casefold()
    if word not in _ON | _OFF:
        raise _wrong(turn, part)
    return word in _ON


def read_instant(turn: Turn, part: str, text: str, setup: CreatorSetup, *, end: bool = False) -> datetime:
    """`2026-12-01` or `2026-12-01 18:00`, where the creator is; a day alone counts from its beginning to its end."""
    try:
        there = datetime.fromisoformat(text)
        if end and len(text) <= len("2026-12-01"):
            there += timedelta(days=1)
        instant = (there if there.tzinfo else there.replace(tzinfo=zone_named(setup.time_zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _wrong(turn, part) from None
    if instant.year not in _YEARS:
        # at the ends of what a date can be, showing it somewhere else on earth fails
        raise _wrong(turn, part)
    return instant


def _wrong(turn: Turn, part: str) -> Said:
    if part in {"from", "until"}:
        return turn.refusal("product-part-date")
    if part in {"pwyw", "protected", "makekeys", "sale"}:
        return turn.refusal("product-part-switch", part=part)
    return turn.refusal("product-part-number" if part == "chat" else "product-part-count", part=part)
