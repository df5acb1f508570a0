from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import stripe
from stripe_stage import Stage, on_stage

from playground.stripe import webhooks

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with on_stage() as stage:
        yield stage


async def test_a_payment_is_told_by_signed_webhooks(stage: Stage):
    session = await stage.open_session()
    answer = await stage.outcome(session.id, "paid")
    await stage.stand_in.settled()
    assert sorted(stage.receiver.types()) == sorted(PAID)
    assert {event.id for event in stage.receiver.events()} == set(answer["events"])
    completed = next(event for event in stage.receiver.events() if event.type == "checkout.session.completed")
    assert completed.data.object["id"] == session.id
    assert completed.data.object["payment_status"] == "paid"
    assert completed.api_version == stripe.api_version
    header, body = stage.receiver.posts[0]
    assert header.startswith(f"t={stage.now},v1=")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body + b" ", header, "whsec_playground")


async def test_a_delivery_asked_for_twice_brings_each_event_twice(stage: Stage):
    session = await stage.open_session()
    answer = await stage.outcome(session.id, "paid", deliver="twice")
    await stage.stand_in.settled()
    ids = [event.id for event in stage.receiver.events()]
    assert sorted(ids) == sorted([*answer["events"], *answer["events"]])
    assert len({header for header, _ in stage.receiver.posts}) == 2 * len(PAID)


async def test_a_late_delivery_waits_an_hour_of_the_clock(stage: Stage):
    session = await stage.open_session()
    await stage.outcome(session.id, "paid", deliver="late")
    await stage.stand_in.settled()
    due = stage.stand_in.next_due()
    assert stage.receiver.posts == []
    assert due is not None
    assert int(due.timestamp()) == stage.now + 3600
    await stage.pass_time(hours=1)
    await stage.stand_in.settled()
    assert sorted(stage.receiver.types()) == sorted(PAID)
    assert stage.stand_in.next_due() is None


async def test_an_event_that_is_never_delivered_can_still_be_asked_for(stage: Stage):
    session = await stage.open_session()
    answer = await stage.outcome(session.id, "paid", deliver="never")
    await stage.stand_in.settled()
    assert stage.receiver.posts == []
    listed = await stage.stripe.v1.events.list_async({"delivery_success": False})
    assert [event.id for event in listed.data] == answer["events"][::-1]
    only = await stage.stripe.v1.events.list_async({"type": "checkout.session.*"})
    assert [event.type for event in only.data] == ["checkout.session.completed"]
    event = await stage.stripe.v1.events.retrieve_async(answer["events"][0])
    assert (event.type, event.pending_webhooks) == ("payment_intent.created", 1)


async def test_events_can_come_in_the_wrong_order(stage: Stage):
    session = await stage.open_session()
    await stage.outcome(session.id, "paid", deliver="reordered")
    await stage.stand_in.settled()
    assert stage.receiver.types() == PAID[::-1]


async def test_a_webhook_is_repeated_until_the_app_takes_it(stage: Stage):
    stage.receiver.statuses = [500, 302]
    session = await stage.open_session()
    await stage.outcome(session.id, "expire")
    await stage.stand_in.settled()
    assert stage.receiver.types() == ["checkout.session.expired"] * 3
    assert len({event.id for event in stage.receiver.events()}) == 1
    event = await stage.stripe.v1.events.retrieve_async(stage.receiver.events()[0].id)
    assert event.pending_webhooks == 0


async def test_a_failing_app_is_not_waited_for_forever(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhooks, "PATIENCE", 0.1)
    stage.receiver.statuses = [500] * 100
    session = await stage.open_session()
    await stage.outcome(session.id, "expire")
    await stage.stand_in.settled()
    assert stage.stand_in.next_due() is None
    stage.receiver.statuses = []
    await stage.receiver.wait_for(2)


async def test_one_slow_webhook_does_not_hold_the_others(stage: Stage):
    slow = stage.receiver.hold_next()
    first = await stage.open_session()
    await stage.outcome(first.id, "expire")
    await stage.receiver.wait_for(1)
    second = await stage.open_session()
    await stage.outcome(second.id, "expire")
    await stage.receiver.wait_for(2)
    slow.set()
    await stage.stand_in.settled()
    assert len(stage.receiver.posts) == 2


async def test_webhooks_not_yet_taken_are_delivered_after_a_restart(tmp_path: Path):
    async with on_stage(tmp_path / "state.db") as stage:
        stage.receiver.statuses = [500] * 100
        session = await stage.open_session()
        await stage.outcome(session.id, "expire")
        late = await stage.open_session()
        await stage.outcome(late.id, "expire", deliver="late")
        await stage.receiver.wait_for(1)
    async with on_stage(tmp_path / "state.db") as stage:
        await stage.stand_in.settled()
        assert [event.data.object["id"] for event in stage.receiver.events()] == [session.id]
        await stage.pass_time(hours=1)
        await stage.stand_in.settled()
        assert [event.data.object["id"] for event in stage.receiver.events()] == [session.id, late.id]


async def test_events_are_forgotten_after_thirty_days(stage: Stage):
    session = await stage.open_session()
    answer = await stage.outcome(session.id, "expire")
    await stage.pass_time(days=31)
    assert (await stage.stripe.v1.events.list_async()).data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        await stage.stripe.v1.events.retrieve_async(answer["events"][0])
