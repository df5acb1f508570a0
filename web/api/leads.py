"""`/api/v1/leads`: a creator's leads, asked for by segment or search, and entered by hand."""

from datetime import datetime
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain.leads import add_lead
from kit.errors import NotFound
from kit.paging import Page
from store.models import Lead, Proof
from store.queries.lead_pages import LeadRow, page_after
from store.queries.leads import count_leads, find_living_lead, page_of_leads, saved_segments, search, where
from web.answers import answer
from web.api.body import read_json
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text, read_id, read_query
from web.auth import sign_in
from web.tools import TOOLS


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


async def show_leads(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    async with tools.database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        query = read_query(request, LeadQuery)
        known = tools.published.setup(creator_id).known(await saved_segments(session, creator_id))
        condition = await where(session, creator_id, query.segment.strip() or "all", known, now=tools.clock())
        if query.search.strip():
            condition &= await search(session, creator_id, query.search)
        paging = query.paging()
        total = await count_leads(session, creator_id, condition)
        leads = await page_of_leads(session, creator_id, condition, limit=paging.limit, offset=paging.offset)
        rows = await _rows(session, creator_id, leads)
    return answer(ListAnswer[LeadItem].of(Page(rows, total, paging), LeadItem.of))


async def show_lead(request: web.Request) -> web.Response:
    async with request.app[TOOLS].database.reading() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        lead = await find_living_lead(session, creator_id, read_id(request, "lead_id"))
        if lead is None:
            raise NotFound("there is no such lead")
        rows = await _rows(session, creator_id, [lead])
    return answer(LeadItem.of(rows[0]))


async def enter_lead(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    async with tools.database.reading() as session:
        await sign_in(request, session)
    new = await read_json(request, NewLead)
    async with tools.database.transaction() as session:
        creator_id = (await sign_in(request, session)).acting_for()
        lead = await add_lead(
            session,
            creator_id,
            name=new.name,
            email=new.email,
            phone=new.phone,
            source=new.source or None,
            now=tools.clock(),
        )
        rows = await _rows(session, creator_id, [lead])
    return answer(LeadItem.of(rows[0]), status=201)


async def _rows(session: AsyncSession, creator_id: int, leads: list[Lead]) -> list[LeadRow]:
    """With all that belongs to them, in the order given."""
    ids = [lead.id for lead in leads]
    rows = await page_after(session, creator_id, 0, len(ids), Lead.id.in_(ids)) if ids else []
    by_id = {row.lead.id: row for row in rows}
    return [by_id[each] for each in ids]
