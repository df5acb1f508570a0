"""What is kept about people, and what they can do about it: /privacy, /terms, /stop, /my_data, /forget_me."""

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import select
from telegram import CallbackQuery

from bot.numbers import read_id
from bot.replies import DocumentReply, EditReply, TapReply
from bot.turn import Turn
from domain.consent import give_consent, subscribe, unsubscribe
from domain.enrollments import BY_LINK, NotEnrolled, enroll_lead
from domain.flows.beginning import begin_default
from domain.flows.talk import facts_of
from domain.forgetting import forget_lead, forget_person
from domain.leads import find_lead
from domain.messages.local import LocalText, pick
from domain.messages.plain import Button, Message, column
from domain.messages.templates import BadTemplate, render
from domain.my_data import everything_about
from store.models import Creator, Lead

# every creator who knows this person
EVERYWHERE = "all"
NO = "no"
Known = Sequence[tuple[Lead, Creator]]


async def privacy(turn: Turn, _arguments: str) -> None:
    """In the creator's own words, or in Spark's; either way with what one can do about it."""
    creator = await turn.creator()
    own = await _own_words(turn, creator, turn.facts.published.setup(creator.id).privacy)
    days = turn.facts.keep_updates.days
    told = own if own is not None else turn.words("privacy", creator=creator.name, days=days)
    turn.send(Message(text=f"{told}\n\n{turn.words('privacy-commands')}"))


async def terms(turn: Turn, _arguments: str) -> None:
    creator = await turn.creator()
    own = await _own_words(turn, creator, turn.facts.published.setup(creator.id).terms)
    turn.send(Message(text=own if own is not None else turn.words("terms", creator=creator.name)))


async def _own_words(turn: Turn, creator: Creator, text: LocalText | None) -> str | None:
    if text is None:
        return None
    setup, speaks = turn.facts.published.setup(creator.id), turn.person.speaks
    lead = await find_lead(turn.session, creator.id, turn.person.id)
    if lead is not None:
        facts = await facts_of(turn.session, turn.talk(lead))
    else:
        names = {"first_name": turn.person.first_name}
        facts = {"creator": setup.words(creator.name, speaks), "lead": names}
    try:
        return render(pick(text, speaks, setup.language), facts)
    except BadTemplate:
        # `spark check` names it; nobody is left without an answer
        return None


async def stop(turn: Turn, _arguments: str) -> None:
    """No more marketing. Who hears from several creators is asked which of them shall be silent."""
    listening = [known for known in await _known(turn) if known[0].unsubscribed_at is None]
    if len(listening) > 1:
        buttons = [Button(text=creator.name, data=f"stop:{creator.id}") for _, creator in listening]
        everywhere = Button(text=turn.words("button-everywhere"), data=f"stop:{EVERYWHERE}")
        turn.send(Message(text=turn.words("stop-which"), buttons=column(*buttons, everywhere)))
        return
    creator = listening[0][1] if listening else await turn.creator()
    lead, _ = await turn.lead(creator)
    await _stop(turn, lead, creator)


async def stop_for(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`stop:CREATOR`, or `stop:all`."""
    known = await _chosen(turn, arguments)
    turn.replies.append(TapReply(query_id=query.id))
    for lead, creator in known:
        await _stop(turn, lead, creator)


async def _stop(turn: Turn, lead: Lead, creator: Creator) -> None:
    await unsubscribe(turn.session, lead, now=turn.now)
    again = Button(text=turn.words("button-subscribe"), data=f"subscribe:{creator.id}")
    turn.send(Message(text=turn.words("stopped", creator=creator.name), buttons=column(again)))
    # a flow says nothing to whom a person is writing with, or who is banned
    if lead.taken_over_at is None and lead.banned_at is None:
        turn.show(await begin_default(turn.session, turn.talk(lead), "unsubscribed", now=turn.now) or [])


async def subscribe_again(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`subscribe:CREATOR`, under the answer to /stop; with a funnel's name, under what a link to one was answered.

    It says yes to what the button says.
    """
    creator_id, funnel = read_id(arguments[0]), ":".join(arguments[1:])
    lead = await find_lead(turn.session, creator_id, turn.person.id)
    if lead is None:
        raise turn.refusal("not-understood")
    creator = await turn.session.get_one(Creator, creator_id)
    if turn.facts.published.setup(creator_id).consent_required:
        text = f"{creator.name}: {turn.words('button-follow-ups' if funnel else 'button-subscribe')}"
        await give_consent(turn.session, lead, text=text, version="subscribe", channel="telegram", now=turn.now)
    await subscribe(turn.session, lead, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    if funnel:
        await turn.session.refresh(lead)
        await _enroll(turn, lead, funnel)
    turn.say("follow-ups-come" if funnel else "subscribed", creator=creator.name)


async def _enroll(turn: Turn, lead: Lead, funnel: str) -> None:
    """A second tap, and one for a funnel that is gone, say yes to follow-ups all the same."""
    published = turn.facts.published
    version = published.funnels.get(lead.creator_id, {}).get(funnel)
    if version is not None:
        with suppress(NotEnrolled):
            await enroll_lead(
                turn.session, lead, funnel, version, published.setup(lead.creator_id), begun_by=BY_LINK, now=turn.now
            )


async def my_data(turn: Turn, _arguments: str) -> None:
    """Everything about oneself, from all creators here, as a JSON document."""
    content = await everything_about(turn.session, turn.person)
    turn.replies.append(DocumentReply(file_name="my-data.json", content=content, caption=turn.words("my-data-caption")))


async def forget_me(turn: Turn, _arguments: str) -> None:
    """Says what will go and asks; who is known to several creators may be forgotten by one of them."""
    known = await _known(turn)
    names = ", ".join(creator.name for _, creator in known) or (await turn.creator()).name
    text = turn.words("forget-me", creators=names)
    if await turn.own_creator() is not None:
        text += "\n\n" + turn.words("forget-me-creator")
    ones = [Button(text=creator.name, data=f"forget_me:{creator.id}") for _, creator in known] if len(known) > 1 else []
    label = turn.words("button-everywhere") if ones else turn.words("button-forget-me")
    everywhere = Button(text=label, data=f"forget_me:{EVERYWHERE}")
    keep = Button(text=turn.words("button-keep"), data=f"forget_me:{NO}")
    turn.send(Message(text=text, buttons=column(*ones, everywhere, keep)))


async def forget_me_tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`forget_me:CREATOR`, `forget_me:all`, or `forget_me:no`."""
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case [answer] if answer == NO:
            text = turn.words("forget-me-kept")
        case [answer] if answer == EVERYWHERE:
            await forget_person(turn.session, turn.person, now=turn.now)
            text = turn.words("forgotten-everywhere")
        case _:
            ((lead, creator),) = await _chosen(turn, arguments)
            await forget_lead(turn.session, lead, now=turn.now)
            text = turn.words("forgotten", creator=creator.name)
    if query.message is not None:
        turn.replies.append(EditReply(message_id=query.message.message_id, text=text))
    else:
        turn.send(Message(text=text))


async def _known(turn: Turn) -> Known:
    """The creators who know this person, with what they are to each."""
    rows = await turn.session.execute(
        select(Lead, Creator)
        .join(Creator, Creator.id == Lead.creator_id)
        .where(Lead.person_id == turn.person.id)
        .order_by(Creator.id)
    )
    return [(row.Lead, row.Creator) for row in rows]


async def _chosen(turn: Turn, arguments: list[str]) -> Known:
    """Those that a button means. Raises Said for a creator who does not know this person (any more)."""
    (which,) = arguments
    known = await _known(turn)
    chosen = [pair for pair in known if which in {EVERYWHERE, str(pair[1].id)}]
    if not chosen:
        raise turn.refusal("not-known-there")
    return chosen
