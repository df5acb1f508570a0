"""Disputes, as banks and their customers bring them: https://docs.stripe.com/api/disputes"""

from typing import Literal, TypeAlias

from playground.stripe.book import Book, Cause, Json, new_id
from playground.stripe.errors import ImpossibleMove
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.params import RETRIEVE, Text
from playground.stripe.routes import Call, Route

Verdict: TypeAlias = Literal["won", "lost"]

_DAYS_TO_ANSWER = 9
_LIST = list_fields(charge=Text(), created=CREATED, payment_intent=Text())


def open_dispute(book: Book, cause: Cause, charge: Json, amount: int | None) -> Json:
    """Takes the money away until the dispute is decided; a charge is disputed once."""
    if charge["status"] != "succeeded":
        raise ImpossibleMove("charge_not_paid", "Only a charge that succeeded can be disputed.")
    if charge["disputed"]:
        raise ImpossibleMove("already_disputed", "This charge has been disputed already.")
    left = charge["amount"] - charge["amount_refunded"]
    amount = charge["amount"] if amount is None else amount
    if not left or not 0 < amount <= charge["amount"]:
        raise ImpossibleMove("amount_impossible", f"Of this charge {left} can be disputed.")
    dispute = {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": book.now(),
        "currency": charge["currency"],
        "evidence": {},
        "evidence_details": {
            "due_by": book.now() + _DAYS_TO_ANSWER * 86400,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback"}, "type": "card"},
        "reason": "fraudulent",
        "status": "needs_response",
    }
    book.put(dispute)
    charge["disputed"] = True
    book.put(charge)
    book.emit(cause, "charge.dispute.created", dispute)
    book.emit(cause, "charge.dispute.funds_withdrawn", dispute)
    book.emit(cause, "charge.updated", charge, {"disputed": False})
    return dispute


def close_dispute(book: Book, cause: Cause, charge: Json, verdict: Verdict) -> Json:
    """Gives the money back when the dispute is won."""
    dispute = next(
        (each for each in book.all("dispute") if each["charge"] == charge["id"] and not _decided(each)), None
    )
    if dispute is None:
        raise ImpossibleMove("no_open_dispute", "No dispute is open about this charge.")
    dispute["status"] = verdict
    dispute["is_charge_refundable"] = verdict == "won"
    book.put(dispute)
    book.emit(cause, "charge.dispute.closed", dispute, {"status": "needs_response"})
    if verdict == "won":
        book.emit(cause, "charge.dispute.funds_reinstated", dispute)
    return dispute


def _decided(dispute: Json) -> bool:
    return dispute["status"] in {"won", "lost"}


def _list(call: Call) -> Json:
    return page(call, "dispute", select(call, "dispute", "charge", "payment_intent"))


ROUTES = [
    Route("GET", "/v1/disputes", _LIST, _list),
    Route("GET", "/v1/disputes/{id}", RETRIEVE, lambda call: call.book.require("dispute", call.id)),
]
