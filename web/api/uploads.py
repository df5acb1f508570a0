"""`/api/v1/uploads`: pictures and files that creators send up, for a product to take."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt

from domain.access import Act
from domain.loose_files import UploadKind, UploadTaken, drop_loose, find_loose, kind_of
from domain.uploads import NoSuchUpload
from store.models import StoredFile
from web.api.forms import FILE, IMAGE_REFUSALS, TAKES_FILE, UPLOAD_REFUSALS, read_form
from web.api.route import Plain, Route

MOST_ID = 2**63 - 1


class UploadRef(BaseModel):
    """What has been sent up before, by the `id` that it was answered with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    upload_id: Annotated[StrictInt, Field(ge=1, le=MOST_ID)]


class UploadItem(BaseModel):
    """`size` in bytes, `width` and `height` in pixels; what no product has taken by `expires_at` goes."""

    id: int
    kind: UploadKind
    file_name: str
    mime_type: str
    size: int
    sha256: str
    width: int | None
    height: int | None
    product_id: int | None
    expires_at: datetime | None

    @classmethod
    def of(cls, stored: StoredFile) -> "UploadItem":
        return cls(
            id=stored.id,
            kind=kind_of(stored),
            file_name=stored.file_name,
            mime_type=stored.mime_type,
            size=stored.size or 0,
            sha256=stored.sha256 or "",
            width=stored.width,
            height=stored.height,
            product_id=stored.product_id,
            expires_at=stored.loose_until,
        )


async def send_image(call: Plain) -> UploadItem:
    """JPEG, PNG, WebP or GIF by its first bytes, up to 20 MB and 40 megapixels; drawn anew, without its metadata."""
    async with read_form(call, {FILE: UploadKind.IMAGE}) as form:
        return UploadItem.of(form.file())


async def send_file(call: Plain) -> UploadItem:
    """Of any kind, kept as it came; one that breaks off leaves nothing."""
    async with read_form(call, {FILE: UploadKind.FILE}) as form:
        return UploadItem.of(form.file())


async def show_upload(call: Plain) -> UploadItem:
    return UploadItem.of(await find_loose(call.session, call.creator_id, call.number("upload_id")))


async def remove_upload(call: Plain) -> None:
    await drop_loose(call.session, call.creator_id, call.number("upload_id"), now=call.tools.clock())


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/uploads/images",
        Act.UPLOAD,
        send_image,
        "Sends up a picture",
        {201: UploadItem},
        session="none",
        takes=TAKES_FILE,
        refuses=IMAGE_REFUSALS,
        rate="heavy",
        proves=(
            "test_api_uploads.py::test_a_picture_is_drawn_anew_and_waits_a_day_for_a_product",
            "test_api_uploads.py::test_what_is_no_picture_is_refused_and_leaves_nothing",
        ),
    ),
    Route(
        "POST",
        "/uploads/files",
        Act.UPLOAD,
        send_file,
        "Sends up a file",
        {201: UploadItem},
        session="none",
        takes=TAKES_FILE,
        refuses=UPLOAD_REFUSALS,
        rate="heavy",
        proves=(
            "test_api_uploads.py::test_a_file_is_kept_as_it_came_and_a_product_takes_it",
            "test_api_uploads.py::test_what_is_no_form_with_one_file_is_refused_and_leaves_nothing",
            "test_api_uploads.py::test_of_a_body_that_is_cut_off_or_too_large_nothing_stays",
        ),
    ),
    Route(
        "GET",
        "/uploads/{upload_id}",
        Act.UPLOAD,
        show_upload,
        "What was sent up",
        {200: UploadItem},
        refuses=(NoSuchUpload,),
        proves=("test_api_uploads.py::test_an_upload_is_its_creators_to_see_and_to_take_back",),
    ),
    Route(
        "DELETE",
        "/uploads/{upload_id}",
        Act.UPLOAD,
        remove_upload,
        "Takes back what no product has taken",
        {204: None},
        session="write",
        refuses=(NoSuchUpload, UploadTaken),
        proves=("test_api_uploads.py::test_an_upload_is_its_creators_to_see_and_to_take_back",),
    ),
)
