"""Payment links: https://docs.stripe.com/api/payment-link"""

import copy
from typing import Any

from playground.stripe.book import Book, Cause, Json, new_id
from playground.stripe.catalogue import update
from playground.stripe.errors import missing_param, not_played
from playground.stripe.line_items import priced, write_lines
from playground.stripe.lists import list_fields, page, select
from playground.stripe.money import check_total
from playground.stripe.params import (
    EXPAND,
    RETRIEVE,
    Anything,
    Fields,
    Flag,
    Kind,
    Many,
    Metadata,
    OneOf,
    Text,
    Url,
    Whole,
    fields,
)
from playground.stripe.routes import Call, Route
from playground.stripe.session_params import (
    AUTOMATIC_TAX,
    BILLING_ADDRESS,
    CONSENT,
    CUSTOM_FIELD,
    CUSTOM_TEXT,
    CUSTOMER_CREATION,
    ENABLED,
    LINE_ITEM,
    METHOD_COLLECTION,
    OPTIONAL_ITEM,
    PAYMENT_INTENT_DATA,
    PAYMENT_METHODS,
    SHIPPING_ADDRESS,
    SUBMIT_TYPE,
    TAX_IDS,
)
from playground.stripe.session_rules import LONGEST
from playground.stripe.sessions import list_line_items, open_session, page_url

_BOTH: dict[str, Kind] = {
    "after_completion": fields(
        "type",
        hosted_confirmation=fields(custom_message=Text(500)),
        redirect=fields("url", url=Url()),
        type=OneOf(("hosted_confirmation", "redirect")),
    ),
    "allow_promotion_codes": Flag(),
    "application_fee_amount": Whole(0),
    "application_fee_percent": Anything(),
    "automatic_tax": AUTOMATIC_TAX,
    "billing_address_collection": BILLING_ADDRESS,
    "consent_collection": CONSENT,
    "custom_fields": Many(CUSTOM_FIELD, 3),
    "custom_text": CUSTOM_TEXT,
    "customer_creation": CUSTOMER_CREATION,
    "expand": EXPAND,
    "inactive_message": Text(500, clearable=True),
    "invoice_creation": Anything(),
    "metadata": Metadata(),
    "name_collection": Anything(),
    "on_behalf_of": Text(),
    "optional_items": Many(OPTIONAL_ITEM, 10),
    "payment_intent_data": PAYMENT_INTENT_DATA,
    "payment_method_collection": METHOD_COLLECTION,
    "payment_method_options": Anything(),
    "payment_method_types": Many(PAYMENT_METHODS),
    "phone_number_collection": ENABLED,
    "restrictions": fields("completed_sessions", completed_sessions=fields("limit", limit=Whole(1))),
    "shipping_address_collection": SHIPPING_ADDRESS,
    "shipping_options": Anything(),
    "submit_type": SUBMIT_TYPE,
    "subscription_data": Anything(),
    "tax_id_collection": TAX_IDS,
    "transfer_data": Anything(),
}
LINK_CREATE = Fields(
    {**_BOTH, "currency": Text(), "line_items": Many(LINE_ITEM, 20), "managed_payments": Anything()},
    frozenset({"line_items"}),
)
LINK_UPDATE = Fields({**_BOTH, "active": Flag(), "line_items": Anything()})
_LIST = list_fields(active=Flag())

# what a link hands down to each session opened from it
_INHERITED = (
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "consent_collection",
    "custom_fields",
    "custom_text",
    "customer_creation",
    "invoice_creation",
    "metadata",
    "payment_method_collection",
    "phone_number_collection",
    "shipping_address_collection",
    "submit_type",
    "tax_id_collection",
)
_NO_TEXT = dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance"))


def _create(call: Call) -> Json:
    data, book = call.params, call.book
    if "shipping_options" in data or "subscription_data" in data:
        raise not_played("shipping rates or subscriptions on payment links")
    if data.get("payment_intent_data", {}).get("capture_method") == "manual":
        raise not_played("manual capture", param="payment_intent_data[capture_method]")
    _check_completion(data)
    lines = priced(book, data["line_items"])
    check_total(lines.amount, lines.currency)
    link_id = new_id("plink")
    items = write_lines(lines)
    book.put_private(link_id, {"line_items": items, "completed": 0})
    hosted = {"hosted_confirmation": {"custom_message": None}, "type": "hosted_confirmation"}
    link: Json = {
        "id": link_id,
        "object": "payment_link",
        "active": True,
        "after_completion": hosted,
        "allow_promotion_codes": False,
        "application": None,
        "application_fee_amount": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "liability": None},
        "billing_address_collection": "auto",
        "consent_collection": None,
        "created": book.now(),
        "currency": lines.currency,
        "custom_fields": [],
        "custom_text": _NO_TEXT,
        "customer_creation": "if_required",
        "inactive_message": None,
        "invoice_creation": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "payment_intent_data": None,
        "payment_method_collection": "always",
        "payment_method_types": None,
        "phone_number_collection": {"enabled": False},
        "restrictions": None,
        "shipping_address_collection": None,
        "shipping_options": [],
        "submit_type": "auto",
        "subscription_data": None,
        "tax_id_collection": {"enabled": False, "required": "never"},
        "transfer_data": None,
        "url": page_url(book, link_id),
    }
    link.update({name: value for name, value in data.items() if name in link and name != "currency"})
    link["restrictions"] = _counted(data.get("restrictions"), 0)
    book.put(link)
    book.emit(call.cause, "payment_link.created", link)
    return link


def _check_completion(data: dict[str, Any]) -> None:
    completion = data.get("after_completion", {})
    if completion.get("type") == "redirect" and "redirect" not in completion:
        raise missing_param("after_completion[redirect]")


def _counted(restrictions: Any, completed: int) -> Json | None:
    if not restrictions:
        return None
    return {"completed_sessions": {"count": completed, "limit": restrictions["completed_sessions"]["limit"]}}


def _update(call: Call) -> Json:
    link = call.book.require("payment_link", call.id)
    _check_completion(call.params)
    if "line_items" in call.params:
        raise not_played("changing the line items of a payment link", param="line_items")
    if "restrictions" in call.params:
        completed = call.book.private(link["id"])["completed"]
        call.params["restrictions"] = _counted(call.params["restrictions"], completed)
    return update(call, link)


def follow(book: Book, link: Json, *, reference: str | None, email: str | None) -> Json:
    """The session that a visit to an active link opens; the visitor's own parameters come from its address."""
    data: dict[str, Any] = {name: copy.deepcopy(link[name]) for name in _INHERITED if link[name] is not None}
    data["payment_intent_data"] = link["payment_intent_data"] or {}
    if link["payment_method_types"]:
        data["allowed_payment_method_types"] = link["payment_method_types"]
    if link["after_completion"]["type"] == "redirect":
        data["success_url"] = link["after_completion"]["redirect"]["url"]
    if reference:
        data["client_reference_id"] = reference
    if email:
        data["customer_email"] = email
    items = [{**item, "id": new_id("li")} for item in book.private(link["id"])["line_items"]]
    session = open_session(book, data, items, expires_at=book.now() + LONGEST, options=[])
    session["payment_link"] = link["id"]
    return book.put(session)


def note_completed(book: Book, cause: Cause, link_id: str) -> None:
    """Counts a completed session; at its limit the link stops taking more."""
    link = book.require("payment_link", link_id)
    private = book.private(link_id)
    private["completed"] += 1
    book.put_private(link_id, private)
    link["restrictions"] = _counted(link["restrictions"], private["completed"])
    if link["restrictions"] and private["completed"] >= link["restrictions"]["completed_sessions"]["limit"]:
        link["active"] = False
        book.emit(cause, "payment_link.updated", link, {"active": True})
    book.put(link)


def _list(call: Call) -> Json:
    return page(call, "payment_link", select(call, "payment_link", "active"))


_ONE = "/v1/payment_links/{id}"
ROUTES = [
    Route("POST", "/v1/payment_links", LINK_CREATE, _create),
    Route("GET", "/v1/payment_links", _LIST, _list),
    Route("GET", _ONE, RETRIEVE, lambda call: call.book.require("payment_link", call.id)),
    Route("POST", _ONE, LINK_UPDATE, _update),
    Route("GET", f"{_ONE}/line_items", list_fields(), lambda call: list_line_items(call, "payment_link")),
]
