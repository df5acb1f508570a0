"""`/api/v1/products` for those who act for its creator: making, changing, archiving, stock."""

from typing import Any, Literal

from domain.access import Act
from domain.product_checks import ProductFields, SlugTaken
from domain.product_edits import edit_product
from domain.product_making import make_product
from domain.products import NoSuchProduct, archive_product, restore_product
from domain.stock import set_stock
from kit.errors import Conflict, Invalid
from store.models import Product
from store.queries.catalogue import list_products
from store.queries.unready import missing_of
from web.api.lists import ListAnswer
from web.api.product_answers import OwnProduct, own_product
from web.api.product_bodies import NewProduct, SomeOfProduct, StockBody, WholeProduct
from web.api.query import ListQuery
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class OwnQuery(ListQuery):
    """`archived=true` are those that are off the shop for good, and no others."""

    archived: Literal["true", "false"] = "false"


async def show_own(call: Call[OwnQuery, NoBody]) -> ListAnswer[OwnProduct]:
    """Newest first, on sale or not."""
    page = await list_products(
        call.session,
        call.creator_id,
        call.query.paging(),
        archived=call.query.archived == "true",
        totals=call.tools.totals.of,
    )
    missing = await missing_of(call.session, [each.id for each in page.items])
    return ListAnswer[OwnProduct].of(page, lambda each: OwnProduct.of(each, missing.get(each.id)))


async def show_own_one(call: Plain) -> OwnProduct:
    return await OwnProduct.told(call.session, await own_product(call))


async def add(call: Call[NoQuery, NewProduct]) -> OwnProduct:
    """On sale at once, unless `active` is false or it begins later."""
    body = call.body
    product = await make_product(call.session, call.creator_id, body.given(), stock=body.stock, now=call.tools.clock())
    return await OwnProduct.told(call.session, product)


async def put(call: Call[NoQuery, WholeProduct]) -> OwnProduct:
    """What is left out goes back to what a new product has, but for slug, kind, currency and stock, which stay.

    Orders that are open keep what they were opened with.
    """
    return await _change(call, call.body.whole())


async def patch(call: Call[NoQuery, SomeOfProduct]) -> OwnProduct:
    """What is left out stays. Orders that are open keep what they were opened with."""
    return await _change(call, call.body.given())


async def archive(call: Plain) -> None:
    """Off the shop; whoever owns it keeps it, and what is being paid for is still sold. Twice is no matter."""
    await archive_product(call.session, await own_product(call), now=call.tools.clock())


async def restore(call: Plain) -> OwnProduct:
    """Back in the shop. Twice is no matter."""
    product = await own_product(call)
    await restore_product(call.session, product, now=call.tools.clock())
    return await OwnProduct.told(call.session, product)


async def put_stock(call: Call[NoQuery, StockBody]) -> OwnProduct:
    """What orders hold and what is sold is counted beside it, so that a sale at the same moment loses none."""
    product = await own_product(call)
    await set_stock(call.session, product, call.body.stock)
    return await OwnProduct.told(call.session, product)


async def _change(call: Call[NoQuery, Any], fields: ProductFields) -> OwnProduct:
    product: Product = await own_product(call)
    await edit_product(call.session, product, fields, now=call.tools.clock())
    if "stock" in call.body.model_fields_set:
        await set_stock(call.session, product, call.body.stock)
    return await OwnProduct.told(call.session, product)


_ONE = "/products/{product_id}"
_MADE = "test_api_product_acts.py::test_a_product_is_made_changed_archived_and_restored"
_WRONG = "test_api_product_acts.py::test_what_can_be_no_product_is_refused_with_each_reason"
_OTHERS = "test_api_product_acts.py::test_another_creators_product_is_not_found"
_STATES = "test_api_product_acts.py::test_what_its_state_forbids_is_a_conflict"
_MISSING = "test_api_product_acts.py::test_what_is_still_to_be_brought_is_told_by_kind"
_EXAMPLE = {
    "title": "Preset pack",
    "description": "Twelve warm presets.",
    "price_minor": 1900,
    "currency": "usd",
    "category": "presets",
    "tags": ["photo", "warm"],
    "stock": 50,
}
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/creator/products",
        Act.SEE_PRODUCTS,
        show_own,
        "All that the creator has, on sale or not",
        {200: ListAnswer[OwnProduct]},
        query=OwnQuery,
        proves=(_MADE, "test_api_product_acts.py::test_the_creators_list_holds_what_the_shop_does_not_show"),
    ),
    Route(
        "GET",
        "/creator/products/{product_id}",
        Act.SEE_PRODUCTS,
        show_own_one,
        "All that stands on one of the creator's products",
        {200: OwnProduct},
        refuses=(NoSuchProduct,),
        proves=(_MADE, _MISSING, _OTHERS),
    ),
    Route(
        "POST",
        "/products",
        Act.CHANGE_PRODUCTS,
        add,
        "Makes a product",
        {201: OwnProduct},
        session="write",
        body=NewProduct,
        refuses=(Invalid, SlugTaken),
        repeatable=True,
        example=_EXAMPLE,
        proves=(_MADE, _WRONG, _STATES),
    ),
    Route(
        "PUT",
        _ONE,
        Act.CHANGE_PRODUCTS,
        put,
        "Says anew all that stands on a product",
        {200: OwnProduct},
        session="write",
        body=WholeProduct,
        refuses=(NoSuchProduct, Invalid, SlugTaken, Conflict),
        example=_EXAMPLE,
        proves=("test_api_product_acts.py::test_put_says_all_of_it_anew_and_patch_some", _WRONG, _OTHERS, _STATES),
    ),
    Route(
        "PATCH",
        _ONE,
        Act.CHANGE_PRODUCTS,
        patch,
        "Changes some of what stands on a product",
        {200: OwnProduct},
        session="write",
        body=SomeOfProduct,
        refuses=(NoSuchProduct, Invalid, SlugTaken, Conflict),
        example={"price_minor": 2400, "compare_at_minor": 2900},
        proves=("test_api_product_acts.py::test_put_says_all_of_it_anew_and_patch_some", _WRONG, _OTHERS, _STATES),
    ),
    Route(
        "DELETE",
        _ONE,
        Act.CHANGE_PRODUCTS,
        archive,
        "Takes a product off the shop for good",
        {204: None},
        session="write",
        refuses=(NoSuchProduct,),
        proves=(_MADE, _OTHERS),
    ),
    Route(
        "POST",
        _ONE + "/restore",
        Act.CHANGE_PRODUCTS,
        restore,
        "Puts an archived product back into the shop",
        {200: OwnProduct},
        session="write",
        refuses=(NoSuchProduct,),
        proves=(_MADE, _OTHERS),
    ),
    Route(
        "PUT",
        _ONE + "/stock",
        Act.CHANGE_PRODUCTS,
        put_stock,
        "Says how many of a product are left",
        {200: OwnProduct},
        session="write",
        body=StockBody,
        refuses=(NoSuchProduct,),
        example={"stock": 25},
        proves=(
            "test_api_product_acts.py::test_stock_that_is_set_while_some_is_sold_loses_no_piece",
            _WRONG,
            _OTHERS,
        ),
    ),
)
