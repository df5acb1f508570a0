from datetime import timedelta
from typing import Any

import pytest
from folk import NOW, a_creator, count
from pydantic import ValidationError
from sqlalchemy import select

from domain.definitions import publish
from domain.durations import parse_duration, write_duration
from domain.flows.answers import SharedContact, Skipped, Tapped, Typed, Unreadable, WrongAnswer, read_answer
from domain.flows.definition import AskNode, Flow
from domain.funnels.definition import Funnel
from domain.messages.catalogue import keys
from store.database import Database
from store.models import FlowVersion, FunnelVersion

SAY = {"key": "hello", "do": "say", "text": "Hello"}
ASK = {"key": "name", "do": "ask", "kind": "text", "field": "name", "text": "Your name?"}
PICK = {"key": "pick", "do": "choose", "field": "x", "text": "Which?", "options": [{"value": "a", "label": "A"}]}


def flow(*nodes: dict[str, Any]) -> Flow:
    return Flow.model_validate({"nodes": list(nodes)})


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ([], "at least 1 item"),
        ([SAY, SAY], "two nodes are called “hello”"),
        ([SAY | {"next": "nowhere"}], "goes to “nowhere”, which is not there"),
        ([SAY | {"next": "hello"}], "go round for ever"),
        ([SAY | {"next": "b"}, SAY | {"key": "b", "next": "hello"}], "go round for ever"),
        ([SAY, ASK | {"next": "hello"}], "go round for ever"),
        ([SAY | {"key": "Hello!"}], "should match pattern"),
        ([SAY | {"text": " "}], "must not be empty"),
        ([SAY | {"text": "😀" * 2049}], "holds 4096 characters, this has 4098"),
        ([SAY | {"text": "{{ lead.name"}], "cannot be read"),
        ([SAY | {"text": "{% nonsense %}"}], "cannot be read"),
        ([SAY | {"text": "<b>never closed"}], "never closed"),
        ([SAY | {"text": "<script>x</script>"}], "knows no <script>"),
        ([SAY | {"colour": "red"}], "Extra inputs are not permitted"),
        ([SAY | {"do": "dance"}], "does not match any of the expected tags"),
        ([ASK | {"kind": "mood"}], "Input should be 'text', 'email' or 'phone'"),
        ([ASK | {"max_length": 0}], "greater than or equal to 1"),
        ([PICK | {"options": []}], "at least 1 item"),
        ([PICK | {"options": [{"value": "a", "label": "x" * 65}]}], "at most 64 characters"),
    ],
)
def test_a_flow_that_cannot_be_walked_is_refused_with_the_reason(nodes: list[dict[str, Any]], why: str):
    with pytest.raises(ValidationError) as refusal:
        flow(*nodes)
    assert why in str(refusal.value)


def test_nodes_follow_one_another_or_the_one_that_is_named():
    jumping = flow(SAY | {"next": "pick"}, ASK, PICK)
    assert [jumping.after(node) for node in jumping.nodes] == [jumping.nodes[2], jumping.nodes[2], None]
    with pytest.raises(KeyError):
        jumping.node("nowhere")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"steps": []}, "at least 1 item"),
        ({"steps": [{"key": "a", "do": "wait", "time": "1d"}] * 2}, "two steps are called “a”"),
        ({"steps": [{"key": "a", "do": "wait", "time": "tomorrow"}]}, "a number and a unit"),
        ({"trigger": {"event": "Order Paid"}}, "should match pattern"),
        ({"stop": ["paid"]}, "should match pattern"),
    ],
)
def test_a_funnel_that_cannot_run_is_refused_with_the_reason(changes: dict[str, Any], why: str):
    good = {"trigger": {"event": "lead.captured"}, "steps": [{"key": "a", "do": "send", "text": "x"}]}
    assert Funnel.model_validate(good).position("a") == 0
    with pytest.raises(KeyError):
        Funnel.model_validate(good).position("b")
    with pytest.raises(ValidationError) as refusal:
        Funnel.model_validate(good | changes)
    assert why in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("1 h", 3600), ("2d", 172800), ("1w", 604800), ("3650d", 315360000)],
)
def test_a_duration_is_read_and_written(text: str, seconds: int):
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_duration(write_duration(parse_duration(text))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "1", "-1d", "1.5h", "1y", "9999999999s", None, "1d 2h"])
def test_what_is_no_duration_is_refused_with_the_right_form(text: str | None):
    with pytest.raises(ValueError, match="write a duration as a number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3651d", "999999999w"])
def test_a_duration_is_ten_years_at_most(text: str):
    with pytest.raises(ValueError, match="ten years"):
        parse_duration(text)


def test_a_funnel_waits_as_long_after_it_was_kept_as_before():
    steps = [{"key": "a", "do": "wait", "time": "30d"}, {"key": "b", "do": "wait", "time": "90m"}]
    funnel = Funnel.model_validate({"trigger": {"event": "lead.captured"}, "steps": steps})
    assert Funnel.model_validate(funnel.model_dump(mode="json")) == funnel


def ask(kind: str, **more: Any) -> AskNode:
    return AskNode.model_validate(ASK | {"kind": kind} | more)


@pytest.mark.parametrize(
    ("kind", "given", "value", "verified"),
    [
        ("text", Typed("  Lena \n Berg "), "Lena Berg", False),
        ("email", Typed(" Ann.Lee@EXAMPLE.com "), "ann.lee@example.com", False),
        ("email", Typed("jürgen@exämple.de"), "jürgen@exämple.de", False),
        ("phone", Typed("+49 (151) 234-56789"), "+4915123456789", False),
        ("phone", Typed("＋４９ １５１ ２３４５６７８９"), "+4915123456789", False),
        ("phone", SharedContact("+4915123456789", own=True), "+4915123456789", True),
        ("phone", SharedContact("4915123456789", own=True), "+4915123456789", True),
    ],
)
def test_an_answer_is_checked_and_made_plain(kind: str, given: Any, value: str, verified: bool):  # noqa: FBT001
    answer = read_answer(ask(kind), given)
    assert (answer.value, answer.verified) == (value, verified)


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        ("text", Typed("x" * 201), "answer-too-long"),
        ("text", Unreadable(), "answer-needs-text"),
        ("text", SharedContact("+4915123456789", own=True), "answer-needs-text"),
        ("email", Typed("ann at example"), "answer-needs-email"),
        ("email", Typed("a@b@c.org"), "answer-needs-email"),
        ("email", Typed("x" * 3000 + "@example.com"), "answer-needs-email"),
        ("email", Typed("a\x00@example.com"), "answer-needs-email"),
        ("email", Tapped(1, 2, 3), "answer-needs-email"),
        ("phone", Typed("0151 23456789"), "answer-needs-phone"),
        ("phone", Typed("+49"), "answer-needs-phone"),
        ("phone", Typed("+" + "9" * 400), "answer-needs-phone"),
        ("phone", Typed("call me"), "answer-needs-phone"),
        ("phone", SharedContact("", own=True), "answer-needs-phone"),
        ("phone", SharedContact("+4915123456789", own=False), "answer-own-contact"),
        ("email", SharedContact("+4915123456789", own=False), "answer-own-contact"),
        ("phone", Skipped(), "answer-needs-phone"),
    ],
)
def test_a_wrong_answer_is_told_why_in_words_of_the_catalogue(kind: str, given: Any, why: str):
    with pytest.raises(WrongAnswer) as refusal:
        read_answer(ask(kind), given)
    assert str(refusal.value) == why
    assert why in keys()


async def test_publishing_again_finds_the_same_version_and_a_change_makes_a_new_one(database: Database):
    funnel = {"trigger": {"event": "lead.captured"}, "steps": [{"key": "a", "do": "wait", "time": "1d"}]}
    funnels = {"studio": {"welcome": Funnel.model_validate(funnel)}}
    async with database.transaction() as session:
        creator = await a_creator(session)
        other = await a_creator(session, "other", telegram_id=1002)
    ids = []
    for text in ("Hello", "Hello", "Good day", "Hello"):
        async with database.transaction() as session:
            flows = {"studio": {"welcome": flow(SAY | {"text": text})}, "nobody": {"x": flow(SAY)}}
            published = await publish(session, flows, funnels, now=NOW)
        started = published.start_flow(creator.id)
        assert started is not None
        assert started[0] == "welcome"
        assert published.start_flow(other.id) is None
        ids.append(started[1])
    assert ids[0] == ids[1] == ids[3] != ids[2]
    async with database.reading() as session:
        assert await count(session, FlowVersion) == 2
        assert await count(session, FunnelVersion) == 1
        kept = (await session.scalars(select(FunnelVersion.definition))).one()
        assert Funnel.model_validate(kept) == funnels["studio"]["welcome"]
