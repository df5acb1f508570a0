"""A new product, in one line: `"Preset pack" 19.00 usd stock=50 category=presets`."""

import re

from bot.handlers.product_parts import PARTS, Told, read_parts, split_words
from bot.handlers.product_screens import card_screen, shown
from bot.handlers.product_warnings import warnings
from bot.turn import Turn
from domain.product_checks import ProductFields
from domain.product_making import make_product
from kit.money import Money
from store.models import Creator, ProductKind

_AMOUNT = re.compile(r"\d+([.,]\d+)?")
_AFTER_TITLE = 2


async def add_in_line(turn: Turn, creator: Creator, text: str, *, kind: ProductKind | None = None) -> None:
    """Without quotes the title ends where the price begins. Raises Said with the right form."""
    title, price, told = _read(turn, creator, text, form="product-form" if kind is None else "product-ask-new")
    of_kind = told.fields.pop("kind", kind or ProductKind.FILE)
    fields: ProductFields = {
        **told.fields,
        "title": title,
        "kind": of_kind,
        "price_minor": price.amount_minor,
        "currency": price.currency,
    }
    added = await make_product(turn.session, creator.id, fields, stock=told.stock, now=turn.now)
    key = "product-added" if of_kind == ProductKind.FILE else "product-added-other"
    turn.say(key, product=added.id, kind=turn.word(f"kind-{of_kind}", of_kind), **shown(turn, added))
    if of_kind != ProductKind.FILE or kind is not None or await warnings(turn, added):
        turn.send(await card_screen(turn, added))


def _read(turn: Turn, creator: Creator, text: str, *, form: str) -> tuple[str, Money, Told]:
    """The title, the price and its currency, which may be left out; `form` says how such a line is written."""
    try:
        words = split_words(text)
    except ValueError:
        raise turn.refusal(form) from None
    options = [word for word in words if "=" in word]
    bare = [word for word in words if "=" not in word]
    if bare and _AMOUNT.fullmatch(bare[-1]) is not None:
        bare.append(creator.currency)
    if len(bare) <= _AFTER_TITLE or _AMOUNT.fullmatch(bare[-2]) is None:
        raise turn.refusal(form)
    if any(word.partition("=")[0].lower() not in PARTS for word in options):
        raise turn.refusal(form)
    price = Money.parse(bare[-2], bare[-1])
    told = read_parts(turn, options, currency=price.currency, setup=turn.facts.published.setup(creator.id))
    told.fields.pop("price_minor", None)
    told.fields.pop("currency", None)
    return " ".join(bare[:-_AFTER_TITLE]), price, told
