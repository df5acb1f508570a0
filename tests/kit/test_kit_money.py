import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from kit.money import MOST_MINOR, Money, exponent_of, language_of, most_of, step_of

# https://docs.stripe.com/currencies#presentment-currencies
STRIPE = """
usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny
cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod
jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio
nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd
top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar zmw
"""
CURRENCIES = [*re.findall("[a-z]{3}", STRIPE), "xtr"]


@given(st.sampled_from(CURRENCIES), st.integers(0, MOST_MINOR), st.sampled_from(".,"))
def test_every_amount_of_every_currency_of_stripes_is_read_as_it_is_written(currency: str, minor: int, point: str):
    minor = min(minor, most_of(currency))
    minor -= minor % step_of(currency)
    exponent = exponent_of(currency)
    digits = str(minor).rjust(exponent + 1, "0")
    written = digits[:-exponent] + point + digits[-exponent:] if exponent else digits
    assert Money.parse(written, currency.upper()) == Money(minor, currency)


@given(st.sampled_from(CURRENCIES), st.integers(0, MOST_MINOR))
def test_what_is_shown_is_the_amount_and_can_be_read_back(currency: str, minor: int):
    minor = min(minor, most_of(currency))
    minor -= minor % step_of(currency)
    shown = Money(minor, currency).format("en")
    written = "".join(sign for sign in shown if sign in "0123456789.").strip(".")
    assert Money.parse(written, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "language", "shown"),
    [
        (1900, "usd", "en", "$19.00"),
        (1900, "eur", "de", "19,00\xa0€"),
        (1900, "jpy", "en", "¥1,900"),
        (1900, "kwd", "en", "KWD1.900"),
        (1900, "isk", "en", "ISK19.00"),
        (50, "xtr", "en", "50 ⭐"),
        (1900, "usd", "xx-yy", "$19.00"),
    ],
)
def test_money_is_shown_as_its_readers_write_it(minor: int, currency: str, language: str, shown: str):
    assert Money(minor, currency).format(language) == shown


@pytest.mark.parametrize(
    ("written", "currency", "minor"),
    [("19", "usd", 1900), ("19,5", "usd", 1950), (" 19.00 ", "usd", 1900), ("19.00", "jpy", 19), ("0", "usd", 0)],
)
def test_a_price_may_be_written_in_several_ways(written: str, currency: str, minor: int):
    assert Money.parse(written, currency).amount_minor == minor


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "free",
        "-1",
        "-0",
        "+1",
        "NaN",
        "inf",
        "1e3",
        "1E999999",
        "1E-999999",
        "1_000",
        "１９",
        "$19",
        ".5",
        "5.",
        "1,900.00",
        "1.900,00",
        "19.001",
        "1,900",
        "1.900",
        "9" * 12,
        "9" * 5000,
        "999999.999",
        "1 900",
        "1\x0000",
    ],
)
def test_what_is_no_price_of_one_meaning_is_refused_and_named(written: str):
    with pytest.raises(Invalid) as refusal:
        Money.parse(written, "usd")
    assert refusal.value.fields == {"price": written}


@pytest.mark.parametrize(("written", "currency"), [("19.5", "jpy"), ("1,000", "jpy"), ("0.0001", "kwd")])
def test_more_decimals_than_a_currency_has_are_refused(written: str, currency: str):
    with pytest.raises(Invalid):
        Money.parse(written, currency)


def test_no_invoice_is_for_more_stars_than_telegram_takes():
    assert Money.parse("10000", "xtr") == Money(10_000, "xtr")
    with pytest.raises(Invalid):
        Money.parse("10001", "xtr")


@given(st.text())
def test_no_text_breaks_the_reading_of_prices(written: str):
    with contextlib.suppress(Invalid):
        assert Money.parse(written, "eur").amount_minor <= MOST_MINOR


@pytest.mark.parametrize("code", ["", "us", "usdd", "zzz", "<b>", "ÜSD"])
def test_what_is_no_currency_is_refused(code: str):
    with pytest.raises(Invalid) as refusal:
        Money(1, code)
    assert refusal.value.fields == {"currency": code}


@pytest.mark.parametrize(
    ("tag", "language"), [("pt-br", "pt"), ("de", "de"), ("zh_Hans", "zh"), ("", "en"), ("??", "en"), ("x" * 99, "en")]
)
def test_a_language_is_found_for_any_tag(tag: str, language: str):
    assert language_of(tag) == language
