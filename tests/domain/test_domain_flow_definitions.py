from datetime import timedelta
from typing import Any

import pytest
from folk import NOW, a_creator, count
from pydantic import ValidationError
from sqlalchemy import select

from domain.definitions import MediaFile, media_file, publish
from domain.durations import parse_duration, write_duration
from domain.flows.definition import Flow
from domain.funnels.definition import Funnel
from store.database import Database
from store.models import FlowVersion, FunnelVersion, Shape, StoredFile

SAY = {"key": "hello", "do": "say", "text": "Hello"}
ASK = {"key": "name", "do": "ask", "kind": "text", "field": "name", "text": "Your name?"}
PICK = {"key": "pick", "do": "choose", "field": "x", "text": "Which?", "options": [{"value": "a", "label": "A"}]}
BRANCH = {"key": "split", "do": "branch", "cases": [{"when": "tag:vip", "to": "name"}]}
WAIT = {"key": "wait", "do": "wait", "time": "1d"}
YES = {"key": "yes", "do": "consent", "text": "May we?", "version": "1"}
END = {"key": "end", "do": "end"}


def flow(*nodes: dict[str, Any]) -> Flow:
    return Flow.model_validate({"nodes": list(nodes)})


def why_not(*nodes: dict[str, Any], **more: Any) -> dict[str, str]:
    """Every reason, by the place in the definition that it is about."""
    with pytest.raises(ValidationError) as refusal:
        Flow.model_validate({"nodes": list(nodes), **more})
    return {".".join(map(str, each["loc"])): each["msg"] for each in refusal.value.errors()}


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ([], "at least 1 item"),
        ([SAY | {"key": "Hello!"}], "should match pattern"),
        ([SAY | {"text": " "}], "must not be empty"),
        ([SAY | {"text": {}}], "in one language at least"),
        ([SAY | {"text": {"en": "Hi", "de": "<b>Hallo"}}], "never closed"),
        ([SAY | {"text": "😀" * 2049}], "holds 4096 characters, this has 4098"),
        ([SAY | {"text": {"en": "Hi", "de": "x" * 4097}}], "holds 4096 characters, this has 4097"),
        ([SAY | {"text": "{{ lead.name"}], "cannot be read"),
        ([SAY | {"text": "{% nonsense %}"}], "cannot be read"),
        ([SAY | {"text": "<script>x</script>"}], "knows no <script>"),
        ([SAY | {"colour": "red"}], "Extra inputs are not permitted"),
        ([SAY | {"do": "dance"}], "does not match any of the expected tags"),
        ([{"key": "a", "do": "say"}], "needs a text or one of photo, video"),
        ([SAY | {"photo": "a.png", "video": "b.mp4"}], "one of photo, video, animation, audio, voice and document"),
        ([SAY | {"photo": "/etc/a.png"}], "should match pattern"),
        ([SAY | {"buttons": [{"text": "A"}]}], "one of url, product, pay and flow"),
        ([SAY | {"buttons": [{"text": "A", "flow": "x", "product": "y"}]}], "one of url, product, pay and flow"),
        ([SAY | {"buttons": [{"text": "{{ lead.name }}", "flow": "x"}]}], "nothing is filled in on a button"),
        ([ASK | {"kind": "mood"}], "Input should be 'text', 'email'"),
        ([ASK | {"max_length": 0}], "greater than or equal to 1"),
        ([ASK | {"kind": "date", "earliest": "soon"}], "“soon” is no day"),
        ([PICK | {"options": []}], "at least 1 item"),
        ([PICK | {"options": [{"value": "a", "label": "x" * 65}]}], "a button takes 1 to 64 characters"),
        ([WAIT | {"time": "0s"}], "a second at least"),
        ([WAIT | {"time": None, "event": "order.paid"}], "needs a time too"),
        ([{"key": "a", "do": "set"}], "set needs a field"),
        ([{"key": "a", "do": "set", "score": 5}], "write a score in quotes"),
        ([{"key": "a", "do": "set", "field": "f", "value": ["x"]}], "one plain value"),
        ([{"key": "a", "do": "tag"}], "tag needs add or remove"),
    ],
)
def test_a_node_that_cannot_be_meant_is_refused_with_the_reason(nodes: list[dict[str, Any]], why: str):
    (said,) = why_not(*nodes).values()
    assert why in said


ROUND = "the way leads back to it with no question or wait: it would go round for ever"


@pytest.mark.parametrize(
    ("nodes", "where", "why"),
    [
        ([SAY, SAY], "nodes.1.key", "two nodes are called “hello”"),
        ([SAY | {"next": "x"}], "nodes.0.next", "node “hello” goes to “x”, which is not there"),
        ([ASK | {"otherwise": "x"}], "nodes.0.otherwise", "node “name” goes to “x”, which is not there"),
        ([YES | {"otherwise": "x"}], "nodes.0.otherwise", "node “yes” goes to “x”, which is not there"),
        ([BRANCH], "nodes.0.cases.0.to", "node “split” goes to “name”, which is not there"),
        ([{"key": "go", "do": "goto", "to": "x"}], "nodes.0.to", "node “go” goes to “x”, which is not there"),
        (
            [PICK | {"options": [{"value": "a", "label": "A", "next": "x"}]}],
            "nodes.0.options.0.next",
            "node “pick” goes to “x”, which is not there",
        ),
        ([SAY | {"next": "hello"}], "nodes.0.key", f"from “hello” {ROUND}"),
        ([SAY, SAY | {"key": "b", "next": "hello"}], "nodes.0.key", f"from “hello” {ROUND}"),
        ([ASK, SAY, {"key": "go", "do": "goto", "to": "hello"}], "nodes.1.key", f"from “hello” {ROUND}"),
        ([ASK, BRANCH, SAY, END, SAY | {"key": "b"}], "nodes.4.key", "nothing leads to the node “b”"),
        ([END, ASK], "nodes.1.key", "nothing leads to the question “name”"),
        ([SAY | {"next": "pick"}, ASK, PICK], "nodes.1.key", "nothing leads to the question “name”"),
        ([END | {"next": "hello"}, SAY], "nodes.0.next", "leads nowhere from here; take it out"),
        ([SAY | {"photo": "a.png", "text": "x" * 1025}], "nodes.0.text", "a Telegram caption holds 1024"),
        ([ASK | {"stars": 3}], "nodes.0.stars", "is for a question of kind rating, this asks for text"),
        ([ASK | {"kind": "number", "pattern": "x"}], "nodes.0.pattern", "is for a question of kind text"),
        ([ASK | {"min_length": 9, "max_length": 8}], "nodes.0.min_length", "nothing would fit"),
        ([ASK | {"pattern": "x", "max_length": 201}], "nodes.0.max_length", "is 200 at most beside a pattern"),
        ([ASK | {"kind": "number", "least": 2, "most": 1}], "nodes.0.least", "nothing would fit"),
        (
            [ASK | {"kind": "date", "earliest": "2027-01-02", "latest": "2027-01-01"}],
            "nodes.0.earliest",
            "nothing would fit",
        ),
        ([PICK | {"most": 1}], "nodes.0.most", "is for many: true"),
        ([PICK | {"many": True, "most": 2}], "nodes.0.most", "does not go with 1 options"),
        ([PICK | {"many": True, "least": 2}], "nodes.0.least", "does not go with 1 options"),
        (
            [PICK | {"many": True, "options": [{"value": "a", "label": "A", "next": "pick"}]}],
            "nodes.0.options.0.next",
            "with many, a choice leads nowhere of its own",
        ),
        (
            [PICK | {"options": [{"value": "a", "label": {"en": "A", "de": "B"}}, {"value": "b", "label": "B"}]}],
            "nodes.0.options.1.label",
            "two options are labelled “B”",
        ),
    ],
)
def test_a_flow_that_cannot_be_walked_is_refused_with_the_place(nodes: list[dict[str, Any]], where: str, why: str):
    told = why_not(*nodes)
    assert why in told[where], told


@pytest.mark.parametrize(
    "nodes",
    [
        [SAY, ASK | {"next": "hello"}],
        [SAY, YES | {"next": "hello"}],
        [SAY, WAIT | {"next": "hello"}],
        [SAY, {"key": "us", "do": "handover", "text": "One moment", "next": "hello"}],
        [ASK, BRANCH | {"next": "end"}, END],
        [PICK | {"options": [{"value": "a", "label": "A", "next": "end"}], "optional": True}, ASK, END],
        [WAIT | {"event": "order.paid", "otherwise": "name"}, END, ASK],
    ],
)
def test_a_way_round_through_a_question_or_a_wait_is_none_for_ever(nodes: list[dict[str, Any]]):
    assert [node.key for node in flow(*nodes).nodes] == [node["key"] for node in nodes]


def test_what_was_kept_before_a_rule_came_can_still_be_read():
    lost = {"nodes": [END, ASK]}
    with pytest.raises(ValidationError):
        Flow.model_validate(lost)
    assert Flow.kept(lost).node("name").key == "name"
    walked = flow(SAY, ASK)
    assert Flow.kept(walked.model_dump(mode="json")) == walked


def test_nodes_follow_one_another_or_the_one_that_is_named():
    jumping = flow(SAY | {"next": "pick"}, ASK | {"next": "end"}, PICK | {"next": "name"}, END)
    hello, name, pick, end = jumping.nodes
    assert [jumping.below(node) for node in jumping.nodes] == [pick, end, name, None]
    assert hello.key == "hello"
    with pytest.raises(KeyError):
        jumping.node("nowhere")


@pytest.mark.parametrize(
    ("trigger", "where", "why"),
    [
        ("begin", "trigger.0.default", "Input should be 'start', 'returning', 'no_match' or 'unsubscribed'"),
        ({"sauce": "x"}, "trigger.0", "must be start, returning, no_match or unsubscribed, or one of source"),
        ({"source": "ad 42"}, "trigger.0.source.source", "should match pattern"),
        ({"keyword": []}, "trigger.0.keyword.keyword", "at least 1 item"),
        ({"event": "paid"}, "trigger.0.event.event", "should match pattern"),
        ({"command": "shop"}, "trigger.0.command.command", "/shop is Spark's own; choose another word"),
        ({"command": "skip"}, "trigger.0.command.command", "/skip is Spark's own"),
        ({"source": "a", "event": "order.paid"}, "trigger.0.source.event", "Extra inputs"),
        (None, "trigger.0", "must be start"),
    ],
)
def test_what_begins_nothing_is_refused(trigger: Any, where: str, why: str):
    told = why_not(SAY, trigger=trigger)
    assert list(told) == [where]
    assert why in told[where]


def test_a_flow_may_be_begun_by_several_things_or_by_none_of_its_own():
    triggers = ["start", {"keyword": "Book"}, {"source": "ad42"}, {"event": "order.paid"}, {"command": "book"}]
    read = Flow.model_validate({"trigger": triggers, "nodes": [SAY]})
    assert len(read.trigger) == len(triggers)
    assert Flow.kept(read.model_dump(mode="json")) == read
    assert Flow.model_validate({"trigger": [], "nodes": [SAY]}).trigger == ()
    assert flow(SAY).trigger == ("start",)


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


@pytest.mark.parametrize("text", ["", "1", "-1d", "1.5h", "1y", None, "1d 2h"])
def test_what_is_no_duration_is_refused_with_the_right_form(text: str | None):
    with pytest.raises(ValueError, match="write a duration as a number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["3651d", "999999999w", "99999999999d", "9" * 5000 + "s"])
def test_a_duration_is_ten_years_at_most(text: str):
    with pytest.raises(ValueError, match="ten years"):
        parse_duration(text)


def test_a_funnel_waits_as_long_after_it_was_kept_as_before():
    steps = [{"key": "a", "do": "wait", "time": "30d"}, {"key": "b", "do": "wait", "time": "90m"}]
    funnel = Funnel.model_validate({"trigger": {"event": "lead.captured"}, "steps": steps})
    assert Funnel.model_validate(funnel.model_dump(mode="json")) == funnel


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


async def test_a_picture_is_kept_once_and_an_old_version_keeps_its_own(database: Database):
    first = MediaFile("a" * 64, Shape.PHOTO, "hello.png", "image/png", 10)
    second = MediaFile("b" * 64, Shape.PHOTO, "hello.png", "image/png", 11)
    async with database.transaction() as session:
        creator = await a_creator(session)
    for files in ([first, first], [first], [second]):
        async with database.transaction() as session:
            shown = flow({"key": "hello", "do": "say", "photo": "hello.png", "sha256": files[-1].sha256})
            await publish(session, {"studio": {"hi": shown}}, {}, media={"studio": files}, now=NOW)
    async with database.reading() as session:
        assert await count(session, StoredFile) == 2
        assert await count(session, FlowVersion) == 2
        old, new = [await media_file(session, creator.id, each.sha256, each.shape) for each in (first, second)]
        assert None not in {old, new}
        assert old != new
        assert await media_file(session, creator.id, first.sha256, Shape.DOCUMENT) is None
        assert await media_file(session, creator.id + 1, first.sha256, Shape.PHOTO) is None
        kept = await session.get_one(StoredFile, old)
        assert (kept.blob, kept.size, kept.product_id) == (first.sha256, 10, None)
