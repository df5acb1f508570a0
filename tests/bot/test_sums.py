"""What somebody gives who may choose it: a sum of the product's own currency, and nothing that looks like another."""

import pytest

from bot.sums import read_sum
from kit.errors import Invalid


@pytest.mark.parametrize("text", ["€7", "7 €", "£7", "eur 7", "7 chf", "7x", "-7"])
def test_a_sign_or_name_of_another_currency_is_no_sum(text: str):
    with pytest.raises(Invalid):
        read_sum(text, "usd")


@pytest.mark.parametrize(("text", "minor"), [("7", 700), ("$7.50", 750), ("7,50 USD", 750), ("usd 7", 700)])
def test_a_sum_is_read_bare_or_with_its_own_sign_or_name(text: str, minor: int):
    found = read_sum(text, "usd")
    assert found is not None
    assert (found.money.amount_minor, found.rest) == (minor, "")
