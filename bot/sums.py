"""Sums of money as people type them: bare, or with the sign or the name of the currency on either side."""

import re
import unicodedata
from dataclasses import dataclass

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
# whose name nobody takes for a word; many others are one in small letters: all, top, try
_WITH_SIGN = frozenset(each for each in _CODES if get_currency_symbol(each, locale="en") != each)


@dataclass(frozen=True, slots=True)
class Sum:
    money: Money
    # what stands after it
    rest: str


def read_sum(text: str, currency: str) -> Sum | None:
    """`5`, `5.00`, `$5.00`, `5,00 €`, `usd 5`, and what follows it; None where the text does not begin with money.

    Raises Invalid for what looks like a sum and cannot be read as one of that currency.
    """
    begun = _BEGINNING.fullmatch(text.strip())
    if begun is None or not (begun[1] == "" or _is_money(begun[1], currency, alone=not begun[3])):
        return None
    before, number, rest = begun.groups()
    found = _NUMBER.fullmatch(number)
    amount, after = (number, "") if found is None else found.groups()
    following = _WORD.fullmatch(rest)
    if not before and not after and following and _names_money(following[1], currency, alone=not following[2]):
        after, rest = following.groups()
    if any(mark and not _is_own(mark, currency) for mark in (before, after)):
        raise no_sum(f"{before}{amount}{after}", currency)
    return Sum(Money.parse(amount, currency), rest)


def no_sum(text: str, currency: str) -> Invalid:
    return Invalid(
        f"“{text}” is not an amount in {currency}", fields={"price": text}, why=Reason("refused-price", price=text)
    )


def _is_money(mark: str, currency: str, *, alone: bool) -> bool:
    """Whether a number behind it is an amount, be it one that cannot be read: a sign, a symbol, a currency's name."""
    return _names_money(mark, currency, alone=alone) or not any(each.isalnum() for each in mark)


def _names_money(mark: str, currency: str, *, alone: bool) -> bool:
    """With nothing but a number beside it, any currency's name is one; in a sentence it may be a word."""
    if _is_own(mark, currency) or mark in _CODES or unicodedata.category(mark[-1]) == "Sc" or mark in _STARS:
        return True
    return mark.upper() in (_CODES if alone else _WITH_SIGN)


def _is_own(mark: str, currency: str) -> bool:
    if currency == "xtr":
        return mark.casefold() in _STARS
    own = {currency, *(get_currency_symbol(currency.upper(), locale=language).casefold() for language in _LANGUAGES)}
    return mark.casefold() in own
