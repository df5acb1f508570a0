"""What checkout needs of a payment rail, and the ways in which that can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kit.errors import Refusal
from kit.money import Money


@dataclass(frozen=True, slots=True)
class Bill:
    """What the buyer shall pay for: `reference` comes back with the rail's words about it.

    `attempt` counts the tries that the rail itself failed; within one, asking twice makes one checkout.
    """

    order_id: int
    reference: str
    attempt: int
    title: str
    money: Money
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Checkout:
    session_id: str
    url: str


class RailDown(Refusal):
    """The rail could not be reached or failed on its side; asking again is safe.

    `answered`: it said so itself, and says the same again to the same attempt.
    """

    code = "payment_unavailable"
    status = 503

    def __init__(self, message: str, *, answered: bool) -> None:
        super().__init__(message)
        self.answered = answered


class RailRefused(Refusal):
    """The rail will not take this bill."""

    code = "payment_refused"


class Rail(Protocol):
    async def make_checkout(self, bill: Bill) -> Checkout:
        """A page where the bill can be paid. The same bill again gives the same page.

        Raises RailDown or RailRefused.
        """
