"""What commerce needs of a payment rail, and the ways in which that can fail. Orders know nothing of any one rail."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from domain.paying import Received
from kit.errors import Refusal
from kit.money import Money
from store.models import DisputeState, RefundState


@dataclass(frozen=True, slots=True)
class BillLine:
    """`price_minor` for one, before the discount, which is of the whole line."""

    title: str
    price_minor: int
    quantity: int = 1
    discount_minor: int = 0

    @property
    def total_minor(self) -> int:
        return self.price_minor * self.quantity - self.discount_minor


@dataclass(frozen=True, slots=True)
class Bill:
    """What the buyer shall pay for: `reference` comes back with the rail's words about it.

    `attempt` counts the tries that the rail itself failed; within one, asking twice makes one checkout. `money` is
    what all lines come to, without the tax and the shipping that the rail adds.
    """

    order_id: int
    reference: str
    attempt: int
    lines: tuple[BillLine, ...]
    money: Money
    expires_at: datetime
    # what the rail calls the buyer, if it has met them; their address otherwise
    customer: str | None = None
    email: str | None = None
    # of the buyer's page, an IETF tag
    language: str = "en"
    # the rail works out the tax
    tax: bool = False
    # countries (ISO 3166) that it is sent to; none for what is not sent
    ships_to: tuple[str, ...] = ()
    # where the buyer comes back to from the rail's page; None: where everybody does
    success_url: str | None = None
    cancel_url: str | None = None

    def __post_init__(self) -> None:
        asked = sum(line.total_minor for line in self.lines)
        if asked != self.money.amount_minor:
            # what was paid would fit no order
            raise ValueError(f"the lines of order {self.order_id} come to {asked}, not to {self.money.amount_minor}")

    @property
    def title(self) -> str:
        return ", ".join(line.title for line in self.lines)


@dataclass(frozen=True, slots=True)
class Checkout:
    session_id: str
    url: str


class CheckoutState(StrEnum):
    """How a checkout stands at its rail."""

    OPEN = "open"
    # the buyer has done their part, by a way that takes days
    PENDING = "pending"
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class RefundTold:
    """A refund as its rail tells of it; `order_reference` and `refund_id` are ours, when Spark asked for it."""

    reference: str
    amount_minor: int
    state: RefundState
    order_reference: str | None = None
    refund_id: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class DisputeTold:
    reference: str
    amount: Money
    reason: str
    state: DisputeState


@dataclass(frozen=True, slots=True)
class Standing:
    """The rail's own word about one checkout.

    `asked_minor` is what its lines come to, in `currency`; `received` the money, tax and shipping included, once it
    has come.
    """

    session_id: str
    state: CheckoutState
    livemode: bool
    asked_minor: int
    currency: str
    received: Received | None = None
    # what the rail calls the buyer from now on, and what they told of themselves
    customer: str | None = None
    buyer: Mapping[str, Any] | None = None
    # those known by now: a look-up tells all of them, an event of the checkout none
    refunds: tuple[RefundTold, ...] = ()
    disputes: tuple[DisputeTold, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundDue:
    """Money that shall go back. Asking for the same `refund_id` again finds what was made before."""

    refund_id: int
    order_id: int
    order_reference: str
    # of the payment, and of the refund once the rail has made it
    payment_reference: str
    reference: str | None
    # counts the tries that the rail itself failed
    attempt: int
    money: Money
    # it is the whole payment
    is_whole: bool


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    reference: str
    state: RefundState
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """One event of a rail's own list, in its own words."""

    reference: str
    kind: str
    body: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a rail's list has been read: `reference` and `read_to` are the rail's own business."""

    reference: str | None
    read_to: datetime


@dataclass(frozen=True, slots=True)
class Read:
    """A page of a rail's list. `cursor` is where the next reading begins, once this page is kept; None: not yet."""

    words: Sequence[Word]
    cursor: Cursor | None


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
    """The rail will not take this bill, or not give this money back."""

    code = "payment_refused"


class CustomerGone(Exception):
    """The rail no longer knows the buyer by this name: somebody has deleted them there."""

    def __init__(self, customer: str) -> None:
        super().__init__("a customer is gone")
        self.customer = customer


class Rail(Protocol):
    """All of these raise RailDown; asking for the same again is always safe."""

    @property
    def livemode(self) -> bool:
        """Whether its money is real."""

    async def make_checkout(self, bill: Bill) -> Checkout:
        """A page where the bill can be paid. The same bill again gives the same page.

        Raises RailRefused, and CustomerGone for a `customer` that it does not know any more.
        """

    async def end_checkout(self, session_id: str) -> Standing | None:
        """Lets nobody pay there any more, if that can still be done, and says how it stands then.

        None: the rail cannot say, or knows no such checkout.
        """

    async def look_up(self, session_id: str) -> Standing | None:
        """How a checkout stands, with every refund and dispute; None: the rail cannot say, or knows no such checkout.

        An order of which its rail cannot say more expires when its time is over.
        """

    async def refund(self, due: RefundDue) -> RefundAnswer:
        """Gives the money back, once, or says how that stands by now. Raises RailRefused."""

    def events_after(self, cursor: Cursor) -> AsyncIterator[Read]:
        """What the rail has told since then, page by page; some of it may have been read before."""


# by the name that an order knows its rail by
Rails = Mapping[str, Rail]
