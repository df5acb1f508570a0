"""`GET /api/v1/events`: a creator's audit trail."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from domain.access import Act
from kit.paging import Page
from store.models import Event
from store.queries.events import EventFilter, count_events, list_events
from web.api.lists import ListAnswer
from web.api.periods import SpanQuery, span_of
from web.api.query import Text, Whole
from web.api.route import Call, NoBody, Route


class EventQuery(SpanQuery):
    """`name` is one event's, or the beginning of several: `order.*`.

    `from` and `to` are instants, of which the last is left out, or days in the creator's time zone.
    """

    name: Text | None = None
    lead_id: Annotated[Whole, Field(ge=1, lt=2**63)] | None = None
    subject: Text | None = None


class LoggedEvent(BaseModel):
    """`subject` is what it is about, `order:7`; `data` holds numbers and words of Spark's, and no personal data."""

    id: int
    name: str
    lead_id: int | None
    subject: str | None
    data: dict[str, Any]
    occurred_at: datetime

    @classmethod
    def of(cls, event: Event) -> "LoggedEvent":
        return cls(
            id=event.id,
            name=event.name,
            lead_id=event.lead_id,
            subject=event.subject or None,
            data=event.data,
            occurred_at=event.occurred_at,
        )


async def show_events(call: Call[EventQuery, NoBody]) -> ListAnswer[LoggedEvent]:
    session, creator_id, query, paging = call.session, call.creator_id, call.query, call.query.paging()
    span = await span_of(session, query, creator_id)
    wanted = EventFilter(query.name, query.lead_id, query.subject, *span)
    which = ("events", creator_id, wanted)
    total = await call.tools.totals.of(which, lambda: count_events(session, creator_id, wanted))
    found = await list_events(session, creator_id, wanted, paging)
    return ListAnswer[LoggedEvent].of(Page(found, total, paging), LoggedEvent.of)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/events",
        Act.SEE_EVENTS,
        show_events,
        "What has happened, the newest first",
        {200: ListAnswer[LoggedEvent]},
        query=EventQuery,
        proves=(
            "test_api_event_list.py::test_the_trail_is_told_newest_first_and_narrowed",
            "test_api_event_list.py::test_a_question_that_cannot_be_asked_is_refused",
            "test_api_event_list.py::test_a_long_trail_is_counted_once_a_second",
        ),
    ),
)
