"""Forms that carry files into the API: once one is read, its files stand in the file store, and in rows of ours."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import Any

from aiohttp import BodyPartReader

from domain.images import draw_anew
from domain.loose_files import Arrived, Promised, UploadKind, let_go, note_arrival, promise_upload
from domain.uploads import read_name, read_type
from kit.completion import run_to_completion
from kit.errors import Invalid, Refusal
from kit.pictures import BadPicture, Picture
from store.files import StoreFullError
from store.models import StoredFile
from web.api.route import Call, Media
from web.multipart import (
    FORM,
    NoForm,
    NoRoom,
    NoUpload,
    UploadBroken,
    UploadTooLarge,
    no_room,
    parts_of,
    pieces_of,
    take_in,
)
from web.tools import WebTools

MOST_IMAGE = 20 << 20
# of what is written in a form beside its files
_MOST_TEXT = 16 * 1024
FILE = "file"
# a file as OpenAPI tells of one
BYTES = {"type": "string", "format": "binary"}
TAKES_FILE = Media(FORM, "The file, in the part `file`.", fields={FILE: BYTES}, needs=[FILE], example={FILE: "…"})
# what any form with a file can meet
UPLOAD_REFUSALS: tuple[type[Refusal], ...] = (NoUpload, NoForm, UploadBroken, UploadTooLarge, NoRoom)
IMAGE_REFUSALS: tuple[type[Refusal], ...] = (*UPLOAD_REFUSALS, BadPicture)


@dataclass
class Form:
    """What a form held: its texts, and its files as uploads that nothing has taken yet."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)

    def file(self, name: str = FILE) -> StoredFile:
        """Raises NoUpload."""
        if name not in self.files:
            raise NoUpload("there is no file in what was sent", fields={name: "is missing"})
        return self.files[name]


@asynccontextmanager
async def read_form(
    call: Call[Any, Any], files: Mapping[str, UploadKind], texts: Collection[str] = ()
) -> AsyncIterator[Form]:
    """The form that the request holds; of its files, those that nothing has taken go when what is inside fails.

    Raises Invalid for a part that is not asked for or comes twice, and what reading a form and a picture raises.
    """
    form, promised = Form(), list[int]()
    try:
        await _read(call, form, files, texts, promised)
        yield form
    except BaseException:
        if promised:
            await run_to_completion(_let_go(call.tools, promised))
        raise


async def _read(
    call: Call[Any, Any], form: Form, files: Mapping[str, UploadKind], texts: Collection[str], promised: list[int]
) -> None:
    most = sum(_most_of(kind, call.tools) for kind in files.values())
    async for part in parts_of(call.request, call.tools.files, most=most):
        name = part.name or ""
        if name in form.texts or name in form.files:
            raise Invalid("a part comes twice", fields={_shown(name): "give it once"})
        if name in files:
            form.files[name] = await _take(call, part, name, files[name], promised)
        elif name in texts:
            form.texts[name] = await _text(part, name)
        else:
            raise Invalid("a part is unknown", fields={_shown(name): "there is no such part here"})


async def _take(
    call: Call[Any, Any], part: BodyPartReader, name: str, kind: UploadKind, promised: list[int]
) -> StoredFile:
    if not part.filename:
        raise NoUpload("there is no file in what was sent", fields={name: "is missing"})
    tools = call.tools
    async with tools.database.transaction() as session:
        promise = await promise_upload(session, call.creator_id, kind, now=tools.clock())
    promised.append(promise.upload_id)
    arrived = await (_image if kind is UploadKind.IMAGE else _file)(tools, part, name, promise)
    async with tools.database.transaction() as session:
        return await note_arrival(session, promise.upload_id, arrived, now=tools.clock())


async def _file(tools: WebTools, part: BodyPartReader, name: str, promise: Promised) -> Arrived:
    digest, size = await take_in(tools.files, promise.blob, part, most=tools.most_upload)
    if not size:
        raise NoUpload("there is no file in what was sent", fields={name: "is empty"})
    kind = read_type(part.headers.get("Content-Type", ""))
    return Arrived(size, digest, read_name(part.filename or ""), kind)


async def _image(tools: WebTools, part: BodyPartReader, name: str, promise: Promised) -> Arrived:
    """On the disk until it is drawn anew, since nobody knows what it is before."""
    with TemporaryFile() as held:
        size = 0
        async for piece in pieces_of(part, MOST_IMAGE):
            size += await asyncio.to_thread(held.write, piece)
        if not size:
            raise NoUpload("there is no file in what was sent", fields={name: "is empty"})
        picture = await draw_anew(held)
    await _put(tools, promise.blob, picture)
    digest = hashlib.sha256(picture.content).hexdigest()
    given = PurePosixPath(read_name(part.filename or "")).stem
    file_name = read_name(f"{given}.{picture.extension}")
    return Arrived(len(picture.content), digest, file_name, picture.mime_type, picture.width, picture.height)


async def _put(tools: WebTools, blob: str, picture: Picture) -> None:
    async def whole() -> AsyncIterator[bytes]:
        yield picture.content

    try:
        await tools.files.take_in(blob, whole())
    except StoreFullError as error:
        raise no_room() from error


async def _text(part: BodyPartReader, name: str) -> str:
    try:
        held = b"".join([piece async for piece in pieces_of(part, _MOST_TEXT)])
    except UploadTooLarge:
        raise Invalid("a part is too long", fields={name: f"has {_MOST_TEXT} bytes at most"}) from None
    try:
        return held.decode()
    except UnicodeDecodeError:
        raise Invalid("a part is no text", fields={name: "write it in UTF-8"}) from None


async def _let_go(tools: WebTools, promised: Collection[int]) -> None:
    async with tools.database.transaction() as session:
        await let_go(session, promised, now=tools.clock())


def _most_of(kind: UploadKind, tools: WebTools) -> int:
    return MOST_IMAGE if kind is UploadKind.IMAGE else tools.most_upload


def _shown(name: str) -> str:
    """As it can stand in an answer, whatever bytes the name was."""
    return name.encode("utf-8", "replace").decode()[:50] or "?"
