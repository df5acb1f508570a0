from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.start import start
from bot.replies import EditReply, TapReply
from bot.turn import Turn
from domain.flows.answers import Given, SharedContact, Tapped, Typed, Unreadable
from domain.flows.runs import active_run, answer_flow
from domain.leads import find_lead
from kit.text import escape


async def answer(turn: Turn, message: TelegramMessage) -> None:
    """Something written to the bot that is no command: the answer to the open question, if there is one."""
    creator = await turn.creator()
    lead = await find_lead(turn.session, creator.id, turn.person.id)
    if lead is None and await turn.own_creator() is None:
        # somebody whom only a deep link or /start would have made known
        await start(turn, "")
        return
    run = await active_run(turn.session, lead.id) if lead else None
    if lead is None or run is None:
        turn.say("not-understood")
        return
    turn.show(await answer_flow(turn.session, run, lead, turn.person, _given(message), now=turn.now))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`flow:RUN:TURN:OPTION`, under a question of a flow."""
    run_id, turn_number, option = (int(part) for part in arguments)
    creator = await turn.creator()
    lead, _ = await turn.lead(creator)
    run = await active_run(turn.session, lead.id)
    if run is None or run.id != run_id:
        raise turn.refusal("answer-taken")
    given = Tapped(run_id, turn_number, option)
    messages = await answer_flow(turn.session, run, lead, turn.person, given, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    label = _label(query)
    if isinstance(query.message, TelegramMessage) and label is not None:
        text = f"{query.message.text_html or ''}\n\n✓ {label}"
        turn.replies.append(EditReply(message_id=query.message.message_id, text=text))
    turn.show(messages)


def _given(message: TelegramMessage) -> Given:
    if message.contact is not None:
        own = message.from_user is not None and message.contact.user_id == message.from_user.id
        return SharedContact(message.contact.phone_number, own)
    if message.text is None:
        return Unreadable()
    return Typed(message.text)


def _label(query: CallbackQuery) -> str | None:
    """The words on the button that was pressed, escaped."""
    if not isinstance(query.message, TelegramMessage) or query.message.reply_markup is None:
        return None
    for row in query.message.reply_markup.inline_keyboard:
        for button in row:
            if button.callback_data == query.data:
                return escape(button.text)
    return None
