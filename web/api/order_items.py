"""What an order looks like to a program, and what it is told of one."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from domain.cart_acts import Wanted
from domain.carts import MOST_LINES
from domain.offers import address_of
from domain.pricing import MOST_PIECES, STARS
from domain.setups import CreatorSetup
from store.models import Order, OrderLine, OrderState, Refund, RefundState
from store.queries.order_lists import UNPAID
from store.queries.purchases import OrderRow
from web.api.query import Printable, Text

Id = Annotated[StrictInt, Field(ge=1, lt=2**63)]
Minor = Annotated[StrictInt, Field(ge=0, lt=2**53)]


class PaymentStatus(StrEnum):
    """Whether the money is there: what came in full or in part and is still there is `completed`."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUNDED = "refunded"


STATES: Mapping[PaymentStatus, tuple[OrderState, ...]] = {
    PaymentStatus.PENDING: (OrderState.OPEN, OrderState.AWAITING_PAYMENT),
    PaymentStatus.COMPLETED: (
        OrderState.PAID,
        OrderState.FULFILLED,
        OrderState.PARTLY_REFUNDED,
        # paid for, and a person has still to see to it
        OrderState.OVERSOLD,
        OrderState.DISPUTED,
    ),
    PaymentStatus.FAILED: (OrderState.EXPIRED, OrderState.CANCELLED),
    PaymentStatus.REFUNDED: (OrderState.REFUNDED,),
}
_STATUS = {state: status for status, states in STATES.items() for state in states}


def payment_status(order: Order) -> PaymentStatus:
    return _STATUS[order.state]


class NewLine(BaseModel):
    """`price_minor` is what is given for one where the buyer may choose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product_id: Id
    variant_id: Id | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=MOST_PIECES)] = 1
    price_minor: Minor | None = None

    def wanted(self) -> Wanted:
        return Wanted(self.product_id, self.variant_id, self.quantity, self.price_minor)


Lines = Annotated[list[NewLine], Field(min_length=1, max_length=MOST_LINES)]


class Address(BaseModel):
    """As Stripe has it; `country` by its two letters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line1: Text | None = None
    line2: Text | None = None
    postal_code: Text | None = None
    city: Text | None = None
    state: Text | None = None
    country: Text | None = None


class Shipping(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    address: Address | None = None


class BuyerDetails(BaseModel):
    """What the buyer told the payment page of themselves, or the seller has written down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    shipping: Shipping | None = None


class LineItem(BaseModel):
    """`price_minor` is for one, before the discount; `total_minor` of the whole line, after it."""

    product_id: int
    variant_id: int | None
    title: str
    price_minor: int
    quantity: int
    discount_minor: int
    total_minor: int

    @classmethod
    def of(cls, line: OrderLine) -> "LineItem":
        return cls(
            product_id=line.product_id,
            variant_id=line.variant_id,
            title=line.title,
            price_minor=line.price_minor,
            quantity=line.quantity,
            discount_minor=line.discount_minor,
            total_minor=line.price_minor * line.quantity - line.discount_minor,
        )


class RefundItem(BaseModel):
    """`sent`: the rail has taken it, and the money may still be on its way. `reason` is for the seller's eyes."""

    id: int
    state: RefundState
    amount_minor: int
    currency: str
    reason: str | None
    created_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, refund: Refund, *, to_seller: bool = True) -> "RefundItem":
        return cls(
            id=refund.id,
            state=refund.state,
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            reason=refund.reason if to_seller else None,
            created_at=refund.created_at,
            closed_at=refund.closed_at,
        )


class OrderItem(BaseModel):
    """`total_minor` is of all lines after the discount; tax and shipping, which the rail adds, stand beside it.

    `checkout_url` is the rail's own page, once it is made; `pay_url` is an address that makes it when it is opened.
    """

    id: int
    creator: str
    lead_id: int
    state: OrderState
    payment_status: PaymentStatus
    rail: str
    lines: list[LineItem]
    code: str | None
    subtotal_minor: int
    discount_minor: int
    total_minor: int
    tax_minor: int
    shipping_minor: int
    refunded_minor: int
    currency: str
    refunds: list[RefundItem]
    receipt_number: int | None
    session_id: str | None
    checkout_url: str | None
    pay_url: str | None
    details: BuyerDetails | None
    created_at: datetime
    expires_at: datetime
    pending_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None

    @classmethod
    def of(cls, row: OrderRow, setup: CreatorSetup, *, to_seller: bool) -> "OrderItem":
        order = row.order
        waits = order.state in UNPAID and order.pending_at is None
        return cls(
            id=order.id,
            creator=row.creator,
            lead_id=order.lead_id,
            state=order.state,
            payment_status=payment_status(order),
            rail=order.rail,
            lines=[LineItem.of(line) for line in row.lines],
            code=row.code,
            subtotal_minor=order.subtotal_minor,
            discount_minor=order.discount_minor,
            total_minor=order.total_minor,
            tax_minor=order.tax_minor,
            shipping_minor=order.shipping_minor,
            refunded_minor=order.refunded_minor,
            currency=order.currency,
            refunds=[RefundItem.of(refund, to_seller=to_seller) for refund in row.refunds],
            receipt_number=order.receipt_number,
            session_id=order.session_id,
            checkout_url=order.checkout_url if waits else None,
            pay_url=address_of(setup, order) if waits and order.rail != STARS else None,
            details=_details(order.details),
            created_at=order.created_at,
            expires_at=order.expires_at,
            pending_at=order.pending_at,
            paid_at=order.paid_at,
            shipped_at=order.shipped_at,
        )


def _details(told: Any) -> BuyerDetails | None:
    """What a rail told is kept as it came, and longer than anybody writes by hand."""
    if not isinstance(told, Mapping):
        return None
    shipping = told.get("shipping")
    where = shipping.get("address") if isinstance(shipping, Mapping) else None
    return BuyerDetails.model_construct(
        None,
        **_texts(told, ("name", "email", "phone")),
        shipping=Shipping.model_construct(
            None,
            **_texts(shipping, ("name",)),
            address=Address.model_construct(None, **_texts(where, tuple(Address.model_fields)))
            if isinstance(where, Mapping)
            else None,
        )
        if isinstance(shipping, Mapping)
        else None,
    )


def _texts(told: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str | None]:
    return {name: None if told.get(name) is None else str(told[name]) for name in names}


ReasonText = Annotated[str, Printable, Field(max_length=1000)]
