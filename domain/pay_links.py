"""Addresses of ours at which something is paid: what they lead to is made when they are opened, so none is dead."""

import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from kit.errors import Conflict, NotFound

# https://core.telegram.org/bots/features#deep-linking, as `bot.handlers.start` reads it
_PRODUCT_START = "p_"
_TOKEN = re.compile(r"([cop](?:[0-9]{1,15}-){1,4})([0-9]{1,11})-([0-9a-f]{20})", re.ASCII)
_PARTS = {"c": 4, "o": 1, "p": 3}


class UnknownLink(NotFound):
    code = "unknown_pay_link"


class LinkOver(Conflict):
    """Its time is over, or what it was made for."""

    code = "pay_link_over"
    status = 410


@dataclass(frozen=True, slots=True)
class ForOrder:
    """An order, and when that cannot be paid any more, another one of the same."""

    order_id: int


@dataclass(frozen=True, slots=True)
class ForProduct:
    """A product, or one variant of it (0 is none), for one lead. For nobody in particular (0) it leads to the chat.

    `code_id` is of a discount code that is taken off (0: none), as long as it is good for that lead.
    """

    product_id: int
    variant_id: int = 0
    lead_id: int = 0
    code_id: int = 0


Payable = ForOrder | ForProduct


@dataclass(frozen=True)
class PayLinks:
    """`base`/pay/…: nobody can make one for another lead, order or product without `key`."""

    base: str
    key: bytes

    def address(self, what: Payable, *, until: datetime) -> str:
        """Good up to that instant."""
        if isinstance(what, ForOrder):
            told = f"o{what.order_id}-"
        elif what.code_id:
            told = f"c{what.lead_id}-{what.product_id}-{what.variant_id}-{what.code_id}-"
        else:
            told = f"p{what.lead_id}-{what.product_id}-{what.variant_id}-"
        told += str(int(until.timestamp()))
        return f"{self.base}/pay/{told}-{self._mark(told)}"

    def read(self, token: str, *, now: datetime) -> Payable:
        """Raises UnknownLink for a token that was not made here, LinkOver for one whose time is over."""
        found = _TOKEN.fullmatch(token)
        if found is None or not hmac.compare_digest(found[3], self._mark(found[1] + found[2])):
            raise UnknownLink("this link is not known here")
        kind, numbers = found[1][0], [int(part) for part in found[1][1:-1].split("-")]
        if len(numbers) != _PARTS[kind]:
            raise UnknownLink("this link is not known here")
        if now > datetime.fromtimestamp(int(found[2]), UTC):
            raise LinkOver("this link is over")
        if kind == "o":
            return ForOrder(numbers[0])
        lead_id, product_id, variant_id, *code = numbers
        return ForProduct(product_id, variant_id, lead_id, *code)

    def _mark(self, told: str) -> str:
        return hmac.new(self.key, told.encode(), sha256).hexdigest()[:20]


def product_start(product_id: int) -> str:
    """What `/start` is given to show a product."""
    return f"{_PRODUCT_START}{product_id}"
