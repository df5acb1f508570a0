"""What a creator writes about a discount code: `20% product=preset-pack until=2026-12-24 uses=100 each=1`."""

import re
from dataclasses import replace

from sqlalchemy import select

from bot.handlers.product_parts import read_instant, split_words
from bot.numbers import is_id, read_id
from bot.turn import Turn
from domain.discounts import Terms
from kit.money import Money
from store.models import Creator, Product

_PERCENT = re.compile(r"([0-9]{1,3})\s*%")
_AMOUNT = re.compile(r"([0-9][0-9.,]*)([A-Za-z]{3})?")
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_COUNT = re.compile(r"[0-9]{1,9}")
# takes a limit away
_NOTHING = "-"


def split_line(turn: Turn, text: str) -> list[str]:
    """Raises Said for a quote that is never closed."""
    try:
        return split_words(text)
    except ValueError:
        raise turn.refusal("coupon-form") from None


async def read_terms(turn: Turn, creator: Creator, words: list[str], *, known: Terms | None = None) -> Terms:
    """What the line says, over what was known of the code. Raises Said with the right form, or Invalid."""
    terms = known or Terms()
    left, takes_off = list(words), False
    while left:
        word = left.pop(0)
        part, sign, text = word.partition("=")
        if sign:
            terms = await _with_part(turn, creator, terms, part.lower(), text)
            continue
        if takes_off:
            # a share and a sum, or two of either: nobody knows which of them is meant
            raise turn.refusal("coupon-form")
        takes_off = True
        if (percent := _PERCENT.fullmatch(word)) is not None:
            terms = replace(terms, percent=int(percent[1]), amount=None)
            continue
        amount = _AMOUNT.fullmatch(word)
        if amount is None:
            raise turn.refusal("coupon-form")
        currency = amount[2]
        if currency is None and left and _CURRENCY.fullmatch(left[0]):
            currency = left.pop(0)
        terms = replace(terms, percent=None, amount=Money.parse(amount[1], currency or creator.currency))
    return terms


async def _with_part(turn: Turn, creator: Creator, terms: Terms, part: str, text: str) -> Terms:
    setup = turn.facts.published.setup(creator.id)
    gone = text.strip() in {_NOTHING, ""}
    match part:
        case "product" | "products":
            return replace(terms, products=() if gone else await _products(turn, creator, text))
        case "segment":
            return replace(terms, segment=None if gone else text)
        case "from":
            return replace(terms, starts_at=None if gone else read_instant(turn, part, text, setup))
        case "until":
            return replace(terms, ends_at=None if gone else read_instant(turn, part, text, setup, end=True))
        case "uses":
            return replace(terms, most_uses=None if gone else _count(turn, text))
        case "each":
            return replace(terms, most_per_person=None if gone else _count(turn, text))
        case _:
            raise turn.refusal("coupon-form")


async def _products(turn: Turn, creator: Creator, text: str) -> list[int]:
    """By number or slug, with commas between. Raises Said for one that is not the creator's."""
    found = []
    for each in (part.strip().lower() for part in text.split(",")):
        own = select(Product.id).where(Product.creator_id == creator.id)
        named = own.where(Product.id == read_id(each)) if is_id(each) else own.where(Product.slug == each)
        product_id = await turn.session.scalar(named)
        if product_id is None:
            raise turn.refusal("refused-no-product")
        found.append(product_id)
    return found


def _count(turn: Turn, text: str) -> int:
    if _COUNT.fullmatch(text) is None:
        raise turn.refusal("refused-code-limit")
    return int(text)
