"""`/api/v1/products/{product_id}`: its licence keys, what is in a bundle, and what is offered after it."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.bundles import BadBundle, offer_after, put_in_bundle, stop_offering, take_out
from domain.deliveries import deliver_waiting
from domain.discounts import NoSuchCode
from domain.licence_keys import KEY_LENGTH, Added, KeyCounts, add_keys, check_keys, count_keys
from domain.products import NoSuchProduct
from kit.errors import Conflict, Invalid, NotFound
from kit.paging import Page
from store.queries.catalogue import bundle_contents, offered_after
from web.api.lists import ListAnswer
from web.api.product_answers import InBundle, own_product
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_KEYS_AT_ONCE = 1000
_KEYS_BYTES = 1 << 20
_Key = Annotated[str, Printable, Field(min_length=1, max_length=KEY_LENGTH)]


class NewKeys(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: Annotated[tuple[_Key, ...], Field(min_length=1, max_length=_KEYS_AT_ONCE)]


class KeyNumbers(BaseModel):
    """`free` wait for a buyer; `given` have one, of which `voided` are those whose right was taken back."""

    free: int
    given: int
    voided: int

    @classmethod
    def of(cls, counts: KeyCounts) -> "KeyNumbers":
        return cls(free=counts.free, given=counts.given, voided=counts.voided)


class KeysAdded(BaseModel):
    """`doubled` were there already, or stood in the list twice."""

    added: int
    doubled: int
    keys: KeyNumbers

    @classmethod
    def of(cls, added: Added, counts: KeyCounts) -> "KeysAdded":
        return cls(added=added.added, doubled=added.doubled, keys=KeyNumbers.of(counts))


class UpsellBody(BaseModel):
    """With a `code` the offer applies it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Text | None = None


class UpsellItem(BaseModel):
    """A product that is offered to whoever has just bought this one."""

    id: int
    title: str
    code: str | None


async def show_keys(call: Plain) -> KeyNumbers:
    """How many there are; a key itself is told to its buyer alone."""
    product = await own_product(call)
    return KeyNumbers.of(await count_keys(call.session, product.id))


async def give_keys(call: Call[NoQuery, NewKeys]) -> KeysAdded:
    """They are given to buyers in this order, first of all to those who wait for one."""
    product, now = await own_product(call), call.tools.clock()
    keys = [key.strip() for key in call.body.keys]
    check_keys([key for key in keys if key])
    added = await add_keys(call.session, product, [key for key in keys if key], now=now)
    await deliver_waiting(call.session, product, now=now)
    return KeysAdded.of(added, await count_keys(call.session, product.id))


async def show_bundle(call: Call[ListQuery, NoBody]) -> ListAnswer[InBundle]:
    product, paging = await own_product(call), call.query.paging()
    # a bundle holds no more than twenty
    found = await bundle_contents(call.session, product.id)
    page = Page(found[paging.offset : paging.offset + paging.limit], len(found), paging)
    return ListAnswer[InBundle].of(page, InBundle.of)


async def fill_bundle(call: Plain) -> InBundle:
    """Who buys the bundle from now on gets this product too. Twice is no matter."""
    bundle = await own_product(call)
    return InBundle.of(await put_in_bundle(call.session, bundle, call.number("item_id"), now=call.tools.clock()))


async def empty_bundle(call: Plain) -> None:
    """Who has bought the bundle before keeps it."""
    bundle = await own_product(call)
    if not await take_out(call.session, bundle, call.number("item_id"), now=call.tools.clock()):
        raise NotFound("that is not in this bundle")


async def show_upsells(call: Call[ListQuery, NoBody]) -> ListAnswer[UpsellItem]:
    product, paging = await own_product(call), call.query.paging()
    # no more than three are offered
    found = await offered_after(call.session, product.id)
    page = Page(found[paging.offset : paging.offset + paging.limit], len(found), paging)
    return ListAnswer[UpsellItem].of(
        page, lambda each: UpsellItem(id=each.product.id, title=each.product.title, code=each.code)
    )


async def set_upsell(call: Call[NoQuery, UpsellBody]) -> UpsellItem:
    """Said again, it changes the code."""
    product, code = await own_product(call), (call.body.code or "").strip().upper() or None
    offered = await offer_after(call.session, product, call.number("offered_id"), code=code, now=call.tools.clock())
    return UpsellItem(id=offered.id, title=offered.title, code=code)


async def end_upsell(call: Plain) -> None:
    product = await own_product(call)
    if not await stop_offering(call.session, product, call.number("offered_id"), now=call.tools.clock()):
        raise NotFound("that is not offered after this product")


_KEYS, _BUNDLE, _UPSELLS = (f"/products/{{product_id}}/{part}" for part in ("keys", "bundle", "upsells"))
_OF_KEYS = ("test_api_product_parts.py::test_keys_are_added_and_counted_and_never_shown",)
_OF_BUNDLES = ("test_api_product_parts.py::test_a_bundle_is_filled_and_emptied",)
_OF_UPSELLS = ("test_api_product_parts.py::test_another_product_is_offered_with_a_code",)
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        _KEYS,
        Act.SEE_PRODUCTS,
        show_keys,
        "How many licence keys a product has",
        {200: KeyNumbers},
        refuses=(NoSuchProduct,),
        proves=_OF_KEYS,
    ),
    Route(
        "POST",
        _KEYS,
        Act.CHANGE_PRODUCTS,
        give_keys,
        "Adds licence keys to a product",
        {201: KeysAdded},
        session="write",
        body=NewKeys,
        most=_KEYS_BYTES,
        refuses=(NoSuchProduct, Invalid),
        rate="heavy",
        repeatable=True,
        example={"keys": ["AAAA-1111", "BBBB-2222"]},
        proves=_OF_KEYS,
    ),
    Route(
        "GET",
        _BUNDLE,
        Act.SEE_PRODUCTS,
        show_bundle,
        "What is in a bundle",
        {200: ListAnswer[InBundle]},
        query=ListQuery,
        refuses=(NoSuchProduct,),
        proves=_OF_BUNDLES,
    ),
    Route(
        "PUT",
        _BUNDLE + "/{item_id}",
        Act.CHANGE_PRODUCTS,
        fill_bundle,
        "Puts a product into a bundle",
        {200: InBundle},
        session="write",
        refuses=(NoSuchProduct, BadBundle),
        proves=_OF_BUNDLES,
    ),
    Route(
        "DELETE",
        _BUNDLE + "/{item_id}",
        Act.CHANGE_PRODUCTS,
        empty_bundle,
        "Takes a product out of a bundle",
        {204: None},
        session="write",
        refuses=(NoSuchProduct, NotFound),
        proves=_OF_BUNDLES,
    ),
    Route(
        "GET",
        _UPSELLS,
        Act.SEE_PRODUCTS,
        show_upsells,
        "What is offered after a product",
        {200: ListAnswer[UpsellItem]},
        query=ListQuery,
        refuses=(NoSuchProduct,),
        proves=_OF_UPSELLS,
    ),
    Route(
        "PUT",
        _UPSELLS + "/{offered_id}",
        Act.CHANGE_PRODUCTS,
        set_upsell,
        "Offers another product to whoever has just bought this one",
        {200: UpsellItem},
        session="write",
        body=UpsellBody,
        refuses=(NoSuchProduct, NoSuchCode, Conflict),
        example={"code": "SPRING20"},
        proves=_OF_UPSELLS,
    ),
    Route(
        "DELETE",
        _UPSELLS + "/{offered_id}",
        Act.CHANGE_PRODUCTS,
        end_upsell,
        "Offers it no longer",
        {204: None},
        session="write",
        refuses=(NoSuchProduct, NotFound),
        proves=_OF_UPSELLS,
    ),
)
