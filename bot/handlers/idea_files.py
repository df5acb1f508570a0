"""What was sent for an idea, shown again on demand, and more sent for it: `ideafile:CREATOR:NUMBER:VIEW:PAGE…`."""

from collections.abc import Sequence

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.idea_access import Place, held_idea, own_idea
from bot.handlers.idea_sent import SHAPES, sent_of
from bot.handlers.lead_card import fitting
from bot.numbers import read_id
from bot.replies import EditReply, HeldReply, TapReply
from bot.turn import Turn
from domain.idea_attachments import attach, list_attachments, remove_attachment
from domain.messages.plain import Button, Message
from domain.prompts import Prompted, ask_next, drop_prompt
from kit.text import CAPTION_LIMIT, escape, shorten
from store.models import Idea, IdeaAttachment

ACTS = frozenset({"idea-attach"})
PAGE = 6
WORDS_SHOWN = 80
# beside the words a caption says whose they were
_ROOM = 260
_CAPTION = CAPTION_LIMIT - _ROOM
_SIGNS = {"text": "💬", "link": "🔗", "photo": "🖼", "video": "🎬", "voice": "🎙", "audio": "🎵", "document": "📄"}
Row = tuple[Button, ...]


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`…` alone or `…:page:N` lists them, `back` gives up asking, `add` asks, `show` and `drop` are of one."""
    creator_id, number, *rest = arguments
    place, act = Place.read(rest), rest[2:]
    match act:
        case [] | ["page", _] | ["back"]:
            _, idea = await own_idea(turn, read_id(creator_id), read_id(number))
            if act == ["back"]:
                await drop_prompt(turn.session, turn.person.id)
            page = read_id(act[1]) if act[:1] == ["page"] else 0
            edit(turn, query, await files_screen(turn, idea, place, page))
        case ["show", attachment]:
            _, idea = await own_idea(turn, read_id(creator_id), read_id(number))
            await _show(turn, idea, read_id(attachment))
        case ["add"]:
            _, idea = await own_idea(turn, read_id(creator_id), read_id(number))
            await _ask(turn, query, idea, place)
        case ["drop", attachment, page]:
            _, idea = await held_idea(turn, read_id(creator_id), read_id(number))
            await remove_attachment(turn.session, idea, read_id(attachment), now=turn.now)
            edit(turn, query, await files_screen(turn, idea, place, read_id(page)))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.insert(0, TapReply(query_id=query.id))


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """What was sent is kept for the idea, and the message that asked for it shows so."""
    _, idea = await held_idea(turn, int(asked.data["creator"]), int(asked.data["idea"]))
    sent = sent_of(message)
    if sent is None:
        raise turn.refusal("idea-unreadable")
    await attach(turn.session, idea, sent, now=turn.now)
    place = Place(int(asked.data["view"]), int(asked.data["page"]))
    held = await list_attachments(turn.session, idea.id)
    screen = await files_screen(turn, idea, place, (len(held) - 1) // PAGE)
    if asked.data["card"]:
        buttons = turn.offered(screen.buttons)
        turn.replies.append(EditReply(message_id=int(asked.data["card"]), text=screen.text, buttons=buttons))
    else:
        turn.send(screen)


async def files_screen(turn: Turn, idea: Idea, place: Place, page: int = 0) -> Message:
    held = await list_attachments(turn.session, idea.id)
    page = min(page, max(len(held) - 1, 0) // PAGE)
    first = page * PAGE
    shown = held[first : first + PAGE]
    lines = [turn.words("idea-files", number=idea.number, title=idea.title)]
    lines += [f"{first + place_of}. {attachment_line(turn, each)}" for place_of, each in enumerate(shown, start=1)]
    if not held:
        lines.append(turn.words("idea-no-files"))
    return Message(text=fitting(lines), buttons=tuple(_rows(turn, idea, place, held, page)))


def attachment_line(turn: Turn, each: IdeaAttachment) -> str:
    """What it is, the beginning of what was written, and whose it was."""
    said = " ".join((each.words or each.file_name or "").split())
    parts = [turn.words(f"idea-file-{each.kind.value}")]
    if said:
        parts.append(escape(shorten(said, WORDS_SHOWN)))
    if each.forwarded_from:
        parts.append(turn.words("idea-file-from", name=shorten(each.forwarded_from, WORDS_SHOWN)))
    return f"{_SIGNS[each.kind.value]} {' · '.join(parts)}"


def data_of(idea: Idea, place: Place, act: str = "") -> str:
    told = f"ideafile:{idea.creator_id}:{idea.number}:{place.view}:{place.page}"
    return f"{told}:{act}" if act else told


def _rows(turn: Turn, idea: Idea, place: Place, held: Sequence[IdeaAttachment], page: int) -> list[Row]:
    first = page * PAGE
    rows: list[Row] = []
    for place_of, each in enumerate(held[first : first + PAGE], start=first + 1):
        show = turn.words("button-idea-file-show", place=place_of)
        drop = turn.words("button-idea-file-drop", place=place_of)
        rows.append(
            (
                Button(text=show, data=data_of(idea, place, f"show:{each.id}")),
                Button(text=drop, data=data_of(idea, place, f"drop:{each.id}:{page}")),
            )
        )
    steps = [Button(text="‹", data=data_of(idea, place, f"page:{page - 1}"))] if page else []
    if first + PAGE < len(held):
        steps.append(Button(text="›", data=data_of(idea, place, f"page:{page + 1}")))
    rows += [tuple(steps)] if steps else []
    add = Button(text=turn.words("button-idea-file-add"), data=data_of(idea, place, "add"))
    card = Button(text=turn.words("button-idea-card"), data=place.data("show", idea))
    return [*rows, (add,), (card,)]


async def _ask(turn: Turn, query: CallbackQuery, idea: Idea, place: Place) -> None:
    card = query.message.message_id if isinstance(query.message, TelegramMessage) else 0
    told = {"creator": idea.creator_id, "idea": idea.number, "view": place.view, "page": place.page, "card": card}
    await ask_next(turn.session, turn.person.id, "idea-attach", told, now=turn.now)
    back = Button(text=turn.words("button-back"), data=data_of(idea, place, "back"))
    text = turn.words("idea-ask-file", number=idea.number, title=idea.title)
    edit(turn, query, Message(text=text, buttons=((back,),)))


async def _show(turn: Turn, idea: Idea, attachment_id: int) -> None:
    """As it was sent, whose it was told with it."""
    found = await turn.session.get(IdeaAttachment, attachment_id)
    # of what came from somebody who is forgotten, nothing is left to show
    if found is None or found.idea_id != idea.id or not (found.words or found.telegram_file_id):
        raise turn.refusal("idea-file-gone")
    lines = [escape(shorten(found.words, _CAPTION if found.telegram_file_id else 3000))] if found.words else []
    if found.forwarded_from:
        lines.append(turn.words("idea-file-from", name=found.forwarded_from))
    message = Message(text="\n\n".join(lines))
    if found.telegram_file_id is None:
        turn.send(message)
    else:
        shape = SHAPES[found.kind]
        turn.replies.append(HeldReply(telegram_file_id=found.telegram_file_id, shape=shape, message=message))
