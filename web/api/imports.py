"""`/api/v1/leads/import`: leads by a CSV file, which is looked through first, and taken in once somebody says yes."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.loose_files import Promised, UploadKind, hand_over, let_go, promise_upload
from domain.transfers.asking import (
    NoSuchTransfer,
    TransferMovedOn,
    TransferNotReady,
    begin_import,
    confirm_import,
    find_transfer,
    give_up,
    map_columns,
    new_folder,
    possible_targets,
    sent_blob,
)
from domain.transfers.reading import Layout
from domain.uploads import NoSuchUpload, read_name
from kit.completion import run_to_completion
from kit.errors import Invalid
from kit.paging import Paging
from store.models import Transfer, TransferKind, TransferProblem, TransferState
from store.queries.transfers import problems_of
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text
from web.api.route import Answered, Call, Media, NoBody, NoQuery, Plain, Route
from web.multipart import FORM, NoRoom, NoUpload, UploadBroken, UploadTooLarge, parts_of, take_body, take_in
from web.tools import WebTools

_CSV = "text/csv"
_MOST_BYTES = 512 << 20


class NotCsv(Invalid):
    code = "unsupported_media_type"
    status = 415


class ImportState(StrEnum):
    """`ready` waits for a yes or no, for a day; `left` is one that somebody gave up, or nobody said yes to."""

    CHECKING = "checking"
    READY = "ready"
    RUNNING = "running"
    FINISHED = "finished"
    LEFT = "left"
    FAILED = "failed"

    @classmethod
    def of(cls, transfer: Transfer) -> "ImportState":
        if transfer.state in {TransferState.CLEARING, TransferState.DONE}:
            return cls.FINISHED if transfer.outcome is None else cls(transfer.outcome)
        return cls(transfer.state)


class ColumnItem(BaseModel):
    """`field` is what the column is taken for; null leaves it out."""

    name: str
    field: str | None


class ProblemItem(BaseModel):
    """Rows are counted as a spreadsheet does, the header being 1."""

    row: int
    reason: str

    @classmethod
    def of(cls, problem: TransferProblem) -> "ProblemItem":
        return cls(row=problem.row, reason=problem.reason)


class ImportItem(BaseModel):
    """Until it runs, the counts say what would be done; then what has been done so far.

    Columns, fields and problems are told while the file is kept: for a day after its end.
    """

    id: int
    state: ImportState
    file_name: str
    # rows of the file, as far as it has been looked through, and rows done
    total: int
    rows: int
    added: int
    changed: int
    bad: int
    columns: list[ColumnItem]
    # what a column can be
    fields: list[str]
    problems: ListAnswer[ProblemItem]
    # what it failed with
    why: str | None
    created_at: datetime
    ended_at: datetime | None


class Named(BaseModel):
    """`name` is the file's, where the body itself is the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text = "leads.csv"


class Columns(BaseModel):
    """By the names in the file's first row; those that are not named stay as they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: Annotated[dict[Annotated[str, Printable], Text | None], Field(min_length=1, max_length=200)]


async def send_file(call: Call[Named, NoBody]) -> Answered:
    """It is promised before it comes, so that what a crash leaves of it in the file store is known, and goes."""
    tools, folder = call.tools, new_folder()
    async with tools.database.transaction() as session:
        promise = await promise_upload(
            session, call.creator_id, UploadKind.FILE, blob=sent_blob(folder), now=tools.clock()
        )
    try:
        name = await _keep(call, promise.blob)
        async with tools.database.transaction() as session:
            await call.must_still(session, Act.CHANGE_LEADS)
            await hand_over(session, promise.upload_id)
            transfer = await begin_import(
                session, call.creator_id, None, file_name=name, folder=folder, now=tools.clock()
            )
            item = await _told(session, tools, transfer, Paging())
    except BaseException:
        await run_to_completion(_let_go(tools, promise))
        raise
    return Answered(item, headers={"Location": f"/api/v1/leads/imports/{item.id}"})


async def _let_go(tools: WebTools, promise: Promised) -> None:
    async with tools.database.transaction() as session:
        await let_go(session, [promise.upload_id], now=tools.clock())


async def _keep(call: Call[Named, NoBody], blob: str) -> str:
    """The file's name, once it is in the file store."""
    request, files, most = call.request, call.tools.files, min(call.tools.most_upload, _MOST_BYTES)
    name, size = call.query.name, 0
    if request.content_type == _CSV:
        _, size = await take_body(request, files, blob, most=most)
    elif request.content_type == FORM:
        async for part in parts_of(request, files, most=most):
            if part.filename is not None:
                name = part.filename
                _, size = await take_in(files, blob, part, most=most)
                break
    else:
        raise NotCsv("send the file as text/csv, or as a form does: multipart/form-data")
    if not size:
        raise NoUpload("there is no file in what was sent")
    return read_name(name)


async def show_import(call: Call[ListQuery, NoBody]) -> ImportItem:
    transfer = await _own_import(call)
    return await _told(call.session, call.tools, transfer, call.query.paging())


async def put_columns(call: Call[NoQuery, Columns]) -> ImportItem:
    transfer = await _own_import(call)
    setup = call.tools.published.setup(call.creator_id)
    await map_columns(call.session, transfer, call.body.columns, setup)
    return await _told_anew(call, transfer)


async def start(call: Plain) -> ImportItem:
    transfer = await _own_import(call)
    await confirm_import(call.session, transfer)
    return await _told_anew(call, transfer)


async def leave(call: Plain) -> None:
    await give_up(call.session, await _own_import(call), now=call.tools.clock())


async def _own_import(call: Call[Any, Any]) -> Transfer:
    transfer = await find_transfer(call.session, call.creator_id, call.number("import_id"))
    if transfer.kind is not TransferKind.IMPORT:
        raise NoSuchTransfer("there is no such import")
    return transfer


async def _told_anew(call: Call[Any, Any], transfer: Transfer) -> ImportItem:
    await call.session.refresh(transfer)
    return await _told(call.session, call.tools, transfer, Paging())


async def _told(session: AsyncSession, tools: WebTools, transfer: Transfer, paging: Paging) -> ImportItem:
    columns: list[ColumnItem] = []
    if transfer.mapping:
        layout = Layout.model_validate(transfer.mapping)
        columns = [
            ColumnItem(name=name, field=field) for name, field in zip(layout.columns, layout.fields, strict=True)
        ]
    fields: list[str] = []
    if transfer.state is TransferState.READY:
        fields = await possible_targets(session, transfer.creator_id, tools.published.setup(transfer.creator_id))
    problems = await problems_of(session, transfer.id, paging)
    return ImportItem(
        id=transfer.id,
        state=ImportState.of(transfer),
        file_name=transfer.file_name,
        total=transfer.total,
        rows=transfer.rows,
        added=transfer.added,
        changed=transfer.changed,
        bad=transfer.bad,
        columns=columns,
        fields=fields,
        problems=ListAnswer[ProblemItem].of(problems, ProblemItem.of),
        why=transfer.why,
        created_at=transfer.created_at,
        ended_at=transfer.ended_at,
    )


_ROUND = "test_api_imports.py::test_a_file_is_looked_through_and_taken_in_after_a_yes"
_STATES = "test_api_imports.py::test_what_an_import_is_not_ready_for_is_said"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/leads/import",
        Act.CHANGE_LEADS,
        send_file,
        "Sends up a CSV file of leads; it is looked through, and nothing is taken in before a yes",
        {202: ImportItem},
        session="none",
        query=Named,
        heads={"Location": "Where it stands: ask there how far it is."},
        takes=Media(
            _CSV,
            "the file itself, or a form (multipart/form-data) with the file in it",
            example="name,email\nLena,lena@example.com\n",
        ),
        refuses=(NotCsv, NoUpload, NoSuchUpload, UploadTooLarge, UploadBroken, NoRoom),
        rate="heavy",
        proves=(
            _ROUND,
            "test_api_imports.py::test_what_is_no_file_is_refused_and_leaves_nothing",
            "test_api_imports.py::test_what_a_crash_leaves_of_a_file_is_known_and_goes",
        ),
    ),
    Route(
        "GET",
        "/leads/imports/{import_id}",
        Act.SEE_LEADS,
        show_import,
        "How far an import is, and the rows that were not taken",
        {200: ImportItem},
        query=ListQuery,
        refuses=(NoSuchTransfer,),
        proves=(_ROUND, "test_api_imports.py::test_rows_that_cannot_be_taken_are_told_page_by_page"),
    ),
    Route(
        "PUT",
        "/leads/imports/{import_id}/columns",
        Act.CHANGE_LEADS,
        put_columns,
        "Says which column is which field; the file is looked through again",
        {200: ImportItem},
        session="write",
        body=Columns,
        refuses=(NoSuchTransfer, TransferMovedOn, TransferNotReady, Invalid),
        example={"columns": {"Mail": "email", "Remarks": None}},
        proves=("test_api_imports.py::test_columns_are_given_another_meaning", _STATES),
    ),
    Route(
        "POST",
        "/leads/imports/{import_id}/start",
        Act.CHANGE_LEADS,
        start,
        "Says yes: the rows become leads, in the background",
        {202: ImportItem},
        session="write",
        refuses=(NoSuchTransfer, TransferMovedOn, TransferNotReady),
        proves=(_ROUND, _STATES),
    ),
    Route(
        "DELETE",
        "/leads/imports/{import_id}",
        Act.CHANGE_LEADS,
        leave,
        "Says no: nothing is taken in, and the file goes",
        {204: None},
        session="write",
        refuses=(NoSuchTransfer, TransferMovedOn, TransferNotReady),
        proves=(_STATES,),
    ),
)
