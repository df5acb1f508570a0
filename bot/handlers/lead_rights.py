"""`/lead 12 give 7 A gift for the mistake`, `/lead 12 revoke 7 Shared it with everybody`."""

from bot.handlers.lead_access import called
from bot.numbers import is_id, read_id
from bot.turn import Turn
from domain.products import find_product
from domain.rights_by_hand import give_by_hand, take_by_hand
from store.models import Creator, Lead


async def do_right(turn: Turn, creator: Creator, lead: Lead, verb: str, rest: str) -> None:
    """A product by its number and a reason. Raises Said with the right form."""
    number, _, reason = rest.partition(" ")
    if not is_id(number) or not reason.strip():
        raise turn.refusal("lead-form-give" if verb == "give" else "lead-form-revoke", lead=lead.id)
    product = await find_product(turn.session, creator.id, read_id(number))
    who = await called(turn, lead)
    if verb == "give":
        await give_by_hand(turn.session, lead, product, reason, now=turn.now)
        turn.say("lead-given", **who, title=product.title)
    else:
        await take_by_hand(turn.session, lead, product, reason, now=turn.now)
        turn.say("lead-revoked", **who, title=product.title)
