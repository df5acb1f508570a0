"""Products and prices: https://docs.stripe.com/api/products, https://docs.stripe.com/api/prices"""

from decimal import Decimal
from typing import Any

from playground.stripe.book import Book, Json, new_id
from playground.stripe.errors import StripeError, exclusive_params, missing_param
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.money import LARGEST, known_currency
from playground.stripe.params import (
    EXPAND,
    Anything,
    Fields,
    Flag,
    Fraction,
    Many,
    Metadata,
    OneOf,
    Text,
    Url,
    Whole,
    fields,
    merged_metadata,
)
from playground.stripe.routes import Call, Route

TAX_BEHAVIOR = OneOf(("exclusive", "inclusive", "unspecified"))
RECURRING = fields(
    "interval",
    interval=OneOf(("day", "month", "week", "year")),
    interval_count=Whole(1),
    meter=Text(),
    trial_period_days=Whole(1),
    usage_type=OneOf(("licensed", "metered")),
)
AMOUNT = Whole(0)
INLINE_PRODUCT = fields(
    "name",
    name=Text(),
    description=Text(),
    images=Many(Text(), 8),
    metadata=Metadata(),
    tax_code=Text(),
    tax_details=Anything(),
    unit_label=Text(),
)

_PRODUCT_CREATE = fields(
    "name",
    active=Flag(),
    default_price_data=fields(
        "currency",
        currency=Text(),
        currency_options=Anything(),
        custom_unit_amount=Anything(),
        metadata=Metadata(),
        recurring=RECURRING,
        tax_behavior=TAX_BEHAVIOR,
        unit_amount=AMOUNT,
        unit_amount_decimal=Fraction(),
    ),
    description=Text(),
    expand=EXPAND,
    id=Text(),
    images=Many(Text(), 8),
    marketing_features=Anything(),
    metadata=Metadata(),
    name=Text(),
    package_dimensions=Anything(),
    shippable=Flag(),
    statement_descriptor=Text(22),
    tax_code=Text(),
    tax_details=Anything(),
    type=OneOf(("good", "service")),
    unit_label=Text(),
    url=Text(),
)
_PRODUCT_UPDATE = fields(
    active=Flag(),
    default_price=Text(),
    description=Text(clearable=True),
    expand=EXPAND,
    images=Many(Text(), 8),
    marketing_features=Anything(),
    metadata=Metadata(),
    name=Text(),
    package_dimensions=Anything(),
    shippable=Flag(),
    statement_descriptor=Text(22),
    tax_code=Text(clearable=True),
    tax_details=Anything(),
    unit_label=Text(clearable=True),
    url=Text(clearable=True),
)
_PRICE_CREATE = fields(
    "currency",
    active=Flag(),
    billing_scheme=OneOf(("per_unit", "tiered")),
    currency=Text(),
    currency_options=Anything(),
    custom_unit_amount=Anything(),
    expand=EXPAND,
    lookup_key=Text(200),
    metadata=Metadata(),
    nickname=Text(),
    product=Text(),
    product_data=fields(
        "name",
        active=Flag(),
        id=Text(),
        metadata=Metadata(),
        name=Text(),
        statement_descriptor=Text(22),
        tax_code=Text(),
        tax_details=Anything(),
        unit_label=Text(),
    ),
    recurring=RECURRING,
    tax_behavior=TAX_BEHAVIOR,
    tiers=Anything(),
    tiers_mode=OneOf(("graduated", "volume")),
    transfer_lookup_key=Flag(),
    transform_quantity=Anything(),
    unit_amount=AMOUNT,
    unit_amount_decimal=Fraction(),
)
_PRICE_UPDATE = fields(
    active=Flag(),
    currency_options=Anything(),
    expand=EXPAND,
    lookup_key=Text(200),
    metadata=Metadata(),
    nickname=Text(),
    tax_behavior=TAX_BEHAVIOR,
    transfer_lookup_key=Flag(),
)


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
    elif "product_data" in data:
        inline = data["product_data"]
        product = make_product(call.book, inline, active=inline.get("active", True))
        call.book.emit(call.cause, "product.created", product)
    else:
        raise missing_param("product")
    _claim_lookup_key(call)
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


def update(call: Call, document: Json, besides: Json | None = None) -> Json:
    """Changes what was sent and the object shows, and says so in an `….updated` event."""
    changes = {name: value for name, value in call.params.items() if name in document}
    if "metadata" in changes:
        changes["metadata"] = merged_metadata(document["metadata"], changes["metadata"])
    changes.update(besides or {})
    previous = {name: document[name] for name, value in changes.items() if document[name] != value}
    document.update(changes)
    call.book.put(document)
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


_RETRIEVE = Fields({"expand": EXPAND})
_PRODUCT_LIST = list_fields(
    active=Flag(),
    created=CREATED,
    ids=Many(Text()),
    shippable=Flag(),
    type=OneOf(("good", "service")),
    url=Url(),
)
_PRICE_LIST = list_fields(
    active=Flag(),
    created=CREATED,
    currency=Text(),
    lookup_keys=Many(Text(), 10),
    product=Text(),
    recurring=Anything(),
    type=OneOf(("one_time", "recurring")),
)

ROUTES = [
    Route("POST", "/v1/products", _PRODUCT_CREATE, _create_product),
    Route("GET", "/v1/products", _PRODUCT_LIST, _list_products),
    Route("GET", "/v1/products/{id}", _RETRIEVE, lambda call: call.book.require("product", call.id)),
    Route("POST", "/v1/products/{id}", _PRODUCT_UPDATE, _update_product),
    Route("POST", "/v1/prices", _PRICE_CREATE, _create_price),
    Route("GET", "/v1/prices", _PRICE_LIST, _list_prices),
    Route("GET", "/v1/prices/{id}", _RETRIEVE, lambda call: call.book.require("price", call.id)),
    Route("POST", "/v1/prices/{id}", _PRICE_UPDATE, _update_price),
]
