"""Stripe's objects, of which Spark reads a part, and what they mean: https://docs.stripe.com/api."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from domain.paying import Received
from kit.money import Money
from payments.rail import CheckoutState, DisputeTold, RefundTold, Standing
from store.models import DisputeState, RefundState

NAME = "stripe"
# what an object of ours carries at Stripe, whose account others may use too: the order's reference, and the number of
# our refund
ORDER_KEY, REFUND_KEY = "spark_order", "spark_refund"
_MOST_DIGITS = 18


class _Lenient(BaseModel):
    # what is wrong with them is told without what stands in them: they name people
    model_config = ConfigDict(extra="ignore", strict=True, hide_input_in_errors=True)


class Amounts(_Lenient):
    amount_discount: int = 0
    amount_shipping: int | None = None
    amount_tax: int = 0


class IntentObject(_Lenient):
    id: str
    status: str


class CollectedInformation(_Lenient):
    shipping_details: dict[str, Any] | None = None


class CustomerDetails(_Lenient):
    email: str | None = None
    name: str | None = None
    phone: str | None = None


class SessionObject(_Lenient):
    """https://docs.stripe.com/api/checkout/sessions/object; the intent is an id unless it was asked for."""

    id: str
    livemode: bool | None = None
    client_reference_id: str | None = None
    amount_subtotal: int | None = None
    amount_total: int
    total_details: Amounts | None = None
    currency: str
    status: str | None = None
    payment_status: str
    payment_intent: str | IntentObject | None = None
    payment_link: str | None = None
    customer: str | None = None
    customer_details: CustomerDetails | None = None
    collected_information: CollectedInformation | None = None
    # where Stripe's versions of before 2025-03-31 have it
    shipping_details: dict[str, Any] | None = None

    @property
    def is_paid(self) -> bool:
        return self.payment_status in {"paid", "no_payment_required"}


class RefundObject(_Lenient):
    """https://docs.stripe.com/api/refunds/object"""

    id: str
    amount: int
    payment_intent: str | None = None
    status: str | None = None
    failure_reason: str | None = None
    metadata: dict[str, Any] | None = None


class DisputeObject(_Lenient):
    """https://docs.stripe.com/api/disputes/object"""

    id: str
    amount: int
    currency: str
    payment_intent: str | None = None
    reason: str = "general"
    status: str


class RefundList(_Lenient):
    data: list[RefundObject]


class ChargeObject(_Lenient):
    """https://docs.stripe.com/api/charges/object; its refunds stand in it only in old versions of the API."""

    id: str
    payment_intent: str | None = None
    refunds: RefundList | None = None


class _Data(_Lenient):
    object: dict[str, Any]


class StripeEvent(_Lenient):
    """https://docs.stripe.com/api/events/object"""

    id: str
    type: str
    livemode: bool
    data: _Data


def standing_of(
    told: SessionObject,
    state: CheckoutState,
    *,
    livemode: bool,
    refunds: Sequence[RefundTold] = (),
    disputes: Sequence[DisputeTold] = (),
) -> Standing:
    """What a session comes to. Tax that is part of the prices is no more money, so only what is on top counts.

    What comes on top beyond the tax that Stripe tells of is none, and a discount is none of ours: neither adds up.
    """
    details = told.total_details or Amounts()
    shipping = details.amount_shipping or 0
    asked = told.amount_total - shipping - details.amount_tax if told.amount_subtotal is None else told.amount_subtotal
    on_top = told.amount_total + details.amount_discount - asked - shipping
    received, buyer = None, _details(told)
    if state is CheckoutState.PAID:
        received = Received(
            NAME,
            _intent_id(told) or told.id,
            Money(told.amount_total, told.currency),
            tax_minor=min(on_top, details.amount_tax),
            shipping_minor=shipping,
            details=buyer,
        )
    return Standing(
        session_id=told.id,
        state=state,
        livemode=livemode,
        asked_minor=asked,
        currency=told.currency.lower(),
        received=received,
        customer=told.customer,
        buyer=buyer,
        refunds=tuple(refunds),
        disputes=tuple(disputes),
    )


def state_of(told: SessionObject) -> CheckoutState:
    """How a session that was looked up, its intent with it, stands.

    https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-status
    """
    match told.status:
        case "complete" if told.is_paid:
            return CheckoutState.PAID
        case "complete":
            intent = told.payment_intent
            status = intent.status if isinstance(intent, IntentObject) else "processing"
            # a slow payment that has failed waits for another way to pay, which a finished page does not offer
            return CheckoutState.FAILED if status in _FAILED_INTENTS else CheckoutState.PENDING
        case "expired":
            return CheckoutState.EXPIRED
        case _:
            return CheckoutState.OPEN


_FAILED_INTENTS = frozenset({"requires_payment_method", "canceled"})


def refund_told(told: RefundObject) -> RefundTold:
    metadata = told.metadata or {}
    number = metadata.get(REFUND_KEY)
    ours = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    order = metadata.get(ORDER_KEY)
    return RefundTold(
        reference=told.id,
        amount_minor=told.amount,
        state=refund_state(told.status),
        order_reference=order if isinstance(order, str) else None,
        refund_id=int(number) if ours and isinstance(number, str) else None,
        error=told.failure_reason,
    )


def refund_state(status: str | None) -> RefundState:
    """https://docs.stripe.com/refunds#see-also-refund-statuses"""
    match status:
        case "failed" | "canceled":
            return RefundState.FAILED
        case "pending" | "requires_action":
            return RefundState.SENT
        case _:
            return RefundState.DONE


def dispute_told(told: DisputeObject) -> DisputeTold | None:
    """None for what takes no money: a bank's question that came to nothing more (`warning_…`), or was prevented.

    https://docs.stripe.com/api/disputes/object#dispute_object-status
    """
    match told.status:
        case "won":
            state = DisputeState.WON
        case "lost":
            state = DisputeState.LOST
        case "needs_response" | "under_review":
            state = DisputeState.OPEN
        case _:
            return None
    return DisputeTold(told.id, Money(told.amount, told.currency), told.reason, state)


def what_is_wrong(error: ValidationError) -> str:
    """Which keys are missing or of another kind, never what was given for them."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = (f"{'.'.join(str(part) for part in each['loc'])}: {each['type']}" for each in found)
    return f"{error.title} cannot be read: {', '.join(wrong)}"


def _intent_id(told: SessionObject) -> str | None:
    intent = told.payment_intent
    return intent.id if isinstance(intent, IntentObject) else intent


def _details(told: SessionObject) -> dict[str, Any] | None:
    """What the buyer told Stripe's page, for the seller to send things to."""
    person = told.customer_details or CustomerDetails()
    collected = told.collected_information or CollectedInformation()
    found = {
        "name": person.name,
        "email": person.email,
        "phone": person.phone,
        "shipping": collected.shipping_details or told.shipping_details,
    }
    return {key: value for key, value in found.items() if value} or None
