"""`/api/v1/funnels`: a creator's follow-ups, as they stand, reworded, paused and resumed."""

import asyncio
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from automations.proposing import FunnelWrong, accept, around, propose
from automations.resuming import foresee_resuming
from domain.access import Act
from domain.funnels.definition import Funnel
from domain.funnels.heads import (
    FunnelStands,
    NoSuchFunnel,
    TooManyFunnels,
    archive_funnel,
    find_funnel,
    pause_funnel,
    resume_funnel,
)
from domain.funnels.moving import Policy, wordings
from domain.funnels.reading import MOST_BYTES, Read, Surroundings, check_funnel, read_funnels
from domain.segments import ManagedByFile
from kit.errors import Invalid
from kit.paging import Page
from kit.yaml_text import Problem
from store.models import Creator, FunnelHead, FunnelState, Kept, Late
from store.queries.funnel_views import count_states, page_of_funnels, step_numbers, version_numbers
from web.api.funnel_answers import (
    FunnelDetail,
    FunnelItem,
    ProblemItem,
    ProposedItem,
    ResumingAnswer,
    Statistics,
    Validated,
    as_written,
    statistics,
)
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

# a YAML text may be escaped to several times its length
_LARGEST = 4 * MOST_BYTES


class FunnelQuery(ListQuery):
    archived: bool = False


class Wording(BaseModel):
    """Plain data, or YAML as it stands in a file; `policy` is for those who are under way in another wording."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    definition: dict[str, Any] | None = None
    yaml: Annotated[str, Printable] | None = None
    policy: Policy = Policy.KEEP

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.definition is None) == (self.yaml is None):
            raise ValueError("give definition or yaml")
        return self


class ToValidate(BaseModel):
    """One funnel by its name, or a YAML text with several."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: Annotated[str, Printable, Field(max_length=200)] | None = None
    definition: dict[str, Any] | None = None
    yaml: Annotated[str, Printable] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.yaml is None) == (self.definition is None) or (self.key is None) != (self.definition is None):
            raise ValueError("give yaml, or key and definition")
        return self


class Choosing(BaseModel):
    """What becomes of what is overdue."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    late: Late


async def show_funnels(call: Call[FunnelQuery, NoBody]) -> ListAnswer[FunnelItem]:
    query = call.query
    page = await page_of_funnels(call.session, call.creator_id, query.paging(), archived=query.archived)
    items = await _items(call.session, call.creator_id, *page.items)
    return ListAnswer[FunnelItem].of(Page(items, page.total, page.paging), lambda item: item)


async def show_funnel(call: Plain) -> FunnelDetail:
    return await _detail(call.session, await find_funnel(call.session, call.creator_id, call.word("key")))


async def show_statistics(call: Plain) -> Statistics:
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    funnel = await _wording(call.session, head)
    if funnel is None:
        raise FunnelStands(head.key, head.state)
    return statistics(head.key, funnel, await step_numbers(call.session, call.creator_id, head.key))


async def validate_funnels(call: Call[NoQuery, ToValidate]) -> Validated:
    """What is wrong with them, or what they would change; nothing is saved."""
    tools, given = call.tools, call.body
    async with tools.database.reading() as session:
        ground = await around(session, tools.published, await session.get_one(Creator, call.creator_id))
    read = await _look_through(given.key or "", given, ground)
    problems = [ProblemItem.of(each) for each in read.problems]
    if problems:
        return Validated(valid=False, problems=problems, funnels=[])
    async with tools.database.reading() as session:
        proposed = await propose(session, tools.published, call.creator_id, read.funnels, now=tools.clock())
    return Validated(valid=True, problems=[], funnels=[ProposedItem.of(each) for each in proposed])


async def put_funnel(call: Call[NoQuery, Wording]) -> Answered:
    """For those who begin from now on; without the right to send, of a paused one. The same again changes nothing."""
    tools, given, key = call.tools, call.body, call.word("key")
    async with tools.database.reading() as session:
        ground = await around(session, tools.published, await session.get_one(Creator, call.creator_id))
    read = _only(key, await _look_through(key, given, ground))
    async with tools.database.transaction() as session:
        # the reading took a while, in which the right may have been taken away
        await call.must_still(session, Act.CHANGE_FUNNELS)
        creator = await session.get_one(Creator, call.creator_id)
        is_new = await _is_new(session, call.creator_id, key)
        (head,) = await accept(
            session,
            tools.published,
            creator,
            read.funnels,
            kept=Kept.API,
            policy=given.policy,
            must=call.must,
            now=tools.clock(),
        )
        detail = await _detail(session, head)
    return Answered(detail, status=201 if is_new else 200)


async def pause(call: Plain) -> FunnelDetail:
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    await pause_funnel(call.session, head, now=call.tools.clock())
    return await _detail(call.session, head)


async def show_resuming(call: Plain) -> ResumingAnswer:
    """What would become of what is overdue under each choice. 409 for one that is not paused."""
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    if head.state is not FunnelState.PAUSED:
        raise FunnelStands(head.key, head.state)
    return ResumingAnswer.of(await foresee_resuming(call.session, call.tools.published, head, now=call.tools.clock()))


async def resume(call: Call[NoQuery, Choosing]) -> FunnelDetail:
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    await resume_funnel(call.session, head, call.body.late, now=call.tools.clock())
    return await _detail(call.session, head)


async def archive(call: Plain) -> FunnelDetail:
    """409 for one of the file's, and for one in which somebody is held."""
    head = await find_funnel(call.session, call.creator_id, call.word("key"))
    await archive_funnel(call.session, head, now=call.tools.clock())
    return await _detail(call.session, head)


async def _look_through(key: str, given: Wording | ToValidate, ground: Surroundings) -> Read:
    """Seconds of a large one, in which everybody else goes on."""
    if given.yaml is None:
        return await asyncio.to_thread(check_funnel, key, given.definition, ground)
    return await asyncio.to_thread(read_funnels, given.yaml, ground)


def _only(key: str, read: Read) -> Read:
    """Raises Invalid with each mistake by its place."""
    problems = {_place(each): each.message for each in read.problems}
    if not problems and set(read.funnels) != {key}:
        problems["yaml"] = f"holds other funnels than “{key}”"
    if problems:
        raise Invalid("the funnel cannot work so: " + ", ".join(sorted(problems)), fields=problems)
    return read


def _place(problem: Problem) -> str:
    return problem.key or ("yaml" if problem.line is None else f"line {problem.line}")


async def _is_new(session: AsyncSession, creator_id: int, key: str) -> bool:
    try:
        await find_funnel(session, creator_id, key)
    except NoSuchFunnel:
        return True
    return False


async def _items(session: AsyncSession, creator_id: int, *heads: FunnelHead) -> list[FunnelItem]:
    numbers = await version_numbers(session, [head.version_id for head in heads if head.version_id is not None])
    counts = await count_states(session, creator_id, *(head.key for head in heads))
    return [FunnelItem.of(head, numbers.get(head.version_id or 0), counts[head.key]) for head in heads]


async def _detail(session: AsyncSession, head: FunnelHead) -> FunnelDetail:
    (item,) = await _items(session, head.creator_id, head)
    funnel = await _wording(session, head)
    return FunnelDetail(**item.model_dump(), definition=None if funnel is None else as_written(funnel))


async def _wording(session: AsyncSession, head: FunnelHead) -> Funnel | None:
    if head.version_id is None:
        return None
    return (await wordings(session, [head.version_id])).get(head.version_id)


_EXAMPLE = {
    "trigger": {"event": "lead.captured"},
    "steps": [
        {"key": "rest", "do": "wait", "time": "1d"},
        {"key": "ask", "do": "send", "text": "How are you?"},
    ],
}

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/funnels",
        Act.SEE_FUNNELS,
        show_funnels,
        "The creator's funnels, with how many are in each",
        {200: ListAnswer[FunnelItem]},
        query=FunnelQuery,
        proves=("test_web_funnels.py::test_a_funnel_is_made_read_and_listed",),
    ),
    Route(
        "POST",
        "/funnels/validate",
        Act.SEE_FUNNELS,
        validate_funnels,
        "What is wrong with funnels, or what they would change",
        {200: Validated},
        session="none",
        body=ToValidate,
        refuses=(ManagedByFile,),
        rate="heavy",
        most=_LARGEST,
        example={"key": "care", "definition": _EXAMPLE},
        proves=(
            "test_web_funnels.py::test_validating_says_what_would_change_and_for_whom",
            "test_web_funnels.py::test_what_is_wrong_is_told_by_its_place_and_nothing_is_saved",
        ),
    ),
    Route(
        "GET",
        "/funnels/{key}",
        Act.SEE_FUNNELS,
        show_funnel,
        "One funnel, with what those who begin now take",
        {200: FunnelDetail},
        refuses=(NoSuchFunnel,),
        proves=("test_web_funnels.py::test_a_funnel_is_made_read_and_listed",),
    ),
    Route(
        "PUT",
        "/funnels/{key}",
        Act.CHANGE_FUNNELS,
        put_funnel,
        "Makes a funnel, or a new version of one",
        {200: FunnelDetail, 201: FunnelDetail},
        session="none",
        body=Wording,
        refuses=(ManagedByFile, FunnelStands, FunnelWrong, TooManyFunnels),
        rate="heavy",
        most=_LARGEST,
        example={"definition": _EXAMPLE, "policy": "keep"},
        proves=(
            "test_web_funnels.py::test_a_funnel_is_made_read_and_listed",
            "test_web_funnels.py::test_what_is_wrong_is_told_by_its_place_and_nothing_is_saved",
            "test_web_funnels.py::test_who_may_manage_but_not_send_rewords_only_what_is_paused",
        ),
    ),
    Route(
        "GET",
        "/funnels/{key}/statistics",
        Act.SEE_FUNNELS,
        show_statistics,
        "What came of each step",
        {200: Statistics},
        refuses=(NoSuchFunnel, FunnelStands),
        proves=("test_web_funnels.py::test_statistics_of_a_funnel_that_nobody_has_begun",),
    ),
    Route(
        "GET",
        "/funnels/{key}/resume",
        Act.SEE_FUNNELS,
        show_resuming,
        "What would become of what is overdue under each choice",
        {200: ResumingAnswer},
        refuses=(NoSuchFunnel, FunnelStands),
        rate="heavy",
        proves=("test_web_funnels.py::test_a_pause_ends_as_is_chosen",),
    ),
    Route(
        "POST",
        "/funnels/{key}/resume",
        Act.RUN_FUNNELS,
        resume,
        "Ends a pause",
        {200: FunnelDetail},
        session="write",
        body=Choosing,
        refuses=(NoSuchFunnel, FunnelStands),
        repeatable=True,
        example={"late": "once"},
        proves=("test_web_funnels.py::test_a_pause_ends_as_is_chosen",),
    ),
    Route(
        "POST",
        "/funnels/{key}/pause",
        Act.STOP_FUNNELS,
        pause,
        "Holds everybody where they are",
        {200: FunnelDetail},
        session="write",
        refuses=(NoSuchFunnel, FunnelStands),
        repeatable=True,
        proves=("test_web_funnels.py::test_a_pause_ends_as_is_chosen",),
    ),
    Route(
        "POST",
        "/funnels/{key}/archive",
        Act.CHANGE_FUNNELS,
        archive,
        "Puts a funnel away",
        {200: FunnelDetail},
        session="write",
        refuses=(NoSuchFunnel, FunnelStands, ManagedByFile),
        repeatable=True,
        proves=("test_web_funnels.py::test_what_the_file_has_is_paused_but_not_reworded",),
    ),
)
