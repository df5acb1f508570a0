"""How much shall go back, read from a line: what looks like money is an amount or refused, and never a reason."""

import pytest

from bot.handlers.refund_lines import read_refund
from kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "currency", "minor", "reason"),
    [
        ("5.00", "usd", 500, ""),
        ("$5.00", "usd", 500, ""),
        ("$ 5 it came late", "usd", 500, "it came late"),
        ("5.00 usd it came late", "usd", 500, "it came late"),
        ("USD 5", "usd", 500, ""),
        ("5,00\xa0€", "eur", 500, ""),
        ("€5.00 2 files broken", "eur", 500, "2 files broken"),
        ("5€ late", "eur", 500, "late"),
        ("¥500", "jpy", 500, ""),
        ("50 ⭐", "xtr", 50, ""),
        ("50", "xtr", 50, ""),
        ("5.00 they all\nwere late", "usd", 500, "they all\nwere late"),
        ("5.00 € was too much", "eur", 500, "was too much"),
        ("", "usd", None, ""),
        ("they bought 2", "usd", None, "they bought 2"),
        ("v2 was broken", "usd", None, "v2 was broken"),
        ("all 3 were broken", "usd", None, "all 3 were broken"),
        ("5.00 all broken", "usd", 500, "all broken"),
        ("2 usd broken", "usd", 200, "broken"),
        ("5 it came late", "usd", 500, "it came late"),
        ("500 it came late", "jpy", 500, "it came late"),
        ("– broken", "usd", None, "– broken"),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, currency: str, minor: int | None, reason: str):
    amount, why = read_refund(text, currency)
    assert (None if amount is None else amount.amount_minor, why) == (minor, reason)


@pytest.mark.parametrize(
    "text",
    [
        *("-5", "−5", "- 5", "+5", "€5", "5€", "5 €", "EUR 5", "5 EUR", "50 ⭐", "5x"),
        *("1,234.50", "1.234", "$5.001", "(5)"),
        *("eur 5", "5 eur", "Eur 5 late", "5 eur late", "5 chf", "chf 5"),
    ],
)
def test_what_looks_like_money_and_cannot_be_read_is_no_reason(text: str):
    with pytest.raises(Invalid):
        read_refund(text, "usd")
