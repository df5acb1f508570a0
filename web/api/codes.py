"""`/api/v1/codes`: a creator's discount codes."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictInt
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.discounts import (
    BadCode,
    CodeTaken,
    NoSuchCode,
    Terms,
    add_code,
    archive_code,
    edit_code,
    get_code,
    page_of_codes,
    terms_of,
)
from kit.errors import Invalid
from kit.money import MOST_MINOR, Money
from store.models import Creator, DiscountCode
from store.segments.question import BadSegment
from web.api.instants import Instant
from web.api.lists import ListAnswer
from web.api.product_bodies import Currency, Id
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route

_MOST_PRODUCTS = 100
_Times = Annotated[StrictInt, Field(ge=1, le=1_000_000_000)]


class _Terms(BaseModel):
    """Either `percent`, or `amount_minor` off an order, in the creator's currency unless told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    percent: Annotated[StrictInt, Field(ge=1, le=100)] | None = None
    amount_minor: Annotated[StrictInt, Field(ge=1, le=MOST_MINOR)] | None = None
    currency: Currency | None = None
    # what it is for; none is all of them
    products: Annotated[tuple[Id, ...], Field(max_length=_MOST_PRODUCTS)] = ()
    # a question about leads; those it does not fit cannot use the code
    segment: Annotated[str, Printable, Field(min_length=1, max_length=2000)] | None = None
    starts_at: Instant | None = None
    ends_at: Instant | None = None
    most_uses: _Times | None = None
    most_per_person: _Times | None = None


class NewCode(_Terms):
    """`code` is kept in capital letters."""

    code: Text


class SomeOfCode(_Terms):
    """What is left out stays; null takes a limit away. A percentage takes the place of an amount, and the reverse."""


class CodeItem(BaseModel):
    """`uses` are of orders that can still be paid, or were. `archived_at`: nobody can use it any more."""

    id: int
    code: str
    percent: int | None
    amount_minor: int | None
    currency: str | None
    products: list[int]
    segment: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    most_uses: int | None
    most_per_person: int | None
    uses: int
    archived_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, code: DiscountCode) -> "CodeItem":
        return cls(**{name: getattr(code, name) for name in cls.model_fields})


class CodesQuery(ListQuery):
    """`archived=true` lists those that are out of use too."""

    archived: Literal["true", "false"] = "false"


async def show_codes(call: Call[CodesQuery, NoBody]) -> ListAnswer[CodeItem]:
    """Newest first."""
    archived = call.query.archived == "true"
    page = await page_of_codes(call.session, call.creator_id, call.query.paging(), archived=archived)
    return ListAnswer[CodeItem].of(page, CodeItem.of)


async def show_code(call: Plain) -> CodeItem:
    return CodeItem.of(await get_code(call.session, call.creator_id, call.number("code_id")))


async def enter_code(call: Call[NoQuery, NewCode]) -> CodeItem:
    """Good at once, or from `starts_at`."""
    terms = await _changed(call.session, call.creator_id, Terms(), call.body)
    setup = call.tools.published.setup(call.creator_id)
    code = await add_code(call.session, call.creator_id, call.body.code, terms, now=call.tools.clock(), setup=setup)
    return CodeItem.of(code)


async def change_code(call: Call[NoQuery, SomeOfCode]) -> CodeItem:
    """Orders that have used it stay as they are."""
    known = await get_code(call.session, call.creator_id, call.number("code_id"), hold=True)
    terms = await _changed(call.session, call.creator_id, terms_of(known), call.body)
    setup = call.tools.published.setup(call.creator_id)
    code = await edit_code(call.session, call.creator_id, known.id, terms, now=call.tools.clock(), setup=setup)
    return CodeItem.of(code)


async def end_code(call: Plain) -> None:
    """Nobody can use it any more, and its name is not free again. Twice is no matter."""
    await archive_code(call.session, call.creator_id, call.number("code_id"), now=call.tools.clock())


async def _changed(session: AsyncSession, creator_id: int, terms: Terms, body: _Terms) -> Terms:
    """These terms with what stands in the body."""
    given = body.model_fields_set
    percent, amount = terms.percent, terms.amount
    if "percent" in given:
        percent, amount = body.percent, amount if body.percent is None else None
    if "amount_minor" in given:
        amount = await _amount(session, creator_id, body, terms)
        percent = percent if amount is None or "percent" in given else None
    elif "currency" in given:
        raise Invalid("a currency is an amount's", fields={"currency": "give amount_minor with it"})
    same = {name: getattr(terms, name) for name in _SAME}
    said = {name: getattr(body, name) for name in _SAME if name in given}
    return Terms(percent=percent, amount=amount, **(same | said))


_SAME = ("products", "segment", "starts_at", "ends_at", "most_uses", "most_per_person")


async def _amount(session: AsyncSession, creator_id: int, body: _Terms, terms: Terms) -> Money | None:
    if body.amount_minor is None:
        return None
    currency = body.currency or (terms.amount.currency if terms.amount is not None else None)
    if currency is None:
        currency = (await session.get_one(Creator, creator_id)).currency
    return Money(body.amount_minor, currency)


_LIFE = "test_api_discount_codes.py::test_a_code_is_made_changed_and_taken_out_of_use"
_WRONG = "test_api_discount_codes.py::test_what_makes_no_discount_is_refused_with_its_reason"
_OTHERS = "test_api_discount_codes.py::test_another_creators_code_is_not_found"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/codes",
        Act.SEE_PRODUCTS,
        show_codes,
        "The creator's discount codes",
        {200: ListAnswer[CodeItem]},
        query=CodesQuery,
        proves=(_LIFE, _OTHERS),
    ),
    Route(
        "POST",
        "/codes",
        Act.CHANGE_PRODUCTS,
        enter_code,
        "Makes a discount code",
        {201: CodeItem},
        session="write",
        body=NewCode,
        refuses=(BadCode, BadSegment, CodeTaken, Invalid),
        repeatable=True,
        example={"code": "SPRING20", "percent": 20, "ends_at": "2027-04-01T00:00:00Z", "most_per_person": 1},
        proves=(_LIFE, _WRONG),
    ),
    Route(
        "GET",
        "/codes/{code_id}",
        Act.SEE_PRODUCTS,
        show_code,
        "One discount code",
        {200: CodeItem},
        refuses=(NoSuchCode,),
        proves=(_LIFE, _OTHERS),
    ),
    Route(
        "PATCH",
        "/codes/{code_id}",
        Act.CHANGE_PRODUCTS,
        change_code,
        "Changes the terms of a discount code",
        {200: CodeItem},
        session="write",
        body=SomeOfCode,
        refuses=(NoSuchCode, BadCode, BadSegment, Invalid),
        example={"amount_minor": 500, "currency": "usd"},
        proves=(_LIFE, _WRONG, _OTHERS),
    ),
    Route(
        "DELETE",
        "/codes/{code_id}",
        Act.CHANGE_PRODUCTS,
        end_code,
        "Takes a discount code out of use",
        {204: None},
        session="write",
        refuses=(NoSuchCode,),
        proves=(_LIFE, _OTHERS),
    ),
)
