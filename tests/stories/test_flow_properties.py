"""Whatever people do and whenever Spark is restarted: no answer lost, none doubled, nobody left standing."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from conversing_people import LENA, TOM, People, Shown
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stores import Stores

from domain.fields import LeadFieldSpec
from domain.flows.definition import Flow
from domain.flows.nodes import ASKING, AskNode
from domain.flows.runs import stands_at_question
from domain.setups import CreatorSetup
from store.models import FieldKind, FlowRunState

SETUP = CreatorSetup(
    fields={
        "interest": LeadFieldSpec(kind=FieldKind.CHOICE),
        "topics": LeadFieldSpec(kind=FieldKind.CHOICES),
        "age": LeadFieldSpec(kind=FieldKind.NUMBER),
        "note": LeadFieldSpec(),
        "word": LeadFieldSpec(),
    },
    flows=frozenset({"first", "second", "third", "fourth"}),
)


def _ask(key: str, field: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "do": "ask", "kind": "text", "field": field, "text": f"{key}?", "tries": 20, **more}


def _choose(key: str, field: str, **more: Any) -> dict[str, Any]:
    options = [{"value": value, "label": value.title()} for value in ("one", "two", "three")]
    return {"key": key, "do": "choose", "field": field, "text": f"{key}?", "options": options, "tries": 20, **more}


FLOWS: dict[str, Any] = {
    "first": {
        "trigger": ["start", {"source": "first"}],
        "nodes": [
            {"key": "hello", "do": "say", "text": "Hi", "buttons": [{"text": "More", "flow": "second"}]},
            _ask("name", "name"),
            _choose("topics", "topics", many=True, back=True),
            _ask("note", "note", back=True, optional=True, again=True),
            {"key": "wait", "do": "wait", "event": "order.paid", "time": "2h", "otherwise": "late"},
            _ask("paid", "word", again=True, next="end"),
            _ask("late", "word", again=True, back=True),
            {"key": "end", "do": "end", "text": "Bye"},
        ],
    },
    "second": {
        "trigger": [{"source": "second"}, {"keyword": "second"}],
        "title": "Second",
        "idle": {"remind_after": "1h", "end_after": "5h", "goodbye": "Gone"},
        "nodes": [
            _choose("interest", "interest", again=True),
            {
                "key": "which",
                "do": "branch",
                "cases": [{"when": "field:interest=one", "to": "interest"}],
                "next": "word",
            },
            _ask("word", "word", again=True),
            {"key": "age", "do": "ask", "kind": "number", "field": "age", "text": "age?", "tries": 1, "again": True},
        ],
    },
    "third": {
        "trigger": {"event": "order.fulfilled"},
        "nodes": [{"key": "thanks", "do": "say", "text": "Thanks"}, _ask("liked", "note", again=True)],
    },
    "fourth": {
        "trigger": [{"command": "extra"}, "no_match"],
        "nodes": [{"key": "pause", "do": "wait", "time": "1h"}, _ask("extra", "word", again=True)],
    },
}
_COMMANDS = ("/start", "/start first", "/start second", "/start ad", "/cancel", "/skip", "/back", "/extra", "/stop")
_ACTS = st.one_of(
    st.tuples(st.just("word"), st.integers(0, 3)),
    st.tuples(st.just("answer"), st.just(0)),
    st.tuples(st.just("text"), st.sampled_from(["second", "41", "none", "skip", "back", "done", "one", "two, three"])),
    st.tuples(st.just("command"), st.sampled_from(_COMMANDS)),
    st.tuples(st.just("tap"), st.integers(0, 12)),
    st.tuples(st.just("newest"), st.integers(0, 4)),
    st.tuples(st.just("foreign"), st.integers(0, 12)),
    st.tuples(st.just("repeat"), st.integers(0, 3)),
    st.tuples(st.just("restart"), st.just(0)),
    st.tuples(st.just("later"), st.sampled_from([20, 61, 130, 400])),
    st.tuples(st.just("event"), st.sampled_from(["order.paid", "order.fulfilled"])),
    # what is done while something waits
    st.tuples(st.just("leave"), st.sampled_from(["/cancel", "/stop", "block"])),
)
_PARSED = {key: Flow.model_validate(flow) for key, flow in FLOWS.items()}
_STANDING = (FlowRunState.ACTIVE, FlowRunState.PAUSED)
_paths = itertools.count()


@pytest.fixture
def fresh_store(request: pytest.FixtureRequest, store_kind: str, stores: Stores, tmp_path: Path) -> Callable[[], str]:
    if store_kind == "sqlite":
        return lambda: stores.sqlite(tmp_path / f"{next(_paths)}.db")
    server = request.getfixturevalue("postgresql")
    return lambda: stores.postgresql(server)


@pytest.mark.parametrize(("store_kind", "examples"), [("sqlite", 25), ("postgresql", 8)])
def test_no_answer_is_lost_or_doubled_and_the_next_message_always_moves(
    fresh_store: Callable[[], str], examples: int
) -> None:
    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    # three right answers lead to a wait
    @given(st.integers(0, 4), st.lists(_ACTS, min_size=5, max_size=30))
    def holds(answered: int, acts: Sequence[tuple[str, Any]]) -> None:
        asyncio.run(_live(fresh_store(), answered, acts))

    holds()


async def _live(url: str, answered: int, acts: Sequence[tuple[str, Any]]) -> None:
    people = People(url, FLOWS, SETUP)
    await people.open()
    with contextlib.suppress(GeneratorExit):
        try:
            await people.write(TOM, "/start")
            await people.write(LENA, "/start")
            for number in range(answered):
                await _answer_open(people, f"first{number}")
            for number, (act, how) in enumerate(acts):
                await _do(people, act, how, f"word{number}")
                await _holds(people)
            await _comes_to_an_end(people)
            assert await people.failures() == []
        finally:
            await people.close()


async def _do(people: People, act: str, how: Any, word: str) -> None:  # noqa: C901 - one case an act
    before = await people.answers()
    open_now = await people.active()
    shown = people.gateway.shown
    match act:
        case "word":
            await people.write(LENA, word)
            await _is_kept(people, open_now, word, before)
        case "answer":
            await _answer_open(people, word)
        case "text" | "command":
            await people.write(LENA, str(how))
        case "tap" if shown:
            await _tap_any(people, shown[-1 - how % len(shown)])
        case "newest":
            await _tap_open(people, how)
        case "foreign":
            await _tap_of_another(people, how)
        case "repeat" if people.posted:
            await people.post(people.posted[-1 - how % len(people.posted)], again=True)
            assert await people.answers() == before
        case "restart":
            await people.restart()
        case "later":
            people.clock.pass_time(minutes=how)
        case "event":
            await people.happens(str(how))
        case "leave" if any(run.state == FlowRunState.WAITING for run in await people.runs()):
            await _leave_while_waiting(people, str(how))
    await people.tick()
    assert await people.answers() - before in {0, 1}


async def _leave_while_waiting(people: People, how: str) -> None:
    if how == "block":
        await people.block()
        return
    before = [run for run in await people.runs() if run.ended_at is None]
    await people.write(LENA, how)
    if how == "/cancel":
        after = [run for run in await people.runs() if run.ended_at is None]
        assert len(after) == len(before) - 1


async def _tap_open(people: People, which: int) -> None:
    """A button of the open question."""
    run = await people.active()
    mine = [each for each in people.gateway.shown if run and each.data.startswith(f"flow:{run.id}:{run.turn}:")]
    if mine:
        await people.tap(LENA, mine[which % len(mine)])


async def _tap_any(people: People, shown: Shown) -> None:
    """A button of whatever age; one of a question that is answered, or of a conversation that is over, does nothing."""
    kind, *numbers = shown.data.split(":")
    before, answers = await people.runs(), await people.answers()
    await people.tap(LENA, shown)
    stands = {(str(run.id), str(run.turn)) for run in before if run.state in _STANDING}
    if kind == "flow" and (shown.person != LENA or tuple(numbers[:2]) not in stands):
        after = await people.runs()
        assert [(run.id, run.turn, run.state) for run in after] == [(run.id, run.turn, run.state) for run in before]
        assert await people.answers() == answers


async def _tap_of_another(people: People, which: int) -> None:
    """Tom presses what only Lena was shown, and nothing comes of it for either of them."""
    lenas = [
        each for each in people.gateway.shown if each.person == LENA and each.data.startswith(("flow:", "resume:"))
    ]
    if not lenas:
        return
    toms, before = await people.answers(TOM), [(run.id, run.turn, run.state) for run in await people.runs()]
    await people.tap(TOM, lenas[-1 - which % len(lenas)])
    assert await people.answers(TOM) == toms
    assert [(run.id, run.turn, run.state) for run in await people.runs()] == before


async def _is_kept(people: People, open_now: Any, word: str, before: int) -> None:
    """A plain word is an answer to an open text question, and to nothing else."""
    node = None if open_now is None else _PARSED[open_now.flow_key].node(open_now.node)
    if isinstance(node, AskNode) and node.kind == "text":
        assert await people.answers() == before + 1
        assert (await people.known())[node.field] == word
        after = next(run for run in await people.runs() if run.id == open_now.id)
        assert after.turn == open_now.turn + 1
    else:
        assert await people.answers() == before


async def _holds(people: People) -> None:
    for person in (LENA, TOM):
        active = [run for run in await people.runs(person) if run.state == FlowRunState.ACTIVE]
        assert len(active) <= 1
        for run in active:
            # a question is open, and it was asked
            assert isinstance(_PARSED[run.flow_key].node(run.node), ASKING)
            assert run.asked[-1] == run.node
    await _creator_was_told(people)


async def _creator_was_told(people: People) -> None:
    """However a conversation ends: where something was answered in it, the creator has heard of that."""
    told = await people.told()
    for person in (LENA, TOM):
        known = await people.known(person)
        for run in await people.runs(person):
            if run.ended_at is None:
                continue
            flow = _PARSED[run.flow_key]
            asked = run.asked[:-1] if stands_at_question(run, flow) and run.state != FlowRunState.DONE else run.asked
            fields = {flow.node(key).field for key in asked}  # type: ignore[union-attr]
            if fields & known.keys():
                of_run = f"flow-so-far:{run.id}:", f"lead-told:{run.id}:", f"flow-given-up:{run.id}:"
                assert any(key.startswith(of_run) for key in told), (run.flow_key, run.state, run.asked, told)


async def _comes_to_an_end(people: People) -> None:
    """From wherever they are: answers, time and taps bring every conversation to its end."""
    for number in range(80):
        run = await people.active()
        if run is not None:
            state = (run.id, run.turn, run.node, run.marked)
            await _answer_rightly(people, run, f"last{number}")
            after = next(each for each in await people.runs() if each.id == run.id)
            assert (after.id, after.turn, after.node, after.marked) != state or after.state != FlowRunState.ACTIVE
        elif any(each.state == FlowRunState.PAUSED for each in await people.runs()):
            # any word at all brings the offer, and the offer's button the question
            await people.write(LENA, "well")
            offers = [each for each in people.gateway.shown if each.data.startswith("resume:") and ":go" in each.data]
            if await people.active() is None and offers:
                await people.tap(LENA, offers[-1])
            assert await people.active() is not None
        elif any(each.state == FlowRunState.WAITING for each in await people.runs()):
            people.clock.pass_time(hours=3)
        else:
            return
        await people.tick()
    pytest.fail(f"still under way: {[(run.flow_key, run.state, run.node) for run in await people.runs()]}")


async def _answer_open(people: People, word: str) -> None:
    run = await people.active()
    if run is not None:
        await _answer_rightly(people, run, word)


async def _answer_rightly(people: People, run: Any, word: str) -> None:
    node = _PARSED[run.flow_key].node(run.node)
    if isinstance(node, AskNode):
        await people.write(LENA, "41" if node.kind == "number" else word)
    else:
        await people.write(LENA, "two")
