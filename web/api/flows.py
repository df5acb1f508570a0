"""`/api/v1/flows`: a creator's conversations, as they stand, worded, held, and how far people come in them."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from automations.proposing import around
from domain.access import Act
from domain.durations import FOR_PEOPLE
from domain.flows.definition import Flow
from domain.flows.heads import (
    FlowStanding,
    NoSuchFlow,
    TooManyFlows,
    find_flow,
    flow_standings,
    flow_wording,
    free_flow,
    hold_flow,
    refuse_files_own,
    save_flow,
)
from domain.flows.reading import MOST_BYTES, check_flow
from domain.segments import ManagedByFile
from kit.errors import Invalid
from kit.paging import Page
from store.models import Creator, FlowRunState, Kept
from store.queries.flow_views import count_runs
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

Wordings = dict[str, tuple[int, Flow]]


class FlowWording(BaseModel):
    """As it would stand in config.yaml under its name, without files."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: dict[str, Any]


class FlowToValidate(FlowWording):
    key: Annotated[str, Printable, Field(max_length=200)]


class FlowItem(BaseModel):
    """Nobody begins one that is paused; whoever is in it goes on."""

    key: str
    kept: Kept
    paused_at: datetime | None
    changed_at: datetime | None

    @classmethod
    def of(cls, stands: FlowStanding) -> "FlowItem":
        return cls(key=stands.key, kept=stands.kept, paused_at=stands.paused_at, changed_at=stands.changed_at)


class FlowDetail(FlowItem):
    definition: dict[str, Any]


class FlowProblem(BaseModel):
    path: str
    message: str


class FlowVerdict(BaseModel):
    valid: bool
    problems: list[FlowProblem]


class NodeCounts(BaseModel):
    """How many runs stand at this node, or ended there, by state."""

    node: str
    runs: dict[str, int]


class FlowStatistics(BaseModel):
    """`runs` are of all wordings, by state; a node that is not in the present wording was in an earlier one.

    `ended_early` are those that were cancelled or ran out of time; where, `nodes` says.
    """

    key: str
    runs: dict[str, int]
    ended_early: int
    nodes: list[NodeCounts]


async def show_flows(call: Call[ListQuery, NoBody]) -> ListAnswer[FlowItem]:
    """By their names."""
    found = list((await flow_standings(call.session, call.creator_id, _of_file(call))).values())
    paging = call.query.paging()
    shown = found[paging.offset : paging.offset + paging.limit]
    return ListAnswer[FlowItem].of(Page(shown, len(found), paging), FlowItem.of)


async def show_flow(call: Plain) -> FlowDetail:
    return await _detail(call, call.word("key"))


async def validate_flow(call: Call[NoQuery, FlowToValidate]) -> FlowVerdict:
    """What is wrong with it; nothing is saved."""
    refuse_files_own(_of_file(call), call.body.key)
    _, problems = await _look_through(call, call.body.key, call.body.definition)
    told = [FlowProblem(path=path, message=message) for path, message in problems.items()]
    return FlowVerdict(valid=not told, problems=told)


async def put_flow(call: Call[NoQuery, FlowWording]) -> Answered:
    """What those who begin from now on walk through; whoever is in it ends as they began. 201 for a new name."""
    tools, key = call.tools, call.word("key")
    refuse_files_own(_of_file(call), key)
    flow, problems = await _look_through(call, key, call.body.definition)
    if flow is None:
        raise Invalid("the flow cannot work so: " + ", ".join(sorted(problems)), fields=problems)
    async with tools.database.transaction() as session:
        # the reading took a while, in which the right may have been taken away
        await call.must_still(session, Act.CHANGE_FLOWS)
        is_new = await save_flow(session, call.creator_id, _of_file(call), key, flow, now=tools.clock())
        stands = await find_flow(session, call.creator_id, _of_file(call), key)
    item = FlowItem.of(stands)
    return Answered(FlowDetail(**item.model_dump(), definition=_written(flow)), status=201 if is_new else 200)


async def pause(call: Plain) -> FlowDetail:
    """Also one of the file's; once is enough."""
    key = call.word("key")
    await hold_flow(call.session, call.creator_id, _of_file(call), key, now=call.tools.clock())
    return await _detail(call, key)


async def resume(call: Plain) -> FlowDetail:
    """It begins again as it did; once is enough."""
    key = call.word("key")
    await free_flow(call.session, call.creator_id, _of_file(call), key, now=call.tools.clock())
    return await _detail(call, key)


async def show_statistics(call: Plain) -> FlowStatistics:
    stands = await find_flow(call.session, call.creator_id, _of_file(call), call.word("key"))
    runs = dict.fromkeys((state.value for state in FlowRunState), 0)
    nodes: dict[str, dict[str, int]] = {}
    for each in await count_runs(call.session, call.creator_id, stands.key):
        runs[each.state.value] += each.count
        nodes.setdefault(each.node, {})[each.state.value] = each.count
    return FlowStatistics(
        key=stands.key,
        runs=runs,
        ended_early=runs[FlowRunState.CANCELLED] + runs[FlowRunState.EXPIRED],
        nodes=[NodeCounts(node=node, runs=counts) for node, counts in nodes.items()],
    )


def _of_file(call: Call[Any, Any]) -> Wordings:
    return call.tools.published.flows_of_file.get(call.creator_id, {})


async def _look_through(call: Call[Any, Any], key: str, given: dict[str, Any]) -> tuple[Flow | None, dict[str, str]]:
    """Seconds of a large one, in which everybody else goes on."""
    async with call.tools.database.reading() as session:
        creator = await session.get_one(Creator, call.creator_id)
        ground = await around(session, call.tools.published, creator)
    return await asyncio.to_thread(check_flow, key, given, ground)


async def _detail(call: Plain, key: str) -> FlowDetail:
    stands = await find_flow(call.session, call.creator_id, _of_file(call), key)
    definition = _written(await flow_wording(call.session, stands))
    return FlowDetail(**FlowItem.of(stands).model_dump(), definition=definition)


def _written(flow: Flow) -> dict[str, Any]:
    """Plain data that is read back as the same flow."""
    return flow.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE)


_EXAMPLE = {
    "trigger": {"keyword": "price"},
    "nodes": [{"key": "told", "do": "say", "text": "It is 19 euros."}],
}
_KEEPING = "test_api_flows.py::test_a_flow_is_made_read_changed_and_held"
_WRONG = "test_api_flows.py::test_what_is_wrong_is_told_by_its_place_and_nothing_is_saved"
_FILE = "test_api_flows.py::test_what_the_file_has_is_held_but_not_reworded"
_STRANGER = "test_api_flows.py::test_somebody_elses_flows_are_not_there"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/flows",
        Act.SEE_FLOWS,
        show_flows,
        "The creator's flows, by their names",
        {200: ListAnswer[FlowItem]},
        query=ListQuery,
        proves=(_KEEPING,),
    ),
    Route(
        "POST",
        "/flows/validate",
        Act.SEE_FLOWS,
        validate_flow,
        "What is wrong with a flow",
        {200: FlowVerdict},
        session="none",
        body=FlowToValidate,
        refuses=(ManagedByFile,),
        rate="heavy",
        most=MOST_BYTES,
        example={"key": "price", "definition": _EXAMPLE},
        proves=(_WRONG,),
    ),
    Route(
        "GET",
        "/flows/{key}",
        Act.SEE_FLOWS,
        show_flow,
        "One flow, with what those who begin now walk through",
        {200: FlowDetail},
        refuses=(NoSuchFlow,),
        proves=(_KEEPING, _STRANGER),
    ),
    Route(
        "PUT",
        "/flows/{key}",
        Act.CHANGE_FLOWS,
        put_flow,
        "Makes a flow, or a new version of one",
        {200: FlowDetail, 201: FlowDetail},
        session="none",
        body=FlowWording,
        refuses=(ManagedByFile, TooManyFlows),
        rate="heavy",
        most=MOST_BYTES,
        example={"definition": _EXAMPLE},
        proves=(_KEEPING, _WRONG, _FILE),
    ),
    Route(
        "GET",
        "/flows/{key}/statistics",
        Act.SEE_FLOWS,
        show_statistics,
        "How many are in it, and where they stop",
        {200: FlowStatistics},
        refuses=(NoSuchFlow,),
        proves=("test_api_flows.py::test_it_is_counted_where_people_stop", _STRANGER),
    ),
    Route(
        "POST",
        "/flows/{key}/pause",
        Act.CHANGE_FLOWS,
        pause,
        "Lets nobody begin it",
        {200: FlowDetail},
        session="write",
        refuses=(NoSuchFlow,),
        proves=(_KEEPING, _FILE, _STRANGER),
    ),
    Route(
        "POST",
        "/flows/{key}/resume",
        Act.CHANGE_FLOWS,
        resume,
        "Lets people begin it again",
        {200: FlowDetail},
        session="write",
        refuses=(NoSuchFlow,),
        proves=(_KEEPING, _FILE, _STRANGER),
    ),
)
