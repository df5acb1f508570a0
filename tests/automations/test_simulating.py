"""Simulating: what it tells, that it leaves no trace, and that it is what then happens."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, func, select
from stage import Stage

from automations.simulated import BadSimulation, Simulation, Spoken, Wish
from automations.simulating import simulate
from automations.timeline import timeline
from domain.broadcasts.acts import draft_broadcast, schedule_broadcast
from domain.broadcasts.definition import Content, Variant, Wording
from domain.custom_events import NoSuchLead
from domain.decisions import Decided
from domain.funnels.heads import NoSuchFunnel
from domain.lead_acts import ban_lead, tag_lead
from domain.message_rules import AtMost, MessageRules
from domain.messages.catalogue import plain_why
from domain.setups import CreatorSetup
from domain.step_counts import Measure
from store.models import Base, Lead, OutboxKind, StepCount

UTC = ZoneInfo("UTC")
WELCOME = {
    "trigger": {"event": "order.paid"},
    "steps": [
        {"key": "hello", "do": "send", "text": "Hello {{ lead.first_name }}"},
        {"key": "a-day", "do": "wait", "time": "1d"},
        {"key": "if-vip", "do": "branch", "cases": [{"when": "tag:vip", "to": "thanks"}], "next": "nudge"},
        {"key": "nudge", "do": "send", "text": "Still there?", "next": "mark"},
        {"key": "thanks", "do": "send", "text": "You are a star"},
        {"key": "mark", "do": "tag", "add": ["vip"]},
        {"key": "two-days", "do": "wait", "time": "2d"},
        {"key": "bye", "do": "send", "text": "Bye"},
    ],
}

NEWS = Content(variants=(Variant(wordings={"en": Wording(text="News")}),))


def texts(simulation: Simulation) -> list[tuple[timedelta, str]]:
    """What is said and how long after the beginning, without the way out that each begins with."""
    spoken = [each for each in simulation.moments if isinstance(each, Spoken)]
    return [(each.at - simulation.since, each.message.text.partition("\n")[0].strip()) for each in spoken]


async def _rows(stage: Stage) -> dict[str, int]:
    async with stage.database.reading() as session:
        return {
            table.name: await session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


async def test_a_simulation_tells_what_would_be_sent_when_and_changes_nothing(stage: Stage):
    await stage.open(welcome=WELCOME)
    lead = await stage.lead()
    await stage.look_at_events()
    before = await _rows(stage)
    wish = Wish(stage.creator_id, "welcome", lead_id=lead.id)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    day = timedelta(days=1)
    assert texts(simulation) == [(0 * day, "Hello Lena"), (day, "Still there?"), (3 * day, "Bye")]
    assert simulation.begun == 1
    assert await _rows(stage) == before
    traces = [each.trace for each in simulation.moments if isinstance(each, Decided)]
    assert ["if-vip", "branch", "nudge", ""] in traces[2]
    assert stage.gateway.sent == []


async def test_a_simulation_waits_for_nobody_who_writes_and_keeps_nobody_waiting(stage: Stage):
    await stage.open(welcome=WELCOME)
    lead = await stage.lead()
    await stage.look_at_events()
    statements: list[str] = []

    def noted(*told: object) -> None:
        statements.append(str(told[2]))

    event.listen(stage.database.engine.sync_engine, "before_cursor_execute", noted)
    wish = Wish(stage.creator_id, "welcome", lead_id=lead.id)
    # somebody writes all the while: on SQLite that is the one write lock
    async with stage.database.transaction() as session:
        session.add(StepCount(creator_id=stage.creator_id, about="x", step="x", arm="", measure="sent"))
        await session.flush()
        async with asyncio.timeout(30):
            simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    event.remove(stage.database.engine.sync_engine, "before_cursor_execute", noted)
    assert simulation.said == 3
    wrote = [each for each in statements if each.split()[0].upper() in {"INSERT", "UPDATE", "DELETE"}]
    assert len(wrote) == 1, wrote
    assert not any("FOR UPDATE" in each for each in statements)


async def test_it_goes_on_from_where_the_lead_stands_with_what_they_have_been_told(stage: Stage):
    await stage.open(welcome=WELCOME)
    stage.published.setups[stage.creator_id] = CreatorSetup(
        messages=MessageRules(at_most=AtMost(messages=1, per=timedelta(days=2)))
    )
    lead = await stage.lead()
    await stage.look_at_events()
    await stage.happens(lead, "order.paid")
    await stage.route()
    await stage.step_all()
    await stage.send_all()
    stage.clock.pass_time(hours=6)
    wish = Wish(stage.creator_id, "welcome", lead_id=lead.id)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    # a day after the first is too soon; the budget has room when two days are over
    assert texts(simulation) == [
        (timedelta(days=2) - timedelta(hours=6), "Still there?"),
        (timedelta(days=4) - timedelta(hours=6), "Bye"),
    ]
    put_off = [step for each in simulation.moments if isinstance(each, Decided) for step in each.trace]
    assert ["put-off", "its hours or the budget"] in [[step[1], step[-1]] for step in put_off]


async def test_somebody_who_comes_just_now_can_be_simulated_and_is_nobody_afterwards(stage: Stage):
    await stage.open(welcome={**WELCOME, "trigger": {"event": "lead.captured"}})
    simulation = await simulate(stage.database, stage.published, Wish(stage.creator_id), now=stage.clock())
    assert [text for _, text in texts(simulation)] == ["Hello", "Still there?", "Bye"]
    assert await stage.count(Lead) == 0


async def test_a_sample_is_told_in_numbers(stage: Stage):
    await stage.open(welcome=WELCOME)
    leads = [await stage.lead(number, f"L{number}") for number in range(100, 130)]
    await stage.look_at_events()
    async with stage.database.transaction() as session:
        for lead in leads[:10]:
            await tag_lead(session, await session.get_one(Lead, lead.id), "vip", now=stage.clock())
    wish = Wish(stage.creator_id, "welcome", sample=25)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    assert (len(simulation.leads), simulation.begun, simulation.said) == (25, 25, 75)
    sent = {counted.step: count for counted, count in simulation.counts.items() if counted.measure is Measure.SENT}
    assert sent["hello"] == sent["bye"] == 25
    assert sent["nudge"] + sent["thanks"] == 25
    assert sent["thanks"] == sum(lead.id in simulation.leads for lead in leads[:10])
    lines = [plain_why(each) for each in timeline(simulation, "en", UTC)]
    assert "welcome · bye: reached 25, sent 25" in lines


async def test_who_would_not_begin_is_told_with_the_reason(stage: Stage):
    await stage.open(welcome=WELCOME)
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        await ban_lead(session, await session.get_one(Lead, lead.id), now=stage.clock())
    await stage.look_at_events()
    wish = Wish(stage.creator_id, "welcome", lead_id=lead.id)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    assert (simulation.begun, simulation.said) == (0, 0)
    lines = "\n".join(plain_why(each) for each in timeline(simulation, "en", UTC))
    assert f"#{lead.id} would not begin" in lines
    assert "Nothing would happen" not in lines


async def test_what_is_too_much_or_not_there_is_refused(stage: Stage):
    await stage.open(welcome=WELCOME)
    for wish, refusal in (
        (Wish(stage.creator_id, "welcome", days=400), BadSimulation),
        (Wish(stage.creator_id, "welcome", sample=10_000), BadSimulation),
        (Wish(stage.creator_id, "other"), NoSuchFunnel),
        (Wish(stage.creator_id, "welcome", lead_id=99), NoSuchLead),
    ):
        with pytest.raises(refusal):
            await simulate(stage.database, stage.published, wish, now=stage.clock())


async def test_a_simulation_that_grows_too_long_says_where_it_stopped(stage: Stage):
    steps = [
        {"key": "hello", "do": "send", "text": "Hi"},
        {"key": "a-while", "do": "wait", "time": "1h", "next": "hello"},
    ]
    await stage.open(round={"trigger": {"event": "order.paid"}, "steps": steps})
    wish = Wish(stage.creator_id, "round", most_decisions=20)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    assert simulation.cut_at is not None
    assert simulation.cut_at < simulation.until
    assert 0 < simulation.said < 30


def _one_send(text: str, **more: Any) -> dict[str, Any]:
    return {"steps": [{"key": "day", "do": "wait", "time": "1d"}, {"key": "say", "do": "send", "text": text}], **more}


async def _simulated(stage: Stage, key: str | None, **more: Any) -> Simulation:
    return await simulate(stage.database, stage.published, Wish(stage.creator_id, key, **more), now=stage.clock())


async def _scheduled(stage: Stage, *, at: datetime) -> None:
    """A broadcast to everybody."""
    async with stage.database.transaction() as session:
        draft = await draft_broadcast(session, stage.creator_id, None, NEWS, now=stage.clock())
        await schedule_broadcast(session, draft, at, now=stage.clock())


async def test_of_one_funnel_others_and_broadcasts_stand_aside_unless_it_enrolls_into_them(stage: Stage):
    enrolls = {"key": "on", "do": "enroll", "funnel": "next"}
    await stage.open(
        main={"trigger": {"event": "order.paid"}, "steps": [{"key": "hi", "do": "send", "text": "Hi"}, enrolls]},
        next=_one_send("Next"),
        beside=_one_send("Beside", trigger={"event": "lead.captured"}),
        daily=_one_send("Daily", trigger={"cron": "0 9 * * *"}, again="always"),
    )
    lead = await stage.lead()
    # the other funnel is under way already, one message of it is queued, and a broadcast is to come
    await stage.route()
    await stage.step_all()
    stage.clock.pass_time(days=1)
    await stage.step_all()
    await _scheduled(stage, at=stage.clock() + timedelta(hours=2))
    alone = await _simulated(stage, "main", lead_id=lead.id, days=3)
    assert [text for _, text in texts(alone)] == ["Hi", "Next"]
    together = {text for _, text in texts(await _simulated(stage, None, lead_id=lead.id, days=3))}
    assert together == {"Beside", "Daily", "News"}
    newcomer = await _simulated(stage, "main", days=3)
    assert [text for _, text in texts(newcomer)] == ["Hi", "Next"]


async def test_who_is_under_way_in_an_earlier_wording_goes_on_where_that_leads(stage: Stage):
    enrolls = [{"key": "day", "do": "wait", "time": "1d"}, {"key": "on", "do": "enroll", "funnel": "next"}]
    await stage.open(main={"trigger": {"event": "lead.captured"}, "steps": enrolls}, next=_one_send("Next"))
    lead = await stage.lead()
    await stage.route()
    await stage.step_all()
    await stage.publish(main=_one_send("New"), next=_one_send("Next"))
    assert [text for _, text in texts(await _simulated(stage, "main", lead_id=lead.id))] == ["Next"]


async def test_the_lines_of_a_sample_add_up_to_the_total_that_is_said(stage: Stage):
    await stage.open(main=_one_send("Main"), beside=_one_send("Beside", trigger={"event": "lead.captured"}))
    leads = [await stage.lead(number, f"L{number}") for number in range(100, 106)]
    await stage.promise(leads[0], "handed over", OutboxKind.DELIVERY)
    await _scheduled(stage, at=stage.clock() + timedelta(hours=2))
    simulation = await _simulated(stage, None, sample=6)
    assert simulation.said == 6 + 6 + 1
    title, *lines = [plain_why(each) for each in timeline(simulation, "en", UTC)]
    assert title.startswith("🔮 Everything together for a sample of 6 leads, from")
    assert "13 messages would be sent" in title
    by_step = {"beside · day: reached 6", "beside · say: reached 6, sent 6"}
    assert set(lines) == {*by_step, "broadcast: sent 6", "delivery: sent 1"}


async def test_the_answer_names_the_funnel_and_whom_it_was_for(stage: Stage):
    await stage.open(main=_one_send("Main"))

    async def title(language: str = "en", **more: Any) -> str:
        return plain_why(timeline(await _simulated(stage, "main", **more), language, UTC)[0], language)

    assert (await title()).startswith("🔮 main by itself for somebody who comes just now, from")
    assert (await title(sample=5)).startswith(
        "🔮 main by itself for somebody who comes just now (there are no leads yet), from"
    )
    lead = await stage.lead()
    assert (await title(lead_id=lead.id)).startswith(f"🔮 main by itself for lead {lead.id}, from")
    assert (await title(sample=5)).startswith("🔮 main by itself for a sample of one lead, from")
    assert (await title("de", lead_id=lead.id)).startswith(f"🔮 main für sich allein, für Kontakt {lead.id}, von")


async def test_arms_and_the_group_that_gets_nothing_are_told_in_plain_words(stage: Stage):
    split = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1}}, "holdout": 1}
    await stage.open(
        main={"steps": [split, {"key": "hi", "do": "send", "text": "Hi"}, {"key": "won", "do": "goal"}]},
    )
    leads = [await stage.lead(number, f"L{number}") for number in range(100, 120)]
    simulation = await _simulated(stage, "main", sample=20)
    lines = [plain_why(each) for each in timeline(simulation, "en", UTC)]
    reached = {
        counted.arm: count
        for counted, count in simulation.counts.items()
        if (counted.step, counted.measure) == ("ab", Measure.REACHED)
    }
    assert f"main · ab (arm a of ab): reached {reached['ab=a']}" in lines
    assert f"main · ab (got nothing, by ab): reached {reached['ab=holdout']}" in lines
    assert f"main · won (arm a of ab): reached {reached['ab=a']}, reached the goal {reached['ab=a']}" in lines
    held_out = set(simulation.leads) - {
        each.lead_id for each in simulation.moments if isinstance(each, Spoken) and each.lead_id
    }
    told = timeline(await _simulated(stage, "main", lead_id=min(held_out)), "en", UTC)
    assert "– ab: falls into the group that gets nothing" in [plain_why(each) for each in told]
    assert len(leads) == len(simulation.leads)
