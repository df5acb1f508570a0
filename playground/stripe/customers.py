"""Customers: https://docs.stripe.com/api/customers"""

from typing import Any

from playground.stripe.book import Book, Json, new_id
from playground.stripe.catalogue import update
from playground.stripe.errors import no_such
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.params import (
    EXPAND,
    RETRIEVE,
    Anything,
    Email,
    Fields,
    Flag,
    Kind,
    Many,
    Metadata,
    OneOf,
    Text,
    Whole,
    fields,
)
from playground.stripe.routes import Call, Route

_BOTH: dict[str, Kind] = {
    "address": Anything(),
    "balance": Whole(),
    "business_name": Text(150, clearable=True),
    "cash_balance": Anything(),
    "description": Text(clearable=True),
    "email": Email(),
    "expand": EXPAND,
    "individual_name": Text(150, clearable=True),
    "invoice_prefix": Text(12),
    "invoice_settings": Anything(),
    "metadata": Metadata(),
    "name": Text(256, clearable=True),
    "next_invoice_sequence": Whole(1),
    "phone": Text(20, clearable=True),
    "preferred_locales": Many(Text()),
    "shipping": Anything(),
    "source": Text(),
    "tax": Anything(),
    "tax_exempt": OneOf(("exempt", "none", "reverse")),
    "validate": Flag(),
}
_CREATE = Fields(
    {**_BOTH, "payment_method": Text(), "tax_id_data": Anything(), "test_clock": Text()},
)
_UPDATE = Fields({**_BOTH, "default_source": Text()})
_LIST = list_fields(created=CREATED, email=Text(512), test_clock=Text())


def make_customer(book: Book, data: dict[str, Any]) -> Json:
    return book.put(
        {
            "id": new_id("cus"),
            "object": "customer",
            "address": data.get("address"),
            "balance": data.get("balance", 0),
            "business_name": data.get("business_name"),
            "created": book.now(),
            "currency": None,
            "default_source": None,
            "delinquent": False,
            "description": data.get("description"),
            "discount": None,
            "email": data.get("email"),
            "individual_name": data.get("individual_name"),
            "invoice_prefix": data.get("invoice_prefix") or new_id("x")[2:10].upper(),
            "livemode": False,
            "metadata": data.get("metadata", {}),
            "name": data.get("name"),
            "next_invoice_sequence": data.get("next_invoice_sequence", 1),
            "phone": data.get("phone"),
            "preferred_locales": data.get("preferred_locales", []),
            "shipping": data.get("shipping"),
            "tax_exempt": data.get("tax_exempt", "none"),
            "test_clock": None,
        }
    )


def _create(call: Call) -> Json:
    customer = make_customer(call.book, call.params)
    call.book.emit(call.cause, "customer.created", customer)
    return customer


def _living(call: Call) -> Json:
    customer = call.book.require("customer", call.id)
    if customer.get("deleted"):
        raise no_such("customer", call.id)
    return customer


def _delete(call: Call) -> Json:
    customer = _living(call)
    call.book.emit(call.cause, "customer.deleted", customer)
    return call.book.put({"id": call.id, "object": "customer", "deleted": True})


def _list(call: Call) -> Json:
    living = [customer for customer in call.book.all("customer") if not customer.get("deleted")]
    return page(call, "customer", select(call, "customer", "email", rows=living))


ROUTES = [
    Route("POST", "/v1/customers", _CREATE, _create),
    Route("GET", "/v1/customers", _LIST, _list),
    Route("GET", "/v1/customers/{id}", RETRIEVE, lambda call: call.book.require("customer", call.id)),
    Route("POST", "/v1/customers/{id}", _UPDATE, lambda call: update(call, _living(call))),
    Route("DELETE", "/v1/customers/{id}", fields(), _delete),
]
