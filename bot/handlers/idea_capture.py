"""What somebody sends without having been asked becomes an idea, which they can keep, add to another one, or undo."""

from uuid import UUID

from sqlalchemy import select
from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.idea_access import NOWHERE, own_idea
from bot.handlers.idea_files import attachment_line
from bot.handlers.idea_screens import card_screen
from bot.handlers.idea_sent import KINDS, links_of, public_id_of, public_id_of_file, sent_of, title_of
from bot.handlers.lead_card import fitting
from bot.handlers.product_choices import product_rows
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.access import Act
from domain.flows.beginning import flow_of_words
from domain.idea_attachments import Sent, capture_idea, idea_of_album, list_attachments, pass_on, undo_capture
from domain.idea_parts import no_such_idea
from domain.messages.plain import Button, Message, Rows
from domain.products import NoSuchProduct
from kit.errors import Reason
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, FileHandle, Idea, StoredFile
from store.queries.idea_lists import other_ideas

# as many as stand under a message without becoming a wall
OFFERED = 8
BUTTON_LENGTH = 50
SHOWN = 5


def may_be_thought(message: TelegramMessage) -> bool:
    """Whether it can be an idea at all, told from the message alone."""
    if message.forward_origin is not None or message.voice is not None or message.photo:
        return True
    if message.text is not None:
        return bool(links_of(message))
    # what comes without a word is asked about: it may be a product's file
    return bool(message.caption) and bool(message.document or message.video or message.audio)


async def takes(turn: Turn, message: TelegramMessage) -> bool:
    """Whether it is one for this person: not what a lead writes to whoever has taken over, nor what opens a flow."""
    creator, sent = await turn.own_creator(), sent_of(message)
    if creator is None or sent is None:
        return False
    if not may_be_thought(message) and await idea_of_album(turn.session, sent, creator_id=creator.id) is None:
        return False
    lead = await turn.known_lead()
    if lead is not None and lead.taken_over_at is not None:
        return False
    typed = message.text if message.forward_origin is None else None
    if lead is not None and typed and flow_of_words(turn.facts.published, lead.creator_id, typed) is not None:
        return False
    return await turn.may(Act.CHANGE_IDEAS, creator.id)


async def receive(turn: Turn, message: TelegramMessage) -> None:
    creator = await turn.as_creator()
    sent = sent_of(message)
    if sent is None:
        raise turn.refusal("idea-unreadable")
    captured = await _capture(turn, creator, sent, public_id_of(turn, sent))
    if not captured:
        # a further picture of an album that has been answered, or the same message again
        return
    rows = await product_rows(turn, creator, message, captured)
    turn.send(await captured_screen(turn, captured, products=rows, or_else="picture" if message.photo else "file"))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`capture:ACT:CREATOR:NUMBER…` under what became an idea; `capture:file:FILE` under what may become one."""
    match arguments:
        case ["file", file]:
            await _take_file(turn, query, read_id(file))
        case ["card", creator, number]:
            # under a notice, which stays
            _, idea = await own_idea(turn, read_id(creator), read_id(number))
            turn.replies.append(TapReply(query_id=query.id))
            turn.send(await card_screen(turn, idea))
        case ["keep", creator, number]:
            _, idea = await own_idea(turn, read_id(creator), read_id(number))
            turn.replies.append(TapReply(query_id=query.id))
            edit(turn, query, await _kept_screen(turn, idea))
        case ["back", creator, number]:
            _, idea = await own_idea(turn, read_id(creator), read_id(number))
            turn.replies.append(TapReply(query_id=query.id))
            edit(turn, query, await captured_screen(turn, idea))
        case ["undo", creator, number]:
            # its act holds it, after what waits in the outbox
            _, idea = await own_idea(turn, read_id(creator), read_id(number))
            await undo_capture(turn.session, idea, now=turn.now)
            turn.replies.append(TapReply(query_id=query.id))
            edit(turn, query, Message(text=turn.words("idea-undone", number=idea.number)))
        case ["into", creator, number, page]:
            _, idea = await own_idea(turn, read_id(creator), read_id(number))
            turn.replies.append(TapReply(query_id=query.id))
            edit(turn, query, await _others_screen(turn, idea, read_id(page)))
        case ["to", creator, number, other]:
            await _pass_on(turn, query, read_id(creator), read_id(number), read_id(other))
        case _:
            raise turn.refusal("not-understood")


async def captured_screen(turn: Turn, idea: Idea, *, products: Rows = (), or_else: str = "file") -> Message:
    """The card in short; `products` are the buttons of what it may be the picture or the file of instead."""
    lines = await _lines(turn, idea)
    if products:
        lines += ["", turn.words(f"idea-or-{or_else}")]
    keep = Button(text=turn.words("button-idea-keep"), data=_data("keep", idea))
    undo = Button(text=turn.words("button-idea-undo"), data=_data("undo", idea))
    into = Button(text=turn.words("button-idea-into"), data=f"{_data('into', idea)}:0")
    return Message(text=fitting(lines), buttons=((keep, undo), (into,), *products))


async def _kept_screen(turn: Turn, idea: Idea) -> Message:
    card = Button(text=turn.words("button-idea-card"), data=NOWHERE.data("show", idea))
    return Message(text=fitting(await _lines(turn, idea)), buttons=((card,),))


async def _lines(turn: Turn, idea: Idea) -> list[str]:
    lines = [turn.words("idea-captured", number=idea.number, title=idea.title)]
    attached = await list_attachments(turn.session, idea.id)
    lines += [attachment_line(turn, each) for each in attached[:SHOWN]]
    if len(attached) > SHOWN:
        lines.append(turn.words("card-more", count=len(attached) - SHOWN))
    return lines


async def _others_screen(turn: Turn, idea: Idea, page: int) -> Message:
    found = await other_ideas(turn.session, idea, Paging(OFFERED, page * OFFERED))
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                text=shorten(f"{each.number}. {each.title}", BUTTON_LENGTH),
                data=f"{_data('to', idea)}:{each.number}",
            ),
        )
        for each in found.items
    ]
    turns = []
    if page:
        turns.append(Button(text="◀", data=f"{_data('into', idea)}:{page - 1}"))
    if found.has_more:
        turns.append(Button(text="▶", data=f"{_data('into', idea)}:{page + 1}"))
    back = Button(text=turn.words("button-idea-back"), data=_data("back", idea))
    rows += [(*turns, back)]
    key = "idea-which-other" if found.items else "idea-no-other"
    return Message(text=turn.words(key, title=idea.title), buttons=tuple(rows))


async def _pass_on(turn: Turn, query: CallbackQuery, creator_id: int, number: int, other_number: int) -> None:
    _, idea = await own_idea(turn, creator_id, number)
    _, other = await own_idea(turn, creator_id, other_number)
    await pass_on(turn.session, idea, other, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    text = turn.words("idea-passed-on", number=other.number, title=other.title)
    card = Button(text=turn.words("button-idea-card"), data=NOWHERE.data("show", other))
    edit(turn, query, Message(text=text, buttons=((card,),)))


async def _take_file(turn: Turn, query: CallbackQuery, file_id: int) -> None:
    """A file that was taken for a product's is one of an idea; tapped twice it is the same idea."""
    await turn.some_creator()
    handle = await turn.session.scalar(
        select(FileHandle).where(FileHandle.file_id == file_id, FileHandle.bot_id == turn.facts.bot_id)
    )
    stored = await turn.session.get(StoredFile, file_id)
    if stored is None or handle is None or not await turn.allowed(stored.creator_id):
        raise NoSuchProduct("there is no such file here", why=Reason("refused-no-file"))
    creator = await turn.session.get_one(Creator, stored.creator_id)
    sent = Sent(KINDS[stored.shape], handle.telegram_file_id, stored.file_name)
    idea = await _capture(turn, creator, sent, public_id_of_file(file_id, handle.telegram_file_id))
    turn.replies.append(TapReply(query_id=query.id))
    if idea is not None:
        edit(turn, query, await captured_screen(turn, idea))


async def _capture(turn: Turn, creator: Creator, sent: Sent, public_id: UUID) -> Idea | None:
    """The idea that it became; None when it belongs to one that is there already."""
    title = title_of(turn, creator.id, sent)
    captured = await capture_idea(
        turn.session, sent, creator_id=creator.id, title=title, public_id=public_id, now=turn.now
    )
    if captured.idea.creator_id != creator.id:
        raise no_such_idea(captured.idea.number)
    return captured.idea if captured.new else None


def _data(act: str, idea: Idea) -> str:
    return f"capture:{act}:{idea.creator_id}:{idea.number}"
