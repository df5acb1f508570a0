"""How much shall go back, as people write it: bare, or with the sign or the name of its currency on either side."""

import re
import unicodedata

from babel.numbers import get_currency_symbol, list_currencies

from kit.errors import Invalid, Reason
from kit.money import Money

# what stands before the first number, the number with what sticks to it, the rest
_BEGINNING = re.compile(r"([^\d\s]*)\s*(\d\S*)\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"([\d.,]+)(.*)", re.DOTALL)
_WORD = re.compile(r"(\S+)\s*(.*)", re.DOTALL)
_LANGUAGES = ("en", "de")
_STARS = frozenset({"⭐", "⭐️", "★", "xtr"})
_CODES = frozenset(list_currencies())


def read_refund(text: str, currency: str) -> tuple[Money | None, str]:
    """`5.00`, `$5.00`, `5,00 €`, `usd 5`, each with a reason after it; None and a reason alone are for all of it.

    Raises Invalid for what looks like an amount and cannot be read as one of that currency: a reason it is not.
    """
    text = text.strip()
    begun = _BEGINNING.fullmatch(text)
    if begun is None or not (begun[1] == "" or _is_money(begun[1], currency)):
        return None, text
    before, number, reason = begun.groups()
    found = _NUMBER.fullmatch(number)
    amount, after = (number, "") if found is None else found.groups()
    if not before and not after and (following := _WORD.fullmatch(reason)) and _names_money(following[1], currency):
        after, reason = following.groups()
    if any(mark and not _is_own(mark, currency) for mark in (before, after)):
        price = f"{before}{amount}{after}"
        raise Invalid(
            f"“{price}” is not an amount in {currency}",
            fields={"price": price},
            why=Reason("refused-price", price=price),
        )
    return Money.parse(amount, currency), reason


def _is_money(mark: str, currency: str) -> bool:
    """Whether a number behind it is an amount, be it one that cannot be read: a sign, a symbol, a currency's name."""
    return _names_money(mark, currency) or not any(each.isalnum() for each in mark)


def _names_money(mark: str, currency: str) -> bool:
    return _is_own(mark, currency) or mark in _CODES or unicodedata.category(mark[-1]) == "Sc" or mark in _STARS


def _is_own(mark: str, currency: str) -> bool:
    if currency == "xtr":
        return mark.casefold() in _STARS
    own = {currency, *(get_currency_symbol(currency.upper(), locale=language).casefold() for language in _LANGUAGES)}
    return mark.casefold() in own
