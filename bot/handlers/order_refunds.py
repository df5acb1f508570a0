"""Giving money back: the line, the question that stands before it, and the yes."""

from telegram import CallbackQuery, MessageEntity
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.lead_access import NAME_LENGTH, read_number
from bot.handlers.order_card import TITLE_LENGTH
from bot.handlers.refund_lines import read_refund
from bot.turn import Turn
from domain.leads import display_name
from domain.messages.plain import Button, Message, column
from domain.prompts import ask_next
from domain.refunds import ask_refund
from kit.money import Money
from kit.paging import Paging
from kit.text import escape, shorten
from store.models import Order, Payment
from store.queries.order_card import OrderDetails, order_details
from store.queries.order_lists import OrderFilter, find_own_order, list_sales

SHOWN = 8
LABEL_LENGTH = 50
REASON_LENGTH = 300


async def refund(turn: Turn, arguments: str) -> None:
    """`/refund 7`, `/refund 7 5.00`, `/refund 7 5.00 the file was broken`; alone it shows what was paid of late."""
    first, _, rest = arguments.strip().partition(" ")
    if not first:
        await _menu(turn)
        return
    number = read_number(first)
    if number is None:
        raise turn.refusal("refund-form")
    details = await own_details(turn, number)
    amount, reason = read_refund(rest, details.order.currency)
    await ask(turn, details, amount, reason)


async def own_details(turn: Turn, order_id: int) -> OrderDetails:
    """Raises Said for an order of somebody else's, and NoSuchRight."""
    found = await find_own_order(turn.session, turn.person.id, order_id)
    if found is None or not await turn.allowed(found[0].id):
        await turn.some_creator()
        raise turn.refusal("order-unknown", order=order_id)
    return await order_details(turn.session, order_id)


async def ask(turn: Turn, details: OrderDetails, amount: Money | None, reason: str = "") -> None:
    """The question before it; no amount is all that is left. Raises Said for what cannot be given back."""
    _check(turn, details, amount)
    whole = amount is None or amount == details.left
    back = details.left if amount is None else amount
    name = (await display_name(turn.session, details.lead))(turn.person.speaks)
    values = {
        "amount": back.format(turn.person.speaks),
        "title": shorten(details.title, TITLE_LENGTH),
        "name": shorten(name, NAME_LENGTH),
        "order": details.order.id,
    }
    asked = turn.words("refund-ask" if whole else "refund-ask-part", **values)
    if reason:
        # it stands in the question itself, so that nothing of it is kept before there is a yes
        asked += f"\n\n<blockquote>{escape(shorten(reason, REASON_LENGTH))}</blockquote>"
    data = f"order:back:{details.order.id}:{back.amount_minor}:{details.left.amount_minor}"
    no = Button(text=turn.words("refund-button-no"), data=f"order:keep:{details.order.id}")
    if whole:
        buttons = column(Button(text=turn.words("refund-button-yes", **values), data=f"{data}:r"), no)
    else:
        keeps = Button(text=turn.words("refund-button-keeps", **values), data=f"{data}:k")
        loses = Button(text=turn.words("refund-button-loses", **values), data=f"{data}:r")
        buttons = column(keeps, loses, no)
    turn.send(Message(text=asked, buttons=buttons))


async def ask_one(turn: Turn, payment_id: int) -> None:
    """The same for one payment of an order that was paid twice, or whose refund has failed."""
    payment, details = await _own_payment(turn, payment_id)
    left = Money(payment.left_minor, payment.currency)
    if not left.amount_minor:
        raise turn.refusal("refused-refund-nothing")
    values = {"amount": left.format(turn.person.speaks), "order": details.order.id}
    yes = Button(text=turn.words("refund-button-yes", **values), data=f"order:return:{payment_id}:{left.amount_minor}")
    no = Button(text=turn.words("refund-button-no"), data=f"order:keep:{details.order.id}")
    turn.send(Message(text=turn.words("refund-ask-one", **values), buttons=column(yes, no)))


async def ask_amount(turn: Turn, details: OrderDetails) -> None:
    """How much of it shall go back is typed next."""
    _check(turn, details, None)
    await ask_next(turn.session, turn.person.id, "order-part", {"order": details.order.id}, now=turn.now)
    turn.say("refund-ask-amount", left=details.left.format(turn.person.speaks))


async def take_amount(turn: Turn, order_id: int, text: str) -> None:
    details = await own_details(turn, order_id)
    amount, reason = read_refund(text, details.order.currency)
    if amount is None:
        raise turn.refusal("refund-form-amount")
    await ask(turn, details, amount, reason)


async def give_back(turn: Turn, query: CallbackQuery, order_id: int, wanted: list[int], *, revokes: bool) -> None:
    """The yes. `wanted` are the amount, and what was left when it was asked: a second yes gives nothing back."""
    amount, left = wanted
    details = await own_details(turn, order_id)
    await _hold(turn, details.order)
    details = await order_details(turn.session, order_id)
    if details.left.amount_minor != left:
        raise turn.refusal("refund-changed", order=order_id)
    await ask_refund(
        turn.session,
        details.order,
        amount_minor=None if amount == left else amount,
        reason=_reason(query),
        revokes=revokes,
        now=turn.now,
    )
    _said(turn, query, Money(amount, details.order.currency), order_id)


async def give_nothing_back(turn: Turn, query: CallbackQuery, order_id: int) -> None:
    """The no. It takes the question's place, so that no *Yes* is left to be tapped by mistake."""
    await own_details(turn, order_id)
    see = Button(text=turn.words("order-button-see"), data=f"order:show:{order_id}")
    edit(turn, query, Message(text=turn.words("refund-not-asked", order=order_id), buttons=column(see)))


async def give_back_one(turn: Turn, query: CallbackQuery, payment_id: int, left: int) -> None:
    payment, details = await _own_payment(turn, payment_id)
    await _hold(turn, details.order)
    await turn.session.refresh(payment)
    if payment.left_minor != left:
        raise turn.refusal("refund-changed", order=details.order.id)
    await ask_refund(
        turn.session,
        details.order,
        amount_minor=None,
        reason="",
        revokes=False,
        now=turn.now,
        payment_id=payment.id,
    )
    _said(turn, query, Money(left, payment.currency), details.order.id)


def _said(turn: Turn, query: CallbackQuery, amount: Money, order_id: int) -> None:
    text = turn.words("refund-asked", amount=amount.format(turn.person.speaks), order=order_id)
    see = Button(text=turn.words("order-button-see"), data=f"order:show:{order_id}")
    edit(turn, query, Message(text=text, buttons=column(see)))


async def _menu(turn: Turn) -> None:
    creator = await turn.as_creator()
    paid = await list_sales(turn.session, creator.id, OrderFilter("paid"), Paging(SHOWN))
    if not paid.items:
        turn.send(Message(text=f"{turn.words('refund-none')}\n\n{turn.words('refund-form')}"))
        return
    buttons = [
        Button(
            text=shorten(f"#{each.order.id} {each.title}", LABEL_LENGTH) + f" · {each.total.format()}",
            data=f"order:refund:{each.order.id}",
        )
        for each in paid.items
    ]
    text = f"{turn.words('refund-which')}\n\n{turn.words('refund-form')}"
    turn.send(Message(text=text, buttons=column(*buttons)))


def _check(turn: Turn, details: OrderDetails, amount: Money | None) -> None:
    if not details.is_refundable:
        raise turn.refusal("refund-not-now", order=details.order.id)
    if amount is None or amount == details.left:
        return
    if not details.is_refundable_in_part:
        raise turn.refusal("refused-refund-part")
    if amount.amount_minor < 1:
        raise turn.refusal("refused-refund-amount")
    if amount.amount_minor > details.left.amount_minor:
        raise turn.refusal("refused-refund-more", left=details.left.format(turn.person.speaks))


def _reason(query: CallbackQuery) -> str:
    """As it stands in the question that was tapped."""
    message = query.message
    if not isinstance(message, TelegramMessage) or not message.text:
        return ""
    quoted = message.parse_entities([MessageEntity.BLOCKQUOTE])
    return next(iter(quoted.values()), "")


async def _hold(turn: Turn, order: Order) -> None:
    """Whoever else of the team says yes at this moment waits here, and finds it done."""
    await turn.session.refresh(order, with_for_update=True)


async def _own_payment(turn: Turn, payment_id: int) -> tuple[Payment, OrderDetails]:
    payment = await turn.session.get(Payment, payment_id)
    if payment is None:
        raise turn.refusal("not-understood")
    return payment, await own_details(turn, payment.order_id)
