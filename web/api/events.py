"""`/api/v1/events`: what another program tells of a lead."""

from datetime import datetime
from typing import Annotated, Any, Self

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, PlainValidator, StrictInt, model_validator

from domain.access import Act
from domain.custom_events import BadEvent, NoSuchLead, ToldOtherwise, lead_told_of, tell_event
from kit.errors import Invalid
from store.models import Event
from web.api.query import Printable, Text
from web.api.route import Answered, Call, NoQuery, Route

# https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
KEY = "Idempotency-Key"
_LONGEST_KEY = 255


def _value(given: object) -> object:
    if not isinstance(given, str | int | float):
        raise ValueError("is neither a text nor a number, true or false")  # noqa: TRY004 - pydantic passes no other on
    return given


# looked at by one function, so that what is wrong with it is told once, and under its name
Value = Annotated[str | int | float | bool, PlainValidator(_value), Printable]


class NewEvent(BaseModel):
    """Of one lead: by number, or by an e-mail that belongs to them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text
    lead_id: Annotated[StrictInt, Field(ge=1, lt=2**63)] | None = None
    email: Text | None = None
    data: dict[str, Value] = {}

    @model_validator(mode="after")
    def _of_one_lead(self) -> Self:
        if (self.lead_id is None) == (self.email is None):
            raise ValueError("give lead_id or email")
        return self


class EventItem(BaseModel):
    id: int
    name: str
    lead_id: int
    data: dict[str, str | int | float | bool]
    occurred_at: datetime

    @classmethod
    def of(cls, event: Event) -> "EventItem":
        return cls(
            id=event.id, name=event.name, lead_id=event.lead_id or 0, data=event.data, occurred_at=event.occurred_at
        )


async def enter_event(call: Call[NoQuery, NewEvent]) -> Answered:
    """201 for a new one; 200 when the same was told before under the same key."""
    session, new, told_as = call.session, call.body, _key(call.request)
    lead = await lead_told_of(session, call.creator_id, lead_id=new.lead_id, email=new.email)
    event, is_new = await tell_event(session, lead, new.name, new.data, told_as=told_as, now=call.tools.clock())
    return Answered(EventItem.of(event), status=201 if is_new else 200)


def _key(request: web.Request) -> str | None:
    given = request.headers.getall(KEY, [])
    if not given:
        return None
    key = given[0].strip()
    if len(given) > 1 or not (key.isascii() and key.isprintable() and 0 < len(key) <= _LONGEST_KEY):
        raise Invalid(f"{KEY} is one line of up to {_LONGEST_KEY} characters", fields={KEY: "cannot be read"})
    return key


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/events",
        Act.TELL_EVENTS,
        enter_event,
        "Tells an event of a lead",
        {201: EventItem, 200: EventItem},
        session="write",
        body=NewEvent,
        refuses=(BadEvent, NoSuchLead, ToldOtherwise),
        example={"name": "custom.signed_up", "lead_id": 7, "data": {"plan": "pro"}},
        proves=(
            "test_web_events.py::test_an_event_of_a_lead_by_number_or_e_mail",
            "test_web_events.py::test_the_same_told_again_under_one_key_is_told_once",
            "test_web_events.py::test_a_lead_of_somebody_else_is_no_lead",
        ),
    ),
)
