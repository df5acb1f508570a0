import asyncio
import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import stripe
from stripe_stage import KEY, Stage, on_stage, order

from playground.core import Fault


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


def calls(stage: Stage) -> list[dict[str, Any]]:
    return [call for _, call in stage.core.state.read("calls")]


async def test_a_call_without_a_key_is_refused(stage: Stage):
    async with stage.http.get("/stripe/v1/balance") as answer:
        error = (await answer.json())["error"]
    assert answer.status == 401
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("You did not provide an API key.")


async def test_a_key_that_is_no_test_key_is_refused_and_not_shown_whole(stage: Stage):
    answer, body = await stage.call("GET", "/v1/balance", Authorization="Bearer sk_live_0123456789abcdef")
    assert answer.status == 401
    assert body["error"]["message"] == "Invalid API Key provided: sk_live_************cdef"
    assert "0123456789" not in str(calls(stage))


async def test_a_key_may_be_the_user_name_of_basic_authentication(stage: Stage):
    credentials = base64.b64encode(f"{KEY}:".encode()).decode()
    answer, body = await stage.call("GET", "/v1/account", Authorization=f"Basic {credentials}")
    assert (answer.status, body["object"], body["charges_enabled"]) == (200, "account", True)


async def test_an_unknown_address_is_told_apart_from_a_missing_object(stage: Stage):
    answer, body = await stage.call("GET", "/v1/nothing")
    assert answer.status == 404
    assert body["error"]["message"].startswith("Unrecognized request URL (GET: /v1/nothing).")
    assert "code" not in body["error"]


async def test_a_json_body_is_refused(stage: Stage):
    answer, body = await stage.call("POST", "/v1/customers", '{"name": "Ann"}', Content_Type="application/json")
    assert answer.status == 400
    assert "application/x-www-form-urlencoded" in body["error"]["message"]


@pytest.mark.parametrize(
    "body",
    ["a" + "[b]" * 5000 + "=1", f"expand[{'9' * 6000}]=1", "=1", "metadata[=1", "metadata=1&metadata[a]=1", "%ff=1"],
)
async def test_a_body_that_makes_no_sense_is_the_callers_mistake(stage: Stage, body: str):
    answer, error = await stage.call("POST", "/v1/customers", body)
    assert (answer.status, error["error"]["type"]) == (400, "invalid_request_error")


async def test_every_answer_has_its_own_request_id_and_the_version_asked_for(stage: Stage):
    first, _ = await stage.call("GET", "/v1/balance", Stripe_Version="2024-06-20")
    second, _ = await stage.call("GET", "/v1/balance")
    assert first.headers["Stripe-Version"] == "2024-06-20"
    assert second.headers["Stripe-Version"] == stripe.api_version
    assert first.headers["Request-Id"].startswith("req_")
    assert first.headers["Request-Id"] != second.headers["Request-Id"]


async def test_calls_are_logged_with_typed_nested_parameters(stage: Stage):
    session = await stage.open_session(expires_at=stage.now + 3600)
    with pytest.raises(stripe.InvalidRequestError):
        await stage.open_session(foo=["a", {"b": "c"}])
    await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)
    made, refused, read = calls(stage)
    assert (made["api"], made["method"], made["status"]) == ("stripe", "POST /v1/checkout/sessions", 200)
    assert made["params"]["line_items"][0]["price_data"]["unit_amount"] == 1900
    assert made["params"]["expires_at"] == stage.now + 3600
    assert made["result"]["id"] == session.id
    assert (refused["status"], refused["params"]["foo"]) == (400, ["a", {"b": "c"}])
    assert refused["result"]["error"]["code"] == "parameter_unknown"
    assert read["method"] == f"GET /v1/checkout/sessions/{session.id}"


async def test_a_repeated_key_replays_the_first_answer_byte_for_byte(stage: Stage):
    first, body = await stage.call("POST", "/v1/customers", "name=Ann&metadata[a]=b", Idempotency_Key="k1")
    again, repeated = await stage.call("POST", "/v1/customers", "metadata[a]=b&name=Ann", Idempotency_Key="k1")
    assert first.text == again.text
    assert body == repeated
    assert "Idempotent-Replayed" not in first.headers
    assert (again.headers["Idempotent-Replayed"], again.headers["Idempotency-Key"]) == ("true", "k1")
    assert again.headers["Original-Request"] == first.headers["Request-Id"]
    assert len((await stage.stripe.v1.customers.list_async()).data) == 1


async def test_a_key_with_another_body_is_refused(stage: Stage):
    sessions = stage.stripe.v1.checkout.sessions
    await sessions.create_async(order(), {"idempotency_key": "order:7"})
    with pytest.raises(stripe.IdempotencyError) as refusal:
        await sessions.create_async(order(amount=2000), {"idempotency_key": "order:7"})
    assert refusal.value.http_status == 400
    assert refusal.value.user_message == (
        "Keys for idempotent requests can only be used with the same parameters they were first used with. "
        "Try using a key other than 'order:7' if you meant to execute a different request."
    )


async def test_a_key_with_another_address_is_refused(stage: Stage):
    await stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1")
    answer, body = await stage.call("POST", "/v1/products", "name=Ann", Idempotency_Key="k1")
    assert (answer.status, body["error"]["type"]) == (400, "idempotency_error")


async def test_a_malformed_request_leaves_its_key_free(stage: Stage):
    await stage.call("POST", "/v1/customers", "nam=Ann", Idempotency_Key="k1")
    answer, body = await stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1")
    assert (answer.status, body["name"]) == (200, "Ann")


async def test_a_key_is_forgotten_after_a_day(stage: Stage):
    _, first = await stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1")
    await stage.pass_time(hours=23)
    _, same = await stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1")
    await stage.pass_time(hours=1)
    _, other = await stage.call("POST", "/v1/customers", "name=Bob", Idempotency_Key="k1")
    assert first["id"] == same["id"] != other["id"]


async def test_a_key_is_in_use_until_its_first_request_is_answered(stage: Stage):
    stage.core.faults.add(Fault("stripe", "POST /v1/customers", "hang"))
    hanging = asyncio.create_task(stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1"))
    while not calls(stage):
        await stage.core.changes.wait(10)
    answer, body = await stage.call("POST", "/v1/customers", "name=Ann", Idempotency_Key="k1")
    assert (answer.status, body["error"]["code"]) == (409, "idempotency_key_in_use")
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("429", stripe.RateLimitError), ("403", stripe.PermissionError), ("500", stripe.APIError)],
)
async def test_a_fault_refuses_as_stripe_does_and_does_nothing(
    stage: Stage, fault: Any, kind: type[stripe.StripeError]
):
    stage.core.faults.add(Fault("stripe", "POST /v1/checkout/sessions", fault))
    options: stripe.RequestOptions = {"idempotency_key": "order:7"}
    with pytest.raises(kind) as refusal:
        await stage.stripe.v1.checkout.sessions.create_async(order(), options)
    assert refusal.value.http_status == int(fault)
    made = await stage.stripe.v1.checkout.sessions.create_async(order(), options)
    assert [session.id for session in (await stage.stripe.v1.checkout.sessions.list_async()).data] == [made.id]


async def test_a_fault_meets_an_address_with_an_id_by_its_template(stage: Stage):
    session = await stage.open_session()
    stage.core.faults.add(Fault("stripe", "GET /v1/checkout/sessions/{id}", "500"))
    with pytest.raises(stripe.APIError):
        await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)
    await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)


async def test_a_dropped_reply_leaves_one_session_that_a_repeat_finds(stage: Stage):
    stage.core.faults.add(Fault("stripe", "POST /v1/checkout/sessions", "drop_reply"))
    options: stripe.RequestOptions = {"idempotency_key": "order:7"}
    with pytest.raises(stripe.APIConnectionError):
        await stage.stripe.v1.checkout.sessions.create_async(order(), options)
    again = await stage.stripe.v1.checkout.sessions.create_async(order(), options)
    assert [session.id for session in (await stage.stripe.v1.checkout.sessions.list_async()).data] == [again.id]


async def test_a_hanging_call_ends_with_the_stand_in():
    async with on_stage() as stage:
        stage.core.faults.add(Fault("stripe", "*", "hang"))
        hanging = asyncio.create_task(stage.call("GET", "/v1/balance"))
        while not calls(stage):
            await stage.core.changes.wait(10)
    with pytest.raises(aiohttp.ClientError):
        await hanging


async def test_what_happened_survives_a_restart(tmp_path: Path):
    state = tmp_path / "state.db"
    body = urlencode({"name": "Ann"})
    async with on_stage(state) as stage:
        session = await stage.open_session(expires_at=stage.now + 1800)
        first, _ = await stage.call("POST", "/v1/customers", body, Idempotency_Key="k1")
        await stage.outcome(session.id, "declined", deliver="never")
    async with on_stage(state) as stage:
        again, _ = await stage.call("POST", "/v1/customers", body, Idempotency_Key="k1")
        assert again.text == first.text
        kept = await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)
        assert (kept.status, kept.expires_at) == ("open", session.expires_at)
        assert stage.stand_in.next_due() is not None
        types = [event.type for event in (await stage.stripe.v1.events.list_async()).data]
        assert types == ["payment_intent.payment_failed", "charge.failed", "payment_intent.created", "customer.created"]
        await stage.pass_time(minutes=30)
        assert (await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)).status == "expired"


async def test_a_customer_can_be_made_changed_and_deleted(stage: Stage):
    customers = stage.stripe.v1.customers
    ann = await customers.create_async({"name": "Ann", "email": "ann@example.com", "metadata": {"a": "1", "b": "2"}})
    changed = await customers.update_async(ann.id, {"name": "Anne", "metadata": {"a": "", "c": "3"}})
    assert (changed.name, changed.metadata.to_dict()) == ("Anne", {"b": "2", "c": "3"})
    assert [each.id for each in (await customers.list_async({"email": "ann@example.com"})).data] == [ann.id]
    await customers.delete_async(ann.id)
    assert (await customers.retrieve_async(ann.id)).deleted
    assert (await customers.list_async()).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such customer"):
        await customers.update_async(ann.id, {"name": "Bob"})


async def test_a_lookup_key_finds_one_price_and_moves_only_when_told(stage: Stage):
    prices = stage.stripe.v1.prices
    data: Any = {"currency": "eur", "unit_amount": 500, "lookup_key": "mug", "product_data": {"name": "Mug"}}
    old = await prices.create_async(data)
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        await prices.create_async(data)
    new = await prices.create_async({**data, "transfer_lookup_key": True})
    assert [each.id for each in (await prices.list_async({"lookup_keys": ["mug"]})).data] == [new.id]
    assert (await prices.retrieve_async(old.id)).lookup_key is None
