"""`/api/v1/funnels`: a creator's follow-ups, as they stand, reworded, paused and resumed."""

import asyncio
from typing import Annotated, Any, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from automations.proposing import accept, around, propose
from automations.resuming import foresee_resuming
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands, NoSuchFunnel, archive_funnel, find_funnel, pause_funnel, resume_funnel
from domain.funnels.moving import Policy, wordings
from domain.funnels.reading import MOST_BYTES, Read, Surroundings, check_funnel, read_funnels
from kit.errors import Invalid
from kit.paging import Page
from kit.yaml_text import Problem
from store.models import Creator, FunnelHead, FunnelState, Kept, Late
from store.queries.funnel_views import count_states, page_of_funnels, step_numbers, version_numbers
from web.answers import answer
from web.api.body import read_json
from web.api.funnel_answers import (
    FunnelDetail,
    FunnelItem,
    ProblemItem,
    ProposedItem,
    ResumingAnswer,
    Validated,
    as_written,
    statistics,
)
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, read_query
from web.auth import sign_in
from web.tools import TOOLS

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


async def show_funnels(request: web.Request) -> web.Response:
    async with request.app[TOOLS].database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        query = read_query(request, FunnelQuery)
        page = await page_of_funnels(session, creator_id, query.paging(), archived=query.archived)
        items = await _items(session, creator_id, *page.items)
    found = Page(items, page.total, page.paging)
    return answer(ListAnswer[FunnelItem].of(found, lambda item: item))


async def show_funnel(request: web.Request) -> web.Response:
    async with request.app[TOOLS].database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        return answer(await _detail(session, head))


async def show_statistics(request: web.Request) -> web.Response:
    async with request.app[TOOLS].database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        funnel = await _wording(session, head)
        if funnel is None:
            raise FunnelStands(head.key, head.state)
        numbers = await step_numbers(session, creator_id, head.key)
    return answer(statistics(head.key, funnel, numbers))


async def validate_funnels(request: web.Request) -> web.Response:
    """What is wrong with them, or what they would change; nothing is saved."""
    tools = request.app[TOOLS]
    async with tools.database.reading() as session:
        await sign_in(request, session)
    given = await read_json(request, ToValidate, most=_LARGEST)
    async with tools.database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        ground = await around(session, tools.published, await session.get_one(Creator, creator_id))
    read = await _look_through(given.key or "", given, ground)
    problems = [ProblemItem.of(each) for each in read.problems]
    if problems:
        return answer(Validated(valid=False, problems=problems, funnels=[]))
    async with tools.database.reading() as session:
        proposed = await propose(session, tools.published, creator_id, read.funnels, now=tools.clock())
    return answer(Validated(valid=True, problems=[], funnels=[ProposedItem.of(each) for each in proposed]))


async def put_funnel(request: web.Request) -> web.Response:
    """The wording for those who begin from now on. 201 for a new name; the same again changes nothing."""
    tools, key = request.app[TOOLS], _key(request)
    async with tools.database.reading() as session:
        await sign_in(request, session)
    given = await read_json(request, Wording, most=_LARGEST)
    async with tools.database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        ground = await around(session, tools.published, await session.get_one(Creator, creator_id))
    read = _only(key, await _look_through(key, given, ground))
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        creator = await session.get_one(Creator, creator_id)
        is_new = await _is_new(session, creator_id, key)
        (head,) = await accept(
            session,
            tools.published,
            creator,
            read.funnels,
            kept=Kept.API,
            policy=given.policy,
            now=tools.clock(),
        )
        detail = await _detail(session, head)
    return answer(detail, status=201 if is_new else 200)


async def pause(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        await pause_funnel(session, head, now=tools.clock())
        return answer(await _detail(session, head))


async def show_resuming(request: web.Request) -> web.Response:
    """What would become of what is overdue under each choice. 409 for one that is not paused."""
    tools = request.app[TOOLS]
    async with tools.database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        if head.state is not FunnelState.PAUSED:
            raise FunnelStands(head.key, head.state)
        return answer(ResumingAnswer.of(await foresee_resuming(session, tools.published, head, now=tools.clock())))


async def resume(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    async with tools.database.reading() as session:
        await sign_in(request, session)
    choice = await read_json(request, Choosing)
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        await resume_funnel(session, head, choice.late, now=tools.clock())
        return answer(await _detail(session, head))


async def archive(request: web.Request) -> web.Response:
    """409 for one of the file's, and for one in which somebody is held."""
    tools = request.app[TOOLS]
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        head = await find_funnel(session, creator_id, _key(request))
        await archive_funnel(session, head, now=tools.clock())
        return answer(await _detail(session, head))


def _key(request: web.Request) -> str:
    return request.match_info["key"]


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
