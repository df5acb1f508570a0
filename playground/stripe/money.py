from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

from playground.stripe.errors import StripeError

# https://docs.stripe.com/currencies: Stripe's own list; ISO says otherwise of ISK and UGX, which Stripe
# keeps in hundredths.
_CODES = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad
cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl
hrk htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga
mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron
rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs
vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
CURRENCIES = tuple(_CODES.split())
_NO_DECIMALS = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
_THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
_IN_STEPS = {"isk": 100, "ugx": 100} | dict.fromkeys(_THREE_DECIMALS, 10)

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units
_SMALLEST = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
LARGEST = 99_999_999


def exponent(currency: str) -> int:
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-exponent(currency))


def with_sign(amount: int, currency: str) -> str:
    """As Stripe writes an amount in its messages: $19.00."""
    digits = exponent(currency)
    pattern = "¤#,##0" + (f".{'0' * digits}" if digits else "")
    return format_currency(major(amount, currency), currency.upper(), pattern, locale="en_US", currency_digits=False)


def with_code(amount: int, currency: str) -> str:
    """As the checkout page writes it: 19.00 USD."""
    return f"{major(amount, currency):,.{exponent(currency)}f} {currency.upper()}"


def known_currency(currency: str, *, param: str) -> str:
    """The code in lower case, any case in."""
    lowered = currency.lower()
    if lowered not in CURRENCIES:
        raise StripeError(
            f"Invalid currency: {currency}. Stripe currently supports these currencies: {', '.join(CURRENCIES)}",
            param=param,
        )
    return lowered


def line_amount(unit_amount_decimal: str, quantity: int) -> int:
    return int((Decimal(unit_amount_decimal) * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def check_total(amount: int, currency: str) -> None:
    """Nothing at all is allowed: it needs no payment."""
    if amount > LARGEST:
        most = with_sign(LARGEST, currency)
        raise StripeError(
            f"The Checkout Session's total amount due must be no more than {most}.", code="amount_too_large"
        )
    if amount and amount < _SMALLEST.get(currency, 1):
        least = _SMALLEST[currency]
        shown = "50 cents" if currency == "usd" else with_sign(least, currency)
        raise StripeError(
            f"The Checkout Session's total amount must convert to at least {shown}. "
            f"{with_sign(amount, currency)} is less than that.",
            code="amount_too_small",
        )
    if amount % _IN_STEPS.get(currency, 1):
        raise StripeError(f"Invalid amount: an amount in {currency} must be evenly divisible by {_IN_STEPS[currency]}.")
