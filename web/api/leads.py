"""`/api/v1/leads`: a creator's leads, asked for by segment or search, entered by hand, changed and forgotten."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, field_validator

from domain.access import Act, NoSuchRight, SignInNeeded
from domain.contacts import BadContact
from domain.holding import LeadGone
from domain.identity import LeadExists
from domain.lead_changes import change_lead
from domain.leads import add_lead
from domain.removing import LeadOwns, remove_lead
from kit.errors import Conflict, Invalid
from kit.paging import Page
from store.queries.lead_pages import rows_of
from store.queries.leads import LeadSort, count_leads, page_of_ids, saved_segments, search, where
from store.segments.compiling import living
from store.segments.question import BadSegment
from web.api.lead_answers import LeadItem, NoSuchLead, changed_lead, held_lead, own_lead, told_lead
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_MOST_SCORE = 1_000_000_000


class LeadIsMerged(Conflict):
    """The number leads to another lead: removing that one has to be said by its own number."""

    code = "lead_is_merged"


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


class LeadQuery(ListQuery):
    """Both must hold when both are given. Sorted by `captured_at` (as they came) or `score`, the highest first."""

    segment: Annotated[str, Printable, Field(max_length=2000)] = ""
    search: Text = ""
    sort: LeadSort = LeadSort.CAPTURED_AT
    order: Order = Order.DESC


class RemoveQuery(BaseModel):
    """`with_library`: what they own goes too, without a refund. An owner in person may say so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    with_library: bool = False


class NewLead(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = ""
    email: Text | None = None
    phone: Text | None = None
    source: Text | None = None


class LeadChange(BaseModel):
    """What is not named stays as it is; null empties a contact, the name or the time zone, and nothing else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    time_zone: Text | None = None
    stage: Text | None = None
    score: Annotated[StrictInt, Field(ge=-_MOST_SCORE, le=_MOST_SCORE)] | None = None

    @field_validator("stage", "score", mode="before")
    @classmethod
    def _is_never_emptied(cls, told: Any) -> Any:
        if told is None:
            raise ValueError("cannot be emptied; leave it out, and it stays")
        return told


async def show_leads(call: Call[LeadQuery, NoBody]) -> ListAnswer[LeadItem]:
    session, creator_id, query = call.session, call.creator_id, call.query
    condition = living(creator_id)
    if question := query.segment.strip():
        known = call.tools.published.setup(creator_id).known(await saved_segments(session, creator_id))
        condition = await where(session, creator_id, question, known, now=call.tools.clock())
    if query.search.strip():
        condition &= await search(session, creator_id, query.search)
    paging = query.paging()
    which = ("leads", creator_id, question, query.search.strip())
    total = await call.tools.totals.of(which, lambda: count_leads(session, creator_id, condition))
    ids = await page_of_ids(
        session,
        creator_id,
        condition,
        sort=query.sort,
        descending=query.order is Order.DESC,
        limit=paging.limit,
        offset=paging.offset,
        total=total,
    )
    return ListAnswer[LeadItem].of(Page(await rows_of(session, creator_id, ids), total, paging), LeadItem.of)


async def show_lead(call: Plain) -> LeadItem:
    return await told_lead(call.session, await own_lead(call))


async def enter_lead(call: Call[NoQuery, NewLead]) -> LeadItem:
    new = call.body
    lead = await add_lead(
        call.session,
        call.creator_id,
        name=new.name,
        email=new.email,
        phone=new.phone,
        source=new.source or None,
        now=call.tools.clock(),
    )
    return await told_lead(call.session, lead)


async def alter_lead(call: Call[NoQuery, LeadChange]) -> LeadItem:
    lead = await held_lead(call)
    changes = call.body.model_dump(include=call.body.model_fields_set)
    setup = call.tools.published.setup(call.creator_id)
    await change_lead(call.session, lead, changes, setup, now=call.tools.clock())
    return await changed_lead(call.session, lead)


async def take_out(call: Call[RemoveQuery, NoBody]) -> None:
    if call.query.with_library:
        call.must(Act.REMOVE_OWNERS)
    lead = await own_lead(call)
    if lead.id != call.number("lead_id"):
        raise LeadIsMerged(f"this lead is a part of lead {lead.id} now; remove that one, if it is meant")
    await remove_lead(call.session, lead, with_library=call.query.with_library, now=call.tools.clock())


_CHANGE: dict[str, Any] = {
    "session": "write",
    "body": LeadChange,
    "refuses": (NoSuchLead, LeadGone, BadContact, LeadExists, Invalid),
    "example": {"name": "Zoë Lang", "stage": "engaged", "score": 10},
    "proves": (
        "test_api_leads.py::test_a_lead_is_changed_part_by_part",
        "test_api_leads.py::test_what_a_lead_cannot_be_is_refused_and_changes_nothing",
    ),
}

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/leads",
        Act.SEE_LEADS,
        show_leads,
        "The creator's leads, newest first unless sorted",
        {200: ListAnswer[LeadItem]},
        query=LeadQuery,
        refuses=(BadSegment,),
        proves=(
            "test_web_leads.py::test_leads_are_listed_newest_first_with_all_that_belongs_to_them",
            "test_web_leads.py::test_a_segment_and_a_search_narrow_the_list",
            "test_api_leads.py::test_leads_are_sorted_by_score_and_by_when_they_came",
            "test_api_lists.py::test_every_list_costs_as_many_statements_with_thirty_rows_as_with_three",
        ),
    ),
    Route(
        "POST",
        "/leads",
        Act.CHANGE_LEADS,
        enter_lead,
        "Enters a lead",
        {201: LeadItem},
        session="write",
        body=NewLead,
        refuses=(LeadExists, BadContact, Invalid),
        repeatable=True,
        example={"name": "Zoë", "email": "zoe@example.com"},
        proves=("test_web_leads.py::test_a_lead_is_entered_once",),
    ),
    Route(
        "GET",
        "/leads/{lead_id}",
        Act.SEE_LEADS,
        show_lead,
        "One lead, or what it became a part of",
        {200: LeadItem},
        refuses=(NoSuchLead,),
        proves=("test_web_leads.py::test_one_lead_is_found_by_number_and_others_leads_are_not",),
    ),
    Route(
        "PATCH",
        "/leads/{lead_id}",
        Act.CHANGE_LEADS,
        alter_lead,
        "Changes what is named of a lead",
        {200: LeadItem},
        **_CHANGE,
    ),
    Route(
        "PUT",
        "/leads/{lead_id}",
        Act.CHANGE_LEADS,
        alter_lead,
        "The same as PATCH: what is not named stays",
        {200: LeadItem},
        **_CHANGE,
    ),
    Route(
        "DELETE",
        "/leads/{lead_id}",
        Act.REMOVE_LEADS,
        take_out,
        "Forgets a lead: what is personal goes, for good",
        {204: None},
        session="write",
        query=RemoveQuery,
        refuses=(NoSuchLead, LeadIsMerged, LeadOwns, SignInNeeded, NoSuchRight),
        proves=(
            "test_api_leads.py::test_a_removed_lead_is_forgotten",
            "test_api_leads.py::test_who_owns_something_is_removed_by_an_owner_in_person_alone_and_their_stars_stay",
        ),
    ),
)
