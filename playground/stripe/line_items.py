from dataclasses import dataclass
from typing import Any

from playground.stripe.book import Book, Json, new_id
from playground.stripe.catalogue import check_amount, make_price, make_product
from playground.stripe.errors import StripeError, exclusive_params, missing_param, not_played
from playground.stripe.money import known_currency, line_amount


@dataclass(frozen=True)
class Lines:
    """What is sold, before anything is written."""

    book: Book
    items: list[dict[str, Any]]
    currency: str
    amount: int


def priced(book: Book, items: list[dict[str, Any]]) -> Lines:
    """Checks the items of a payment; raises StripeError on the first that cannot be sold."""
    if not items:
        raise missing_param("line_items")
    amount, currencies = 0, []
    for n, item in enumerate(items):
        place = f"line_items[{n}]"
        if "price" in item and "price_data" in item:
            raise exclusive_params(f"{place}[price]", f"{place}[price_data]")
        if "quantity" not in item:
            raise StripeError(
                f"Quantity is required. Add `quantity` to `{place}`",
                code="parameter_missing",
                param=f"{place}[quantity]",
            )
        if item.get("tax_rates"):
            raise not_played("tax rates", param=f"{place}[tax_rates]")
        if "price" in item:
            data = _stored(book, item["price"], place)
        elif "price_data" in item:
            data = _inline(book, item["price_data"], f"{place}[price_data]")
        else:
            raise missing_param(f"{place}[price_data]")
        if data.get("recurring"):
            raise StripeError(
                "You specified `payment` mode but passed a recurring price. Either switch to `subscription` "
                "mode or use only one-time prices.",
                param="line_items",
            )
        currencies.append(data["currency"])
        amount += _amount(data, item["quantity"])
    if len(set(currencies)) > 1:
        raise StripeError(
            f"All line items must use the same currency; you passed prices in {', '.join(sorted(set(currencies)))}.",
            param="line_items",
        )
    return Lines(book, items, currencies[0], amount)


def _stored(book: Book, price_id: str, place: str) -> Json:
    price = book.require("price", price_id, param=f"{place}[price]")
    product = book.require("product", price["product"])
    if not price["active"] or not product["active"]:
        what = "price" if not price["active"] else "product of the price"
        raise StripeError(
            f"The {what} specified is inactive. This field only accepts active prices.",
            code="price_inactive" if what == "price" else "product_inactive",
            param=f"{place}[price]",
        )
    if price["unit_amount_decimal"] is None:
        raise not_played("prices with tiers or an amount of the buyer's choosing", param=f"{place}[price]")
    return price


def _inline(book: Book, data: dict[str, Any], place: str) -> dict[str, Any]:
    data["currency"] = known_currency(data["currency"], param=f"{place}[currency]")
    if "product" in data and "product_data" in data:
        raise exclusive_params(f"{place}[product]", f"{place}[product_data]")
    if "product" in data:
        book.require("product", data["product"], param=f"{place}[product]")
    elif "product_data" not in data:
        raise missing_param(f"{place}[product_data]")
    check_amount(data, place)
    if "unit_amount" not in data and "unit_amount_decimal" not in data:
        raise missing_param(f"{place}[unit_amount]")
    return data


def _amount(price: dict[str, Any], quantity: int) -> int:
    exact = price.get("unit_amount_decimal")
    return line_amount(str(price["unit_amount"]) if exact is None else exact, quantity)


def write_lines(lines: Lines) -> list[Json]:
    """The line items as Stripe shows them, their inline products and prices made."""
    return [_write(lines.book, item) for item in lines.items]


def _write(book: Book, item: dict[str, Any]) -> Json:
    if "price" in item:
        price = book.require("price", item["price"])
    else:
        data = item["price_data"]
        # a product or price made for one session is no part of the catalogue: it is born archived
        product_id = data.get("product") or make_product(book, data["product_data"], active=False)["id"]
        price = make_price(book, data, product_id, active=False)
    amount = _amount(price, item["quantity"])
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": item.get("adjustable_quantity"),
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": book.require("product", price["product"])["name"],
        "metadata": item.get("metadata", {}),
        "price": price,
        "quantity": item["quantity"],
    }
