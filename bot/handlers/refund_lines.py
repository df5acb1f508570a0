"""How much shall go back, and why, read from a line."""

from bot.sums import read_sum
from kit.money import Money


def read_refund(text: str, currency: str) -> tuple[Money | None, str]:
    """`5.00`, `$5.00`, `5,00 €`, `usd 5`, each with a reason after it; None and a reason alone are for all of it.

    Raises Invalid for what looks like an amount and cannot be read as one of that currency. A number first is the
    amount, also in `2 files broken`: the question before it is given back names the sum.
    """
    found = read_sum(text, currency)
    return (None, text.strip()) if found is None else (found.money, found.rest)
