"""What a broadcast says to one lead when it goes out, in which variant and language."""

from typing import Any

from sqlalchemy import insert, update
from stage import Stage

from domain.discounts import Terms, add_code, archive_code
from domain.messages.plain import Message
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import (
    Broadcast,
    BroadcastState,
    EnrollmentState,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Urgency,
)

NEWS = {
    "variants": [
        {"wordings": {"en": {"text": "News, {{ lead.first_name }}"}, "de": {"text": "Neues, {{ lead.first_name }}"}}},
        {"wordings": {"en": {"text": "Hear, {{ lead.first_name }}"}}},
    ],
    "silent": True,
}


async def queued(stage: Stage, lead: Lead, *, step: str = "a", **broadcast: Any) -> None:
    """One message of a broadcast that runs."""
    values = {"creator_id": stage.creator_id, "title": "News", "state": BroadcastState.RUNNING, "content": NEWS}
    async with stage.database.transaction() as session:
        row = Broadcast(**{**values, "created_at": stage.clock(), **broadcast})
        session.add(row)
        await session.flush()
        message = {"kind": OutboxKind.BROADCAST, "urgency": Urgency.BROADCAST, "broadcast_id": row.id, "step": step}
        chat = {"creator_id": stage.creator_id, "person_id": lead.person_id, "lead_id": lead.id}
        times = {"due_at": stage.clock(), "created_at": stage.clock()}
        await session.execute(insert(OutboxMessage), [{**message, **chat, **times, "key": f"news:{row.id}:{lead.id}"}])


async def one(stage: Stage) -> OutboxMessage:
    (message,) = await stage.outbox()
    return message


async def test_each_reads_their_variant_in_their_language_with_a_way_out(stage: Stage):
    await stage.open()
    lena, anna = await stage.lead(), await stage.lead(200, "Anna")
    async with stage.database.transaction() as session:
        await session.execute(update(Person).where(Person.id == lena.person_id).values(language="de-AT"))
    await queued(stage, lena)
    await queued(stage, anna, step="b")
    await stage.send_all()
    said = dict(stage.gateway.sent)
    assert said[100].startswith("Neues, Lena\n\n")
    assert said[200].startswith("Hear, Anna\n\n")
    assert all("/stop" in text for text in said.values())
    assert all((message.message or {})["silent"] for message in await stage.outbox())


async def test_one_that_was_called_off_says_nothing_more(stage: Stage):
    await stage.open()
    await queued(stage, await stage.lead(), state=BroadcastState.CANCELLED)
    await stage.send_all()
    assert stage.gateway.sent == []
    assert (await one(stage)).state is OutboxState.CANCELLED


async def test_who_has_left_since_is_told_nothing(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await queued(stage, lead)
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).values(unsubscribed_at=stage.clock()))
    await stage.send_all()
    assert (await one(stage)).state is OutboxState.CANCELLED


async def test_a_button_whose_code_is_gone_is_left_out_rather_than_sold_at_another_price(stage: Stage):
    await stage.open()
    buttons = [{"text": "Buy", "pay": "preset-pack", "code": "SPRING20"}, {"text": "Look", "pay": "preset-pack"}]
    content = {"variants": [{"wordings": {"en": {"text": "News", "buttons": buttons}}}]}
    async with stage.database.transaction() as session:
        price, now = Money(1900, "usd"), stage.clock()
        await add_product(session, creator_id=stage.creator_id, title="Preset pack", price=price, now=now)
        code = await add_code(session, stage.creator_id, "SPRING20", Terms(percent=20), now=now, setup=CreatorSetup())
    await queued(stage, await stage.lead(), content=content)
    await stage.send_all()
    async with stage.database.transaction() as session:
        await archive_code(session, stage.creator_id, code.id, now=stage.clock())
    await queued(stage, await stage.lead(200, "Anna"), content=content)
    await stage.send_all()
    before, after = [Message.model_validate(each.message).buttons for each in await stage.outbox()]
    assert [button.text for row in before for button in row] == ["Buy", "Look"]
    assert [button.text for row in after for button in row] == ["Look"]


async def test_words_that_cannot_be_filled_in_fail_for_that_lead_and_say_why(stage: Stage):
    await stage.open()
    divides = {"variants": [{"wordings": {"en": {"text": "{{ 5 // lead.score }}"}}}]}
    lena, anna = await stage.lead(), await stage.lead(200, "Anna")
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == anna.id).values(score=5))
    for lead in (lena, anna):
        await queued(stage, lead, content=divides)
    await stage.send_all()
    assert [chat for chat, _ in stage.gateway.sent] == [200]
    failed, sent = await stage.outbox()
    assert (failed.state, sent.state) == (OutboxState.FAILED, OutboxState.SENT)
    assert "filled in" in (failed.error or "")
    assert EnrollmentState.PARKED not in {each.state for each in await stage.enrollments()}
