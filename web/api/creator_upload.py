"""`POST /api/v1/creator/upload`: a product with its file and its picture by one form, all of it or nothing."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.access import Act
from domain.loose_files import UploadKind, attach_upload, show_upload
from domain.product_checks import ProductFields
from domain.product_making import make_product
from kit.errors import Invalid
from kit.money import MOST_MINOR
from store.models import ProductKind
from web.api.forms import BYTES, FILE, IMAGE_REFUSALS, Form, read_form
from web.api.product_answers import OwnProduct
from web.api.product_files import FileItem
from web.api.query import Printable, Text, Whole, Words, reason_of
from web.api.route import Media, Plain, Route
from web.multipart import FORM

IMAGE = "image"
_LONGEST = 3000


class NewUpload(BaseModel):
    """`price` in minor units of the currency, which is the creator's own where it is not given; `tags` with commas."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[Text, Field(min_length=1)]
    description: Annotated[str, Printable, Field(max_length=_LONGEST)] = ""
    price: Annotated[Whole, Field(ge=0, le=MOST_MINOR)]
    currency: Annotated[str, Printable, Field(pattern="^[A-Za-z]{3}$")] | None = None
    category: Text = ""
    tags: Words = ()

    def fields(self) -> ProductFields:
        given: ProductFields = {
            "title": self.title,
            "description": self.description,
            "kind": ProductKind.FILE,
            "price_minor": self.price,
            "category": self.category,
            "tags": self.tags,
        }
        if self.currency is not None:
            given["currency"] = self.currency
        return given


class UploadedProduct(OwnProduct):
    file: FileItem
    image_url: str | None


async def upload_product(call: Plain) -> UploadedProduct:
    """On sale from now on. Of what is refused nothing stays, neither the product nor what was sent up with it."""
    tools = call.tools
    async with read_form(call, {FILE: UploadKind.FILE, IMAGE: UploadKind.IMAGE}, NewUpload.model_fields) as form:
        new, file = _read(form), form.file()
        async with tools.database.transaction() as session:
            await call.must_still(session, Act.CHANGE_PRODUCTS)
            now = tools.clock()
            product = await make_product(session, call.creator_id, new.fields(), now=now)
            attached = await attach_upload(session, call.creator_id, file.id, product.id, now=now)
            if IMAGE in form.files:
                await show_upload(session, product, form.files[IMAGE].id, now=now)
            parts = (await OwnProduct.told(session, product)).model_dump()
            shown = f"{tools.public_url}/api/v1/products/{product.id}/image" if IMAGE in form.files else None
            return UploadedProduct(**parts, file=FileItem.of(attached), image_url=shown)


def _read(form: Form) -> NewUpload:
    """Raises Invalid with a reason for each part that is wrong."""
    try:
        return NewUpload.model_validate(form.texts)
    except ValidationError as error:
        fields = {str(each["loc"][0]): reason_of(each) for each in error.errors()}
        raise Invalid("some parts are wrong: " + ", ".join(sorted(fields)), fields=fields) from None


_TEXT = {"type": "string"}
_PARTS = {
    "title": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": {"type": "string", "maxLength": _LONGEST},
    "price": {"type": "integer", "minimum": 0, "description": "minor units"},
    "currency": {"type": "string", "pattern": "^[A-Za-z]{3}$"},
    "category": _TEXT,
    "tags": {"type": "string", "description": "with commas between"},
    FILE: BYTES,
    IMAGE: BYTES,
}
_EXAMPLE = {"title": "Preset pack", "price": 1900, "currency": "usd", "tags": "photo, presets", FILE: "…", IMAGE: "…"}

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/creator/upload",
        Act.CHANGE_PRODUCTS,
        upload_product,
        "Makes a product of a file, with a picture for its card",
        {201: UploadedProduct},
        session="none",
        takes=Media(FORM, "The file, a picture and what stands on it.", _PARTS, ["title", "price", FILE], _EXAMPLE),
        refuses=IMAGE_REFUSALS,
        rate="heavy",
        proves=(
            "test_api_uploads.py::test_a_product_comes_with_its_file_and_its_picture_in_one_go",
            "test_api_uploads.py::test_of_a_product_that_is_refused_nothing_stays",
            "test_api_files.py::test_what_took_long_to_come_is_taken_from_those_alone_who_still_may",
        ),
    ),
)
