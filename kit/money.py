import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, list_currencies

from kit.errors import Invalid, Reason

# What one charge may come to, in minor units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
MOST_MINOR = 99_999_999
# what one invoice may come to: https://core.telegram.org/bots/api#sendinvoice
MOST_STARS = 10_000
_KNOWN = frozenset(list_currencies())
# what can be charged at all: https://docs.stripe.com/currencies#presentment-currencies, and Telegram's Stars
_CHARGED = frozenset(
    re.findall(
        "[a-z]+",
        """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp
    cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr
    isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn
    myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle
    sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
    xtr
    """,
    )
)
_PRICE = re.compile(r"([0-9]{1,12})(?:[.,]([0-9]{1,6}))?")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen, fils) of an ISO 4217 currency, whose code is kept lower-case."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "currency", _known(self.currency))

    @classmethod
    def parse(cls, amount: str, currency: str) -> "Money":
        """Reads a price as people write it: `19`, `19.00`, `19,5`. Raises Invalid, naming what is wrong."""
        code = check_currency(currency)
        exponent = exponent_of(code)
        written = _PRICE.fullmatch(amount.strip())
        if written is None:
            raise Invalid(
                f"“{amount}” is not a price; write it like 19.00",
                fields={"price": amount},
                why=Reason("refused-price", price=amount),
            )
        if len(written[2] or "") == _THOUSANDS_GROUP > max(exponent, _HUNDREDTHS):
            # “1,900” is one thousand nine hundred to many people, and must not be taken for 1.90
            raise Invalid(
                f"“{amount}” can be read in two ways; write it like 1900.00",
                fields={"price": amount},
                why=Reason("refused-price-two-ways", price=amount),
            )
        minor = Decimal(f"{written[1]}.{written[2] or 0}").scaleb(exponent)
        if minor % step_of(code):
            raise _too_exact(code, amount, "price", amount)
        if minor > most_of(code):
            raise Invalid(
                "the price is larger than one payment may be",
                fields={"price": amount},
                why=Reason("refused-price-large"),
            )
        return cls(int(minor), code)

    def format(self, language: str = "en") -> str:
        """As people of that language write it: `$19.00`, `19,00 €`, `¥1,900`."""
        value = Decimal(self.amount_minor).scaleb(-exponent_of(self.currency))
        if self.currency == "xtr":
            return f"{self.amount_minor} ⭐"
        # CLDR rounds some currencies to whole units that are charged in hundredths
        by_cldr = exponent_of(self.currency) != _HUNDREDTHS
        return format_currency(value, self.currency.upper(), locale=language_of(language), currency_digits=by_cldr)


_HUNDREDTHS = 2
_THOUSANDS_GROUP = 3


def language_of(tag: str) -> str:
    """A language that Babel knows for a tag as Telegram gives it (`pt-br`), English when there is none."""
    try:
        return str(Locale.parse(tag.replace("-", "_").split("_")[0]))
    except (UnknownLocaleError, ValueError):
        return "en"


def check_currency(code: str) -> str:
    """Lower-case, and one in which somebody can be charged. Raises Invalid."""
    lowered = _known(code)
    if lowered not in _CHARGED:
        raise Invalid(
            f"nobody can be charged in {code.upper()}; use a currency such as usd",
            fields={"currency": code},
            why=Reason("refused-currency-charged", currency=code.upper()),
        )
    return lowered


def _known(code: str) -> str:
    lowered = code.lower()
    if lowered != "xtr" and lowered.upper() not in _KNOWN:
        raise Invalid(
            f"“{code}” is not a currency; use a code such as usd",
            fields={"currency": code},
            why=Reason("refused-currency", currency=code),
        )
    return lowered


# What Stripe takes minor units to be, which is not always what CLDR says (isk and ugx are counted in
# hundredths): https://docs.stripe.com/currencies#special-cases. Stars (xtr) have no smaller unit.
_WHOLE = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"} | {"xtr"}
)
_THOUSANDTHS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# counted in hundredths, and charged in whole units
_CHARGED_WHOLE = frozenset({"isk", "ugx"})


def exponent_of(currency: str) -> int:
    """How many decimal places the minor unit stands for: 2 for usd, 0 for jpy, 3 for kwd."""
    if currency in _WHOLE:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def most_of(currency: str) -> int:
    """What one payment may come to, in minor units."""
    return MOST_STARS if currency == "xtr" else MOST_MINOR


# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units
_LEAST: Mapping[str, int] = {
    **dict.fromkeys(("usd", "aud", "brl", "cad", "chf", "eur", "inr", "jpy", "nzd", "sgd"), 50),
    **dict.fromkeys(("aed", "myr", "pln", "ron"), 200),
    **dict.fromkeys(("nok", "sek"), 300),
    **dict.fromkeys(("mxn", "thb"), 1000),
    "bgn": 100,
    "czk": 1500,
    "dkk": 250,
    "gbp": 30,
    "hkd": 400,
    "huf": 17_500,
}


def least_of(currency: str) -> int:
    """What one payment has to come to, in minor units; where Stripe names nothing, any payment will do."""
    return _LEAST.get(currency, 1)


def step_of(currency: str) -> int:
    """What every amount is a multiple of, in minor units: 1 for usd, 10 for kwd, 100 for isk.

    https://docs.stripe.com/currencies#three-decimal and #special-cases.
    """
    if currency in _CHARGED_WHOLE:
        return 100
    return 10 if currency in _THOUSANDTHS else 1


def check_exact(money: Money, field: str) -> None:
    """Raises Invalid for an amount that cannot be charged, by the name of the field that it stands in."""
    if money.amount_minor % step_of(money.currency):
        raise _too_exact(money.currency, money.format(), field, str(money.amount_minor))


def _too_exact(code: str, price: str, field: str, given: str) -> Invalid:
    places = exponent_of(code) - len(str(step_of(code))) + 1
    return Invalid(
        f"prices in {code.upper()} have {places} decimal places, so “{price}” is too exact",
        fields={field: given},
        why=Reason("refused-price-exact", currency=code.upper(), places=places, price=price),
    )
