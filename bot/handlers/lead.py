"""One lead: `/lead 12` shows it, and with more words does something with it in one line."""

import re

from bot.handlers.lead_access import called, own_lead, read_number
from bot.handlers.lead_lines import do_line
from bot.handlers.lead_screens import card_screen
from bot.turn import Turn
from domain.leads import add_lead
from domain.messages.plain import Button, Message, column
from kit.text import shorten
from store.models import Creator

SOURCE_LENGTH = 64
_PHONE = re.compile(r"[+(]?[\d()/.-]+")
# `tag:vip`, `city=Berlin`, `#vip`
_SAYS_MORE = re.compile(r"^#|[:=]")


async def lead(turn: Turn, arguments: str) -> None:
    """`/lead`, `/lead 12`, `/lead 12 tag vip` and the like, `/lead add Anna anna@example.com +49151…`."""
    await turn.some_creator()
    first, _, rest = arguments.strip().partition(" ")
    if not first:
        await turn.as_creator()
        buttons = column(
            Button(text=turn.words("lead-button-list"), data="leads:open"),
            Button(text=turn.words("lead-button-forms"), data="lead:forms"),
        )
        turn.send(Message(text=turn.words("lead-menu"), buttons=buttons))
        return
    if first.lower() == "add":
        await _add(turn, await turn.as_creator(), rest)
        return
    number = read_number(first)
    if number is None:
        raise turn.refusal("lead-form")
    creator, found = await own_lead(turn, number)
    if rest.strip():
        await do_line(turn, creator, found, rest.strip())
        return
    if found.id != number:
        turn.say("lead-is-merged", lead=number, into=found.id)
    turn.send(await card_screen(turn, creator, found))


async def _add(turn: Turn, creator: Creator, text: str) -> None:
    """Each part once, and nothing else: what is not understood is nobody's name. Raises Said."""
    emails: list[str] = []
    sources: list[str] = []
    name: list[str] = []
    phone: list[str] = []
    for word in text.split():
        if word.casefold().startswith("source:"):
            sources.append(shorten(word.partition(":")[2], SOURCE_LENGTH))
        elif _SAYS_MORE.search(word):
            raise turn.refusal("lead-form-add")
        elif "@" in word and not word.startswith("@"):
            emails.append(word)
        elif _PHONE.fullmatch(word):
            phone.append(word)
        else:
            name.append(word)
    several = len(emails) > 1 or len(sources) > 1 or sum(part.startswith("+") for part in phone) > 1
    if several or "" in sources or not (name or emails or phone):
        raise turn.refusal("lead-form-add")
    added = await add_lead(
        turn.session,
        creator.id,
        name=" ".join(name),
        email=next(iter(emails), None),
        phone=" ".join(phone) or None,
        source=next(iter(sources), None),
        now=turn.now,
    )
    turn.say("lead-added", **await called(turn, added))
    turn.send(await card_screen(turn, creator, added))
