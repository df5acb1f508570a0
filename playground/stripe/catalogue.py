"""Products and prices: https://docs.stripe.com/api/products, https://docs.stripe.com/api/prices"""

from decimal import Decimal
from typing import Any

from playground.stripe.book import Book, Json, new_id
from playground.stripe.catalogue_params import (
    PRICE_CREATE,
    PRICE_LIST,
    PRICE_UPDATE,
    PRODUCT_CREATE,
    PRODUCT_LIST,
    PRODUCT_UPDATE,
)
from playground.stripe.errors import StripeError, exclusive_params, missing_param
from playground.stripe.lists import page, select
from playground.stripe.money import LARGEST, known_currency
from playground.stripe.params import RETRIEVE, merged_metadata
from playground.stripe.routes import Call, Route


def make_product(book: Book, data: dict[str, Any], *, active: bool) -> Json:
    now = book.now()
    product_id = data.get("id") or new_id("prod")
    if book.get("product", product_id) is not None:
        raise StripeError(f"Product already exists: {product_id}", code="resource_already_exists", param="id")
    return book.put(
        {
            "id": product_id,
            "object": "product",
            "active": active,
            "created": now,
            "default_price": None,
            "description": data.get("description"),
            "images": data.get("images", []),
            "livemode": False,
            "marketing_features": data.get("marketing_features", []),
            "metadata": data.get("metadata", {}),
            "name": data["name"],
            "package_dimensions": data.get("package_dimensions"),
            "shippable": data.get("shippable"),
            "statement_descriptor": data.get("statement_descriptor"),
            "tax_code": data.get("tax_code"),
            "type": data.get("type", "service"),
            "unit_label": data.get("unit_label"),
            "updated": now,
            "url": data.get("url"),
        }
    )


def check_amount(data: dict[str, Any], place: str = "") -> None:
    """Refuses a price's data that names no amount, or two; `place` leads to it, as `line_items[0]`."""

    def named(name: str) -> str:
        return f"{place}[{name}]" if place else name

    if "unit_amount" in data and "unit_amount_decimal" in data:
        raise exclusive_params(named("unit_amount"), named("unit_amount_decimal"))
    amount = Decimal(data.get("unit_amount_decimal") or data.get("unit_amount") or 0)
    if amount > LARGEST:
        raise StripeError(
            f"Invalid integer: {amount}; must be no more than {LARGEST}",
            code="amount_too_large",
            param=named("unit_amount"),
        )


def make_price(book: Book, data: dict[str, Any], product: str, *, active: bool) -> Json:
    unit_amount, exact = data.get("unit_amount"), data.get("unit_amount_decimal")
    if exact is None and unit_amount is not None:
        exact = str(unit_amount)
    elif exact is not None and Decimal(exact) == int(Decimal(exact)):
        unit_amount = int(Decimal(exact))
    recurring = data.get("recurring")
    return book.put(
        {
            "id": new_id("price"),
            "object": "price",
            "active": active,
            "billing_scheme": data.get("billing_scheme", "per_unit"),
            "created": book.now(),
            "currency": data["currency"],
            "custom_unit_amount": data.get("custom_unit_amount"),
            "livemode": False,
            "lookup_key": data.get("lookup_key"),
            "metadata": data.get("metadata", {}),
            "nickname": data.get("nickname"),
            "product": product,
            "recurring": recurring,
            "tax_behavior": data.get("tax_behavior", "unspecified"),
            "tiers_mode": data.get("tiers_mode"),
            "transform_quantity": data.get("transform_quantity"),
            "type": "recurring" if recurring else "one_time",
            "unit_amount": unit_amount,
            "unit_amount_decimal": exact,
        }
    )


def _check_priced(data: dict[str, Any]) -> None:
    data["currency"] = known_currency(data["currency"], param="currency")
    check_amount(data)
    amounts = ("unit_amount", "unit_amount_decimal", "custom_unit_amount", "tiers")
    if not any(name in data for name in amounts):
        raise missing_param("unit_amount")


def _create_product(call: Call) -> Json:
    data = call.params
    priced = data.get("default_price_data")
    if priced is not None:
        _check_priced(priced)
    product = make_product(call.book, data, active=data.get("active", True))
    if priced is not None:
        price = make_price(call.book, priced, product["id"], active=True)
        product["default_price"] = price["id"]
        call.book.put(product)
        call.book.emit(call.cause, "price.created", price)
    call.book.emit(call.cause, "product.created", product)
    return product


def _update_product(call: Call) -> Json:
    product = call.book.require("product", call.id)
    if "default_price" in call.params:
        call.book.require("price", call.params["default_price"], param="default_price")
    return update(call, product, {"updated": call.book.now()})


def _create_price(call: Call) -> Json:
    data = call.params
    _check_priced(data)
    if "product" in data and "product_data" in data:
        raise exclusive_params("product", "product_data")
    if "product" in data:
        product = call.book.require("product", data["product"], param="product")
        _claim_lookup_key(call)
    elif "product_data" in data:
        _claim_lookup_key(call)
        inline = data["product_data"]
        product = make_product(call.book, inline, active=inline.get("active", True))
        call.book.emit(call.cause, "product.created", product)
    else:
        raise missing_param("product")
    price = make_price(call.book, data, product["id"], active=data.get("active", True))
    call.book.emit(call.cause, "price.created", price)
    return price


def _update_price(call: Call) -> Json:
    price = call.book.require("price", call.id)
    _claim_lookup_key(call)
    return update(call, price)


def _claim_lookup_key(call: Call) -> None:
    key = call.params.get("lookup_key")
    held = next((price for price in call.book.all("price") if key and price["lookup_key"] == key), None)
    if held is None or held["id"] == call.id:
        return
    if not call.params.get("transfer_lookup_key"):
        raise StripeError(
            f"A price (`{held['id']}`) already uses that lookup key.",
            code="resource_already_exists",
            param="lookup_key",
        )
    held["lookup_key"] = None
    call.book.put(held)


def update(call: Call, document: Json, besides: Json | None = None, *, quiet: bool = False) -> Json:
    """Changes what was sent and the object shows, and says so in an `….updated` event unless `quiet`."""
    changes = {name: value for name, value in call.params.items() if name in document}
    if "metadata" in changes:
        changes["metadata"] = merged_metadata(document["metadata"], changes["metadata"])
    changes.update(besides or {})
    previous = {name: document[name] for name, value in changes.items() if document[name] != value}
    document.update(changes)
    call.book.put(document)
    if not quiet:
        call.book.emit(call.cause, f"{document['object']}.updated", document, previous)
    return document


def _list_products(call: Call) -> Json:
    rows = select(call, "product", "active", "shippable", "type", "url")
    if "ids" in call.params:
        rows = [row for row in rows if row["id"] in call.params["ids"]]
    return page(call, "product", rows)


def _list_prices(call: Call) -> Json:
    rows = select(call, "price", "active", "currency", "product", "type")
    if "lookup_keys" in call.params:
        rows = [row for row in rows if row["lookup_key"] in call.params["lookup_keys"]]
    return page(call, "price", rows)


ROUTES = [
    Route("POST", "/v1/products", PRODUCT_CREATE, _create_product),
    Route("GET", "/v1/products", PRODUCT_LIST, _list_products),
    Route("GET", "/v1/products/{id}", RETRIEVE, lambda call: call.book.require("product", call.id)),
    Route("POST", "/v1/products/{id}", PRODUCT_UPDATE, _update_product),
    Route("POST", "/v1/prices", PRICE_CREATE, _create_price),
    Route("GET", "/v1/prices", PRICE_LIST, _list_prices),
    Route("GET", "/v1/prices/{id}", RETRIEVE, lambda call: call.book.require("price", call.id)),
    Route("POST", "/v1/prices/{id}", PRICE_UPDATE, _update_price),
]
