"""`/api/v1/products/{product_id}/variants`: its choices, each with a price and stock of its own."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.products import NoSuchProduct
from domain.stock import set_stock
from domain.variants import (
    TITLE_LENGTH,
    BadVariant,
    NoSuchVariant,
    add_variant,
    archive_variant,
    edit_variant,
    variant_of,
)
from kit.errors import Invalid
from kit.money import Money
from store.models import Product, ProductVariant
from store.queries.catalogue import page_of_variants
from web.api.lists import ListAnswer
from web.api.product_answers import own_product
from web.api.product_bodies import Minor, Stars, Stock
from web.api.query import ListQuery, Printable
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_Title = Annotated[str, Printable, Field(min_length=1, max_length=TITLE_LENGTH)]


class NewVariant(BaseModel):
    """The price is in the product's currency; `stock` null is unlimited."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: _Title
    price_minor: Minor
    price_stars: Stars | None = None
    stock: Stock | None = None


class SomeOfVariant(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: _Title = ""
    price_minor: Minor = 0
    price_stars: Stars | None = None
    stock: Stock | None = None


class VariantItem(BaseModel):
    """`stock` + `reserved` + `sold` is `initial` for whatever is limited. `archived_at`: no choice any more."""

    id: int
    title: str
    price_minor: int
    currency: str
    price_stars: int | None
    stock: int | None
    reserved: int
    sold: int
    initial: int | None
    archived_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, variant: ProductVariant, product: Product) -> "VariantItem":
        return cls(
            id=variant.id,
            title=variant.title,
            price_minor=variant.price_minor,
            currency=product.currency,
            price_stars=variant.price_stars,
            stock=variant.stock,
            reserved=variant.reserved,
            sold=variant.sold,
            initial=variant.initial,
            archived_at=variant.archived_at,
            created_at=variant.created_at,
        )


async def show_variants(call: Call[ListQuery, NoBody]) -> ListAnswer[VariantItem]:
    """The oldest first, those that are no choice any more too."""
    product = await own_product(call)
    page = await page_of_variants(call.session, product.id, call.query.paging())
    return ListAnswer[VariantItem].of(page, lambda each: VariantItem.of(each, product))


async def add(call: Call[NoQuery, NewVariant]) -> VariantItem:
    """One of that title that was archived comes back with these values."""
    product, body = await own_product(call), call.body
    variant = await add_variant(
        call.session,
        product,
        title=body.title,
        price=Money(body.price_minor, product.currency),
        price_stars=body.price_stars,
        stock=body.stock,
        now=call.tools.clock(),
    )
    return VariantItem.of(variant, product)


async def change(call: Call[NoQuery, SomeOfVariant]) -> VariantItem:
    """Orders that are open keep the price they were opened with."""
    product, body = await own_product(call), call.body
    variant, given = await _own_variant(call.session, call, product), call.body.model_fields_set
    await edit_variant(
        call.session,
        product,
        variant,
        title=body.title if "title" in given else None,
        price=Money(body.price_minor, product.currency) if "price_minor" in given else None,
        price_stars=body.price_stars,
        drop_stars="price_stars" in given,
        now=call.tools.clock(),
    )
    if "stock" in given:
        await set_stock(call.session, variant, body.stock)
    return VariantItem.of(variant, product)


async def archive(call: Plain) -> None:
    """No longer a choice; whoever owns it keeps it. Twice is no matter."""
    product = await own_product(call)
    variant = await _own_variant(call.session, call, product)
    await archive_variant(call.session, product, variant, now=call.tools.clock())


async def _own_variant(session: AsyncSession, call: Call[Any, Any], product: Product) -> ProductVariant:
    return await variant_of(session, product, call.number("variant_id"))


_ALL = "/products/{product_id}/variants"
_LIFE = ("test_api_product_parts.py::test_variants_are_added_changed_and_archived",)
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        _ALL,
        Act.SEE_PRODUCTS,
        show_variants,
        "The choices of a product",
        {200: ListAnswer[VariantItem]},
        query=ListQuery,
        refuses=(NoSuchProduct,),
        proves=_LIFE,
    ),
    Route(
        "POST",
        _ALL,
        Act.CHANGE_PRODUCTS,
        add,
        "Adds a choice to a product",
        {201: VariantItem},
        session="write",
        body=NewVariant,
        refuses=(NoSuchProduct, BadVariant, Invalid),
        repeatable=True,
        example={"title": "Large", "price_minor": 2500, "stock": 10},
        proves=_LIFE,
    ),
    Route(
        "PATCH",
        _ALL + "/{variant_id}",
        Act.CHANGE_PRODUCTS,
        change,
        "Changes a choice of a product",
        {200: VariantItem},
        session="write",
        body=SomeOfVariant,
        refuses=(NoSuchProduct, NoSuchVariant, BadVariant, Invalid),
        example={"price_minor": 2700},
        proves=_LIFE,
    ),
    Route(
        "DELETE",
        _ALL + "/{variant_id}",
        Act.CHANGE_PRODUCTS,
        archive,
        "Takes a choice off a product",
        {204: None},
        session="write",
        refuses=(NoSuchProduct, NoSuchVariant),
        proves=_LIFE,
    ),
)
