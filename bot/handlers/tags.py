from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.lead_access import called, own_lead, read_number
from bot.handlers.lead_screens import mark_of
from bot.handlers.leads import show_leads
from bot.handlers.leads_screen import quoted
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.holding import hold_living
from domain.lead_acts import count_tags, read_tag, tag_lead, tags_of, untag_lead
from domain.lead_views import Wanted
from domain.messages.plain import Button, Message
from kit.text import shorten
from store.models import Creator

PAGE = 20
LABEL_LENGTH = 40
MOST_AT_ONCE = 20


async def tag(turn: Turn, arguments: str) -> None:
    """`/tag` lists all tags; `/tag vip` shows who has it; `/tag 12 vip -old` gives and takes them."""
    await turn.some_creator()
    words = arguments.split()
    number = read_number(words[0]) if words else None
    if number is not None and len(words) > 1:
        await _change(turn, number, words[1:])
        return
    creator = await turn.as_creator()
    if not words:
        turn.send(await _screen(turn, creator, 0))
    elif len(words) == 1 and number is None:
        wanted = read_tag(words[0])
        if wanted not in await count_tags(turn.session, creator.id):
            raise turn.refusal("tag-unknown", tag=wanted)
        await show_leads(turn, creator, Wanted(conditions=(f"tag:{quoted(wanted)}",)))
    else:
        raise turn.refusal("tag-form")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`tags:page:N` and `tags:MARK`, under the list of tags."""
    creator = await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["page", page]:
            edit(turn, query, await _screen(turn, creator, read_id(page)))
        case [mark]:
            for each in await count_tags(turn.session, creator.id):
                if mark_of(each) == mark:
                    await show_leads(turn, creator, Wanted(conditions=(f"tag:{quoted(each)}",)))
                    return
            raise turn.refusal("tag-gone")
        case _:
            raise turn.refusal("not-understood")


async def _change(turn: Turn, number: int, words: list[str]) -> None:
    _, lead = await own_lead(turn, number)
    lead = await hold_living(turn.session, lead)
    if len(words) > MOST_AT_ONCE:
        raise turn.refusal("tag-form")
    absent: list[str] = []
    for word in words:
        if not word.startswith(("-", "−")):
            await tag_lead(turn.session, lead, word.removeprefix("+"), now=turn.now)
        elif not await untag_lead(turn.session, lead, word[1:], now=turn.now):
            absent.append(word[1:])
    tags = await tags_of(turn.session, lead.id)
    lines = [turn.words("tags-now" if tags else "tags-none-now", tags=" ".join(tags), **await called(turn, lead))]
    if absent:
        lines.append(turn.words("tags-absent", tags=" ".join(absent)))
    turn.send(Message(text="\n".join(lines)))


async def _screen(turn: Turn, creator: Creator, page: int) -> Message:
    tags = list((await count_tags(turn.session, creator.id)).items())
    if not tags:
        return Message(text=turn.words("tag-none"))
    page = min(page, (len(tags) - 1) // PAGE)
    shown = tags[page * PAGE : (page + 1) * PAGE]
    buttons = [
        Button(text=f"{shorten(name, LABEL_LENGTH)} · {count}", data=f"tags:{mark_of(name)}") for name, count in shown
    ]
    rows = [tuple(buttons[at : at + 2]) for at in range(0, len(buttons), 2)]
    steps = [Button(text="‹", data=f"tags:page:{page - 1}")] if page else []
    if (page + 1) * PAGE < len(tags):
        steps.append(Button(text="›", data=f"tags:page:{page + 1}"))
    rows += [tuple(steps)] if steps else []
    return Message(text=turn.words("tag-list", total=len(tags)), buttons=tuple(rows))
