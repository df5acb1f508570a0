"""The checker that every story's requests to Stripe go through: it would see what is wrong."""

from collections.abc import Mapping
from typing import Any

import pytest
import stripe
from stripe_requests import _KINDS, check_calls, misfits
from stripe_stage import START, Stage, on_stage

CREATE = "POST /v1/checkout/sessions"
SESSION: dict[str, Any] = {
    "mode": "payment",
    "client_reference_id": "order-7",
    "expires_at": int(START.timestamp()) + 7200,
    "line_items": [
        {
            "quantity": 1,
            "price_data": {"currency": "usd", "unit_amount": 1900, "product_data": {"name": "Preset <pack>"}},
        }
    ],
    "metadata": {"order_id": "7"},
    "success_url": "https://t.me/bot",
}


def with_(path: str, value: object) -> Mapping[str, Any]:
    """The session with one thing changed or, by None, taken away."""

    def changed(node: Any, parts: list[str]) -> Any:
        first, *rest = parts
        key: Any = int(first) if first.isdecimal() else first
        if isinstance(node, list):
            return [changed(each, rest) if number == key else each for number, each in enumerate(node)]
        if not rest and value is None:
            return {name: each for name, each in node.items() if name != key}
        return {**node, key: changed(node.get(key, {}), rest) if rest else value}

    told: Mapping[str, Any] = changed(SESSION, path.split("."))
    return told


def test_a_request_as_the_package_types_it_fits():
    assert misfits(CREATE, SESSION) == []
    assert misfits("GET /v1/checkout/sessions/cs_test_1", {"expand": ["payment_intent"]}) == []
    assert misfits("GET /v1/events", {"created": {"gte": 1}, "types": ["charge.refunded"], "limit": "100"}) == []
    refund = {"payment_intent": "pi_1", "amount": 5, "reason": "requested_by_customer", "metadata": {"refund_id": "1"}}
    assert misfits("POST /v1/refunds", refund) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("modes", "payment", "modes"),
        ("mode", 7, "mode"),
        ("expires_at", "soon", "expires_at"),
        ("metadata.order_id", {"nested": "7"}, "metadata.order_id"),
        ("line_items", "one", "line_items"),
        ("line_items.0.price_data.currency", None, "line_items[0].price_data.currency"),
        ("line_items.0.price_data.unit_amount", "19.00", "line_items[0].price_data.unit_amount"),
        ("line_items.0.price_data.product_data.title", "x", "line_items[0].price_data.product_data.title"),
        ("line_items.0.amount", 1900, "line_items[0].amount"),
        # options of the client, which never belong into the body
        ("idempotency_key", "order-7", "idempotency_key"),
    ],
)
def test_what_the_package_does_not_know_is_told_with_its_place(path: str, value: object, where: str):
    found = misfits(CREATE, with_(path, value))
    assert [each.partition(": ")[0] for each in found] == [where]


def test_a_request_that_nobody_has_typed_does_not_pass_unseen():
    assert misfits("POST /v1/subscriptions", {}) != []
    assert misfits("DELETE /v1/checkout/sessions", {}) != []


@pytest.mark.parametrize(("verb", "where", "kind"), _KINDS)
def test_every_type_that_is_asked_for_can_be_read_whole(verb: str, where: str, kind: type[Any]):
    path = where.replace("/[A-Za-z0-9_]+", "/one_1")
    assert misfits(f"{verb} {path}", {"no such key": 1})[0].startswith("no such key: ")
    # each of its keys is looked at, the nested ones too: none of the names of its types leads nowhere
    for key in kind.__annotations__:
        misfits(f"{verb} {path}", {key: object()})


async def test_calls_that_were_made_are_looked_through():
    async with on_stage() as stage:
        await _call_and_look(stage)


async def _call_and_look(stage: Stage) -> None:
    await stage.stripe.v1.checkout.sessions.create_async(SESSION)  # type: ignore[arg-type]  # as a form carries it
    assert check_calls(stage.core.state) == 1
    with pytest.raises(stripe.InvalidRequestError):
        await stage.stripe.v1.checkout.sessions.create_async({**SESSION, "colour": "red"})  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="colour"):
        check_calls(stage.core.state)
