"""What is kept about one lead, page by page: notes, the timeline, decisions."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.decisions import Decided
from domain.hindsight import count_back, look_back
from domain.holding import LeadGone
from domain.lead_acts import NOTE_LENGTH, BadNote, add_note, remove_note
from domain.leads import zone_of
from domain.messages.catalogue import plain_why
from domain.why import why
from kit.errors import NotFound
from kit.paging import Page
from store.models import LeadNote
from store.queries.lead_card import Happened, count_events, count_notes, family_of, list_notes, timeline
from web.api.lead_answers import NoSuchLead, held_lead, own_lead
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_LANGUAGE = "en"


class NoSuchNote(NotFound):
    code = "no_such_note"


class NewNote(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    text: Annotated[str, Printable, Field(min_length=1, max_length=NOTE_LENGTH)]


class NoteItem(BaseModel):
    id: int
    text: str
    created_at: datetime

    @classmethod
    def of(cls, note: LeadNote) -> "NoteItem":
        return cls(id=note.id, text=note.text, created_at=note.created_at)


class HappenedItem(BaseModel):
    """An event: `subject` names what it was about, as in `order:7`, and `data` what else is known, by numbers."""

    name: str
    subject: str
    data: dict[str, Any]
    occurred_at: datetime

    @classmethod
    def of(cls, happened: Happened) -> "HappenedItem":
        return cls(
            name=happened.name,
            subject=happened.subject,
            data=dict(happened.data),
            occurred_at=happened.occurred_at,
        )


class DecisionItem(BaseModel):
    """`about` is `funnel:welcome` or `broadcast:3`, `version` of the funnel's wording; `lines` say what came of it."""

    at: datetime
    about: str
    version: int | None
    lines: list[str]


async def show_notes(call: Call[ListQuery, NoBody]) -> ListAnswer[NoteItem]:
    lead, paging = await own_lead(call), call.query.paging()
    notes = await list_notes(call.session, lead.id, limit=paging.limit, offset=paging.offset)
    return ListAnswer[NoteItem].of(Page(notes, await count_notes(call.session, lead.id), paging), NoteItem.of)


async def write_note(call: Call[NoQuery, NewNote]) -> NoteItem:
    lead = await held_lead(call)
    return NoteItem.of(await add_note(call.session, lead, call.body.text, now=call.tools.clock()))


async def drop_note(call: Plain) -> None:
    lead = await held_lead(call)
    if not await remove_note(call.session, lead, call.number("note_id"), now=call.tools.clock()):
        raise NoSuchNote("there is no such note")


async def show_timeline(call: Call[ListQuery, NoBody]) -> ListAnswer[HappenedItem]:
    lead, paging = await own_lead(call), call.query.paging()
    lead_ids = await family_of(call.session, lead)
    happened = await timeline(call.session, lead_ids, limit=paging.limit, offset=paging.offset)
    page = Page(happened, await count_events(call.session, lead_ids), paging)
    return ListAnswer[HappenedItem].of(page, HappenedItem.of)


async def show_decisions(call: Call[ListQuery, NoBody]) -> ListAnswer[DecisionItem]:
    lead, paging = await own_lead(call), call.query.paging()
    zone = zone_of(lead, call.tools.published.setup(call.creator_id))
    lead_ids = await family_of(call.session, lead)
    total = await count_back(call.session, lead_ids)
    # of several kinds, which are put in one order after they were read
    last = min(paging.offset + paging.limit, total)
    decided = await look_back(call.session, lead_ids, most=last) if paging.offset < last else []

    def item(each: Decided) -> DecisionItem:
        # the first line names what the others are about
        lines = [plain_why(line, _LANGUAGE) for line in why(each, _LANGUAGE, zone)[1:]]
        return DecisionItem(at=each.at, about=each.about, version=each.version, lines=lines)

    return ListAnswer[DecisionItem].of(Page(decided[::-1][paging.offset :], total, paging), item)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/leads/{lead_id}/notes",
        Act.SEE_LEADS,
        show_notes,
        "What was written down about a lead, newest first",
        {200: ListAnswer[NoteItem]},
        query=ListQuery,
        refuses=(NoSuchLead,),
        proves=("test_api_lead_pages.py::test_notes_are_written_read_and_removed",),
    ),
    Route(
        "POST",
        "/leads/{lead_id}/notes",
        Act.CHANGE_LEADS,
        write_note,
        "Writes something down about a lead",
        {201: NoteItem},
        session="write",
        body=NewNote,
        refuses=(NoSuchLead, LeadGone, BadNote),
        repeatable=True,
        example={"text": "Wants the studio tour in German."},
        proves=("test_api_lead_pages.py::test_notes_are_written_read_and_removed",),
    ),
    Route(
        "DELETE",
        "/leads/{lead_id}/notes/{note_id}",
        Act.CHANGE_LEADS,
        drop_note,
        "Removes a note",
        {204: None},
        session="write",
        refuses=(NoSuchLead, LeadGone, NoSuchNote),
        proves=("test_api_lead_pages.py::test_notes_are_written_read_and_removed",),
    ),
    Route(
        "GET",
        "/leads/{lead_id}/timeline",
        Act.SEE_LEADS,
        show_timeline,
        "What happened to a lead and to those that became a part of it, newest first",
        {200: ListAnswer[HappenedItem]},
        query=ListQuery,
        refuses=(NoSuchLead,),
        proves=("test_api_lead_pages.py::test_the_timeline_tells_what_happened_page_by_page",),
    ),
    Route(
        "GET",
        "/leads/{lead_id}/decisions",
        Act.SEE_LEADS,
        show_decisions,
        "What follow-ups and broadcasts decided about a lead, and why, the latest first",
        {200: ListAnswer[DecisionItem]},
        query=ListQuery,
        refuses=(NoSuchLead,),
        proves=("test_api_lead_pages.py::test_decisions_about_a_lead_are_told_in_words",),
    ),
)
