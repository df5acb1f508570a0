"""Checkout Sessions: https://docs.stripe.com/api/checkout/sessions"""

from typing import Any

from playground.stripe.book import Book, Cause, Json, new_id
from playground.stripe.catalogue import update
from playground.stripe.errors import ImpossibleMove, StripeError
from playground.stripe.line_items import priced, write_lines
from playground.stripe.lists import list_fields, page, select
from playground.stripe.money import check_total, known_currency
from playground.stripe.params import RETRIEVE
from playground.stripe.routes import Call, Route
from playground.stripe.session_params import SESSION_CREATE, SESSION_EXPIRE, SESSION_LIST, SESSION_UPDATE
from playground.stripe.session_rules import LONGEST, check_session, expiry, shipping

RECOVERABLE = 30 * 86400  # seconds after expiry

_AS_SENT = (
    "adaptive_pricing",
    "allow_promotion_codes",
    "allowed_payment_method_types",
    "billing_address_collection",
    "branding_settings",
    "cancel_url",
    "client_reference_id",
    "consent_collection",
    "customer",
    "customer_account",
    "customer_email",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice_creation",
    "locale",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_method_options",
    "permissions",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "shipping_address_collection",
    "submit_type",
    "success_url",
    "wallet_options",
)


def create(call: Call) -> Json:
    data, book = call.params, call.book
    check_session(book, data)
    expires_at = expiry(data, book.now())
    lines = priced(book, data.get("line_items", []))
    if "currency" in data and known_currency(data["currency"], param="currency") != lines.currency:
        raise StripeError(
            f"The currency passed ({data['currency']}) is not the currency of the prices ({lines.currency}).",
            param="currency",
        )
    options = shipping(data, lines.currency)
    check_total(lines.amount + sum(option["amount"] for option in options[:1]), lines.currency)
    session = open_session(book, data, write_lines(lines), expires_at=expires_at, options=options)
    return book.put(session)


def open_session(book: Book, data: dict[str, Any], items: list[Json], *, expires_at: int, options: list[Json]) -> Json:
    """The session of checked parameters and written line items, not yet put; `expires_at` in Unix seconds."""
    session_id = new_id("cs_test")
    hosted = data.get("ui_mode", "hosted_page") == "hosted_page"
    book.put_private(session_id, {"line_items": items, "params": data, "options": options})
    session: Json = {"id": session_id, "object": "checkout.session", **dict.fromkeys(_AS_SENT)}
    session.update({name: data[name] for name in _AS_SENT if name in data})
    session.update(_amounts(items, options))
    session.update(_collected(book, data))
    session.update(
        {
            "after_expiration": _after_expiration(data),
            "client_secret": None if hosted else f"{session_id}_secret_{new_id('x')[2:]}",
            "created": book.now(),
            "currency_conversion": None,
            "discounts": [],
            "expires_at": expires_at,
            "invoice": None,
            "livemode": False,
            "metadata": data.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_link": None,
            "payment_method_collection": data.get("payment_method_collection", "if_required"),
            "payment_method_configuration_details": None,
            "payment_method_types": data.get("allowed_payment_method_types", ["card"]),
            "payment_status": "unpaid" if session["amount_total"] else "no_payment_required",
            "presentment_details": None,
            "recovered_from": None,
            "setup_intent": None,
            "status": "open",
            "subscription": None,
            "ui_mode": data.get("ui_mode", "hosted_page"),
            "url": page_url(book, session_id) if hosted else None,
        }
    )
    return session


def page_url(book: Book, object_id: str) -> str:
    return f"{book.core.public_url}/stripe/pay/{object_id}"


def expire(book: Book, cause: Cause, session: Json) -> None:
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {session['status']}.",
            kept=True,
        )
    session["status"] = "expired"
    session["url"] = None
    recovery = (session["after_expiration"] or {}).get("recovery")
    if recovery is not None and recovery["enabled"]:
        recovery["url"] = f"{page_url(book, session['id'])}/recover"
        recovery["expires_at"] = book.now() + RECOVERABLE
    book.put(session)
    intent = book.get("payment_intent", session["payment_intent"] or "")
    if intent is not None:
        intent.update(status="canceled", canceled_at=book.now(), cancellation_reason="expired")
        book.put(intent)
        book.emit(cause, "payment_intent.canceled", intent)
    book.emit(cause, "checkout.session.expired", session)


def add_on_top(session: Json, *, tax: int, shipping: int) -> None:
    """What the buyer's address adds, in minor units; raises ImpossibleMove where the session asks for none."""
    if (tax or shipping) and (session["status"] != "open" or session["payment_intent"]):
        raise ImpossibleMove("too_late", "Somebody has begun to pay this session.")
    if tax and not session["automatic_tax"]["enabled"]:
        raise ImpossibleMove("no_tax", "This session works out no tax.")
    if shipping and not session["shipping_address_collection"]:
        raise ImpossibleMove("no_shipping", "This session asks for no shipping address.")
    session["amount_total"] += tax + shipping
    session["total_details"]["amount_tax"] += tax
    session["total_details"]["amount_shipping"] += shipping


def _amounts(items: list[Json], options: list[Json]) -> Json:
    """The buyer starts with the first shipping option chosen."""
    amount = sum(item["amount_total"] for item in items)
    shipped = options[0]["amount"] if options else 0
    return {
        "amount_subtotal": amount,
        "amount_total": amount + shipped,
        "currency": items[0]["currency"],
        "shipping_cost": {
            "amount_subtotal": shipped,
            "amount_tax": 0,
            "amount_total": shipped,
            "shipping_rate": options[0]["rate"],
        }
        if options
        else None,
        "shipping_options": [
            {"shipping_amount": option["amount"], "shipping_rate": option["rate"]} for option in options
        ],
        "total_details": {"amount_discount": 0, "amount_shipping": shipped, "amount_tax": 0},
    }


def _collected(book: Book, data: dict[str, Any]) -> Json:
    """What the checkout page is to ask the buyer for, and what is known already."""
    texts = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    customer = book.get("customer", data.get("customer", ""))
    email = data.get("customer_email") or (customer or {}).get("email")
    tax = data.get("automatic_tax", {}).get("enabled", False)
    return {
        "automatic_tax": {
            "enabled": tax,
            "liability": {"type": "self"} if tax else None,
            "provider": "stripe" if tax else None,
            "status": "requires_location_inputs" if tax else None,
        },
        "collected_information": None,
        "consent": None,
        "custom_fields": [
            {"optional": False, **field, field["type"]: {"value": None, **field.get(field["type"], {})}}
            for field in data.get("custom_fields", [])
        ],
        "custom_text": {name: data.get("custom_text", {}).get(name) for name in texts},
        "customer_creation": None if customer else data.get("customer_creation", "if_required"),
        "customer_details": customer_details(email) if email else None,
        "phone_number_collection": data.get("phone_number_collection", {"enabled": False}),
        "tax_id_collection": {"required": "never", **data.get("tax_id_collection", {"enabled": False})},
    }


def customer_details(email: str | None, *, name: str | None = None, phone: str | None = None) -> Json:
    return {
        "address": None,
        "business_name": None,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": phone,
        "tax_exempt": "none",
        "tax_ids": None,
    }


def _after_expiration(data: dict[str, Any]) -> Json | None:
    recovery = data.get("after_expiration", {}).get("recovery")
    if recovery is None:
        return None
    empty = {"allow_promotion_codes": False, "expires_at": None, "url": None}
    return {"recovery": {**empty, **recovery}}


def recover(book: Book, session: Json) -> Json | None:
    """A copy of an expired session, open; None when it may not be recovered, or no longer."""
    recovery = (session["after_expiration"] or {}).get("recovery")
    if not recovery or recovery["url"] is None or recovery["expires_at"] < book.now():
        return None
    private = book.private(session["id"])
    copied = open_session(
        book,
        private["params"],
        private["line_items"],
        expires_at=book.now() + LONGEST,
        options=private["options"],
    )
    copied["recovered_from"] = session["id"]
    return book.put(copied)


def _expire(call: Call) -> Json:
    session = call.book.require("checkout.session", call.id)
    expire(call.book, call.cause, session)
    return session


def _list(call: Call) -> Json:
    rows = select(call, "checkout.session", "customer", "payment_intent", "payment_link", "status", "subscription")
    if "customer_details" in call.params:
        email = call.params["customer_details"]["email"]
        rows = [row for row in rows if (row["customer_details"] or {}).get("email") == email]
    return page(call, "checkout.session", rows)


def _update(call: Call) -> Json:
    return update(call, call.book.require("checkout.session", call.id), quiet=True)


def list_line_items(call: Call, kind: str) -> Json:
    owner = call.book.require(kind, call.id)
    return page(call, "item", call.book.private(owner["id"])["line_items"])


_ONE = "/v1/checkout/sessions/{id}"
ROUTES = [
    Route("POST", "/v1/checkout/sessions", SESSION_CREATE, create),
    Route("GET", "/v1/checkout/sessions", SESSION_LIST, _list),
    Route("GET", _ONE, RETRIEVE, lambda call: call.book.require("checkout.session", call.id)),
    Route("POST", _ONE, SESSION_UPDATE, _update),
    Route("POST", f"{_ONE}/expire", SESSION_EXPIRE, _expire),
    Route("GET", f"{_ONE}/line_items", list_fields(), lambda call: list_line_items(call, "checkout.session")),
]
