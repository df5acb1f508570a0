"""The buttons under a lead's card, and under what a lead wrote: `lead:ACT:LEAD`, then `VIEW:PAGE` to lead back."""

from collections.abc import Collection

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.lead_access import called, own_lead
from bot.handlers.lead_lines import enroll_in
from bot.handlers.lead_screens import (
    NOWHERE,
    Place,
    card_screen,
    forget_owner_screen,
    forget_screen,
    funnels_screen,
    mark_of,
    offered_tags,
    read_card,
    stages_screen,
    tags_screen,
    timeline_screen,
)
from bot.handlers.lead_why import why_screen
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.access import Act
from domain.holding import hold_living
from domain.lead_acts import ban_lead, give_back, set_stage, tag_lead, take_over, unban_lead, untag_lead
from domain.merging import merge_leads
from domain.messages.plain import Message
from domain.prompts import ask_next
from domain.removing import LeadOwns, remove_lead
from store.models import Creator, Lead


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    if arguments == ["forms"]:
        await turn.as_creator()
        turn.replies.append(TapReply(query_id=query.id))
        turn.say("lead-form")
        return
    act, number, *rest = arguments
    creator, lead = await own_lead(turn, read_id(number))
    place = Place(read_id(rest[0]), read_id(rest[1])) if len(rest) > 1 else NOWHERE
    turn.replies.append(TapReply(query_id=query.id))
    screen = await _do(turn, creator, lead, place, [act, *rest[2:]])
    if screen is not None:
        edit(turn, query, screen)


async def _do(turn: Turn, creator: Creator, lead: Lead, place: Place, words: list[str]) -> Message | None:
    """What the message becomes; None when it stays as it is."""
    match words:
        case ["write" | "note" | "newtag" | "merge" as act]:
            await _ask(turn, lead, act)
        case ["back"]:
            # under what the lead wrote, which stays
            await give_back(turn.session, await hold_living(turn.session, lead), now=turn.now)
            turn.say("lead-given-back", **await called(turn, lead))
        case ["files"]:
            for file in (await read_card(turn, creator, lead)).files:
                turn.send(Message(text="", file=file.id))
        case ["merge", other]:
            return await _merge(turn, creator, lead, read_id(other))
        case ["forget", "yes" | "library" as said]:
            return await _forget(turn, creator, lead, place, with_library=said == "library")
        case [_]:
            return await _show(turn, creator, lead, place, words[0])
        case ["timeline", page]:
            return await timeline_screen(turn, creator, lead, place, read_id(page))
        case [act, mark]:
            return await _choose(turn, creator, lead, place, (act, mark))
        case _:
            raise turn.refusal("not-understood")
    return None


async def _show(turn: Turn, creator: Creator, lead: Lead, place: Place, what: str) -> Message:
    match what:
        case "tag":
            return await tags_screen(turn, creator, lead, place)
        case "stage":
            return await stages_screen(turn, creator, lead, place)
        case "enroll":
            return await funnels_screen(turn, creator, lead, place)
        case "timeline":
            return await timeline_screen(turn, creator, lead, place, 0)
        case "why":
            return await why_screen(turn, creator, lead, place)
        case "forget":
            return await forget_screen(turn, lead, place)
        case _:
            await _switch(turn, lead, what)
            return await card_screen(turn, creator, lead, place)


async def _forget(turn: Turn, creator: Creator, lead: Lead, place: Place, *, with_library: bool) -> Message:
    if with_library and turn.standing is not None:
        turn.standing.must(Act.REMOVE_OWNERS)
    try:
        await remove_lead(turn.session, lead, with_library=with_library, now=turn.now)
    except LeadOwns:
        may = await turn.may(Act.REMOVE_OWNERS, creator.id)
        return await forget_owner_screen(turn, lead, place, may=may)
    # by number alone: what is said here is kept for some days
    return Message(text=turn.words("lead-forgotten", lead=lead.id))


async def _switch(turn: Turn, lead: Lead, what: str) -> None:
    """What is on or off, and shows on the card at once."""
    if what == "show":
        return
    await hold_living(turn.session, lead)
    match what:
        case "block":
            await ban_lead(turn.session, lead, now=turn.now)
        case "unblock":
            await unban_lead(turn.session, lead, now=turn.now)
        case "take":
            await take_over(turn.session, lead, now=turn.now)
        case "give":
            await give_back(turn.session, lead, now=turn.now)
        case _:
            raise turn.refusal("not-understood")
    await turn.session.refresh(lead)


async def _choose(turn: Turn, creator: Creator, lead: Lead, place: Place, chosen: tuple[str, str]) -> Message:
    """One of what a screen offered: a tag, a stage, a funnel."""
    act, mark = chosen
    await hold_living(turn.session, lead)
    match act:
        case "tag":
            card = await read_card(turn, creator, lead)
            tag = _marked(turn, mark, await offered_tags(turn, creator, card))
            await (untag_lead if tag in card.tags else tag_lead)(turn.session, lead, tag, now=turn.now)
            return await tags_screen(turn, creator, lead, place)
        case "stage":
            stage = _marked(turn, mark, turn.facts.published.setup(creator.id).all_stages)
            await set_stage(turn.session, lead, stage, now=turn.now)
        case "enroll":
            funnels = turn.facts.published.funnels.get(creator.id, {})
            await enroll_in(turn, creator, lead, _marked(turn, mark, funnels))
        case _:
            raise turn.refusal("not-understood")
    await turn.session.refresh(lead)
    return await card_screen(turn, creator, lead, place)


async def _ask(turn: Turn, lead: Lead, act: str) -> None:
    """What is typed next is for this."""
    name = await called(turn, lead)
    if act == "write" and lead.person_id is None:
        raise turn.refusal("lead-without-chat", **name)
    await ask_next(turn.session, turn.person.id, act, {"lead": lead.id}, now=turn.now)
    match act:
        case "write":
            turn.say("lead-ask-write", **name)
        case "note":
            turn.say("lead-ask-note", **name)
        case "newtag":
            turn.say("lead-ask-tag", **name)
        case "merge":
            turn.say("lead-ask-merge", **name)


async def _merge(turn: Turn, creator: Creator, lead: Lead, number: int) -> Message:
    owner, other = await own_lead(turn, number)
    if owner.id != creator.id:
        raise turn.refusal("lead-unknown", lead=number)
    if other.id != lead.id:
        # a second tap on the button finds it done
        await merge_leads(turn.session, lead, other, now=turn.now)
        await turn.session.refresh(lead)
    return await card_screen(turn, creator, lead)


def _marked(turn: Turn, mark: str, offered: Collection[str]) -> str:
    """Which of these the button stood for."""
    for value in offered:
        if mark_of(value) == mark:
            return value
    raise turn.refusal("not-understood")
