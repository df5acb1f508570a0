"""Every end of a follow-up, and what became of its messages, is told to whoever asks why."""

from collections.abc import Awaitable, Callable
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from stage import Stage, follow_up

from automations.gateway import NotNow, Refused, SendFailure, Uncertain
from domain.consent import unsubscribe
from domain.decisions import Decided, decisions_of
from domain.enrollments import end_enrollments
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.messages.catalogue import plain_why
from domain.parked import let_go, try_again
from domain.people import note_block
from domain.why import why
from store.models import Enrollment, EnrollmentState, Lead

FUNNEL = follow_up(event="order.opened", stop=["custom.stop"]) | {"goal": {"event": "custom.goal"}}
UTC = ZoneInfo("UTC")
Act = Callable[[Stage, Lead], Awaitable[None]]


async def latest(stage: Stage, lead: Lead) -> Decided:
    async with stage.database.reading() as session:
        return (await decisions_of(session, [lead.id]))[-1]


async def told(stage: Stage, lead: Lead, language: str = "en") -> str:
    """The last line of what was decided last."""
    return plain_why(why(await latest(stage, lead), language, UTC)[-1], language)


async def begun(stage: Stage) -> Lead:
    await stage.open(f=FUNNEL)
    lead = await stage.lead()
    await stage.happens(lead, "order.opened", "order:1")
    await stage.route()
    await stage.step_all()
    return lead


def happens(name: str, subject: str = "") -> Act:
    async def act(stage: Stage, lead: Lead) -> None:
        await stage.happens(lead, name, subject)

    return act


async def says_stop(stage: Stage, lead: Lead) -> None:
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, lead.id), now=stage.clock())


async def blocks(stage: Stage, lead: Lead) -> None:
    async with stage.database.transaction() as session:
        await note_block(session, lead.person_id or 0, now=stage.clock())


async def is_taken_out(stage: Stage, _: Lead) -> None:
    async with stage.database.transaction() as session:
        await end_enrollments(session, [1], "by hand", now=stage.clock())


async def leaves(stage: Stage, _: Lead) -> None:
    async with stage.database.transaction() as session:
        await end_enrollments(session, [1], "funnel:other", now=stage.clock())


async def is_let_go(stage: Stage, _: Lead) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.PARKED))
        assert await let_go(session, stage.creator_id, 1, now=stage.clock())


async def tries_again(stage: Stage, _: Lead) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Enrollment).values(state=EnrollmentState.PARKED))
        assert await try_again(session, stage.creator_id, 1, now=stage.clock())


ENDS = [
    (happens("custom.stop"), "– a-day: over: custom.stop", "– a-day: vorbei: custom.stop"),
    (happens("custom.goal"), "– a-day: the goal is reached: custom.goal", "– a-day: das Ziel ist erreicht: custom"),
    (happens("order.paid", "order:1"), "– a-day: over: paid, order:1", "– a-day: vorbei: hat bezahlt, order:1"),
    (says_stop, "– a-day: over: wants no follow-ups", "– a-day: vorbei: möchte keine Nachfassnachrichten"),
    (blocks, "– a-day: over: blocked the bot", "– a-day: vorbei: hat den Bot blockiert"),
    (is_taken_out, "– a-day: over: taken out by hand", "– a-day: vorbei: von Hand herausgenommen"),
    (leaves, "– a-day: over: by the funnel other", "– a-day: vorbei: durch den Funnel other"),
    (is_let_go, "– a-day: over: let go while it was stuck", "– a-day: vorbei: losgelassen"),
    (tries_again, "– a-day: tries again", "– a-day: versucht es noch einmal"),
]


@pytest.mark.parametrize(("act", "english", "german"), ENDS)
async def test_why_knows_every_end(stage: Stage, act: Act, english: str, german: str):
    lead = await begun(stage)
    await act(stage, lead)
    await stage.route()
    assert (await told(stage, lead)).startswith(english)
    assert (await told(stage, lead, "de")).startswith(german)


async def test_why_knows_who_ended_by_becoming_a_part_of_another(stage: Stage):
    lead = await begun(stage)
    async with stage.database.transaction() as session:
        into = await add_lead(session, stage.creator_id, name="Lena", now=stage.clock())
        # who has unsubscribed is in no follow-up any more
        await session.execute(update(Lead).where(Lead.id == into.id).values(unsubscribed_at=stage.clock()))
        await session.refresh(into)
        await merge_leads(session, into, await session.get_one(Lead, lead.id), now=stage.clock())
    assert (await latest(stage, into)).trace == [["a-day", "stopped", "lead.merged"]]


@pytest.mark.parametrize(
    ("failure", "trace"),
    [
        (Refused("Bad Request: no"), ["hello", "parked", "Bad Request: no"]),
        (Uncertain("timed out"), ["hello", "uncertain", "timed out"]),
        (NotNow("502"), ["hello", "failed", "502"]),
    ],
)
async def test_why_knows_what_became_of_a_message(stage: Stage, failure: SendFailure, trace: list[str]):
    lead = await begun(stage)
    stage.clock.pass_time(days=1)
    await stage.step_all()
    stage.gateway.failures = [failure] * 20
    for _ in range(14):
        await stage.send_all()
        stage.clock.pass_time(minutes=30)
    assert (await latest(stage, lead)).trace == [trace]
    assert "why" not in await told(stage, lead)


async def test_an_end_is_told_once(stage: Stage):
    lead = await begun(stage)
    await stage.happens(lead, "custom.stop")
    await stage.happens(lead, "custom.stop")
    await stage.route()
    async with stage.database.reading() as session:
        ends = [each.trace for each in await decisions_of(session, [lead.id]) if each.trace[0][1] == "stopped"]
    assert len(ends) == 1
