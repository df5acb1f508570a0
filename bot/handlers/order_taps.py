"""The buttons under an order, its buyer's and its seller's, and under the notices about it: `order:ACT:ORDER`."""

from telegram import CallbackQuery

from bot.handlers import order_refunds
from bot.handlers.edits import edit
from bot.handlers.order_card import bought_screen, sale_screen
from bot.handlers.order_refunds import own_details
from bot.handlers.orders import card
from bot.numbers import read_id
from bot.replies import CallOffReply, CheckoutReply, DocumentReply, TapReply
from bot.turn import Turn
from domain.leads import zone_of
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message, column
from domain.paying import hand_over_anyway
from domain.prompts import ask_next
from domain.receipt_words import receipt_text
from domain.shipping import ship_order
from kit.zones import zone_named
from store.queries.order_card import OrderDetails, order_details
from store.queries.order_lists import CHOICES, find_bought


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["show", number, *place]:
            await _show(turn, query, read_id(number), place)
        case ["refund" | "part" | "hand" | "ship" | "shipped" | "cancel" | "paper" as act, number]:
            await _as_seller(turn, query, act, await own_details(turn, read_id(number)))
        case ["back", number, amount, left, "k" | "r" as way]:
            wanted = [read_id(amount), read_id(left)]
            await order_refunds.give_back(turn, query, read_id(number), wanted, revokes=way == "r")
        case ["keep", number]:
            await order_refunds.give_nothing_back(turn, query, read_id(number))
        case ["return", payment]:
            await order_refunds.ask_one(turn, read_id(payment))
        case ["return", payment, left]:
            await order_refunds.give_back_one(turn, query, read_id(payment), read_id(left))
        case ["pay" | "off" | "receipt" | "help" as act, number]:
            await _as_buyer(turn, act, await _bought(turn, read_id(number)))
        case _:
            raise turn.refusal("not-understood")


async def _show(turn: Turn, query: CallbackQuery, order_id: int, place: list[str]) -> None:
    """From a list the card takes its place; from a notice, which stays, it is a message of its own."""
    match place:
        case [choice, page] if choice in CHOICES:
            back = f"orders:{choice}:{read_id(page)}"
            edit(turn, query, await sale_screen(turn, await own_details(turn, order_id), back=back))
        case _:
            turn.send(await card(turn, order_id))


async def _as_seller(turn: Turn, query: CallbackQuery, act: str, details: OrderDetails) -> None:
    order = details.order
    match act:
        case "refund":
            await order_refunds.ask(turn, details, None)
        case "part":
            await order_refunds.ask_amount(turn, details)
        case "hand":
            await hand_over_anyway(turn.session, order, now=turn.now)
            turn.say("order-handed-over", order=order.id)
        case "ship":
            await ask_next(turn.session, turn.person.id, "order-ship", {"order": order.id}, now=turn.now)
            none = Button(text=turn.words("order-button-untracked"), data=f"order:shipped:{order.id}")
            turn.send(Message(text=turn.words("order-ask-tracking", order=order.id), buttons=column(none)))
        case "shipped":
            await ship(turn, order.id, "")
        case "cancel":
            turn.replies.append(CallOffReply(order_id=order.id))
        case "paper":
            _receipt(turn, details)


async def ship(turn: Turn, order_id: int, tracking: str) -> None:
    """It is on its way; the buyer is told, with how to follow it."""
    details = await own_details(turn, order_id)
    await ship_order(turn.session, details.order, tracking, now=turn.now)
    turn.send(await sale_screen(turn, await order_details(turn.session, order_id)))


async def _bought(turn: Turn, order_id: int) -> OrderDetails:
    if await find_bought(turn.session, turn.person.id, order_id) is None:
        raise turn.refusal("order-unknown", order=order_id)
    return await order_details(turn.session, order_id)


async def _as_buyer(turn: Turn, act: str, details: OrderDetails) -> None:
    order = details.order
    match act:
        case "pay" if details.is_payable:
            turn.replies.append(CheckoutReply(order_id=order.id))
        case "off" if details.is_payable:
            turn.replies.append(CallOffReply(order_id=order.id))
        case "receipt":
            _receipt(turn, details)
        case "help":
            await ask_next(turn.session, turn.person.id, "order-help", {"order": order.id}, now=turn.now)
            turn.say("order-ask-help", creator=details.creator.name)
        case _:
            # paid or over by now: what stands there says so
            turn.send(bought_screen(turn, details))


def _receipt(turn: Turn, details: OrderDetails) -> None:
    """As a text file, in the reader's language. Raises Said before there is one."""
    number = details.order.receipt_number
    if number is None:
        raise turn.refusal("receipt-none")
    setup = turn.facts.published.setup(details.order.creator_id)
    mine = details.lead.person_id == turn.person.id
    zone = zone_of(details.lead, setup) if mine else zone_named(setup.time_zone)
    speaks = turn.person.speaks
    turn.replies.append(
        DocumentReply(
            file_name=f"{plain('receipt-file', speaks)}-{number}.txt",
            content=receipt_text(details, speaks, zone),
            caption=turn.words("receipt-caption", number=number),
        )
    )
