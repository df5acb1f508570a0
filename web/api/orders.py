"""`/api/v1/orders`: opened all or nothing, found, and changed as long as nobody has been asked for money."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act, NoSuchRight
from domain.account_leads import leads_of_account
from domain.cart_acts import AlreadyOwned, Till, Wanted, change_lines, order_for_lead, order_for_oneself
from domain.carts import BadCart, NotChangeable, NothingToPayBy, TooManyUnpaid
from domain.custom_events import NoSuchLead
from domain.discounts import CodeRefused, NoSuchCode
from domain.holding import hold_order
from domain.limits import LimitReached
from domain.order_acts import DetailsClosed, change_details
from domain.pricing import BadAmount, ChooseVariant, NoAddress, NotForSale
from domain.products import NoSuchProduct
from domain.stock import SoldOut
from kit.errors import Forbidden, NotFound
from store.models import Order, OrderState
from store.queries.purchases import OrderRow, OrdersWanted, page_of_bought, page_of_sold, rows_of
from web.api.lists import ListAnswer
from web.api.order_items import BuyerDetails, Id, Lines, OrderItem
from web.api.periods import SpanQuery, span_of
from web.api.query import Text, Whole
from web.api.route import Call, NoBody, NoQuery, Plain, Route
from web.auth import Caller, CreatorNeeded
from web.tools import WebTools

# where no rail says how long a checkout is good
_GOOD_FOR = timedelta(days=1)
ORDERING = (
    NoSuchProduct,
    NotForSale,
    ChooseVariant,
    BadAmount,
    BadCart,
    NoSuchCode,
    CodeRefused,
    SoldOut,
    LimitReached,
    NoAddress,
    NothingToPayBy,
)


class NoSuchOrder(NotFound):
    code = "no_such_order"


class Side(StrEnum):
    SOLD = "sold"
    BOUGHT = "bought"


class OrderQuery(SpanQuery):
    """`from` and `to` are about when they were made: instants or days, in the creator's time zone, or in UTC of what
    one has bought. `side`: what is sold, for who acts for a creator, or bought.
    """

    side: Side | None = None
    state: OrderState | None = None
    lead_id: Annotated[Whole, Field(ge=1, lt=2**63)] | None = None
    product_id: Annotated[Whole, Field(ge=1, lt=2**63)] | None = None

    async def wanted(self, session: AsyncSession, creator_id: int | None) -> OrdersWanted:
        states = () if self.state is None else (self.state,)
        return OrdersWanted(states, self.lead_id, self.product_id, *await span_of(session, self, creator_id))


class NewOrder(BaseModel):
    """`lead_id`: by who acts for the creator, for that lead; without it one orders for oneself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: Lines
    lead_id: Id | None = None
    code: Text | None = None


class OrderChange(BaseModel):
    """What is not named stays. `lines` take the place of those before; `code` null takes the discount away."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lines: Lines | None = None
    code: Text | None = None
    details: BuyerDetails | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give lines, code or details")
        return self

    @property
    def is_about_goods(self) -> bool:
        return self.lines is not None or "code" in self.model_fields_set


async def open_one(call: Call[NoQuery, NewOrder]) -> OrderItem:
    body, session, now = call.body, call.session, call.tools.clock()
    lines = [line.wanted() for line in body.lines]
    caller = caller_of(call)
    if body.lead_id is None:
        caller.must(Act.BUY)
        order = await order_for_oneself(session, call.account, lines, till(call.tools, body.code), now=now)
        return await item_of(call.tools, session, order, to_seller=False)
    creator_id = caller.acting_for(Act.CHANGE_ORDERS)
    order = await order_for_lead(session, creator_id, body.lead_id, lines, till(call.tools, body.code), now=now)
    return await item_of(call.tools, session, order, to_seller=True)


async def show_orders(call: Call[OrderQuery, NoBody]) -> ListAnswer[OrderItem]:
    caller, query, session = caller_of(call), call.query, call.session
    side = query.side or (Side.SOLD if caller.standings else Side.BOUGHT)
    if side is Side.SOLD:
        creator_id = caller.acting_for(Act.SEE_ORDERS)
        wanted = await query.wanted(session, creator_id)
        page = await page_of_sold(session, creator_id, wanted, query.paging(), totals=call.tools.totals.of)
    else:
        caller.must(Act.SEE_PURCHASES)
        leads = [lead.id for lead in await leads_of_account(session, call.account)]
        page = await page_of_bought(session, leads, await query.wanted(session, None), query.paging())
    return ListAnswer[OrderItem].of(page, lambda row: told(call.tools, row, to_seller=side is Side.SOLD))


async def show_order(call: Plain) -> OrderItem:
    order, to_seller = await find_order(call, call.session, Act.SEE_ORDERS)
    return await item_of(call.tools, call.session, order, to_seller=to_seller)


async def change_order(call: Call[NoQuery, OrderChange]) -> OrderItem:
    body, session, tools = call.body, call.session, call.tools
    await hold_order(session, call.number("order_id"))
    order, by_seller = await find_order(call, session, Act.CHANGE_ORDERS)
    if body.details is not None and not by_seller:
        raise Forbidden("where it goes the seller changes; a buyer says so on the page where they pay")
    if body.is_about_goods:
        # who sells may have put it together for themselves, as any buyer does
        as_seller = by_seller and (order.by_seller or not await _has_bought(caller_of(call), session, order))
        (before,) = await rows_of(session, [order])
        lines = [line.wanted() for line in body.lines] if body.lines is not None else _as_before(before)
        code = body.code if "code" in body.model_fields_set else before.code
        order = await change_lines(session, order.id, lines, till(tools, code), by_seller=as_seller, now=tools.clock())
    if body.details is not None:
        await change_details(session, order, body.details.model_dump(exclude_unset=True), now=tools.clock())
    return await item_of(tools, session, order, to_seller=by_seller)


def _as_before(row: OrderRow) -> list[Wanted]:
    return [Wanted(line.product_id, line.variant_id, line.quantity, line.price_minor) for line in row.lines]


def till(tools: WebTools, code: str | None = None, pages: dict[str, str] | None = None) -> Till:
    return Till(tools.rails, tools.checkout_good_for or _GOOD_FOR, tools.published, code, pages)


def caller_of(call: Call[Any, Any]) -> Caller:
    if call.caller is None:
        raise RuntimeError("this address is public: nobody may be signed in")
    return call.caller


async def find_order(call: Call[Any, Any], session: AsyncSession, act: Act) -> tuple[Order, bool]:
    """The order that the address names, and whether its seller looks: who did not buy it needs a right to it.

    Raises NoSuchOrder for anybody else's, Forbidden for a missing right, and CreatorNeeded.
    """
    caller, order = caller_of(call), await session.get(Order, call.number("order_id"), populate_existing=True)
    if order is not None and await _has_bought(caller, session, order) and not _sells(caller, order, act):
        return order, False
    # whose it is comes before what they may do with it: of another's nobody learns more than that it is not there
    own = caller.for_whom() if caller.standings else None
    if order is None or order.creator_id != own:
        raise NoSuchOrder("there is no such order")
    caller.acting_for(act)
    return order, True


async def _has_bought(caller: Caller, session: AsyncSession, order: Order) -> bool:
    """Whether it is their own. A key buys nothing."""
    if caller.key_rights is not None:
        return False
    return order.lead_id in {lead.id for lead in await leads_of_account(session, caller.account, order.creator_id)}


def _sells(caller: Caller, order: Order, act: Act) -> bool:
    """Whether who has bought it is its seller too."""
    try:
        return bool(caller.standings) and caller.acting_for(act) == order.creator_id
    except (Forbidden, CreatorNeeded):
        return False


async def item_of(tools: WebTools, session: AsyncSession, order: Order, *, to_seller: bool) -> OrderItem:
    (row,) = await rows_of(session, [order])
    return told(tools, row, to_seller=to_seller)


def told(tools: WebTools, row: OrderRow, *, to_seller: bool) -> OrderItem:
    return OrderItem.of(row, tools.published.setup(row.order.creator_id), to_seller=to_seller)


_LINES = [{"product_id": 3, "quantity": 2}, {"product_id": 5, "variant_id": 8}]
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/orders",
        Act.ORDER,
        open_one,
        "Orders all of the lines, or nothing",
        {201: OrderItem},
        session="write",
        body=NewOrder,
        refuses=(*ORDERING, AlreadyOwned, TooManyUnpaid, NoSuchLead, Forbidden, NoSuchRight, CreatorNeeded),
        repeatable=True,
        example={"lines": _LINES, "code": "SPRING"},
        proves=(
            "test_api_orders.py::test_an_order_of_several_lines_holds_all_of_it_or_nothing",
            "test_api_orders.py::test_what_cannot_be_ordered_says_which_line_and_why",
            "test_api_orders.py::test_a_buyer_orders_for_themselves_and_sees_their_own_orders_alone",
        ),
    ),
    Route(
        "GET",
        "/orders",
        Act.ORDER,
        show_orders,
        "Orders, newest first: a creator's, or one's own as a buyer",
        {200: ListAnswer[OrderItem]},
        query=OrderQuery,
        refuses=(Forbidden, NoSuchRight, CreatorNeeded),
        proves=(
            "test_api_orders.py::test_orders_are_listed_newest_first_and_narrowed",
            "test_api_orders.py::test_a_buyer_orders_for_themselves_and_sees_their_own_orders_alone",
        ),
    ),
    Route(
        "GET",
        "/orders/{order_id}",
        Act.ORDER,
        show_order,
        "One order, of a creator's or one's own",
        {200: OrderItem},
        refuses=(NoSuchOrder, Forbidden, NoSuchRight, CreatorNeeded),
        proves=("test_api_orders.py::test_another_creators_order_is_not_there",),
    ),
    Route(
        "PUT",
        "/orders/{order_id}",
        Act.ORDER,
        change_order,
        "Other lines or another code, by who opened it, while nobody has been asked for money; and where it goes",
        {200: OrderItem},
        session="write",
        body=OrderChange,
        refuses=(
            NoSuchOrder,
            NotChangeable,
            DetailsClosed,
            *ORDERING,
            AlreadyOwned,
            Forbidden,
            NoSuchRight,
            CreatorNeeded,
        ),
        example={"lines": _LINES, "details": {"name": "Lena", "email": "lena@example.com"}},
        proves=(
            "test_api_orders.py::test_an_order_is_changed_while_nobody_has_been_asked_for_money",
            "test_api_orders.py::test_who_put_an_order_together_alone_changes_it_and_nobody_pays_what_they_were_not_shown",
        ),
    ),
)
