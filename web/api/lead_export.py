"""`/api/v1/leads/export`: leads as a CSV file, sent page by page as they are read."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.transfers.asking import fields_in_use
from domain.transfers.exporting import cells_of, export_keys, header
from kit.log import get_logger
from store.queries.lead_pages import page_after
from store.queries.leads import saved_segments, search, where
from store.segments.question import BadSegment
from web.api.query import Printable, Text
from web.api.route import Answered, Call, Media, NoBody, Route

_AT_ONCE = 500
# without it spreadsheets take it for something else
_MARK = "\N{BYTE ORDER MARK}"
_log = get_logger(__name__)


class ExportQuery(BaseModel):
    """Both must hold when both are given; without either it is every lead."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    segment: Annotated[str, Printable, Field(max_length=2000)] = ""
    search: Text = ""


async def export_leads(call: Call[ExportQuery, NoBody]) -> Answered:
    """A mistake in the question is told before anything is sent; who loses the right on the way gets no whole file."""
    pages = _pages(call)
    first = await anext(pages)
    name = f"leads-{call.tools.clock():%Y-%m-%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers | {"Content-Type": "text/csv; charset=utf-8"})
    try:
        await response.prepare(call.request)
        await response.write(first)
        async for page in pages:
            await response.write(page)
        await response.write_eof()
    except ConnectionError:
        _log.info("an export was broken off")
    return Answered(response=response)


async def _pages(call: Call[ExportQuery, NoBody]) -> AsyncIterator[bytes]:
    """The header, then some hundreds of leads at a time, each in a read of its own: nobody waits for a slow reader."""
    tools, creator_id, after = call.tools, call.creator_id, 0
    setup = tools.published.setup(creator_id)
    async with tools.database.reading() as session:
        await _condition(call, session)
        keys = export_keys(setup, await fields_in_use(session, creator_id))
    yield _written([header(keys)], begins=_MARK)
    while True:
        async with tools.database.reading() as session:
            await call.must_still(session, Act.EXPORT_LEADS)
            page = await page_after(session, creator_id, after, _AT_ONCE, await _condition(call, session))
        if not page:
            return
        after = page[-1].lead.id
        yield _written([cells_of(row, keys) for row in page])


async def _condition(call: Call[ExportQuery, NoBody], session: AsyncSession) -> ColumnElement[bool]:
    query, creator_id = call.query, call.creator_id
    known = call.tools.published.setup(creator_id).known(await saved_segments(session, creator_id))
    condition = await where(session, creator_id, query.segment.strip() or "all", known, now=call.tools.clock())
    if query.search.strip():
        condition &= await search(session, creator_id, query.search)
    return condition


def _written(rows: Sequence[Sequence[str]], *, begins: str = "") -> bytes:
    text = io.StringIO(newline="")
    text.write(begins)
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/leads/export",
        Act.EXPORT_LEADS,
        export_leads,
        "Leads as a CSV file that an import takes back",
        {200: Media("text/csv", "a row for each lead; cells that a spreadsheet would run begin with an apostrophe")},
        session="none",
        query=ExportQuery,
        refuses=(BadSegment,),
        rate="heavy",
        proves=(
            "test_api_imports.py::test_what_is_exported_can_be_imported",
            "test_api_imports.py::test_a_wrong_question_is_told_before_a_file_is_begun",
            "test_api_imports.py::test_an_export_breaks_off_with_the_right_to_it",
        ),
    ),
)
