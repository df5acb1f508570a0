"""What a simulation says of any funnels and leads is what the engine then does, on a clock that is moved."""

import asyncio
import re
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any

import pytest
from funnel_sketches import funnels
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from stage import Stage
from stores import DATA_KEYS, Stores

from automations.engine import Engine
from automations.pace import Pace
from automations.simulated import MOST_TOLD, Simulation, Spoken, Wish
from automations.simulating import simulate
from automations.ticks import Ticks
from domain.enrollments import NotEnrolled, enroll_lead
from domain.lead_acts import tag_lead
from domain.message_rules import AtMost, MessageRules
from domain.messages.plain import Message
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import Decision, Lead, LeadField
from store.private import copy_creator, private_store

DAYS = 12
OTHER = {
    "again": "always",
    "steps": [
        {"key": "other", "do": "send", "text": "The other"},
        {"key": "mark", "do": "tag", "add": ["vip"]},
        {"key": "rest", "do": "wait", "time": "3h"},
        {"key": "last", "do": "send", "text": "Its last"},
    ],
}
FOLK = st.lists(
    st.fixed_dictionaries(
        {
            "vip": st.booleans(),
            "score": st.integers(0, 9),
            "zone": st.sampled_from([None, "Europe/Berlin", "Asia/Kolkata", "America/New_York"]),
            "birthday": st.sampled_from([None, date(1990, 11, 8), date(2026, 11, 4), date(1996, 2, 29)]),
            "gone": st.sampled_from([False, False, False, True]),
        }
    ),
    min_size=1,
    max_size=3,
)
RULES = st.builds(
    MessageRules,
    at_most=st.none() | st.builds(AtMost, messages=st.integers(1, 2), per=st.just(timedelta(days=1))),
)
Told = tuple[Any, int | None, str]


def _same(text: str) -> str:
    """Events of the two runs have other numbers."""
    return re.sub(r"event:\d+", "event", text)


def _foreseen(simulation: Simulation) -> tuple[list[Told], list[Told]]:
    said = [(each.at, each.lead_id, each.message.text) for each in simulation.moments if isinstance(each, Spoken)]
    decided = [
        (each.at, each.lead_id, _same(f"{each.about} {each.trace}"))
        for each in simulation.moments
        if not isinstance(each, Spoken)
    ]
    return sorted(said, key=str), sorted(decided, key=str)


class Listening:
    """A gateway that keeps what it is given, and when."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.heard: list[tuple[Any, int, str]] = []

    async def send(self, telegram_id: int, message: Message) -> int:
        self.heard.append((self.stage.clock(), telegram_id, message.text))
        return len(self.heard)


async def _happens(stage: Stage, *, days: int) -> tuple[list[tuple[Any, int, str]], list[Told]]:
    """What the engine itself does, from one thing that falls due to the next."""
    gateway = Listening(stage)
    engine = Engine(
        database=stage.database,
        clock=stage.clock,
        gateway=gateway,
        pace=Pace(in_all=1e6, to_one_chat=1e6),
        published=stage.published,
        holder="the engine",
        keep_updates=timedelta(days=7),
        keep_decisions=timedelta(days=90),
        ticks=Ticks(),
    )
    await engine.start(alone=True)
    until = stage.clock() + timedelta(days=days)
    while True:
        while await engine.ticks.run_all() or not await engine.is_settled():
            await engine.sender.finish(5)
        due = await engine.next_due()
        if due is None or due > until:
            break
        stage.clock.move_to(due)
    async with stage.database.reading() as session:
        rows = (await session.scalars(select(Decision).order_by(Decision.id))).all()
    await engine.stop(within=1)
    decided = [(row.at, row.lead_id, _same(f"{row.about} {row.trace}")) for row in rows]
    return sorted(gateway.heard, key=str), sorted(decided, key=str)


async def _people(stage: Stage, folk: list[dict[str, Any]]) -> dict[int, int]:
    """The leads, by the numbers of their chats."""
    found = {}
    for number, each in enumerate(folk, start=100):
        lead = await stage.lead(number, f"L{number}")
        found[number] = lead.id
        async with stage.database.transaction() as session:
            row = await session.get_one(Lead, lead.id)
            row.score, row.time_zone = each["score"], each["zone"]
            row.dice = 7
            if each["gone"]:
                row.unsubscribed_at = stage.clock()
            if each["birthday"] is not None:
                birthday = each["birthday"].isoformat()
                told = {"lead_id": row.id, "key": "birthday", "item": 0, "creator_id": stage.creator_id}
                session.add(LeadField(**told, value=birthday, answered_at=stage.clock()))
            if each["vip"]:
                await tag_lead(session, row, "vip", now=stage.clock())
    return found


async def _agree(stage: Stage, folk: list[dict[str, Any]], key: str | None) -> bool:
    """False for what is too much to be simulated whole."""
    chats = await _people(stage, folk)
    async with stage.database.transaction() as session:
        told = {"creator_id": stage.creator_id, "title": "Pack", "slug": "pack", "price": Money(900, "usd")}
        await add_product(session, **told, now=stage.clock())
    wish = Wish(stage.creator_id, key, sample=len(folk), days=DAYS, most_decisions=400)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    if simulation.cut_at is not None or len(simulation.moments) == MOST_TOLD:
        return False
    if key is not None:
        await _begin_by_hand(stage, key, simulation)
    heard, decided = await _happens(stage, days=DAYS)
    said, foreseen = _foreseen(simulation)
    assert sorted([(at, chats[chat], text) for at, chat, text in heard], key=str) == said
    assert decided == foreseen
    return True


async def _begin_by_hand(stage: Stage, key: str, simulation: Simulation) -> None:
    async with stage.database.transaction() as session:
        for lead in (await session.scalars(select(Lead).order_by(Lead.id))).all():
            current, setup = stage.published.funnels[stage.creator_id][key], stage.published.setup(stage.creator_id)
            try:
                await enroll_lead(session, lead, key, current, setup, now=stage.clock())
            except NotEnrolled:
                assert lead.id in simulation.refused


async def _in_memory(
    url: str, funnel: dict[str, Any], folk: list[dict[str, Any]], rules: MessageRules, key: str | None
) -> None:
    """For speed alone: to the simulation it is the real store."""
    async with AsyncExitStack() as opened:
        beside = Database(url, data_keys=DATA_KEYS)
        opened.push_async_callback(beside.close)
        store = await opened.enter_async_context(private_store(beside))
        async with beside.reading() as source, store.transaction() as target:
            await copy_creator(source, target, 0)
        stage = await Stage(store).open(welcome=funnel, other=OTHER)
        stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
        assume(await _agree(stage, folk, key))


@pytest.fixture(scope="module")
def url(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> str:
    return stores.sqlite(tmp_path_factory.mktemp("reality") / "spark.db")


@st.composite
def lively(draw: st.DrawFn) -> dict[str, Any]:
    """Any funnel that says something to somebody: most that are drawn say nothing, or begin for nobody."""
    funnel = draw(funnels(most=5))
    if draw(st.integers(0, 4)):
        funnel.pop("stop_when", None)
    begun = funnel.get("trigger", [])
    funnel["trigger"] = [{"event": "lead.captured"}, *(begun if isinstance(begun, list) else [begun])]
    said = {"do": "send", "text": "Hello {{ lead.first_name|you }}"}
    ends = {"key": "the-end", "do": "send", "text": "It is the end"}
    funnel["steps"] = [{"key": "the-first", **said}, *funnel["steps"], ends]
    return funnel


_ANY = {"funnel": lively(), "folk": FOLK, "rules": RULES, "key": st.sampled_from([None, "welcome"])}
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


async def test_it_is_so_on_either_database_with_all_kinds_of_steps(stage: Stage):
    funnel = {
        "trigger": {"event": "lead.captured"},
        "window": {"from": "09:00", "to": "20:00"},
        "steps": [
            {"key": "hello", "do": "send", "text": "Hello {{ lead.first_name|you }}"},
            {"key": "ab", "do": "split", "arms": {"a": {"to": "night"}, "b": {"to": "score"}}, "holdout": 1},
            {"key": "night", "do": "wait", "at": "03:30"},
            {"key": "late", "do": "send", "text": "In the morning"},
            {"key": "score", "do": "set", "score": "+5"},
            {"key": "many", "do": "branch", "cases": [{"when": "score>=8", "to": "other"}], "next": "waits"},
            {"key": "waits", "do": "wait", "event": "order.paid", "time": "2d"},
            {"key": "other", "do": "enroll", "funnel": "other"},
            {"key": "day", "do": "wait", "date": "birthday", "days": -1, "at": "10:00"},
            {"key": "crm", "do": "webhook", "webhook": "nowhere"},
            {"key": "end", "do": "send", "text": "The end"},
        ],
        "retry": {"times": 1, "wait": "5m"},
    }
    await stage.open(welcome=funnel, other=OTHER)
    rules = MessageRules(at_most=AtMost(messages=2, per=timedelta(days=1)))
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
    zones = [None, "Asia/Kolkata", "America/New_York", "Europe/Berlin"] * 2
    folk = [
        {"vip": number % 2 == 0, "score": number, "zone": zone, "birthday": date(1990, 11, 8), "gone": number == 7}
        for number, zone in enumerate(zones)
    ]
    assert await _agree(stage, folk, None)
    assert len(await stage.enrollments()) > len(folk)


async def test_what_a_follow_up_makes_true_at_once_stops_its_words_in_either(stage: Stage):
    funnel = {
        "trigger": {"event": "lead.captured"},
        "stop_when": "tag:vip",
        "steps": [
            {"key": "hello", "do": "send", "text": "Hello {{ lead.first_name|you }}"},
            {"key": "on", "do": "enroll", "funnel": "other"},
            {"key": "end", "do": "send", "text": "It is the end"},
        ],
    }
    await stage.open(welcome=funnel, other=OTHER)
    rules = MessageRules(at_most=AtMost(messages=2, per=timedelta(days=1)))
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
    folk = [
        {"vip": vip, "score": 5, "zone": zone, "birthday": None, "gone": False}
        for vip, zone in ((True, None), (False, None), (False, "Asia/Kolkata"))
    ]
    assert await _agree(stage, folk, "welcome")


@given(**_ANY)
@settings(max_examples=6, deadline=None, suppress_health_check=_SLOW)
def test_what_is_simulated_is_what_the_engine_then_does(url: str, **drawn: Any):
    asyncio.run(_in_memory(url, **drawn))


@pytest.mark.nightly
@given(**_ANY)
@settings(max_examples=300, deadline=None, suppress_health_check=_SLOW)
def test_what_is_simulated_is_what_the_engine_then_does_of_very_many(url: str, **drawn: Any):
    asyncio.run(_in_memory(url, **drawn))
