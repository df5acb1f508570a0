"""What Stripe is to be told for every currency of its, against a table of its own.

https://docs.stripe.com/currencies, section by section, as it stood in November 2026. Each row is a price as people
write it and the `amount` that Stripe takes for it; nothing here is worked out.
"""

import re

import pytest

from kit.errors import Invalid
from kit.money import MOST_MINOR, Money, check_currency, check_exact, exponent_of, step_of

# all but those of the sections below: “10 USD is 1000”
TWO_DECIMALS = re.findall(
    "[a-z]+",
    """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc
cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd kes kgs khr kyd kzt
lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln
qar ron rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah uyu uzs wst xcd xcg yer
zar zmw
""",
)
# “zero-decimal currencies”: 500 JPY is 500
NO_DECIMALS = re.findall("[a-z]+", "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf")
# “three-decimal currencies”: 5.124 KWD is to be rounded to 5120 or 5130
THREE_DECIMALS = re.findall("[a-z]+", "bhd jod kwd omr tnd")
# “special cases”: no decimals, but with two for backwards compatibility, so that 5 ISK is 500
CHARGED_WHOLE = re.findall("[a-z]+", "isk ugx")
EVERY = [*TWO_DECIMALS, *NO_DECIMALS, *THREE_DECIMALS, *CHARGED_WHOLE]

TABLE = [
    *((code, written, amount) for code in TWO_DECIMALS for written, amount in (("10", 1000), ("10.00", 1000))),
    *((code, written, amount) for code in TWO_DECIMALS for written, amount in (("0.50", 50), ("12,34", 1234))),
    *((code, written, amount) for code in NO_DECIMALS for written, amount in (("500", 500), ("1", 1))),
    *((code, written, amount) for code in THREE_DECIMALS for written, amount in (("5.120", 5120), ("5.12", 5120))),
    *((code, written, amount) for code in THREE_DECIMALS for written, amount in (("10", 10_000), ("0.010", 10))),
    *((code, written, amount) for code in CHARGED_WHOLE for written, amount in (("5", 500), ("5.00", 500))),
    # the special cases of payouts alone: they are charged in hundredths
    *(("huf", "10.45", 1045), ("twd", "800.45", 80_045)),
]
TOO_EXACT = [
    *((code, "10.005") for code in ("usd", "huf", "twd")),
    *((code, "1.5") for code in NO_DECIMALS),
    *((code, "5.124") for code in THREE_DECIMALS),
    *((code, "5.50") for code in CHARGED_WHOLE),
    *((code, "5.01") for code in CHARGED_WHOLE),
]


def test_the_table_has_every_currency_once():
    assert len(EVERY) == len(set(EVERY)) == 140


@pytest.mark.parametrize(("code", "written", "amount"), TABLE)
def test_a_price_is_what_stripe_takes_for_it(code: str, written: str, amount: int):
    assert Money.parse(written, code) == Money(amount, code)


@pytest.mark.parametrize(("code", "written"), TOO_EXACT)
def test_a_price_that_stripe_cannot_charge_is_refused(code: str, written: str):
    with pytest.raises(Invalid):
        Money.parse(written, code)


def test_only_what_stripe_charges_is_a_currency_to_sell_in_and_only_amounts_that_it_can_charge():
    assert [check_currency(code.upper()) for code in (*EVERY, "xtr")] == [*EVERY, "xtr"]
    for code in ("xts", "xau", "xdr", "iqd", "clf", "dem", "kpw"):
        with pytest.raises(Invalid, match="nobody can be charged in"):
            check_currency(code)
        # a row that has one already is shown all the same
        assert Money(1, code).format()
    for amount, code in ((5124, "kwd"), (550, "isk"), (501, "ugx")):
        with pytest.raises(Invalid, match="too exact") as refused:
            check_exact(Money(amount, code), "amount")
        assert refused.value.fields == {"amount": str(amount)}


@pytest.mark.parametrize("code", EVERY)
def test_what_is_shown_is_what_is_charged(code: str):
    amount = {**dict.fromkeys(NO_DECIMALS, 1900), **dict.fromkeys(THREE_DECIMALS, 19_000)}.get(code, 1900)
    shown = Money(amount, code).format("en")
    digits = "".join(sign for sign in shown if sign in "0123456789.").strip(".")
    wanted = {**dict.fromkeys(NO_DECIMALS, "1900"), **dict.fromkeys(THREE_DECIMALS, "19.000")}.get(code, "19.00")
    assert digits == wanted


@pytest.mark.parametrize("code", EVERY)
def test_the_largest_charge_is_eight_digits_whatever_they_stand_for(code: str):
    most = 99_999_999 // step_of(code) * step_of(code)
    places = exponent_of(code)
    written = f"{str(most)[:-places]}.{str(most)[-places:]}" if places else str(most)
    assert Money.parse(written, code).amount_minor == most <= MOST_MINOR
    with pytest.raises(Invalid):
        Money.parse("1" + "0" * (9 - places), code)
