"""What is done with one lead: tags, fields, bans, taking a chat over, merging."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, RootModel, StrictInt

from domain.access import Act
from domain.consent import unsubscribe
from domain.holding import LeadGone
from domain.lead_acts import BadTag, ban_lead, give_back, tag_lead, take_over, unban_lead, untag_lead
from domain.lead_changes import change_fields
from domain.merging import CannotMerge, merge_leads
from kit.errors import Invalid
from web.api.lead_answers import LeadItem, NoSuchLead, changed_lead, held_lead, lead_of, own_lead
from web.api.lead_messages import NoChat
from web.api.query import Printable, Text, Words
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_TAGS_AT_ONCE = 50
_MOST_PARTS = 100
_LONGEST = 4000


class Tags(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: Annotated[list[Text], Field(min_length=1, max_length=_TAGS_AT_ONCE)]


class TagsQuery(BaseModel):
    """Several with commas between."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: Annotated[Words, Field(min_length=1)]


def _value(given: object) -> object:
    parts = given if isinstance(given, list) else [given]
    if len(parts) > _MOST_PARTS or not all(isinstance(each, str | int | float | None) for each in parts):
        raise ValueError("is no value of a field")
    for each in parts:
        if isinstance(each, str) and (len(each) > _LONGEST or _broken(each)):
            raise ValueError("is too long, or holds characters that no text has")
    return given


def _broken(text: str) -> bool:
    return any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text)


_Value = Annotated[object, PlainValidator(_value, json_schema_input_type=str | float | bool | list[str] | None)]


class FieldValues(
    RootModel[Annotated[dict[Annotated[str, Printable, Field(max_length=40)], _Value], Field(max_length=100)]]
):
    """By the creator's own fields: a text, a number, true or false, a day, a list of choices; null empties one."""

    model_config = ConfigDict(frozen=True)


class Merge(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    # the lead of which this one becomes a part
    into: Annotated[StrictInt, Field(ge=1, lt=2**63)]


async def give_tags(call: Call[NoQuery, Tags]) -> LeadItem:
    lead = await held_lead(call)
    for tag in call.body.tags:
        await tag_lead(call.session, lead, tag, now=call.tools.clock())
    return await changed_lead(call.session, lead)


async def take_tags(call: Call[TagsQuery, NoBody]) -> LeadItem:
    lead = await held_lead(call)
    for tag in call.query.tags:
        await untag_lead(call.session, lead, tag, now=call.tools.clock())
    return await changed_lead(call.session, lead)


async def put_fields(call: Call[NoQuery, FieldValues]) -> LeadItem:
    lead = await held_lead(call)
    setup = call.tools.published.setup(call.creator_id)
    await change_fields(call.session, lead, call.body.root, setup, now=call.tools.clock())
    return await changed_lead(call.session, lead)


async def take_chat(call: Plain) -> LeadItem:
    lead = await held_lead(call)
    if lead.person_id is None:
        raise NoChat(lead.id)
    await take_over(call.session, lead, now=call.tools.clock())
    return await changed_lead(call.session, lead)


async def merge(call: Call[NoQuery, Merge]) -> LeadItem:
    """Said again once it is done, it changes nothing."""
    into, other = await lead_of(call.session, call.creator_id, call.body.into), await own_lead(call)
    done_before = into.id == other.id != call.number("lead_id")
    if not done_before:
        await merge_leads(call.session, into, other, now=call.tools.clock())
    return await changed_lead(call.session, into)


def _switch(path: str, act: Act, does: Callable[..., Awaitable[object]], summary: str) -> Route[NoQuery, NoBody]:
    """What is on or off of a lead: `does` takes the session and the lead."""

    async def switch(call: Plain) -> LeadItem:
        lead = await held_lead(call)
        await does(call.session, lead, now=call.tools.clock())
        return await changed_lead(call.session, lead)

    return Route("POST", path, act, switch, summary, {200: LeadItem}, session="write", refuses=_USUAL, proves=_SWITCHED)


_USUAL = (NoSuchLead, LeadGone)
_SWITCHED = ("test_api_lead_acts.py::test_what_is_on_or_off_of_a_lead_is_switched",)

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/leads/{lead_id}/tags",
        Act.CHANGE_LEADS,
        give_tags,
        "Gives tags to a lead; those it has already are no matter",
        {200: LeadItem},
        session="write",
        body=Tags,
        refuses=(*_USUAL, BadTag),
        example={"tags": ["vip", "berlin"]},
        proves=("test_api_lead_acts.py::test_tags_are_given_and_taken_away",),
    ),
    Route(
        "DELETE",
        "/leads/{lead_id}/tags",
        Act.CHANGE_LEADS,
        take_tags,
        "Takes tags away, as in `?tags=vip,berlin`",
        {200: LeadItem},
        session="write",
        query=TagsQuery,
        refuses=(*_USUAL, BadTag),
        proves=("test_api_lead_acts.py::test_tags_are_given_and_taken_away",),
    ),
    Route(
        "PUT",
        "/leads/{lead_id}/fields",
        Act.CHANGE_LEADS,
        put_fields,
        "Writes fields of the creator's own; those not named stay, and null empties one",
        {200: LeadItem},
        session="write",
        body=FieldValues,
        refuses=(*_USUAL, Invalid),
        example={"city": "Berlin", "age": 31, "likes": ["film", "photo"]},
        proves=(
            "test_api_lead_acts.py::test_fields_are_kept_by_their_kinds",
            "test_api_lead_acts.py::test_a_value_of_another_kind_is_refused_with_its_field",
        ),
    ),
    _switch(
        "/leads/{lead_id}/ban",
        Act.CHANGE_LEADS,
        ban_lead,
        "The bot no longer answers this lead; what they paid for still reaches them",
    ),
    _switch(
        "/leads/{lead_id}/unban",
        Act.CHANGE_LEADS,
        unban_lead,
        "The bot answers this lead again",
    ),
    Route(
        "POST",
        "/leads/{lead_id}/take-over",
        Act.WRITE_TO_LEADS,
        take_chat,
        "A person writes in this chat from now on, and the bot keeps quiet",
        {200: LeadItem},
        session="write",
        refuses=(*_USUAL, NoChat),
        proves=_SWITCHED,
    ),
    _switch(
        "/leads/{lead_id}/give-back",
        Act.WRITE_TO_LEADS,
        give_back,
        "The bot speaks in this chat again",
    ),
    _switch(
        "/leads/{lead_id}/unsubscribe",
        Act.CHANGE_LEADS,
        unsubscribe,
        "Ends marketing to this lead until they ask for it again themselves; deliveries still go out",
    ),
    Route(
        "POST",
        "/leads/{lead_id}/merge",
        Act.REMOVE_LEADS,
        merge,
        "This lead becomes a part of another one, for good",
        {200: LeadItem},
        session="write",
        body=Merge,
        refuses=(*_USUAL, CannotMerge),
        example={"into": 12},
        proves=("test_api_lead_acts.py::test_a_lead_becomes_a_part_of_another",),
    ),
)
