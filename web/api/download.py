"""`GET /api/v1/download/{product_id}`: what one has bought, by signed links that are counted."""

from typing import Any

from pydantic import BaseModel

from domain.access import Act
from domain.downloads import DownloadAddress
from domain.handing_out import FileLink, HandedOut, NotBought, TakenBack, hand_out
from domain.products import NoSuchProduct
from store.models import Product, ProductKind
from web.api.product_answers import InBundle, acts_for
from web.api.route import Call, Plain, Route
from web.tools import WebTools

_DAY_SECONDS = 86_400


class FileToLoad(BaseModel):
    """`size` in bytes. Without `download_url` it is in the chat alone, which holds it."""

    id: int
    file_name: str
    mime_type: str
    size: int | None
    version: int
    download_url: str | None


class Download(BaseModel):
    """`download_url` is the first file's, where a link leads, or the way into a channel; null for what has none.

    Each of `files` has a link of its own, good for `expires_in` seconds and some uses. `ready` is false while
    something of it is still to come; a way into a channel is made by /library in the chat, at `chat_url`.
    """

    product_id: int
    product_title: str
    access_type: ProductKind
    download_url: str | None
    expires_in: int | None
    ready: bool
    instructions: str
    files: list[FileToLoad]
    keys: list[str]
    products: list[InBundle]
    chat_url: str


async def show_download(call: Plain) -> Download:
    """For whoever owns it, by having bought it or been given it, and for those who act for its creator.

    What a licence gives are its `keys`; of a bundle `products` are what else to ask for.
    """
    tools, product_id = call.tools, call.number("product_id")
    product = await call.session.get(Product, product_id)
    if product is None:
        raise NoSuchProduct("there is no such product")
    shop = tools.published.setup(product.creator_id).shop
    own = acts_for(call, product.creator_id)
    given = await hand_out(call.session, call.account, product_id, shop, acts_for=own, now=tools.clock())
    return _told(call, given, shop.download_days * _DAY_SECONDS)


def _told(call: Call[Any, Any], given: HandedOut, good_for: int) -> Download:
    product, tools = given.product, call.tools
    files = [_file(each, tools) for each in given.files]
    first = next((each.download_url for each in files if each.download_url is not None), None)
    return Download(
        product_id=product.id,
        product_title=product.title,
        access_type=product.kind,
        download_url=given.address if first is None else first,
        expires_in=None if first is None else good_for,
        ready=given.ready,
        instructions=product.instructions,
        files=files,
        keys=given.keys,
        products=[InBundle.of(each) for each in given.parts],
        chat_url=tools.bot_link(),
    )


def _file(each: FileLink, tools: WebTools) -> FileToLoad:
    address = DownloadAddress(tools.public_url, tools.download_key)
    return FileToLoad(
        id=each.stored.id,
        file_name=each.stored.file_name,
        mime_type=each.stored.mime_type,
        size=each.stored.size,
        version=each.stored.version,
        download_url=None if each.link_id is None else address.of(each.link_id),
    )


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/download/{product_id}",
        Act.SEE_PURCHASES,
        show_download,
        "What one owns of a product, and how to get it",
        {200: Download},
        session="write",
        refuses=(NoSuchProduct, NotBought, TakenBack),
        proves=(
            "test_api_download.py::test_an_owner_loads_every_file_by_links_that_are_counted",
            "test_api_download.py::test_keys_addresses_channels_and_bundles_are_told_as_in_the_chat",
            "test_api_download.py::test_who_owns_nothing_and_who_owns_it_no_longer_is_refused",
            "test_api_download.py::test_whoever_acts_for_the_creator_loads_their_own",
        ),
    ),
)
