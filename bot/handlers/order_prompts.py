"""What somebody types after an order has asked for it."""

from telegram import Message as TelegramMessage

from bot.handlers.order_refunds import take_amount
from bot.handlers.order_taps import ship
from bot.turn import Turn
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.outbox import tell_creator
from domain.prompts import Prompted
from kit.text import shorten
from store.queries.order_card import order_details
from store.queries.order_lists import find_bought

ACTS = frozenset({"order-part", "order-ship", "order-help"})
MOST_TRACKING = 200
MOST_HELP = 2000


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    order_id = int(asked.data["order"])
    match asked.act:
        case "order-part":
            await take_amount(turn, order_id, text)
        case "order-ship":
            await ship(turn, order_id, shorten(" ".join(text.split()), MOST_TRACKING))
        case "order-help":
            await _ask_for_help(turn, order_id, shorten(text, MOST_HELP), key=f"{order_id}:{message.message_id}")


async def _ask_for_help(turn: Turn, order_id: int, text: str, *, key: str) -> None:
    """The creator reads it beside the order, and answers in this chat."""
    if await find_bought(turn.session, turn.person.id, order_id) is None:
        raise turn.refusal("order-unknown", order=order_id)
    details = await order_details(turn.session, order_id)
    lead, name = details.lead, shorten(details.lead.name or turn.person.first_name, 64)

    def told(language: str) -> Message:
        answer = Button(text=say("relay-button-answer", language), data=f"lead:write:{lead.id}")
        see = Button(text=say("order-button-see", language), data=f"order:show:{order_id}")
        said = say("order-help-told", language, order=order_id, lead=lead.id, name=name, text=text)
        return Message(text=said, buttons=((answer, see),))

    await tell_creator(
        turn.session,
        told,
        key=f"order-help:{key}",
        creator_id=details.order.creator_id,
        lead_id=lead.id,
        now=turn.now,
    )
    turn.say("order-help-passed-on", creator=details.creator.name)
