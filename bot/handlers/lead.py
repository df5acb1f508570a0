"""One lead: `/lead 12` shows it, and with more words does something with it in one line."""

import re

from telegram import CallbackQuery

from bot.handlers.lead_card import card_screen
from bot.handlers.lead_lines import do_line
from bot.replies import TapReply
from bot.turn import Turn
from domain.leads import add_lead, current_lead, display_name
from domain.messages.plain import Button, Message, column
from kit.text import shorten
from store.models import Creator, Lead
from store.queries.lead_lists import find_own_lead

# more digits than any number of ours has
_NUMBER = re.compile(r"#?(\d{1,15})")
_PHONE = re.compile(r"[+(]?[\d()/.-]+")


async def lead(turn: Turn, arguments: str) -> None:
    """`/lead`, `/lead 12`, `/lead 12 tag vip` and the like, `/lead add Anna anna@example.com +49151…`."""
    creator = await turn.as_creator()
    first, _, rest = arguments.strip().partition(" ")
    if not first:
        buttons = column(
            Button(text=turn.words("lead-button-list"), data="leads:open"),
            Button(text=turn.words("lead-button-forms"), data="lead:forms:0"),
        )
        turn.send(Message(text=turn.words("lead-menu"), buttons=buttons))
        return
    if first.lower() == "add":
        await _add(turn, creator, rest)
        return
    number = _NUMBER.fullmatch(first)
    if number is None:
        raise turn.refusal("lead-form")
    creator, found = await own_lead(turn, int(number[1]))
    if rest.strip():
        await do_line(turn, creator, found, rest.strip())
        return
    if found.id != int(number[1]):
        turn.say("lead-merged", lead=int(number[1]), into=found.id)
    turn.send(await card_screen(turn, creator, found))


async def forms(turn: Turn, query: CallbackQuery) -> None:
    """`lead:forms`, under the menu."""
    await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    turn.say("lead-form")


async def own_lead(turn: Turn, number: int) -> tuple[Creator, Lead]:
    """A lead of a creator that this person acts for; a merged one's is the lead it went into. Raises Said."""
    found = await find_own_lead(turn.session, turn.person.id, number)
    if found is None:
        raise turn.refusal("lead-unknown", lead=number)
    creator, asked = found
    current = await current_lead(turn.session, asked.id)
    if current is None or current.forgotten_at is not None:
        raise turn.refusal("lead-forgotten", lead=number)
    return creator, current


async def _add(turn: Turn, creator: Creator, text: str) -> None:
    email, source = None, None
    name: list[str] = []
    phone: list[str] = []
    for word in text.split():
        if "@" in word and not word.startswith("@"):
            email = word
        elif word.casefold().startswith("source:"):
            source = word.partition(":")[2]
        elif _PHONE.fullmatch(word):
            phone.append(word)
        else:
            name.append(word)
    if not (name or email or phone):
        raise turn.refusal("lead-form-add")
    added = await add_lead(
        turn.session,
        creator.id,
        name=shorten(" ".join(name), 200),
        email=email,
        phone=" ".join(phone) or None,
        source=source,
        now=turn.now,
    )
    turn.say("lead-added", lead=added.id, name=await display_name(turn.session, added))
    turn.send(await card_screen(turn, creator, added))
