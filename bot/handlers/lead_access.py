"""Whose leads a creator may name, and how a line calls one."""

import re

from bot.turn import Turn
from domain.leads import current_lead, display_name
from kit.text import shorten
from store.models import Creator, Lead
from store.queries.lead_lists import find_own_lead

NAME_LENGTH = 64
# more digits than any number of ours has
_NUMBER = re.compile(r"#?([0-9]{1,15})")


def read_number(text: str) -> int | None:
    """`12` or `#12`; None for anything else."""
    found = _NUMBER.fullmatch(text.strip())
    return None if found is None else int(found[1])


async def own_lead(turn: Turn, number: int) -> tuple[Creator, Lead]:
    """A lead of a creator that this person acts for; a merged one's is the lead it is a part of now.

    Raises Said, and NoSuchRight.
    """
    found = await find_own_lead(turn.session, turn.person.id, number)
    if found is None or not await turn.allowed(found[0].id):
        raise turn.refusal("lead-unknown", lead=number)
    creator, asked = found
    current = await current_lead(turn.session, asked.id)
    if current is None or current.forgotten_at is not None:
        raise turn.refusal("lead-is-forgotten", lead=number)
    return creator, current


async def called(turn: Turn, lead: Lead) -> dict[str, object]:
    """The values by which a line names the lead."""
    name = await display_name(turn.session, lead)
    return {"lead": lead.id, "name": shorten(name(turn.person.speaks), NAME_LENGTH)}
