from collections.abc import Awaitable, Callable

from telegram import CallbackQuery, ChatMember, MessageEntity, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatType

from bot.handlers import about, answers, ideas, products, shop, start
from bot.replies import PreCheckoutReply
from bot.turn import Turn
from domain.people import note_block

Command = Callable[[Turn, str], Awaitable[None]]
Tap = Callable[[Turn, CallbackQuery, list[str]], Awaitable[None]]

COMMANDS: dict[str, Command] = {
    "start": start.start,
    "cancel": start.cancel,
    "stop": start.stop,
    "help": about.help_,
    "privacy": about.privacy,
    "terms": about.terms,
    "paysupport": about.paysupport,
    "token": about.token,
    "shop": shop.shop,
    "library": shop.library,
    "product": products.product,
    "idea": ideas.idea,
}
TAPS: dict[str, Tap] = {
    "flow": answers.tap,
    "subscribe": start.subscribe_again,
    "product": shop.show_product,
    "buy": shop.buy,
    "again": shop.get_again,
    "products": products.menu,
    "attach": products.attach,
}


async def dispatch(turn: Turn, update: Update) -> None:
    """Finds what an update asks for and does it. Updates that Spark has no use for change nothing."""
    if update.callback_query is not None:
        await _tap(turn, update.callback_query)
    elif update.pre_checkout_query is not None:
        # Spark sends no invoices yet, so whatever this pays for is not on offer
        query_id = update.pre_checkout_query.id
        turn.replies.append(PreCheckoutReply(query_id=query_id, text=turn.words("stars-off")))
    elif update.my_chat_member is not None:
        if update.my_chat_member.new_chat_member.status == ChatMember.BANNED:
            await note_block(turn.session, turn.person.id, now=turn.now)
    elif update.message is not None and update.message.chat.type == ChatType.PRIVATE:
        await _message(turn, update.message)


async def _message(turn: Turn, message: TelegramMessage) -> None:
    command, arguments = _command(message)
    if command is not None:
        handler = COMMANDS.get(command)
        if handler is None:
            turn.say("not-understood")
        else:
            await handler(turn, arguments)
    elif message.document is not None and await turn.own_creator() is not None:
        await products.receive_file(turn, message)
    else:
        await answers.answer(turn, message)


def _command(message: TelegramMessage) -> tuple[str | None, str]:
    """The command that the text begins with, without its slash and the bot's name, and what follows."""
    entities = message.entities
    if not message.text or not entities or entities[0].type != MessageEntity.BOT_COMMAND or entities[0].offset:
        return None, ""
    # a command is ASCII, so its length in UTF-16 units is its length here
    name = message.text[1 : entities[0].length].partition("@")[0].lower()
    return name, message.text[entities[0].length :].strip()


async def _tap(turn: Turn, query: CallbackQuery) -> None:
    kind, *arguments = (query.data or "").split(":")
    handler = TAPS.get(kind)
    if handler is None:
        raise turn.refusal("not-understood")
    try:
        await handler(turn, query, arguments)
    except ValueError as error:
        # not a button of ours: a number is no number, or one is missing
        raise turn.refusal("not-understood") from error
