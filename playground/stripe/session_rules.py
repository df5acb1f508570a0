"""What Stripe asks of a Checkout Session's parameters beyond their types."""

from typing import Any

from playground.stripe.book import Book, Json, new_id
from playground.stripe.errors import StripeError, exclusive_params, missing_param, not_played
from playground.stripe.money import known_currency

SHORTEST, LONGEST = 30 * 60, 24 * 3600  # seconds from creation to expiry


def check_session(book: Book, data: dict[str, Any]) -> None:
    _check_mode(data)
    _check_urls(data)
    _check_customer(book, data)
    _check_discounts(data)


def _check_mode(data: dict[str, Any]) -> None:
    if "mode" not in data:
        raise missing_param("mode")
    if data["mode"] != "payment":
        raise not_played(f"`{data['mode']}` mode", param="mode")
    if "subscription_data" in data or "setup_intent_data" in data:
        name = "subscription_data" if "subscription_data" in data else "setup_intent_data"
        raise StripeError(f"You can not pass `{name}` in `payment` mode.", param=name)
    if data.get("payment_intent_data", {}).get("capture_method") == "manual":
        raise not_played("manual capture", param="payment_intent_data[capture_method]")
    if "statement_descriptor" in data.get("payment_intent_data", {}):
        raise StripeError(
            "For card charges, use `statement_descriptor_suffix` instead of `statement_descriptor`.",
            param="payment_intent_data[statement_descriptor]",
        )


def _check_urls(data: dict[str, Any]) -> None:
    mode = data.get("ui_mode", "hosted_page")
    if mode == "hosted_page":
        if "success_url" not in data:
            raise missing_param("success_url")
        refused = ("return_url", "redirect_on_completion")
    else:
        if "return_url" not in data and data.get("redirect_on_completion") != "never":
            raise missing_param("return_url")
        refused = ("success_url", "cancel_url")
    for name in refused:
        if name in data:
            raise StripeError(f"`{name}` is not allowed when `ui_mode` is `{mode}`.", param=name)


def _check_customer(book: Book, data: dict[str, Any]) -> None:
    if "customer" in data:
        for name in ("customer_email", "customer_creation"):
            if name in data:
                raise exclusive_params("customer", name)
        customer = book.require("customer", data["customer"], param="customer")
        if customer.get("deleted"):
            raise StripeError(f"No such customer: '{data['customer']}'", code="resource_missing", param="customer")
    elif "customer_update" in data:
        raise StripeError("`customer_update` can only be used with `customer`.", param="customer_update")


def _check_discounts(data: dict[str, Any]) -> None:
    if "discounts" in data and "allow_promotion_codes" in data:
        raise exclusive_params("allow_promotion_codes", "discounts")
    for discount in data.get("discounts", []):
        for name, noun in (("coupon", "coupon"), ("promotion_code", "promotion code")):
            if name in discount:
                raise StripeError(
                    f"No such {noun}: '{discount[name]}'",
                    code="resource_missing",
                    param=f"discounts[0][{name}]",
                )


def expiry(data: dict[str, Any], now: int) -> int:
    """Unix seconds."""
    expires_at = int(data.get("expires_at", now + LONGEST))
    if expires_at < now + SHORTEST:
        bound = "at least 30 minutes"
    elif expires_at > now + LONGEST:
        bound = "less than 24 hours"
    else:
        return expires_at
    raise StripeError(f"The `expires_at` timestamp must be {bound} from Checkout Session creation.", param="expires_at")


def shipping(data: dict[str, Any], currency: str) -> list[Json]:
    """The amount and the rate of each shipping option."""
    options = []
    for n, option in enumerate(data.get("shipping_options", [])):
        place = f"shipping_options[{n}]"
        if "shipping_rate" in option:
            raise StripeError(
                f"No such shipping rate: '{option['shipping_rate']}'",
                code="resource_missing",
                param=f"{place}[shipping_rate]",
            )
        amount = option.get("shipping_rate_data", {}).get("fixed_amount")
        if amount is None:
            raise missing_param(f"{place}[shipping_rate_data][fixed_amount]")
        if known_currency(amount["currency"], param=place) != currency:
            raise StripeError("The shipping rate's currency is not the session's.", param=place)
        options.append({"amount": amount["amount"], "rate": new_id("shr")})
    return options
