from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe
from stripe.params.checkout import SessionCreateParams
from stripe_stage import Stage, on_stage, order

from playground.stripe.session_params import SESSION_CREATE


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


async def refused(stage: Stage, **changes: Any) -> stripe.StripeError:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stage.open_session(**changes)
    return refusal.value


def priced(**changes: Any) -> dict[str, Any]:
    """One line item whose price data is changed; None takes a field away."""
    data = order()["line_items"][0]["price_data"] | changes
    return {"quantity": 1, "price_data": {name: value for name, value in data.items() if value is not None}}


def test_a_session_takes_the_parameters_that_the_stripe_package_knows():
    options = set(stripe.RequestOptions.__annotations__)
    assert set(SESSION_CREATE.known) == set(SessionCreateParams.__annotations__) - options


async def test_a_new_session_is_open_and_unpaid_with_an_address_to_pay_at(stage: Stage):
    session = await stage.open_session(customer_email="a@example.com")
    assert session.id.startswith("cs_test_")
    assert session.url == f"{stage.url}/stripe/pay/{session.id}"
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_subtotal, session.amount_total, session.currency) == (1900, 1900, "usd")
    assert session.expires_at == stage.now + 24 * 3600
    assert (session.client_reference_id, session.metadata["order"]) == ("order-7", "7")
    assert session.customer_details is not None
    assert session.customer_details.email == "a@example.com"
    assert not session.livemode


async def test_a_session_shows_every_field_that_the_stripe_package_knows(stage: Stage):
    session = await stage.open_session()
    known = set(stripe.checkout.Session.__annotations__) - {"OBJECT_NAME", "line_items"}
    assert known - set(session.to_dict()) == set()


@pytest.mark.parametrize(
    ("changes", "code", "param", "message"),
    [
        ({"foo": 1}, "parameter_unknown", "foo", "Received unknown parameter: foo"),
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types", None),
        ({"line_items": [{**priced(), "colour": "red"}]}, "parameter_unknown", "line_items[0][colour]", None),
        ({"line_items": []}, "parameter_missing", "line_items", "Missing required param: line_items."),
        ({"line_items": [priced(currency=None)]}, "parameter_missing", "line_items[0][price_data][currency]", None),
        ({"line_items": [priced(unit_amount="x")]}, "parameter_invalid_integer", None, "Invalid integer: x"),
        ({"line_items": [priced(unit_amount=-1)]}, "parameter_invalid_integer", None, None),
        ({"line_items": [priced(unit_amount_decimal="1.5")]}, "parameters_exclusive", None, None),
        ({"line_items": [priced(product="prod_x")]}, "parameters_exclusive", None, None),
        ({"line_items": [priced(unit_amount=49)]}, "amount_too_small", None, None),
        ({"line_items": [priced(unit_amount=100_000_000)]}, "amount_too_large", None, None),
        ({"line_items": [priced(), priced(currency="eur")]}, None, "line_items", None),
        ({"line_items": [priced(currency="zzz")]}, None, "line_items[0][price_data][currency]", None),
        ({"line_items": [priced(currency="kwd", unit_amount=1001)]}, None, None, None),
        ({"line_items": [{"price": "price_x", "quantity": 1}]}, "resource_missing", "line_items[0][price]", None),
        ({"line_items": "x"}, None, "line_items", "Invalid array"),
        ({"mode": "gift"}, None, "mode", "Invalid mode: must be one of payment, setup, or subscription"),
        ({"success_url": "no url"}, "url_invalid", "success_url", "Not a valid URL"),
        ({"success_url": ""}, "parameter_invalid_empty", "success_url", None),
        ({"customer_email": "no address"}, "email_invalid", "customer_email", None),
        ({"customer": "cus_x"}, "resource_missing", "customer", "No such customer: 'cus_x'"),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id", None),
        ({"metadata": {"k" * 41: "v"}}, None, None, None),
        ({"metadata": {"k": "v" * 501}}, None, "metadata[k]", None),
        ({"metadata": {str(n): "v" for n in range(51)}}, None, "metadata", None),
        ({"discounts": [{"coupon": "x"}]}, "resource_missing", "discounts[0][coupon]", None),
        ({"expand": ["nothing"]}, None, "expand", None),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(
    stage: Stage, changes: dict[str, Any], code: str | None, param: str | None, message: str | None
):
    error = await refused(stage, **changes)
    assert error.http_status == 400
    assert error.code == code
    assert param is None or error.param == param
    assert message is None or error.user_message == message


async def test_a_missing_success_url_is_refused(stage: Stage):
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: success_url"):
        await stage.stripe.v1.checkout.sessions.create_async(
            {name: value for name, value in order().items() if name != "success_url"}
        )


@pytest.mark.parametrize(
    ("seconds", "words"), [(1799, "must be at least 30 minutes from"), (86_401, "must be less than 24 hours from")]
)
async def test_an_expiry_out_of_range_is_refused(stage: Stage, seconds: int, words: str):
    error = await refused(stage, expires_at=stage.now + seconds)
    assert error.user_message == f"The `expires_at` timestamp {words} Checkout Session creation."
    assert error.param == "expires_at"


@pytest.mark.parametrize("seconds", [1800, 86_400])
async def test_an_expiry_at_either_end_of_the_range_is_taken(stage: Stage, seconds: int):
    session = await stage.open_session(expires_at=stage.now + seconds)
    assert session.expires_at == stage.now + seconds


async def test_a_session_expires_when_its_time_comes_and_says_so(stage: Stage):
    session = await stage.open_session(expires_at=stage.now + 1800)
    due = stage.stand_in.next_due()
    assert due is not None
    assert int(due.timestamp()) == session.expires_at
    await stage.pass_time(minutes=29)
    assert (await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)).status == "open"
    await stage.pass_time(minutes=1)
    await stage.stand_in.settled()
    expired = await stage.stripe.v1.checkout.sessions.retrieve_async(session.id)
    assert (expired.status, expired.url) == ("expired", None)
    assert stage.receiver.types() == ["checkout.session.expired"]
    assert stage.stand_in.next_due() is None


async def test_only_an_open_session_can_be_expired(stage: Stage):
    session = await stage.open_session()
    assert (await stage.stripe.v1.checkout.sessions.expire_async(session.id)).status == "expired"
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stage.stripe.v1.checkout.sessions.expire_async(session.id)
    assert refusal.value.user_message == (
        'Only Checkout Sessions with a status in ["open"] can be expired. '
        "This Checkout Session has a status of expired."
    )


async def test_a_session_nobody_made_is_missing(stage: Stage):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stage.stripe.v1.checkout.sessions.retrieve_async("cs_x")
    assert (refusal.value.http_status, refusal.value.code) == (404, "resource_missing")
    assert refusal.value.user_message == "No such checkout.session: 'cs_x'"


async def test_sessions_are_listed_newest_first_in_pages(stage: Stage):
    made = [(await stage.open_session()).id for _ in range(5)]
    sessions = stage.stripe.v1.checkout.sessions
    first = await sessions.list_async({"limit": 2})
    assert [session.id for session in first.data] == [made[4], made[3]]
    assert first.has_more
    rest = await sessions.list_async({"limit": 3, "starting_after": made[3]})
    assert [session.id for session in rest.data] == [made[2], made[1], made[0]]
    assert not rest.has_more
    newer = await sessions.list_async({"limit": 1, "ending_before": made[2]})
    assert [session.id for session in newer.data] == [made[3]]
    assert [session.id async for session in first.auto_paging_iter()] == made[::-1]
    with pytest.raises(stripe.InvalidRequestError, match="less than or equal to 100"):
        await sessions.list_async({"limit": 101})


async def test_line_items_are_expanded_when_asked_for(stage: Stage):
    session = await stage.open_session(expand=["line_items"])
    assert session.line_items is not None
    assert [item.description for item in session.line_items.data] == ["Preset pack"]
    listed = await stage.stripe.v1.checkout.sessions.line_items.list_async(session.id)
    assert listed.data[0].amount_total == 1900
    assert listed.data[0].price is not None
    product = await stage.stripe.v1.products.retrieve_async(str(listed.data[0].price.product))
    assert (product.name, product.active) == ("Preset pack", False)


async def test_a_price_of_the_catalogue_is_sold_until_it_is_archived(stage: Stage):
    product = await stage.stripe.v1.products.create_async(
        {"name": "Mug", "default_price_data": {"currency": "USD", "unit_amount": 900}}
    )
    items = [{"price": str(product.default_price), "quantity": 3}]
    assert (await stage.open_session(line_items=items)).amount_total == 2700
    await stage.stripe.v1.prices.update_async(str(product.default_price), {"active": False})
    assert (await refused(stage, line_items=items)).code == "price_inactive"


async def test_a_fraction_of_a_cent_is_rounded_in_the_sum(stage: Stage):
    item = priced(unit_amount=None, unit_amount_decimal="0.5")
    session = await stage.open_session(line_items=[{**item, "quantity": 201}])
    assert session.amount_total == 101


async def test_nothing_to_pay_needs_no_payment(stage: Stage):
    session = await stage.open_session(line_items=[priced(unit_amount=0)])
    assert session.payment_status == "no_payment_required"
    answer = await stage.outcome(session.id, "paid")
    assert (answer["session"]["status"], answer["session"]["payment_intent"]) == ("complete", None)


async def test_an_expired_session_that_may_be_recovered_leads_to_a_new_one(stage: Stage):
    session = await stage.open_session(after_expiration={"recovery": {"enabled": True}})
    expired = await stage.stripe.v1.checkout.sessions.expire_async(session.id)
    assert expired.after_expiration is not None
    assert expired.after_expiration.recovery is not None
    async with stage.http.get(str(expired.after_expiration.recovery.url), allow_redirects=False) as answer:
        copied = answer.headers["Location"].rpartition("/")[2]
    again = await stage.stripe.v1.checkout.sessions.retrieve_async(copied)
    assert (again.status, again.recovered_from, again.amount_total) == ("open", session.id, 1900)
