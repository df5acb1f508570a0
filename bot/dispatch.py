from collections.abc import Awaitable, Callable

from telegram import CallbackQuery, ChatMember, MessageEntity, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatType

from bot.handlers import (
    about,
    admin,
    answers,
    broadcasts,
    buying,
    coupon_typed,
    coupons,
    funnel_files,
    funnels,
    idea_capture,
    idea_checks,
    idea_files,
    idea_lists,
    idea_posts,
    idea_results,
    idea_taps,
    ideas,
    language,
    lead,
    lead_prompts,
    lead_taps,
    leads,
    library,
    links,
    order_refunds,
    order_taps,
    orders,
    privacy,
    products,
    reported_reviews,
    reviews,
    shop,
    stars,
    start,
    stats,
    tags,
    team,
    tickets,
    transfers,
    unclear,
)
from bot.replies import TapReply
from bot.turn import Turn
from domain.chat_acts import COMMANDS as SAID
from domain.chat_acts import FILES, acts_of_command, acts_of_tap
from domain.chat_acts import TAPS as TAPPED
from domain.leads import see_lead
from domain.people import note_block
from domain.prompts import drop_prompt, take_next

Command = Callable[[Turn, str], Awaitable[None]]
Receive = Callable[[Turn, TelegramMessage], Awaitable[None]]
Tap = Callable[[Turn, CallbackQuery, list[str]], Awaitable[None]]

COMMANDS: dict[str, Command] = {
    "start": start.start,
    "cancel": start.cancel,
    "stop": privacy.stop,
    "help": about.help_,
    "language": language.language,
    "privacy": privacy.privacy,
    "terms": privacy.terms,
    "my_data": privacy.my_data,
    "forget_me": privacy.forget_me,
    "paysupport": about.paysupport,
    "token": about.token,
    "shop": shop.shop,
    "library": library.library,
    "orders": orders.orders,
    "product": products.product,
    "refund": order_refunds.refund,
    "coupon": coupons.coupon,
    "idea": ideas.idea,
    "leads": leads.leads,
    "lead": lead.lead,
    "tag": tags.tag,
    "tickets": tickets.tickets,
    "link": links.link,
    "broadcast": broadcasts.broadcast,
    "funnels": funnels.funnels,
    "stats": stats.stats,
    "export": transfers.export,
    "team": team.team,
    "admin": admin.admin,
    "skip": answers.skip,
    "back": answers.back,
}
# what nobody is refused, not even whom the creator has banned
ALWAYS_ANSWERED = frozenset({"stop", "forget_me", "my_data", "privacy"})
_ASKED = (SAID, TAPPED)
# commands and buttons of those who act for a creator, whatever they are to another one
FOR_CREATORS = frozenset(name for asked in _ASKED for name, done in asked.items() if done.of_creator)
# of those who look after the instance, whatever they are to its creators
FOR_ADMINS = frozenset(name for asked in _ASKED for name, done in asked.items() if done.of_instance) | {
    "tickets",
    "ticket",
}
TAPS: dict[str, Tap] = {
    "flow": answers.tap,
    "begin": answers.begin,
    "resume": answers.resume,
    "subscribe": privacy.subscribe_again,
    "stop": privacy.stop_for,
    "forget_me": privacy.forget_me_tap,
    "shop": shop.tap,
    "product": shop.show_product,
    "buy": buying.buy,
    "code": coupon_typed.tap,
    "codes": coupon_typed.turn_page,
    "order": order_taps.tap,
    "orders": orders.tap,
    "coupon": coupons.tap,
    "again": library.get_again,
    "library": library.turn_page,
    "products": products.menu,
    "attach": products.attach,
    "capture": idea_capture.tap,
    "ideafile": idea_files.tap,
    "ideacheck": idea_checks.tap,
    "reviews": reviews.tap_list,
    "review": reviews.tap_review,
    "reported": reported_reviews.tap,
    "admin": admin.tap,
    "rate": reviews.tap_stars,
    "leads": leads.tap,
    "lead": lead_taps.tap,
    "ideas": idea_lists.tap,
    "idea": idea_taps.tap,
    "ideabrought": idea_results.tap,
    "tags": tags.tap,
    "tickets": tickets.tap,
    "ticket": tickets.tap_one,
    "link": links.tap,
    "import": transfers.tap,
    "language": language.tap,
    "settle": unclear.tap,
    "bc": broadcasts.tap,
    "fn": funnels.tap,
    "ipost": idea_posts.tap,
    "stats": stats.tap,
    "team": team.tap,
}


async def dispatch(turn: Turn, update: Update) -> None:
    """Finds what an update asks for and does it. Updates that Spark has no use for change nothing."""
    if update.callback_query is not None:
        await _tap(turn, update.callback_query)
    elif update.pre_checkout_query is not None:
        await stars.pre_checkout(turn, update.pre_checkout_query)
    elif update.my_chat_member is not None:
        # that they are back is known by then: whoever does anything else has not blocked the bot
        member = update.my_chat_member
        if member.chat.type == ChatType.PRIVATE and member.new_chat_member.status == ChatMember.BANNED:
            await note_block(turn.session, turn.person.id, now=turn.now)
    elif update.message is not None and update.message.chat.type == ChatType.PRIVATE:
        await _message(turn, update.message)


async def _message(turn: Turn, message: TelegramMessage) -> None:
    if await stars.money_told(turn, message):
        return
    command, arguments = _command(message)
    if await _prompted(turn, message, command):
        return
    known = await turn.known_lead()
    if known is not None:
        await see_lead(turn.session, known, now=turn.now)
        if known.banned_at is not None and not await _is_answered(turn, command):
            return
    if command is not None:
        handler = COMMANDS.get(command)
        if handler is not None:
            turn.acts = acts_of_command(command, arguments)
            await handler(turn, arguments)
        elif not await answers.own_command(turn, command):
            turn.say("not-understood")
    elif _is_sent(message) and await _creator_unasked(turn) and (received := await _receiver(turn, message)):
        kind, receive = received
        turn.acts = (FILES[kind],)
        await receive(turn, message)
    else:
        await answers.answer(turn, message)


def _is_sent(message: TelegramMessage) -> bool:
    """Whether it can be for a creator though they were not asked for it: told from the message alone."""
    is_file = message.document is not None or message.video is not None or message.audio is not None
    return is_file or idea_capture.may_be_thought(message)


async def _receiver(turn: Turn, message: TelegramMessage) -> tuple[str, Receive] | None:
    """What it is to a creator who was not asked for anything, told by its name; None for what is nothing of this."""
    if transfers.is_table(message.document):
        return "leads", transfers.receive
    if funnel_files.is_funnels(message.document):
        return "funnels", funnel_files.receive
    if await idea_capture.takes(turn, message):
        return "ideas", idea_capture.receive
    if message.document is not None or message.video is not None or message.audio is not None:
        return "goods", products.receive_file
    return ("goods", products.receive_photo) if message.photo else None


async def _creator_unasked(turn: Turn) -> bool:
    return await turn.own_creator() is not None and not await answers.is_asked(turn)


async def _is_answered(turn: Turn, asked: str | None) -> bool:
    """What still works for somebody whom the creator of this chat has banned."""
    if asked in FOR_ADMINS:
        # which each of these asks by itself
        return True
    return asked in ALWAYS_ANSWERED or (asked in FOR_CREATORS and await turn.own_creator() is not None)


async def _prompted(turn: Turn, message: TelegramMessage, command: str | None) -> bool:
    """True when the message was what somebody had been asked for, or called that off. Any command gives it up."""
    if command is None:
        return await lead_prompts.prompted(turn, message)
    if command != "cancel":
        await drop_prompt(turn.session, turn.person.id)
        return False
    if await take_next(turn.session, turn.person.id, now=turn.now) is None:
        return False
    turn.say("prompt-dropped")
    return True


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
    known = await turn.known_lead()
    if known is not None and known.banned_at is not None and not await _is_answered(turn, kind):
        turn.replies.append(TapReply(query_id=query.id))
        return
    turn.acts = acts_of_tap(kind, arguments)
    try:
        await handler(turn, query, arguments)
    except ValueError as error:
        # not a button of ours: a number is no number, or one is missing
        raise turn.refusal("not-understood") from error
