import pytest
from stage import Stage, follow_up

from domain.lead_acts import tag_lead
from domain.setups import CreatorSetup
from store.models import EnrollmentState, Lead


def _when(question: str) -> dict[str, object]:
    """A follow-up that only leads in a segment begin."""
    funnel = follow_up(event="order.opened")
    funnel["trigger"] = {"event": "order.opened", "when": question}
    return funnel


async def _tag(stage: Stage, lead: Lead, tag: str) -> None:
    async with stage.database.transaction() as session:
        await tag_lead(session, await session.get_one(Lead, lead.id), tag, now=stage.clock())


async def test_only_leads_in_the_segment_begin_the_funnel(stage: Stage):
    await stage.open(reminder=_when("tag:vip and segment:recent"), everybody=follow_up(event="order.opened"))
    stage.published.setups[stage.creator_id] = CreatorSetup(segments={"recent": "captured<7d"})
    lena, anna = await stage.lead(100, "Lena"), await stage.lead(200, "Anna")
    await _tag(stage, lena, "vip")
    for lead in (lena, anna):
        await stage.happens(lead, "order.opened", "order:1")
    await stage.route()
    begun = {(each.funnel_key, each.lead_id) for each in await stage.enrollments()}
    assert begun == {("reminder", lena.id), ("everybody", lena.id), ("everybody", anna.id)}


async def test_what_counts_is_the_moment_of_the_event_and_not_what_comes_later(stage: Stage):
    await stage.open(reminder=_when("tag:vip"))
    lena = await stage.lead(100, "Lena")
    await stage.happens(lena, "order.opened", "order:1")
    await stage.route()
    await _tag(stage, lena, "vip")
    await stage.route()
    assert await stage.enrollments() == []
    await stage.happens(lena, "order.opened", "order:2")
    await stage.route()
    assert [each.subject for each in await stage.enrollments()] == ["order:2"]


async def test_a_segment_that_cannot_be_asked_holds_for_nobody_and_stops_no_other_funnel(stage: Stage):
    await stage.open(broken=_when("bought:gone"), sound=_when("all"))
    await stage.happens(await stage.lead(100, "Lena"), "order.opened", "order:1")
    await stage.route()
    assert [each.funnel_key for each in await stage.enrollments()] == ["sound"]


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize("asks", [{"stop_when": "segment:vip"}, {"goal": {"when": "segment:vip"}}])
async def test_where_a_segment_is_gone_planner_and_sender_say_the_same(
    stage: Stage, asks: dict[str, object], *, planned: bool
):
    hello = {"key": "hello", "do": "send", "text": "Hi"}
    await stage.open(care={"trigger": {"event": "lead.captured"}, "steps": [hello], **asks})
    if planned:
        stage.published.setups[stage.creator_id] = CreatorSetup(segments={"vip": "tag:vip"})
    await stage.lead(100, "Lena")
    await stage.route()
    await stage.step_all()
    assert len(await stage.outbox()) == int(planned)
    stage.published.setups[stage.creator_id] = CreatorSetup()
    await stage.send_all()
    assert stage.gateway.sent == []
    (enrollment,) = await stage.enrollments()
    assert enrollment.state == EnrollmentState.PARKED
    assert "there is no segment “vip”" in (enrollment.reason or "")
