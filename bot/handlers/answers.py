"""What people write and tap in a conversation."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.given import given_of
from bot.handlers.start import start
from bot.numbers import read_id
from bot.replies import EditReply, TapReply
from bot.turn import Turn
from domain.flows.answering import Answered, answer_flow
from domain.flows.answers import Back, Given, SentFile, Skipped, Tapped, Typed
from domain.flows.beginning import begin_default, begin_flow, flow_of_command, flow_of_words
from domain.flows.files import keep_answer_file
from domain.flows.paused import current_screen, go_on, leave, take_up
from domain.flows.runs import AlreadyAnswered, active_run
from domain.lead_acts import note_writing, relay_to_creator
from domain.people import talk_to_creator
from kit.text import escape
from store.models import Creator, FlowRun, FlowRunState, Lead


async def answer(turn: Turn, message: TelegramMessage) -> None:
    """Something written to the bot that is no command: the answer to the open question, if there is one."""
    lead = await turn.known_lead()
    if lead is None and await turn.own_creator() is None:
        # somebody whom only a deep link or /start would have made known
        await start(turn, "")
    elif lead is None:
        turn.say("not-understood")
    elif lead.taken_over_at is not None:
        await _relay(turn, lead, message)
    else:
        await _answer(turn, lead, given_of(message))


async def is_asked(turn: Turn) -> bool:
    """True while a question is open to this person."""
    lead = await turn.known_lead()
    return lead is not None and await active_run(turn.session, lead.id) is not None


async def skip(turn: Turn, _arguments: str) -> None:
    await _by_command(turn, Skipped())


async def back(turn: Turn, _arguments: str) -> None:
    await _by_command(turn, Back())


async def own_command(turn: Turn, command: str) -> bool:
    """A command of the creator's own begins its flow; False when they have none of that name."""
    creator = await turn.creator()
    flow = flow_of_command(turn.facts.published, creator.id, command)
    if flow is None:
        return False
    lead, _ = await turn.lead(creator)
    if not turn.hushed(lead):
        turn.show(await begin_flow(turn.session, turn.talk(lead), flow, now=turn.now))
    return True


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`flow:RUN:TURN:OPTION`, under a question of a flow."""
    run_id, turn_number, option = (read_id(part) for part in arguments)
    run, lead = await _own_run(turn, run_id)
    if turn.hushed(lead, query.id):
        return
    if run.state in {FlowRunState.CANCELLED, FlowRunState.EXPIRED}:
        raise turn.refusal("flow-over")
    try:
        given = Tapped(run_id, turn_number, option)
        answered = await answer_flow(turn.session, turn.talk(lead), run, given, now=turn.now)
    except AlreadyAnswered:
        raise turn.refusal("answer-taken") from None
    turn.replies.append(TapReply(query_id=query.id, text=answered.told))
    if answered.told is None:
        _redraw(turn, query, answered)
    turn.show(answered.messages)


async def begin(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`begin:CREATOR:FLOW`, under any message."""
    creator_id, key = read_id(arguments[0]), ":".join(arguments[1:])
    creator = await turn.session.get(Creator, creator_id)
    flow = turn.facts.published.flow(creator_id, key)
    if creator is None or flow is None:
        raise turn.refusal("flow-gone")
    lead, _ = await turn.lead(creator)
    if not turn.hushed(lead, query.id):
        turn.replies.append(TapReply(query_id=query.id))
        turn.show(await begin_flow(turn.session, turn.talk(lead), flow, now=turn.now))


async def resume(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`resume:RUN:go` or `resume:RUN:leave`, under the offer to go on with what was interrupted."""
    run_id, choice = read_id(arguments[0]), arguments[1:]
    run, lead = await _own_run(turn, run_id)
    talk = turn.talk(lead)
    if run.state == FlowRunState.PAUSED and choice == ["leave"]:
        await leave(turn.session, talk, run, now=turn.now)
        turn.replies.append(TapReply(query_id=query.id, text=turn.words("flow-left")))
        _close(turn, query)
        turn.show(await take_up(turn.session, talk, now=turn.now))
        return
    if turn.hushed(lead, query.id):
        return
    if run.state == FlowRunState.PAUSED:
        shown = await go_on(turn.session, talk, run, now=turn.now)
        shown += await take_up(turn.session, talk, now=turn.now)
    elif run.state == FlowRunState.ACTIVE:
        shown = await current_screen(turn.session, talk, now=turn.now)
    else:
        raise turn.refusal("flow-over")
    turn.replies.append(TapReply(query_id=query.id))
    _close(turn, query)
    turn.show(shown)


async def _by_command(turn: Turn, given: Given) -> None:
    lead = await turn.known_lead()
    if lead is None:
        turn.say("not-understood")
    elif not turn.hushed(lead):
        await _answer(turn, lead, given)


async def _answer(turn: Turn, lead: Lead, given: Given) -> None:
    """To the open question; without one: a keyword, what was interrupted, or the creator's flow for all the rest."""
    session, talk = turn.session, turn.talk(lead)
    run = await active_run(session, lead.id)
    if run is not None:
        turn.show((await answer_flow(session, talk, run, given, now=turn.now)).messages)
        return
    if not isinstance(given, Skipped | Back):
        await note_writing(session, lead, now=turn.now)
    flow = flow_of_words(turn.facts.published, lead.creator_id, given.text) if isinstance(given, Typed) else None
    if flow is not None:
        turn.show(await begin_flow(session, talk, flow, now=turn.now))
        return
    shown = await take_up(session, talk, now=turn.now) or await begin_default(session, talk, "no_match", now=turn.now)
    if shown is None:
        turn.say("not-understood")
    else:
        turn.show(shown)


async def _relay(turn: Turn, lead: Lead, message: TelegramMessage) -> None:
    """While a person of the creator's writes in this chat, they get to read what is written here."""
    given = given_of(message)
    file_id = None
    if isinstance(given, SentFile):
        file_id = await keep_answer_file(turn.session, lead, given, bot_id=turn.person.bot_id, now=turn.now)
    text = message.text or message.caption or ("" if file_id else turn.words("relayed-unreadable"))
    await relay_to_creator(
        turn.session,
        lead,
        turn.person,
        text,
        key=f"relay:{lead.id}:{message.message_id}",
        now=turn.now,
        file_id=file_id,
    )


async def _own_run(turn: Turn, run_id: int) -> tuple[FlowRun, Lead]:
    """The run behind a button, whose creator this chat is with from now on. Refused to anybody but its own lead."""
    run = await turn.session.get(FlowRun, run_id)
    lead = None if run is None else await turn.session.get(Lead, run.lead_id)
    if run is None or lead is None or lead.person_id != turn.person.id:
        raise turn.refusal("answer-taken")
    await talk_to_creator(turn.session, turn.person, lead.creator_id)
    return run, lead


def _redraw(turn: Turn, query: CallbackQuery, answered: Answered) -> None:
    """The tapped question shows what was marked, or says what was chosen and loses its buttons."""
    if not isinstance(query.message, TelegramMessage):
        return
    message_id = query.message.message_id
    if answered.redrawn is not None:
        redrawn = answered.redrawn
        turn.replies.append(EditReply(message_id=message_id, text=redrawn.text, buttons=redrawn.buttons))
    else:
        closed = "" if answered.closed is None else f"\n\n{escape(answered.closed)}"
        turn.replies.append(EditReply(message_id=message_id, text=f"{query.message.text_html or ''}{closed}"))


def _close(turn: Turn, query: CallbackQuery) -> None:
    """The message stays, and its buttons go."""
    if isinstance(query.message, TelegramMessage) and query.message.text:
        turn.replies.append(EditReply(message_id=query.message.message_id, text=query.message.text_html))
