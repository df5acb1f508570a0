"""`GET /api/v1/{user_id}/ideas/results`: what ideas brought, by idea, tag and month."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select

from domain.access import Act
from domain.idea_parts import NoSuchIdea, no_such_idea
from domain.ideas import find_by_public_id
from kit.buckets import Interval
from kit.paging import Page
from store.models import Idea
from store.queries.idea_results import (
    Bought,
    Brought,
    brought,
    brought_by_piece,
    brought_by_tag,
    brought_since,
    most_first,
)
from web.api.analytics_items import Asked, SumItem
from web.api.ideas import id_of
from web.api.kept import kept
from web.api.lists import ListAnswer
from web.api.periods import BadPeriod, Period, PeriodQuery, period_of
from web.api.query import ListQuery
from web.api.route import Answered, Call, Does, NoBody, Plain, Route

T = TypeVar("T")
_A_YEAR = timedelta(days=365)


class By(StrEnum):
    IDEA = "idea"
    TAG = "tag"
    MONTH = "month"


class ResultsQuery(PeriodQuery, ListQuery):
    """The last 365 days unless told. Ideas and tags that brought nothing then are left out; every month is told."""

    by: By = By.IDEA


class BoughtCount(BaseModel):
    """Of orders that were paid then."""

    customers: int
    orders: int
    money: list[SumItem]

    @classmethod
    def of(cls, bought: Bought) -> "BoughtCount":
        money = SumItem.all_of(bought.money, list(bought.money))
        return cls(customers=bought.buyers, orders=bought.orders, money=money)


class BroughtCount(BaseModel):
    """`leads` came by it first of all, `touched_leads` at all.

    `first_touch`: what those bought who had come by it first of all; `last_touch`: what those bought who had come by
    nothing else since.
    """

    leads: int
    touched_leads: int
    first_touch: BoughtCount
    last_touch: BoughtCount

    @classmethod
    def told(cls, found: Brought) -> dict[str, Any]:
        return {
            "leads": found.leads,
            "touched_leads": found.touched,
            "first_touch": BoughtCount.of(found.first),
            "last_touch": BoughtCount.of(found.last),
        }


class IdeaResult(BroughtCount):
    id: UUID
    number: int
    title: str


class TagResult(BroughtCount):
    tag: str


class MonthResult(Asked, BroughtCount):
    """By all ideas together."""


class ResultsAnswer(Asked, ListAnswer[IdeaResult | TagResult | MonthResult]):
    by: By
    time_zone: str


async def show_result(call: Plain) -> IdeaResult:
    """From its first day on."""
    public_id = id_of(call)
    idea = await find_by_public_id(call.session, call.creator_id, public_id)
    if idea is None:
        raise no_such_idea(str(public_id))
    found = await brought(call.session, call.creator_id, [idea.id])
    return _of_idea(idea, found[idea.id])


async def show_results(call: Call[ResultsQuery, NoBody]) -> ResultsAnswer:
    period, query = await period_of(call, usually=_A_YEAR), call.query
    told = {"since": period.since, "until": period.until, "time_zone": period.zone, "by": query.by}
    tell: Callable[[Call[ResultsQuery, NoBody], Period], Awaitable[tuple[Sequence[BroughtCount], int]]]
    match query.by:
        case By.IDEA:
            tell = _by_idea
        case By.TAG:
            tell = _by_tag
        case _:
            tell = _by_month
    items, total = await tell(call, period)
    page = Page(items, total, query.paging())
    return ResultsAnswer(**told, **dict(ListAnswer[Any].of(page, lambda item: item)))


async def _by_idea(call: Call[ResultsQuery, NoBody], period: Period) -> tuple[Sequence[IdeaResult], int]:
    found = await brought_since(call.session, call.creator_id, period.since, period.until)
    shown = _shown(call, most_first(found))
    ideas = {each.id: each for each in await call.session.scalars(select(Idea).where(Idea.id.in_(shown)))}
    return [_of_idea(ideas[each], found[each]) for each in shown], len(found)


async def _by_tag(call: Call[ResultsQuery, NoBody], period: Period) -> tuple[Sequence[TagResult], int]:
    found = await brought_by_tag(call.session, call.creator_id, period.since, period.until)
    shown = _shown(call, most_first(found))
    return [TagResult(tag=each, **BroughtCount.told(found[each])) for each in shown], len(found)


async def _by_month(call: Call[ResultsQuery, NoBody], period: Period) -> tuple[Sequence[MonthResult], int]:
    at = period.edges(Interval.MONTH)
    months = list(zip(pairwise(at), await brought_by_piece(call.session, call.creator_id, at), strict=True))
    return [
        MonthResult(since=since, until=until, **BroughtCount.told(each))
        for (since, until), each in _shown(call, months)
    ], len(months)


def _shown(call: Call[ResultsQuery, NoBody], found: Sequence[T]) -> Sequence[T]:
    """Of the page that was asked for."""
    return found[call.query.offset : call.query.offset + call.query.limit]


def _of_idea(idea: Idea, found: Brought) -> IdeaResult:
    return IdeaResult(id=idea.public_id, number=idea.number, title=idea.title, **BroughtCount.told(found))


def _own(show: Callable[[Call[Any, NoBody]], Awaitable[BaseModel]]) -> Does[Any, NoBody]:
    answer = kept(show)

    async def does(call: Call[Any, NoBody]) -> BaseModel | Answered | None:
        call.must_be(call.request.match_info["user_id"])
        return await answer(call)

    return does


# before those of `web.api.ideas`: `results` is no idea's id
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/{user_id}/ideas/results",
        Act.SEE_IDEAS,
        _own(show_results),
        "What ideas brought, by idea, tag or month",
        {200: ResultsAnswer},
        session="none",
        query=ResultsQuery,
        rate="heavy",
        refuses=(BadPeriod,),
        proves=(
            "test_api_idea_results.py::test_what_an_idea_brought_is_told_by_first_and_by_last_touch",
            "test_api_idea_results.py::test_results_are_told_by_tag_and_by_month_of_the_creators_clock",
        ),
    ),
    Route(
        "GET",
        "/{user_id}/ideas/{idea_id}/results",
        Act.SEE_IDEAS,
        _own(show_result),
        "What an idea brought so far",
        {200: IdeaResult},
        session="none",
        rate="heavy",
        refuses=(NoSuchIdea,),
        proves=("test_api_idea_results.py::test_what_an_idea_brought_is_told_by_first_and_by_last_touch",),
    ),
)
