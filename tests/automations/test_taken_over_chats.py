"""While a person writes in a chat, no flow speaks there."""

from datetime import timedelta

from stage import Stage

from domain.lead_acts import give_back, take_over
from store.models import Lead, OutboxKind
from store.queries.due import earliest_due, has_due


async def taken_over(stage: Stage, lead: Lead, *, taken: bool = True) -> None:
    async with stage.database.transaction() as session:
        await (take_over if taken else give_back)(session, lead, now=stage.clock())


async def test_what_a_flow_said_just_before_a_takeover_waits_until_the_chat_is_given_back(stage: Stage):
    await stage.open()
    lena, anna = await stage.lead(100, "Lena"), await stage.lead(200, "Anna")
    await stage.promise(lena, "flow:1:2:reminder0", OutboxKind.FLOW)
    await stage.promise(anna, "flow:2:2:reminder0", OutboxKind.FLOW)
    await taken_over(stage, lena)
    await stage.send_all()
    assert stage.gateway.sent == [(200, "flow:2:2:reminder0")]
    await taken_over(stage, lena, taken=False)
    await stage.send_all()
    assert stage.gateway.sent[1:] == [(100, "flow:1:2:reminder0")]


async def test_the_words_that_hand_a_chat_over_and_the_creators_own_pass_what_waits(stage: Stage):
    await stage.open()
    lena = await stage.lead()
    await stage.promise(lena, "flow:1:2:0", OutboxKind.FLOW)
    await taken_over(stage, lena)
    await stage.promise(lena, "flow:1:3:handover0", OutboxKind.FLOW)
    await stage.promise(lena, "written:1:abc", OutboxKind.NOTICE)
    await stage.send_all()
    assert {text for _, text in stage.gateway.sent} == {"flow:1:3:handover0", "written:1:abc"}


async def test_what_waits_for_a_person_keeps_nobody_busy(stage: Stage):
    await stage.open()
    lena = await stage.lead()
    await stage.promise(lena, "flow:1:2:0", OutboxKind.FLOW)
    await taken_over(stage, lena)
    await stage.route()
    async with stage.database.reading() as session:
        assert not await has_due(session, now=stage.clock())
        assert await earliest_due(session, after=stage.clock() - timedelta(hours=1)) is None
    await taken_over(stage, lena, taken=False)
    await stage.route()
    async with stage.database.reading() as session:
        assert await has_due(session, now=stage.clock())
