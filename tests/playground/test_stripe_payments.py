from collections.abc import AsyncIterator
from typing import Any

import pytest
import stripe
from stripe_stage import Stage, on_stage, order


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


async def test_a_paid_session_has_its_payment_and_its_buyer(stage: Stage):
    session = await stage.pay(
        payment_intent_data={"metadata": {"order": "7"}, "description": "Order 7"}, customer_email="a@example.com"
    )
    assert (session.status, session.payment_status, session.url) == ("complete", "paid", None)
    assert session.customer_details is not None
    assert session.customer_details.email == "a@example.com"
    intent = await stage.stripe.v1.payment_intents.retrieve_async(
        str(session.payment_intent), {"expand": ["latest_charge.balance_transaction"]}
    )
    assert (intent.status, intent.amount_received, intent.metadata["order"]) == ("succeeded", 1900, "7")
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert (charge.paid, charge.refunded, charge.description) == (True, False, "Order 7")
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert charge.balance_transaction.net == 1900 - charge.balance_transaction.fee
    found = await stage.stripe.v1.checkout.sessions.list_async({"payment_intent": intent.id})
    assert [each.id for each in found.data] == [session.id]


async def test_a_declined_card_leaves_the_session_open_to_be_paid(stage: Stage):
    session = await stage.open_session()
    declined = await stage.outcome(session.id, "declined")
    assert declined["declined"]
    assert (declined["session"]["status"], declined["session"]["payment_status"]) == ("open", "unpaid")
    paid = await stage.outcome(session.id, "paid")
    assert paid["session"]["payment_status"] == "paid"
    assert paid["session"]["payment_intent"] == declined["session"]["payment_intent"]
    await stage.stand_in.settled()
    types = stage.receiver.types()
    assert types.count("payment_intent.payment_failed") == types.count("checkout.session.completed") == 1
    charges = await stage.stripe.v1.charges.list_async({"payment_intent": paid["session"]["payment_intent"]})
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize(
    ("outcome", "event", "status"),
    [
        ("async_paid", "checkout.session.async_payment_succeeded", "paid"),
        ("async_failed", "checkout.session.async_payment_failed", "unpaid"),
    ],
)
async def test_an_asynchronous_payment_is_decided_later(stage: Stage, outcome: str, event: str, status: str):
    session = await stage.open_session()
    pending = await stage.outcome(session.id, "async_pending", deliver="never")
    assert (pending["session"]["status"], pending["session"]["payment_status"]) == ("complete", "unpaid")
    decided = await stage.outcome(session.id, outcome)
    assert decided["session"]["payment_status"] == status
    await stage.stand_in.settled()
    assert event in stage.receiver.types()
    again, body = await stage.control(f"sessions/{session.id}", {"outcome": outcome})
    assert (again, body["error"]["code"]) == (409, "not_pending")


async def test_a_paid_session_cannot_be_paid_or_expired_again(stage: Stage):
    session = await stage.pay()
    for outcome in ("paid", "declined", "async_pending", "async_paid", "expire"):
        status, body = await stage.control(f"sessions/{session.id}", {"outcome": outcome})
        assert status == 409
        assert set(body["error"]) == {"code", "message"}


async def test_a_session_past_its_time_cannot_be_paid(stage: Stage):
    session = await stage.open_session(expires_at=stage.now + 1800)
    stage.core.clock.pass_time(minutes=31)
    status, body = await stage.control(f"sessions/{session.id}", {"outcome": "paid"})
    assert (status, body["error"]["code"]) == (409, "session_not_open")


@pytest.mark.parametrize(
    "body", [{}, [], {"outcome": "won"}, {"outcome": ["paid"]}, {"outcome": "paid", "deliver": "soon"}, {"x": 1}]
)
async def test_a_bad_wish_is_unprocessable(stage: Stage, body: Any):
    session = await stage.open_session()
    status, answer = await stage.control(f"sessions/{session.id}", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_body")


async def test_wishes_about_what_nobody_made_are_not_found(stage: Stage):
    assert (await stage.control("sessions/cs_x", {"outcome": "paid"}))[0] == 404
    assert (await stage.control("events", {"type": "refund", "session": "cs_x"}))[0] == 404
    assert (await stage.control("events", {"type": "refund", "payment_intent": "pi_x"}))[0] == 404
    assert (await stage.control("events", {"type": "refund"}))[0] == 422


async def test_a_new_customer_is_made_when_the_session_says_so(stage: Stage):
    session = await stage.pay(customer_creation="always", customer_email="a@example.com")
    customer = await stage.stripe.v1.customers.retrieve_async(str(session.customer))
    assert customer.email == "a@example.com"


async def test_a_payment_is_refunded_in_parts_and_never_beyond(stage: Stage):
    session = await stage.pay()
    refunds, intent = stage.stripe.v1.refunds, str(session.payment_intent)
    first = await refunds.create_async({"payment_intent": intent, "amount": 400, "reason": "requested_by_customer"})
    assert (first.amount, first.status, first.currency) == (400, "succeeded", "usd")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await refunds.create_async({"payment_intent": intent, "amount": 1501})
    assert refusal.value.user_message == ("Refund amount ($15.01) is greater than unrefunded amount on charge ($15.00)")
    rest = await refunds.create_async({"charge": str(first.charge)})
    assert rest.amount == 1500
    with pytest.raises(stripe.InvalidRequestError) as refused:
        await refunds.create_async({"payment_intent": intent})
    assert refused.value.code == "charge_already_refunded"
    assert [refund.id for refund in (await refunds.list_async({"payment_intent": intent})).data] == [rest.id, first.id]
    charge = await stage.stripe.v1.charges.retrieve_async(str(first.charge))
    assert (charge.amount_refunded, charge.refunded) == (1900, True)
    await stage.stand_in.settled()
    types = stage.receiver.types()
    assert (types.count("refund.created"), types.count("charge.refunded")) == (2, 2)


async def test_more_than_was_paid_is_not_given_back(stage: Stage):
    session = await stage.pay()
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stage.stripe.v1.refunds.create_async({"payment_intent": str(session.payment_intent), "amount": 2000})
    assert refusal.value.user_message == "Refund amount ($20.00) is greater than charge amount ($19.00)"


async def test_a_refund_needs_to_know_what_to_refund(stage: Stage):
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        await stage.stripe.v1.refunds.create_async({"amount": 5})
    with pytest.raises(stripe.InvalidRequestError, match="Invalid reason: must be one of"):
        await stage.stripe.v1.refunds.create_async({"payment_intent": "pi_x", "reason": "boredom"})


async def test_a_refund_made_in_the_dashboard_is_told_to_the_app(stage: Stage):
    session = await stage.pay()
    status, answer = await stage.control("events", {"type": "refund", "session": session.id, "amount": 500})
    assert (status, answer["refund"]["amount"]) == (200, 500)
    await stage.stand_in.settled()
    refunded = next(event for event in stage.receiver.events() if event.type == "charge.refunded")
    assert refunded.data.object["amount_refunded"] == 500
    assert refunded.request is not None
    assert refunded.request.id is None


@pytest.mark.parametrize(("verdict", "money"), [("won", True), ("lost", False)])
async def test_a_dispute_is_opened_and_decided(stage: Stage, verdict: str, money: bool):  # noqa: FBT001 - a case
    session = await stage.pay()
    intent = str(session.payment_intent)
    status, answer = await stage.control("events", {"type": "dispute_opened", "payment_intent": intent})
    assert (status, answer["dispute"]["status"], answer["dispute"]["amount"]) == (200, "needs_response", 1900)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        await stage.stripe.v1.refunds.create_async({"payment_intent": intent})
    assert refusal.value.code == "charge_disputed"
    assert (await stage.control("events", {"type": "dispute_opened", "payment_intent": intent}))[0] == 409
    await stage.control("events", {"type": f"dispute_{verdict}", "payment_intent": intent})
    await stage.stand_in.settled()
    closed = next(event for event in stage.receiver.events() if event.type == "charge.dispute.closed")
    assert closed.data.object["status"] == verdict
    types = stage.receiver.types()
    assert "charge.dispute.created" in types
    assert "charge.dispute.funds_withdrawn" in types
    assert ("charge.dispute.funds_reinstated" in types) is money
    dispute = await stage.stripe.v1.disputes.retrieve_async(answer["dispute"]["id"])
    assert dispute.status == verdict


async def test_nothing_can_be_disputed_that_nobody_paid(stage: Stage):
    session = await stage.open_session()
    status, answer = await stage.control("events", {"type": "dispute_opened", "session": session.id})
    assert (status, answer["error"]["code"]) == (409, "not_paid")


async def test_the_balance_is_what_came_less_fees_and_refunds(stage: Stage):
    session = await stage.pay()
    await stage.stripe.v1.refunds.create_async({"payment_intent": str(session.payment_intent), "amount": 900})
    balance = await stage.stripe.v1.balance.retrieve_async()
    assert balance.pending[0].amount + balance.available[0].amount == 1900 - 85 - 900


async def test_a_payment_link_opens_sessions_until_its_limit(stage: Stage):
    links = stage.stripe.v1.payment_links
    link = await links.create_async(
        {
            "line_items": [{**order()["line_items"][0], "quantity": 2}],
            "metadata": {"product": "9"},
            "restrictions": {"completed_sessions": {"limit": 1}},
            "after_completion": {"type": "redirect", "redirect": {"url": "https://shop.example/thanks"}},
        }
    )
    assert link.url == f"{stage.url}/stripe/pay/{link.id}"
    assert (await links.line_items.list_async(link.id)).data[0].quantity == 2
    async with stage.http.get(f"{link.url}?client_reference_id=lead-3", allow_redirects=False) as visit:
        session_id = visit.headers["Location"].rpartition("/")[2]
    session = await stage.stripe.v1.checkout.sessions.retrieve_async(session_id)
    assert (session.payment_link, session.client_reference_id, session.amount_total) == (link.id, "lead-3", 3800)
    assert session.metadata is not None
    assert session.metadata["product"] == "9"
    await stage.outcome(session_id, "paid")
    assert not (await links.retrieve_async(link.id)).active
    async with stage.http.get(link.url, allow_redirects=False) as late:
        assert late.status == 410


async def test_sessions_are_listed_for_the_chat_page(stage: Stage):
    made = [(await stage.open_session()).id for _ in range(2)]
    async with stage.http.get("/playground/api/stripe/sessions") as answer:
        items = (await answer.json())["items"]
    assert [item["id"] for item in items] == made[::-1]
