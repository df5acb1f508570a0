"""`/api/v1/leads`: a creator's leads, asked for by segment or search, and entered by hand."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.identity import LeadExists
from domain.leads import add_lead
from kit.errors import NotFound
from kit.paging import Page
from store.models import Lead, Proof
from store.queries.lead_pages import LeadRow, page_after
from store.queries.leads import count_leads, find_living_lead, page_of_leads, saved_segments, search, where
from store.segments.question import BadSegment
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class LeadQuery(ListQuery):
    """Both must hold when both are given."""

    segment: Annotated[str, Printable, Field(max_length=2000)] = ""
    search: Text = ""


class NewLead(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = ""
    email: Text | None = None
    phone: Text | None = None
    source: Text | None = None


class LeadItem(BaseModel):
    """`first_name`, `username` and `language` are Telegram's; `spent` is in minor units by currency."""

    id: int
    name: str
    first_name: str | None
    username: str | None
    language: str | None
    email: str | None
    email_proof: Proof | None
    phone: str | None
    phone_proof: Proof | None
    source: str | None
    stage: str
    score: int
    tags: list[str]
    fields: dict[str, str | float | list[str | float]]
    orders: int
    spent: dict[str, int]
    consented_at: datetime | None
    unsubscribed_at: datetime | None
    captured_at: datetime
    last_seen_at: datetime | None

    @classmethod
    def of(cls, row: LeadRow) -> "LeadItem":
        lead = row.lead
        return cls(
            id=lead.id,
            name=lead.name,
            first_name=row.first_name,
            username=row.username,
            language=row.language,
            email=lead.email,
            email_proof=None if lead.email is None else lead.email_proof,
            phone=lead.phone,
            phone_proof=None if lead.phone is None else lead.phone_proof,
            source=lead.source,
            stage=lead.stage,
            score=lead.score,
            tags=row.tags,
            fields={key: values[0] if len(values) == 1 else values for key, values in row.fields.items()},
            orders=row.orders,
            spent=row.spent,
            consented_at=lead.consented_at,
            unsubscribed_at=lead.unsubscribed_at,
            captured_at=lead.created_at,
            last_seen_at=lead.seen_at,
        )


async def show_leads(call: Call[LeadQuery, NoBody]) -> ListAnswer[LeadItem]:
    session, creator_id, query = call.session, call.creator_id, call.query
    known = call.tools.published.setup(creator_id).known(await saved_segments(session, creator_id))
    condition = await where(session, creator_id, query.segment.strip() or "all", known, now=call.tools.clock())
    if query.search.strip():
        condition &= await search(session, creator_id, query.search)
    paging = query.paging()
    total = await count_leads(session, creator_id, condition)
    leads = await page_of_leads(session, creator_id, condition, limit=paging.limit, offset=paging.offset)
    rows = await _rows(session, creator_id, leads)
    return ListAnswer[LeadItem].of(Page(rows, total, paging), LeadItem.of)


async def show_lead(call: Plain) -> LeadItem:
    lead = await find_living_lead(call.session, call.creator_id, call.number("lead_id"))
    if lead is None:
        raise NotFound("there is no such lead")
    rows = await _rows(call.session, call.creator_id, [lead])
    return LeadItem.of(rows[0])


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
    rows = await _rows(call.session, call.creator_id, [lead])
    return LeadItem.of(rows[0])


async def _rows(session: AsyncSession, creator_id: int, leads: list[Lead]) -> list[LeadRow]:
    """With all that belongs to them, in the order given."""
    ids = [lead.id for lead in leads]
    rows = await page_after(session, creator_id, 0, len(ids), Lead.id.in_(ids)) if ids else []
    by_id = {row.lead.id: row for row in rows}
    return [by_id[each] for each in ids]


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/leads",
        Act.SEE_LEADS,
        show_leads,
        "The creator's leads, newest first",
        {200: ListAnswer[LeadItem]},
        query=LeadQuery,
        refuses=(BadSegment,),
        proves=("test_web_leads.py::test_leads_are_listed_newest_first_with_all_that_belongs_to_them",),
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
        refuses=(LeadExists,),
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
        refuses=(NotFound,),
        proves=("test_web_leads.py::test_one_lead_is_found_by_number_and_others_leads_are_not",),
    ),
)
