"""What was decided about a lead, and why: the newest first, as much as one message takes."""

from bot.handlers.lead_card import fitting
from bot.handlers.lead_screens import Place, read_card
from bot.turn import Turn
from domain.hindsight import look_back
from domain.leads import zone_of
from domain.messages.catalogue import say_why
from domain.messages.plain import Button, Message, column
from domain.why import why
from store.models import Creator, Lead

MOST_SHOWN = 40


async def why_screen(turn: Turn, creator: Creator, lead: Lead, place: Place) -> Message:
    card = await read_card(turn, creator, lead)
    zone, speaks = zone_of(lead, turn.facts.published.setup(creator.id)), turn.person.speaks
    decisions = await look_back(turn.session, card.lead_ids, most=MOST_SHOWN)
    if decisions:
        lines = [turn.words("why-title", lead=lead.id, zone=zone.key)]
        for each in reversed(decisions):
            lines += ["", *(say_why(line, speaks) for line in why(each, speaks, zone))]
    else:
        lines = [turn.words("why-nothing", lead=lead.id)]
    back = Button(text=turn.words("lead-button-card"), data=place.data("show", lead))
    return Message(text=fitting(lines), buttons=column(back))
