"""`/api/v1/segments`: saved questions about leads, and what a question would find."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.broadcasts.audience import count_reach
from domain.segments import (
    BadSegmentName,
    ManagedByFile,
    NoSuchSegment,
    SegmentInUse,
    drop_segment,
    find_segment,
    save_segment,
)
from kit.paging import Page
from store.models import Kept, Lead
from store.queries.lead_pages import page_after
from store.queries.leads import page_of_leads, saved_segments, where
from store.segments.question import BadSegment
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

# so many of those whom a question finds are shown
_SHOWN = 10
Question = Annotated[str, Printable, Field(min_length=1, max_length=2000)]


class Asked(BaseModel):
    """A question in the language of docs/SEGMENTS.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    question: Question


class SegmentItem(BaseModel):
    """One that stands in the configuration is changed there alone."""

    key: str
    question: str
    kept: Kept


class FoundLead(BaseModel):
    id: int
    name: str


class Preview(BaseModel):
    """How many leads it finds, how many of those can be written to, and the newest few."""

    met: int
    reached: int
    leads: list[FoundLead]


class Verdict(BaseModel):
    """`problem` is one line that says where, why, and what may stand there instead."""

    valid: bool
    problem: str | None


async def show_segments(call: Call[ListQuery, NoBody]) -> ListAnswer[SegmentItem]:
    """By their names; there are a few hundred at most."""
    of_file = call.tools.published.setup(call.creator_id).segments
    found = {key: (asked, Kept.API) for key, asked in (await saved_segments(call.session, call.creator_id)).items()}
    found |= {key: (asked, Kept.FILE) for key, asked in of_file.items()}
    items = [SegmentItem(key=key, question=asked, kept=kept) for key, (asked, kept) in sorted(found.items())]
    paging = call.query.paging()
    shown = items[paging.offset : paging.offset + paging.limit]
    return ListAnswer[SegmentItem].of(Page(shown, len(items), paging), lambda item: item)


async def show_segment(call: Plain) -> SegmentItem:
    setup = call.tools.published.setup(call.creator_id)
    key, question = await find_segment(call.session, call.creator_id, setup, call.word("key"))
    return SegmentItem(key=key, question=question, kept=Kept.FILE if key in setup.segments else Kept.API)


async def put_segment(call: Call[NoQuery, Asked]) -> Answered:
    """201 for a new name; funnels and broadcasts that name it ask the new question from now on."""
    session, creator_id, question = call.session, call.creator_id, call.body.question.strip()
    setup, name = call.tools.published.setup(creator_id), call.word("key")
    is_new = name.strip().casefold() not in await saved_segments(session, creator_id)
    key = await save_segment(session, creator_id, setup, name, question, now=call.tools.clock())
    return Answered(SegmentItem(key=key, question=question, kept=Kept.API), status=201 if is_new else 200)


async def remove_segment(call: Plain) -> None:
    setup = call.tools.published.setup(call.creator_id)
    await drop_segment(call.session, call.creator_id, setup, call.word("key"))


async def preview(call: Call[NoQuery, Asked]) -> Preview:
    """As it is now; `segment:NAME` asks a saved one."""
    setup, now, question = call.tools.published.setup(call.creator_id), call.tools.clock(), call.body.question.strip()
    async with call.tools.database.reading() as session:
        known = setup.known(await saved_segments(session, call.creator_id))
        condition = await where(session, call.creator_id, question, known, now=now)
        reach = await count_reach(session, call.creator_id, question, setup, now=now)
        ids = [each.id for each in await page_of_leads(session, call.creator_id, condition, limit=_SHOWN, offset=0)]
        rows = await page_after(session, call.creator_id, 0, _SHOWN, Lead.id.in_(ids)) if ids else []
    leads = [FoundLead(id=each.lead.id, name=each.lead.name or each.first_name or "") for each in reversed(rows)]
    return Preview(met=reach.met, reached=reach.reached, leads=leads)


async def validate(call: Call[NoQuery, Asked]) -> Verdict:
    """Whether it can be asked; nobody is looked for, and nothing is saved."""
    setup = call.tools.published.setup(call.creator_id)
    async with call.tools.database.reading() as session:
        known = setup.known(await saved_segments(session, call.creator_id))
        try:
            await where(session, call.creator_id, call.body.question, known, now=call.tools.clock())
        except BadSegment as wrong:
            return Verdict(valid=False, problem=str(wrong))
    return Verdict(valid=True, problem=None)


_EXAMPLE = {"question": "tag:vip and last_seen<30d"}
_KEEPING = "test_api_segments.py::test_a_segment_is_saved_read_asked_and_dropped"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/segments",
        Act.SEE_SEGMENTS,
        show_segments,
        "Saved questions about leads, by their names",
        {200: ListAnswer[SegmentItem]},
        query=ListQuery,
        proves=(_KEEPING,),
    ),
    Route(
        "POST",
        "/segments/validate",
        Act.SEE_SEGMENTS,
        validate,
        "Whether a question can be asked",
        {200: Verdict},
        session="none",
        body=Asked,
        example=_EXAMPLE,
        proves=("test_api_segments.py::test_a_question_is_looked_at_and_tried_out_before_it_is_saved",),
    ),
    Route(
        "POST",
        "/segments/preview",
        Act.SEE_LEADS,
        preview,
        "How many leads a question finds, and some of them",
        {200: Preview},
        session="none",
        body=Asked,
        refuses=(BadSegment,),
        rate="heavy",
        example=_EXAMPLE,
        proves=("test_api_segments.py::test_a_question_is_looked_at_and_tried_out_before_it_is_saved",),
    ),
    Route(
        "GET",
        "/segments/{key}",
        Act.SEE_SEGMENTS,
        show_segment,
        "One saved question",
        {200: SegmentItem},
        refuses=(NoSuchSegment,),
        proves=(_KEEPING, "test_api_segments.py::test_somebody_elses_segments_are_not_there"),
    ),
    Route(
        "PUT",
        "/segments/{key}",
        Act.CHANGE_SEGMENTS,
        put_segment,
        "Saves a question under a name",
        {200: SegmentItem, 201: SegmentItem},
        session="write",
        body=Asked,
        refuses=(BadSegment, BadSegmentName, ManagedByFile, SegmentInUse),
        example=_EXAMPLE,
        proves=(_KEEPING, "test_api_segments.py::test_what_cannot_be_saved_is_refused"),
    ),
    Route(
        "DELETE",
        "/segments/{key}",
        Act.CHANGE_SEGMENTS,
        remove_segment,
        "Drops a saved question that nothing names",
        {204: None},
        session="write",
        refuses=(NoSuchSegment, BadSegmentName, ManagedByFile, SegmentInUse),
        proves=(_KEEPING, "test_api_segments.py::test_what_cannot_be_saved_is_refused"),
    ),
)
