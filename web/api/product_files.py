"""`/api/v1/products/{product_id}/files` and `/image`: what buyers of a product get, and the picture on its card."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel

from domain.access import Act
from domain.covers import cover_of, drop_cover
from domain.loose_files import UploadKind, UploadTaken, WrongUpload, attach_upload, show_upload
from domain.open_shops import is_public
from domain.product_files import FileTaken, remove_file
from domain.products import NoSuchProduct, find_product
from domain.uploads import NoSuchUpload
from kit.errors import NotFound
from store.models import Product, StoredFile
from store.queries.product_files import page_of_files
from web.api.body import read_json
from web.api.forms import FILE, IMAGE_REFUSALS, TAKES_FILE, UPLOAD_REFUSALS, read_form
from web.api.lists import ListAnswer
from web.api.product_answers import acts_for
from web.api.query import ListQuery
from web.api.route import Answered, Call, Media, NoBody, NoQuery, Plain, Route
from web.api.uploads import UploadRef
from web.multipart import FORM

# long enough for a page that shows many, short enough for a picture that is changed
_KEPT_SECONDS = 300
_SHOWN = frozenset({"image/jpeg", "image/png"})
Referring = Call[NoQuery, UploadRef]
Taken = TypeVar("Taken", bound=BaseModel)


class FileItem(BaseModel):
    """`size` in bytes; `version` counts what has stood under this name. Empty parts are of what only Telegram holds."""

    id: int
    file_name: str
    mime_type: str
    size: int | None
    sha256: str | None
    version: int
    attached_at: datetime | None

    @classmethod
    def of(cls, stored: StoredFile) -> "FileItem":
        return cls(
            id=stored.id,
            file_name=stored.file_name,
            mime_type=stored.mime_type,
            size=stored.size,
            sha256=stored.sha256,
            version=stored.version,
            attached_at=stored.attached_at,
        )


class ImageItem(BaseModel):
    """`url` shows it to everybody, as long as the product is on sale; `size` in bytes, the sides in pixels."""

    url: str
    mime_type: str
    size: int
    width: int | None
    height: int | None


async def show_files(call: Call[ListQuery, NoBody]) -> ListAnswer[FileItem]:
    product = await find_product(call.session, call.creator_id, call.number("product_id"))
    page = await page_of_files(call.session, product.id, call.query.paging())
    return ListAnswer[FileItem].of(page, FileItem.of)


async def add_file(call: Referring) -> FileItem:
    """By form, or as JSON one that was sent up before. One of a name that is there already is its next version."""
    return await _take(call, UploadKind.FILE, _attach)


async def take_file_away(call: Plain) -> None:
    """Nobody gets it from now on: not what is on its way, nor by a link that is there."""
    product = await find_product(call.session, call.creator_id, call.number("product_id"))
    await remove_file(call.session, product, call.number("file_id"), now=call.tools.clock())


async def set_image(call: Referring) -> ImageItem:
    """By form, or as JSON one that was sent up before to /uploads/images. It takes the place of the one before."""
    return await _take(call, UploadKind.IMAGE, _show)


async def drop_image(call: Plain) -> None:
    product = await find_product(call.session, call.creator_id, call.number("product_id"))
    if not await drop_cover(call.session, product, now=call.tools.clock()):
        raise NotFound("this product has no picture")


async def show_image(call: Plain) -> Answered:
    """The bytes, to everybody while the product is on sale, and to those who act for its creator at any time."""
    tools, product_id = call.tools, call.number("product_id")
    async with tools.database.reading() as session:
        product = await session.get(Product, product_id)
        if product is None or not (
            acts_for(call, product.creator_id) or await is_public(session, product, now=tools.clock())
        ):
            raise NoSuchProduct("there is no such product")
        cover = await cover_of(session, product_id)
    if cover is None or cover.blob is None or cover.size is None or cover.mime_type not in _SHOWN:
        raise NotFound("this product has no picture")
    tag = f'"{cover.sha256}"'
    headers = {
        "Content-Type": cover.mime_type,
        "ETag": tag,
        "Cache-Control": f"public, max-age={_KEPT_SECONDS}" if call.caller is None else "private, no-cache",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Content-Disposition": "inline",
    }
    if _has(call.request, tag):
        del headers["Content-Type"], headers["Content-Disposition"]
        return Answered(response=web.Response(status=304, headers=headers))
    try:
        pieces = await tools.files.stretch(cover.blob, 0, cover.size)
    except FileNotFoundError:
        raise NotFound("this product has no picture") from None
    response = web.StreamResponse(headers=headers)
    response.content_length = cover.size
    await response.prepare(call.request)
    async for piece in pieces:
        await response.write(piece)
    await response.write_eof()
    return Answered(response=response)


async def _take(call: Referring, kind: UploadKind, use: Callable[[Referring, int, int], Awaitable[Taken]]) -> Taken:
    """Nothing is read of what is sent up for a product that is not there."""
    product_id = call.number("product_id")
    async with call.tools.database.reading() as session:
        await find_product(session, call.creator_id, product_id)
    if call.request.content_type != FORM:
        told = await read_json(call.request, UploadRef)
        return await use(call, product_id, told.upload_id)
    async with read_form(call, {FILE: kind}) as form:
        return await use(call, product_id, form.file().id)


async def _attach(call: Referring, product_id: int, upload_id: int) -> FileItem:
    async with call.tools.database.transaction() as session:
        await call.must_still(session, Act.CHANGE_PRODUCTS)
        now = call.tools.clock()
        return FileItem.of(await attach_upload(session, call.creator_id, upload_id, product_id, now=now))


async def _show(call: Referring, product_id: int, upload_id: int) -> ImageItem:
    async with call.tools.database.transaction() as session:
        await call.must_still(session, Act.CHANGE_PRODUCTS)
        product = await find_product(session, call.creator_id, product_id)
        stored = await show_upload(session, product, upload_id, now=call.tools.clock())
        return ImageItem(
            url=f"{call.tools.public_url}/api/v1/products/{product_id}/image",
            mime_type=stored.mime_type,
            size=stored.size or 0,
            width=stored.width,
            height=stored.height,
        )


def _has(request: web.Request, tag: str) -> bool:
    """Whether the reader has it already: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2"""
    known = ",".join(request.headers.getall("If-None-Match", [])).split(",")
    return any(each.strip().removeprefix("W/") in {tag, "*"} for each in known)


_FILES, _IMAGE = "/products/{product_id}/files", "/products/{product_id}/image"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        _FILES,
        Act.SEE_PRODUCTS,
        show_files,
        "What buyers of a product get, each in its newest version",
        {200: ListAnswer[FileItem]},
        query=ListQuery,
        refuses=(NoSuchProduct,),
        proves=("test_api_files.py::test_a_file_of_the_same_name_is_the_next_version_and_is_taken_away_again",),
    ),
    Route(
        "POST",
        _FILES,
        Act.CHANGE_PRODUCTS,
        add_file,
        "Gives the buyers of a product a file",
        {201: FileItem},
        session="none",
        body=UploadRef,
        takes=TAKES_FILE,
        refuses=(NoSuchProduct, NoSuchUpload, WrongUpload, FileTaken, *UPLOAD_REFUSALS),
        rate="heavy",
        example={"upload_id": 42},
        proves=(
            "test_api_files.py::test_a_file_of_the_same_name_is_the_next_version_and_is_taken_away_again",
            "test_api_files.py::test_what_cannot_be_a_products_file_or_picture_is_refused",
            "test_api_files.py::test_what_comes_by_the_api_is_delivered_to_those_who_wait_for_it",
            "test_api_files.py::test_what_took_long_to_come_is_taken_from_those_alone_who_still_may",
        ),
    ),
    Route(
        "DELETE",
        _FILES + "/{file_id}",
        Act.CHANGE_PRODUCTS,
        take_file_away,
        "Takes a file away from everybody",
        {204: None},
        session="write",
        refuses=(NoSuchProduct,),
        proves=("test_api_files.py::test_a_file_of_the_same_name_is_the_next_version_and_is_taken_away_again",),
    ),
    Route(
        "GET",
        _IMAGE,
        Act.BROWSE_SHOP,
        show_image,
        "The picture on a product's card",
        {200: Media("image/*", "A JPEG, or a PNG where it has see-through parts."), 304: None},
        session="none",
        refuses=(NoSuchProduct, NotFound),
        rate="public",
        proves=("test_api_files.py::test_the_picture_is_everybodys_while_the_product_is_on_sale",),
    ),
    Route(
        "PUT",
        _IMAGE,
        Act.CHANGE_PRODUCTS,
        set_image,
        "Puts a picture on a product's card",
        {200: ImageItem},
        session="none",
        body=UploadRef,
        takes=TAKES_FILE,
        refuses=(NoSuchProduct, NoSuchUpload, WrongUpload, UploadTaken, *IMAGE_REFUSALS),
        rate="heavy",
        example={"upload_id": 42},
        proves=(
            "test_api_files.py::test_the_picture_is_everybodys_while_the_product_is_on_sale",
            "test_api_files.py::test_what_cannot_be_a_products_file_or_picture_is_refused",
        ),
    ),
    Route(
        "DELETE",
        _IMAGE,
        Act.CHANGE_PRODUCTS,
        drop_image,
        "Takes the picture off a product's card",
        {204: None},
        session="write",
        refuses=(NoSuchProduct, NotFound),
        proves=("test_api_files.py::test_the_picture_is_everybodys_while_the_product_is_on_sale",),
    ),
)
