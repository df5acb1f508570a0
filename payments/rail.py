"""What checkout needs of a payment rail, and the ways in which that can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.errors import Refusal
from kit.money import Money


@dataclass(frozen=True, slots=True)
class Bill:
    """What the buyer shall pay for: `reference` comes back with the rail's words about it."""

    order_id: int
    title: str
    money: Money
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    session_id: str
    url: str


class RailDown(Refusal):
    """The rail could not be reached or failed on its side; asking again with the same bill is safe."""

    code = "payment_unavailable"
    status = 503


class RailRefused(Refusal):
    """The rail will not take this bill."""

    code = "payment_refused"


class Rail(Protocol):
    async def make_checkout(self, bill: Bill) -> Checkout:
        """A page where the bill can be paid. The same bill again gives the same page.

        Raises RailDown or RailRefused.
        """
