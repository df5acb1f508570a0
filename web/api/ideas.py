"""`GET /api/v1/{user_id}/ideas`: a creator's content ideas."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from domain.access import Act
from store.models import Idea, IdeaStage, Priority
from store.queries.ideas import IdeaFilter, IdeaSort, list_ideas
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text, Words
from web.api.route import Call, NoBody, Route

# instants begin with the newest, everything else with the first
_NEWEST_FIRST = frozenset({IdeaSort.CREATED_AT, IdeaSort.UPDATED_AT})


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


class IdeaQuery(ListQuery):
    stage: IdeaStage | None = None
    priority: Priority | None = None
    tags: Words = ()
    search: Text = ""
    sort: IdeaSort = IdeaSort.CREATED_AT
    order: Order | None = None

    def filter(self) -> IdeaFilter:
        return IdeaFilter(
            stage=self.stage,
            priority=self.priority,
            # as they are kept
            tags=tuple(tag.removeprefix("#").casefold() for tag in self.tags),
            search=self.search.strip(),
            sort=self.sort,
            descending=self.order is Order.DESC if self.order else self.sort in _NEWEST_FIRST,
        )


class IdeaItem(BaseModel):
    id: UUID
    number: int
    title: str
    notes: str
    stage: IdeaStage
    priority: Priority
    tags: list[str]
    due_date: date | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, idea: Idea) -> "IdeaItem":
        return cls(
            id=idea.public_id,
            number=idea.number,
            title=idea.title,
            notes=idea.notes,
            stage=idea.stage,
            priority=idea.priority,
            tags=idea.tags,
            due_date=idea.due_date,
            created_at=idea.created_at,
            updated_at=idea.updated_at,
        )


async def show_ideas(call: Call[IdeaQuery, NoBody]) -> ListAnswer[IdeaItem]:
    call.must_be(call.request.match_info["user_id"])
    page = await list_ideas(call.session, call.creator_id, call.query.filter(), call.query.paging())
    return ListAnswer[IdeaItem].of(page, IdeaItem.of)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/{user_id}/ideas",
        Act.SEE_IDEAS,
        show_ideas,
        "A creator's content ideas",
        {200: ListAnswer[IdeaItem]},
        query=IdeaQuery,
        proves=("test_web_ideas.py::test_the_list_has_the_shape_that_all_lists_have",),
    ),
)
