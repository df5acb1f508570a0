"""A bill as Stripe's checkout takes it."""

from math import gcd
from typing import TYPE_CHECKING

from kit.money import step_of
from payments.payment_links import Offer
from payments.rail import Bill, BillLine
from payments.stripe_objects import ORDER_KEY

if TYPE_CHECKING:
    from stripe.params import PaymentLinkCreateParams
    from stripe.params.checkout import SessionCreateParams, SessionCreateParamsLineItem

# https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-locale, those that Spark's people read
_LOCALES = frozenset(
    {"bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv"}
    | {"nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh"}
)
_LONGEST_NAME = 250


def session_params(bill: Bill, *, success_url: str, cancel_url: str) -> "SessionCreateParams":
    """https://docs.stripe.com/api/checkout/sessions/create

    Prices are told as they are after the discount, in the seller's own currency, so that what Stripe says came can
    be held against the order to the last cent.
    """
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [item for line in bill.lines for item in _items(line, bill)],
        "client_reference_id": bill.reference,
        "metadata": {"order_id": str(bill.order_id), ORDER_KEY: bill.reference},
        "payment_intent_data": {"metadata": {ORDER_KEY: bill.reference}},
        "expires_at": int(bill.expires_at.timestamp()),
        "success_url": success_url,
        "cancel_url": cancel_url,
        "locale": bill.language if bill.language in _LOCALES else "auto",
        "adaptive_pricing": {"enabled": False},
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    if bill.customer is not None:
        params["customer"] = bill.customer
        params["customer_update"] = {"address": "auto", "name": "auto"}
        if bill.ships_to:
            params["customer_update"]["shipping"] = "auto"
    else:
        params["customer_creation"] = "always"
        if bill.email is not None:
            params["customer_email"] = bill.email
    if bill.tax:
        # whether prices hold it is said in Stripe's own tax settings
        params["automatic_tax"] = {"enabled": True}
    if bill.ships_to:
        params["shipping_address_collection"] = {"allowed_countries": list(bill.ships_to)}
    return params


def link_params(offer: Offer, *, thanks_url: str | None) -> "PaymentLinkCreateParams":
    """https://docs.stripe.com/api/payment-link/create; Stripe puts the session's id in at the end of the address."""
    params: PaymentLinkCreateParams = {
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": offer.money.currency,
                    "unit_amount": offer.money.amount_minor,
                    "product_data": {"name": offer.title[:_LONGEST_NAME]},
                },
            }
        ],
        "metadata": {"link": str(offer.link_id)},
        "customer_creation": "always",
    }
    if thanks_url is not None:
        redirect = f"{thanks_url}/{{CHECKOUT_SESSION_ID}}"
        params["after_completion"] = {"type": "redirect", "redirect": {"url": redirect}}
    if offer.tax:
        params["automatic_tax"] = {"enabled": True}
    if offer.ships_to:
        params["shipping_address_collection"] = {"allowed_countries": list(offer.ships_to)}
    return params


def _items(line: BillLine, bill: Bill) -> "list[SessionCreateParamsLineItem]":
    """Pieces of one price each: where a discount does not divide evenly, some cost one step more than the others.

    A step is the least that the currency is charged in: https://docs.stripe.com/currencies#three-decimal
    """
    # what no step divides keeps its sum all the same, and Stripe says what it thinks of that
    step = gcd(step_of(bill.money.currency), line.total_minor)
    steps, dearer = divmod(line.total_minor // step, line.quantity)
    parts = [(line.quantity - dearer, steps * step), (dearer, (steps + 1) * step)]
    return [_item(line.title, unit, quantity, bill) for quantity, unit in parts if quantity]


def _item(title: str, unit: int, quantity: int, bill: Bill) -> "SessionCreateParamsLineItem":
    return {
        "quantity": quantity,
        "price_data": {
            "currency": bill.money.currency,
            "unit_amount": unit,
            "product_data": {"name": title[:_LONGEST_NAME]},
        },
    }
