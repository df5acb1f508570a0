"""What a follow-up says, and what it carries, at the moment when it goes out."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from stage import MORNING, FakeGateway, Stage

from domain.clicks import Tracker
from domain.definitions import MediaFile, publish
from domain.discounts import Terms, add_code
from domain.funnels.definition import Funnel
from domain.message_rules import MessageRules
from domain.messages.plain import Message
from domain.parked import try_again
from domain.pay_links import ForProduct, PayLinks
from domain.product_card import Offer, product_card
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import (
    EnrollmentState,
    FileRole,
    FunnelVersion,
    Lead,
    OutboxState,
    Product,
    Shape,
    StepCount,
    StoredFile,
)

LINKS = PayLinks("https://spark.example", b"key of the pay links")


class Keeping(FakeGateway):
    """Keeps whole messages."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Message] = []

    async def send(self, telegram_id: int, message: Message) -> int:
        self.messages.append(message)
        return await super().send(telegram_id, message)


async def said(stage: Stage, step: dict[str, Any], **setup: Any) -> tuple[Message, Lead]:
    """The one message of a funnel of one step, as it went out."""
    lead = await queued(stage, step, **setup)
    gateway = stage.gateway = Keeping()
    await stage.send_all()
    (message,) = gateway.messages
    return message, lead


async def queued(stage: Stage, step: dict[str, Any], **setup: Any) -> Lead:
    await stage.publish(hello={"trigger": {"event": "lead.captured"}, "steps": [{"key": "x", "do": "send", **step}]})
    stage.published.setups[stage.creator_id] = CreatorSetup(**setup)
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    return lead


async def a_product(stage: Stage) -> Product:
    async with stage.database.transaction() as session:
        return await add_product(
            session,
            creator_id=stage.creator_id,
            title="Pack",
            slug="pack",
            price=Money(1900, "usd"),
            now=stage.clock(),
        )


async def test_a_button_to_pay_takes_its_own_code_off_for_its_own_time(stage: Stage):
    await stage.open()
    product = await a_product(stage)
    async with stage.database.transaction() as session:
        terms, setup = Terms(percent=20), CreatorSetup()
        code = await add_code(session, stage.creator_id, "SPRING20", terms, now=stage.clock(), setup=setup)
    button = {"text": "Pay", "pay": "pack", "code": "SPRING20", "good_for": "2d"}
    message, lead = await said(stage, {"text": "Now", "buttons": [button]}, pay_links=LINKS)
    ((pay,),) = message.buttons
    token = str(pay.url).rsplit("/", 1)[1]
    until = stage.clock() + timedelta(days=2)
    assert LINKS.read(token, now=until) == ForProduct(product.id, 0, lead.id, code.id)
    assert f"-{int(until.timestamp())}-" in token


async def test_a_card_shows_the_product_as_it_is_by_then_between_the_words_and_the_way_out(stage: Stage):
    await stage.open()
    product = await a_product(stage)
    lead = await queued(stage, {"product": "pack", "text": "Look, {{ lead.first_name }}"})
    async with stage.database.transaction() as session:
        await session.execute(update(Product).values(price_minor=900))
    gateway = stage.gateway = Keeping()
    await stage.send_all()
    (message,) = gateway.messages
    first, *_, last = message.text.split("\n\n")
    assert first == f"Look, {(await stage.person(lead)).first_name}"
    assert "$9.00" in message.text
    assert "/stop" in last
    assert message.buttons[0][0].data == f"buy:{product.id}"


async def test_a_card_with_more_words_than_go_under_a_picture_goes_without_it(stage: Stage):
    await stage.open()
    product = await a_product(stage)
    cover = StoredFile(
        creator_id=stage.creator_id,
        product_id=product.id,
        role=FileRole.COVER,
        shape=Shape.PHOTO,
        file_name="cover.jpg",
        mime_type="image/jpeg",
        created_at=stage.clock(),
        attached_at=stage.clock(),
    )
    async with stage.database.transaction() as session:
        session.add(cover)
    offer = Offer(CreatorSetup(), stage.clock())
    async with stage.database.reading() as session:
        short, long = [await product_card(session, product, "en", offer, above=words) for words in ("x", "x" * 1020)]
    assert (short.file, long.file, "x" * 1020 in long.text) == (cover.id, None, True)


@pytest.mark.parametrize("gone", [{"archived_at": MORNING}, {"active": False}, {"slug": "other"}])
async def test_a_card_of_what_is_no_longer_for_sale_parks_whoever_was_to_get_it_until_it_is_again(
    stage: Stage, gone: dict[str, Any]
):
    await stage.open()
    await a_product(stage)
    await queued(stage, {"product": "pack", "text": "Look"})
    async with stage.database.transaction() as session:
        await session.execute(update(Product).values(**gone))
    gateway = stage.gateway = Keeping()
    await stage.send_all()
    assert gateway.messages == []
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step) == (EnrollmentState.PARKED, "x")
    assert enrollment.reason == "the product “pack” is not for sale, so there is no card to show"
    async with stage.database.transaction() as session:
        await session.execute(update(Product).values(archived_at=None, active=True, slug="pack"))
        await try_again(session, stage.creator_id, enrollment.id, now=stage.clock())
    await stage.step_all()
    await stage.send_all()
    (message,) = gateway.messages
    assert message.text.startswith("Look\n\n")
    assert "$19.00" in message.text


async def test_a_file_goes_out_with_its_words_and_without_a_sound(stage: Stage):
    await stage.open()
    sha256 = "a" * 64
    step = {"key": "x", "do": "send", "photo": "cat.jpg", "sha256": sha256, "text": "A cat", "silent": True}
    funnel = Funnel.model_validate({"trigger": {"event": "lead.captured"}, "steps": [step]})
    media = MediaFile(sha256, Shape.PHOTO, "cat.jpg", "image/jpeg", 10)
    async with stage.database.transaction() as session:
        given = {"studio": {"hello": funnel}}
        stage.published = await publish(session, {}, given, now=stage.clock(), media={"studio": [media]})
    await stage.lead()
    await stage.route()
    await stage.step_all()
    gateway = stage.gateway = Keeping()
    await stage.send_all()
    (message,) = gateway.messages
    assert message.file is not None
    assert message.silent
    assert message.text.startswith("A cat\n\n")


async def test_what_the_lead_has_answered_since_stands_in_the_text(stage: Stage):
    await stage.open()
    lead = await queued(stage, {"text": "Hi {{ lead.name }}"})
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == lead.id).values(name="Magdalena"))
    await stage.send_all()
    ((_, text),) = stage.gateway.sent
    assert text.startswith("Hi Magdalena")


async def test_links_are_counted_where_the_creator_wants_that(stage: Stage):
    await stage.open()
    tracker = Tracker("https://spark.example", b"key of the clicks", {"https://s.example/a": 3})
    step = {"text": '<a href="https://s.example/a">Look</a>'}
    message, lead = await said(stage, step, tracker=tracker, messages=MessageRules())
    assert tracker.address(3, lead.id) in message.text


async def test_what_has_no_step_in_its_wording_is_left_out_and_nobody_parked(stage: Stage):
    await stage.open()
    await queued(stage, {"text": "Hi"})
    other = {"trigger": [], "steps": [{"key": "other", "do": "send", "text": "Hi"}]}
    # as of one who was moved while the sender had looked at it and put it off
    async with stage.database.transaction() as session:
        await session.execute(update(FunnelVersion).values(definition=other))
    await stage.send_all()
    assert stage.gateway.sent == []
    (message,), (enrollment,) = await stage.outbox(), await stage.enrollments()
    assert (message.state, message.error) == (OutboxState.CANCELLED, "its step is gone")
    assert (enrollment.state, enrollment.step) == (EnrollmentState.DONE, "x")


async def test_what_was_sent_is_counted_once_by_its_step(stage: Stage):
    await stage.open()
    await said(stage, {"text": "Hi"})
    async with stage.database.reading() as session:
        key = (stage.creator_id, "funnel:hello", "x", "", "sent")
        assert (await session.get_one(StepCount, key)).count == 1
