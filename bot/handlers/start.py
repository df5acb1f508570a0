import re

from sqlalchemy import select
from telegram import CallbackQuery

from bot.replies import MenuReply, TapReply
from bot.turn import Turn
from domain.creators import BIND_PREFIX, bind_by_payload
from domain.flows.runs import active_run, begin_flow, cancel_flow, current_screen, has_finished
from domain.leads import find_lead, subscribe, unsubscribe
from domain.messages.plain import Button, Message, column
from domain.outbox import tell_creator
from kit.text import shorten
from store.models import Creator, Lead

# Telegram lets nothing else through: https://core.telegram.org/bots/features#deep-linking
_PAYLOAD = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


async def start(turn: Turn, arguments: str) -> None:
    """`/start`, bare, with a source, with a creator (`slug` or `slug_source`), or with a one-time bind link."""
    payload = arguments.strip() if _PAYLOAD.match(arguments.strip()) else ""
    if payload.startswith(BIND_PREFIX):
        creator = await bind_by_payload(turn.session, turn.person, payload, now=turn.now)
        turn.say("bound", creator=creator.name)
        turn.replies.append(MenuReply())
        return
    creator, source = await _read_payload(turn, payload)
    own = await turn.own_creator()
    if own is not None and own.id == creator.id and source is None:
        turn.say("help-creator", creator=creator.name)
        turn.replies.append(MenuReply())
        return
    lead, is_new = await turn.lead(creator, source=source)
    await _greet(turn, creator, lead, is_new=is_new)


async def _read_payload(turn: Turn, payload: str) -> tuple[Creator, str | None]:
    slug, _, rest = payload.partition("_")
    if slug:
        named = await turn.session.scalar(select(Creator).where(Creator.slug == slug.lower()))
        if named is not None:
            return named, rest or None
        # a source of the instance's own creator; somebody else's chat is left for it
        turn.person.creator_id = None
    return await turn.creator(), payload or None


async def _greet(turn: Turn, creator: Creator, lead: Lead, *, is_new: bool) -> None:
    flow = turn.facts.published.start_flow(creator.id)
    if await active_run(turn.session, lead.id) is not None:
        turn.show(await current_screen(turn.session, lead, turn.person))
    elif flow is None:
        turn.say("welcome", creator=creator.name)
        if is_new:
            told = turn.words("lead-told", lead=lead.id, source=lead.source or "—")
            name = turn.words("lead-answer", field="name", value=shorten(turn.person.first_name, 64))
            message = Message(text=f"{told}\n{name}")
            key = f"lead-told:lead:{lead.id}"
            await tell_creator(turn.session, message, key=key, creator_id=creator.id, now=turn.now)
    elif await has_finished(turn.session, lead.id, flow[0]):
        turn.say("welcome-back")
    else:
        turn.show(await begin_flow(turn.session, lead, turn.person, flow, now=turn.now))


async def cancel(turn: Turn, _arguments: str) -> None:
    creator = await turn.creator()
    lead, _ = await turn.lead(creator)
    cancelled = await cancel_flow(turn.session, lead.id, now=turn.now)
    text = turn.words("flow-cancelled" if cancelled else "nothing-to-cancel")
    turn.send(Message(text=text, drop_keys=True))


async def stop(turn: Turn, _arguments: str) -> None:
    """No more marketing from the creator that this chat is with."""
    creator = await turn.creator()
    lead, _ = await turn.lead(creator)
    await unsubscribe(turn.session, lead, now=turn.now)
    again = Button(text=turn.words("button-subscribe"), data=f"subscribe:{creator.id}")
    turn.send(Message(text=turn.words("stopped", creator=creator.name), buttons=column(again)))


async def subscribe_again(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`subscribe:CREATOR`, under the answer to /stop."""
    (creator_id,) = (int(part) for part in arguments)
    lead = await find_lead(turn.session, creator_id, turn.person.id)
    if lead is None:
        raise turn.refusal("not-understood")
    await subscribe(turn.session, lead, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    turn.say("subscribed", creator=(await turn.session.get_one(Creator, creator_id)).name)
