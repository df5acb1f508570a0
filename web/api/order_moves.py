"""What becomes of an order: called off, sent off, handed over, paid back. The rail is asked outside of transactions."""

from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, StrictBool, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.holding import hold_order
from domain.order_acts import NotToFulfil, fulfil_by_hand
from domain.order_words import tell_of_call_off
from domain.paying import NothingToGive, NotOversold, hand_over_anyway
from domain.refunds import BadRefund, NotRefundable, ask_refund, is_going_back
from domain.shipping import NothingToShip, ship_order
from kit.errors import Conflict, Forbidden
from payments.checkout import call_off
from payments.rail import RailDown, RailRefused
from store.models import Order, OrderState, Refund
from web.api.order_items import Minor, OrderItem, ReasonText, RefundItem
from web.api.orders import NoSuchOrder, caller_of, find_order, item_of
from web.api.query import Text
from web.api.route import Answered, Call, NoQuery, Route
from web.auth import CreatorNeeded, must_still


class NotCancellable(Conflict):
    """Its money has come, or is on its way, or it has ended already."""

    code = "not_cancellable"


class Status(StrEnum):
    """Where an order can be brought to by hand; everything else is a rail's word."""

    CANCELLED = "cancelled"
    # of one whose money came when nothing was left: one more is handed over
    PAID = "paid"
    SHIPPED = "shipped"
    FULFILLED = "fulfilled"
    # all that is left; a part of it can go back twice, which is no state: POST …/refunds
    REFUNDED = "refunded"


class NewStatus(BaseModel):
    """`tracking` is told when it is shipped; `reason` is why all that is left goes back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: Status
    tracking: Text = ""
    reason: ReasonText = ""

    @model_validator(mode="after")
    def _means_all_of_it(self) -> Self:
        if self.tracking and self.status is not Status.SHIPPED:
            raise ValueError("tracking is of what is shipped")
        if self.reason and self.status is not Status.REFUNDED:
            raise ValueError("a reason is of what is refunded")
        return self

    @property
    def act(self) -> Act:
        return Act.REFUND if self.status is Status.REFUNDED else Act.CHANGE_ORDERS


class NewRefund(BaseModel):
    """All that is left, without an amount. `revokes`: the rights go too; unless told, they go with the whole."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    amount_minor: Minor | None = None
    reason: ReasonText = ""
    revokes: StrictBool | None = None


class AskedRefund(RefundItem):
    """As it was asked for: the rail is asked soon after. Paid twice, it has `others` of its other payment."""

    others: list[RefundItem]


async def move_order(call: Call[NoQuery, NewStatus]) -> OrderItem | Answered:
    tools, body = call.tools, call.body
    act = body.act
    async with tools.database.reading() as session:
        order, by_seller = await find_order(call, session, act)
        if _is_there(order, body.status):
            return await item_of(tools, session, order, to_seller=by_seller)
    was_there = False
    if body.status is Status.CANCELLED:
        await _cancel(call, order, by_seller=by_seller)
    else:
        if not by_seller:
            raise Forbidden("who bought it may call it off, and nothing else")
        async with tools.database.transaction() as session:
            await must_still(session, caller_of(call), act, order.creator_id)
            was_there = await _move(session, order.id, body, call)
    async with tools.database.reading() as session:
        order = await session.get_one(Order, order.id)
        item = await item_of(tools, session, order, to_seller=by_seller)
    # money goes back when the rail has sent it
    return Answered(item, 202) if body.status is Status.REFUNDED and not was_there else item


async def give_back(call: Call[NoQuery, NewRefund]) -> AskedRefund:
    body, session = call.body, call.session
    order = await hold_order(session, call.number("order_id"))
    if order is None or order.creator_id != call.creator_id:
        raise NoSuchOrder("there is no such order")
    refunds = await _refund(session, order, body, call)
    first, *others = [RefundItem.of(refund) for refund in refunds]
    return AskedRefund(**first.model_dump(), others=others)


async def _refund(session: AsyncSession, order: Order, body: NewRefund, call: Call[Any, Any]) -> list[Refund]:
    return await ask_refund(
        session,
        order,
        amount_minor=body.amount_minor,
        reason=body.reason,
        revokes=body.amount_minor is None if body.revokes is None else body.revokes,
        now=call.tools.clock(),
    )


async def _cancel(call: Call[Any, Any], order: Order, *, by_seller: bool) -> None:
    tools = call.tools
    if not await call_off(tools.database, tools.rails, order.id, now=tools.clock(), published=tools.published):
        async with tools.database.reading() as session:
            if _is_there(await session.get_one(Order, order.id), Status.CANCELLED):
                # somebody else has done it meanwhile
                return
        raise NotCancellable(f"order {order.id} is paid, about to be paid, or over")
    if by_seller:
        async with tools.database.transaction() as session:
            await tell_of_call_off(session, order.id, call.account.person_id or 0, now=tools.clock())


async def _move(session: AsyncSession, order_id: int, body: NewStatus, call: Call[Any, Any]) -> bool:
    """Each by its own act, which refuses what the order's state forbids. True for what is so by now."""
    now, order = call.tools.clock(), await hold_order(session, order_id)
    if order is None:
        raise NoSuchOrder("there is no such order")
    if _is_there(order, body.status):
        return True
    match body.status:
        case Status.SHIPPED:
            await ship_order(session, order, body.tracking, now=now)
        case Status.FULFILLED:
            await fulfil_by_hand(session, order, now=now)
        case Status.PAID:
            await hand_over_anyway(session, order, now=now)
        case Status.REFUNDED:
            if not await is_going_back(session, order):
                await _refund(session, order, NewRefund(reason=body.reason), call)
        case Status.CANCELLED:
            raise RuntimeError("its rail is asked outside of transactions")
    return False


def _is_there(order: Order, status: Status) -> bool:
    """Said once more, it changes nothing."""
    if status is Status.SHIPPED:
        return order.shipped_at is not None
    return order.state == OrderState(status)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "PUT",
        "/orders/{order_id}/status",
        Act.ORDER,
        move_order,
        "Calls it off, sends it off, hands it over or pays it back",
        {200: OrderItem, 202: OrderItem},
        session="none",
        body=NewStatus,
        refuses=(
            NoSuchOrder,
            Forbidden,
            CreatorNeeded,
            NotCancellable,
            NothingToShip,
            NotToFulfil,
            NotOversold,
            NothingToGive,
            NotRefundable,
            RailDown,
            RailRefused,
        ),
        example={"status": "shipped", "tracking": "https://post.example/RR123456789DE"},
        proves=(
            "test_api_orders.py::test_an_order_is_called_off_by_its_buyer_or_its_seller",
            "test_api_orders.py::test_what_was_paid_is_shipped_once_and_then_only_goes_back",
            "test_api_orders.py::test_an_order_goes_nowhere_that_its_state_forbids",
        ),
    ),
    Route(
        "POST",
        "/orders/{order_id}/refunds",
        Act.REFUND,
        give_back,
        "Asks for money to go back, all or a part of it",
        {202: AskedRefund},
        session="write",
        body=NewRefund,
        refuses=(NoSuchOrder, NotRefundable, BadRefund),
        repeatable=True,
        example={"amount_minor": 500, "reason": "One file was broken"},
        proves=("test_api_orders.py::test_money_goes_back_in_part_and_never_more_than_came",),
    ),
)
