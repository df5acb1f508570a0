"""Refunds: https://docs.stripe.com/api/refunds"""

from typing import Any

from playground.stripe.book import Book, Cause, Json, new_id
from playground.stripe.catalogue import update
from playground.stripe.errors import StripeError, exclusive_params, not_played
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.money import with_sign
from playground.stripe.params import EXPAND, RETRIEVE, Email, Flag, Metadata, OneOf, Text, Whole, fields
from playground.stripe.routes import Call, Route

_CREATE = fields(
    amount=Whole(),
    charge=Text(),
    currency=Text(),
    customer=Text(),
    expand=EXPAND,
    instructions_email=Email(),
    metadata=Metadata(),
    origin=OneOf(("customer_balance",)),
    payment_intent=Text(),
    reason=OneOf(("duplicate", "fraudulent", "requested_by_customer")),
    refund_application_fee=Flag(),
    reverse_transfer=Flag(),
)
_UPDATE = fields(expand=EXPAND, metadata=Metadata())
_LIST = list_fields(charge=Text(), created=CREATED, payment_intent=Text())


def charge_of(book: Book, data: dict[str, Any]) -> Json:
    """The succeeded charge that `charge` or `payment_intent` names."""
    if "charge" in data and "payment_intent" in data:
        raise exclusive_params("charge", "payment_intent")
    if "charge" in data:
        charge = book.require("charge", data["charge"], param="charge")
        if charge["status"] != "succeeded":
            raise StripeError(f"Charge {charge['id']} was not successful; cannot issue a refund.", param="charge")
        return charge
    if "payment_intent" not in data:
        raise StripeError("One of the following params should be provided for this request: payment_intent or charge.")
    intent = book.require("payment_intent", data["payment_intent"], param="payment_intent")
    if intent["status"] != "succeeded":
        raise StripeError(f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.")
    return book.require("charge", intent["latest_charge"])


def make_refund(book: Book, cause: Cause, charge: Json, data: dict[str, Any]) -> Json:
    """Gives `amount` back, or all that is left. Raises StripeError when less than that is left."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["refunded"]:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded", kept=True
        )
    if charge["disputed"] and any(_stands_against(charge, dispute) for dispute in book.all("dispute")):
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
            kept=True,
        )
    amount = data.get("amount", left)
    if amount <= 0:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > left:
        shown, currency = with_sign(amount, charge["currency"]), charge["currency"]
        whole = f"charge amount ({with_sign(charge['amount'], currency)})"
        rest = f"unrefunded amount on charge ({with_sign(left, currency)})"
        than = rest if charge["amount_refunded"] else whole
        raise StripeError(f"Refund amount ({shown}) is greater than {than}", param="amount", kept=True)
    return _refund(book, cause, charge, data, amount)


def _stands_against(charge: Json, dispute: Json) -> bool:
    return bool(dispute["charge"] == charge["id"] and dispute["status"] != "won")


def _refund(book: Book, cause: Cause, charge: Json, data: dict[str, Any], amount: int) -> Json:
    refund = book.put(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": book.now(),
            "currency": charge["currency"],
            "customer": charge["customer"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": data.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "reason": data.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )
    refund["balance_transaction"] = _transaction(book, refund)["id"]
    book.put(refund)
    previous = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    book.put(charge)
    book.emit(cause, "refund.created", refund)
    book.emit(cause, "charge.refunded", charge, previous)
    book.emit(cause, "refund.updated", refund, {"destination_details": None})
    return refund


def _transaction(book: Book, refund: Json) -> Json:
    now = book.now()
    return book.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": -refund["amount"],
            "available_on": now,
            "created": now,
            "currency": refund["currency"],
            "description": "REFUND FOR CHARGE",
            "exchange_rate": None,
            "fee": 0,
            "net": -refund["amount"],
            "reporting_category": "refund",
            "source": refund["id"],
            "status": "pending",
            "type": "refund",
        }
    )


def _create(call: Call) -> Json:
    data = call.params
    if "origin" in data or "customer" in data:
        raise not_played("refunds from a customer balance", param="origin" if "origin" in data else "customer")
    return make_refund(call.book, call.cause, charge_of(call.book, data), data)


def _list(call: Call) -> Json:
    return page(call, "refund", select(call, "refund", "charge", "payment_intent"))


ROUTES = [
    Route("POST", "/v1/refunds", _CREATE, _create),
    Route("GET", "/v1/refunds", _LIST, _list),
    Route("GET", "/v1/refunds/{id}", RETRIEVE, lambda call: call.book.require("refund", call.id)),
    Route(
        "POST",
        "/v1/refunds/{id}",
        _UPDATE,
        lambda call: update(call, call.book.require("refund", call.id)),
    ),
]
