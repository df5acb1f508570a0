"""What a buyer does on the checkout page, and the payment intents and charges that come of it."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, TypeAlias

from playground.stripe.book import Book, Cause, Json, new_id
from playground.stripe.customers import make_customer
from playground.stripe.errors import ImpossibleMove
from playground.stripe.links import note_completed
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.params import RETRIEVE, Text
from playground.stripe.routes import Call, Route
from playground.stripe.sessions import customer_details, expire

Outcome: TypeAlias = Literal["paid", "declined", "async_pending", "async_paid", "async_failed", "expire"]

BUYER = "buyer@example.com"  # who pays when nobody said who
_ADDRESS = {
    "city": "San Francisco",
    "country": "US",
    "line1": "354 Oyster Point Blvd",
    "line2": None,
    "postal_code": "94080",
    "state": "CA",
}
_DECLINED = {
    "charge": None,
    "code": "card_declined",
    "decline_code": "generic_decline",
    "doc_url": "https://docs.stripe.com/error-codes#card-declined",
    "message": "Your card has been declined.",
    "type": "card_error",
}


def settle(
    book: Book, cause: Cause, session: Json, outcome: Outcome, *, email: str | None = None, phone: str | None = None
) -> None:
    """Moves a session as Stripe would; raises ImpossibleMove when it is past that."""
    waiting = session["status"] == "complete" and session["payment_status"] == "unpaid"
    if outcome in {"async_paid", "async_failed"}:
        intent = book.get("payment_intent", session["payment_intent"] or "")
        if not waiting or intent is None or intent["status"] != "processing":
            raise ImpossibleMove("not_pending", "This session is not waiting for an asynchronous payment.")
        _conclude(book, cause, session, intent, paid=outcome == "async_paid")
        return
    if session["status"] != "open":
        raise ImpossibleMove("session_not_open", f"This session is not open: it is {session['status']}.")
    if outcome == "expire":
        expire(book, cause, session)
        return
    if outcome in {"declined", "async_pending"} and not session["amount_total"]:
        raise ImpossibleMove("nothing_to_pay", "This session has nothing to pay.")
    email = email or (session["customer_details"] or {}).get("email") or BUYER
    if outcome == "declined":
        _decline(book, cause, session, email)
    else:
        _complete(book, cause, session, email, phone, pending=outcome == "async_pending")


def _decline(book: Book, cause: Cause, session: Json, email: str) -> None:
    intent = _intent(book, cause, session, email)
    charge = _charge(book, intent, email, status="failed")
    intent["latest_charge"] = charge["id"]
    intent["last_payment_error"] = {**_DECLINED, "charge": charge["id"]}
    book.put(intent)
    book.put(session)
    book.emit(cause, "charge.failed", charge)
    book.emit(cause, "payment_intent.payment_failed", intent)


def _complete(book: Book, cause: Cause, session: Json, email: str, phone: str | None, *, pending: bool) -> None:
    _collect(book, cause, session, email, phone)
    if session["amount_total"]:
        intent = _intent(book, cause, session, email)
        charge = _charge(book, intent, email, status="pending" if pending else "succeeded")
        intent["latest_charge"] = charge["id"]
        intent["last_payment_error"] = None
        intent["status"] = "processing" if pending else "succeeded"
        intent["amount_received"] = 0 if pending else intent["amount"]
        book.put(intent)
        session["payment_status"] = "unpaid" if pending else "paid"
        book.emit(cause, "charge.pending" if pending else "charge.succeeded", charge)
        book.emit(cause, f"payment_intent.{intent['status']}", intent)
    session["status"] = "complete"
    session["url"] = None
    book.put(session)
    book.emit(cause, "checkout.session.completed", session)
    if session["payment_link"] is not None:
        note_completed(book, cause, session["payment_link"])


def _conclude(book: Book, cause: Cause, session: Json, intent: Json, *, paid: bool) -> None:
    charge = book.require("charge", intent["latest_charge"])
    charge.update(status="succeeded" if paid else "failed", paid=paid, captured=paid)
    if paid:
        charge["amount_captured"] = charge["amount"]
        charge["balance_transaction"] = _transaction(book, charge, charge["amount"])["id"]
        intent.update(status="succeeded", amount_received=intent["amount"])
        session["payment_status"] = "paid"
    else:
        charge.update(failure_code="payment_failed", failure_message="The payment failed.")
        intent.update(
            status="requires_payment_method",
            last_payment_error={**_DECLINED, "code": "payment_failed", "charge": charge["id"]},
        )
    for document in (charge, intent, session):
        book.put(document)
    book.emit(cause, "charge.succeeded" if paid else "charge.failed", charge)
    book.emit(cause, "payment_intent.succeeded" if paid else "payment_intent.payment_failed", intent)
    ending = "succeeded" if paid else "failed"
    book.emit(cause, f"checkout.session.async_payment_{ending}", session)


def _collect(book: Book, cause: Cause, session: Json, email: str, phone: str | None) -> None:
    """What the page asked the buyer for, answered."""
    asked_phone = session["phone_number_collection"]["enabled"]
    details = customer_details(email, name="Jenny Rosen", phone=(phone or "+14155550123") if asked_phone else None)
    if session["billing_address_collection"] == "required" or session["shipping_address_collection"]:
        details["address"] = dict(_ADDRESS)
    session["customer_details"] = details
    if session["shipping_address_collection"]:
        shipping = {"address": dict(_ADDRESS), "name": "Jenny Rosen"}
        session["collected_information"] = {"shipping_details": shipping}
    consent = session["consent_collection"] or {}
    if consent.get("terms_of_service") == "required":
        session["consent"] = {"promotions": None, "terms_of_service": "accepted"}
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"]["status"] = "complete"
    if session["customer_creation"] == "always":
        customer = make_customer(book, {"email": email, "name": "Jenny Rosen"})
        session["customer"] = customer["id"]
        book.emit(cause, "customer.created", customer)


def _intent(book: Book, cause: Cause, session: Json, email: str) -> Json:
    """The session's payment intent, made at the first attempt to pay."""
    kept = book.get("payment_intent", session["payment_intent"] or "")
    if kept is not None:
        return kept
    data = book.private(session["id"])["params"].get("payment_intent_data", {})
    intent_id = new_id("pi")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": data.get("capture_method", "automatic_async"),
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "confirmation_method": "automatic",
        "created": book.now(),
        "currency": session["currency"],
        "customer": session["customer"],
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "payment_method": new_id("pm"),
        "payment_method_types": session["payment_method_types"],
        "receipt_email": data.get("receipt_email"),
        "setup_future_usage": data.get("setup_future_usage"),
        "shipping": data.get("shipping"),
        "statement_descriptor": None,
        "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
        "status": "requires_payment_method",
        "transfer_group": data.get("transfer_group"),
    }
    session["payment_intent"] = intent_id
    book.put(intent)
    book.emit(cause, "payment_intent.created", intent)
    return intent


def _charge(book: Book, intent: Json, email: str, *, status: str) -> Json:
    paid = status == "succeeded"
    declined = status == "failed"
    charge = {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": email, "name": "Jenny Rosen", "phone": None},
        "captured": paid,
        "created": book.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": "card_declined" if declined else None,
        "failure_message": _DECLINED["message"] if declined else None,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": {
            "network_status": "declined_by_network" if declined else "approved_by_network",
            "reason": "generic_decline" if declined else None,
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline."
            if declined
            else "Payment complete.",
            "type": "issuer_declined" if declined else "authorized",
        },
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "country": "US",
                "exp_month": 12,
                "exp_year": 2034,
                "funding": "credit",
                "last4": "0002" if declined else "4242",
                "network": "visa",
            },
            "type": "card",
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": status,
    }
    if status == "pending":
        charge["payment_method_details"] = {"type": "sepa_debit", "sepa_debit": {"country": "DE", "last4": "3000"}}
    if paid:
        charge["balance_transaction"] = _transaction(book, charge, intent["amount"])["id"]
    return book.put(charge)


def _transaction(book: Book, source: Json, amount: int) -> Json:
    """The entry in the account's balance, with a card fee like the one Stripe takes in the United States."""
    fee = int((Decimal(amount) * 29 / 1000).quantize(Decimal(1), ROUND_HALF_UP)) + 30
    now = book.now()
    return book.put(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + 2 * 86400,
            "created": now,
            "currency": source["currency"],
            "description": source["description"],
            "exchange_rate": None,
            "fee": fee,
            "net": amount - fee,
            "reporting_category": "charge",
            "source": source["id"],
            "status": "pending",
            "type": "charge",
        }
    )


_INTENT_LIST = list_fields(created=CREATED, customer=Text(), customer_account=Text())
_CHARGE_LIST = list_fields(created=CREATED, customer=Text(), payment_intent=Text(), transfer_group=Text())


def _list_intents(call: Call) -> Json:
    return page(call, "payment_intent", select(call, "payment_intent", "customer"))


def _list_charges(call: Call) -> Json:
    return page(call, "charge", select(call, "charge", "customer", "payment_intent"))


ROUTES = [
    Route("GET", "/v1/payment_intents", _INTENT_LIST, _list_intents),
    Route(
        "GET",
        "/v1/payment_intents/{id}",
        RETRIEVE,
        lambda call: call.book.require("payment_intent", call.id),
    ),
    Route("GET", "/v1/charges", _CHARGE_LIST, _list_charges),
    Route("GET", "/v1/charges/{id}", RETRIEVE, lambda call: call.book.require("charge", call.id)),
]
