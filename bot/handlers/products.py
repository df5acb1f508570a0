"""`/product`: the creator's products, by buttons and by one line."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.product_access import own_product
from bot.handlers.product_adding import add_in_line
from bot.handlers.product_choices import product_choices
from bot.handlers.product_lines import VERBS, do_line
from bot.handlers.product_prompts import use_cover, use_file
from bot.handlers.product_screens import card_screen, list_screen
from bot.handlers.product_taps import tap_product
from bot.numbers import is_id, read_id
from bot.replies import TapReply
from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.access import Act
from domain.idea_attachments import is_untouched, undo_capture
from domain.ideas import find_idea
from domain.messages.plain import Button, Message, column
from domain.products import MOST_FETCHED
from domain.prompts import ask_next
from store.models import Creator, FileRole, ProductKind, StoredFile


async def product(turn: Turn, arguments: str) -> None:
    """`/product`, `/product add …`, `/product list`, `/product 3`, `/product 3 price 19.00`, `/product stock 3 50`."""
    creator = await turn.some_creator()
    first, _, rest = arguments.strip().partition(" ")
    rest = rest.strip()
    match first.lower():
        case "":
            await turn.as_creator()
            turn.send(_menu(turn, creator.name))
        case "add":
            await add_in_line(turn, await turn.as_creator(), rest)
        case "list":
            await turn.as_creator()
            turn.send(await list_screen(turn, creator, 0, archived=rest.lower() == "archived"))
        case number if is_id(number):
            _, found = await own_product(turn, read_id(number))
            if rest:
                await do_line(turn, found, rest)
            else:
                turn.send(await card_screen(turn, found))
        case verb if verb in VERBS:
            number, _, words = rest.partition(" ")
            if not is_id(number):
                raise turn.refusal("product-form")
            _, found = await own_product(turn, read_id(number))
            await do_line(turn, found, f"{verb} {words}".strip())
        case _:
            raise turn.refusal("product-form")


async def menu(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`products:list`, `page:N`, `archived:N`, `form`, `new`, `kind:KIND`; `products:ID…` is about one of them."""
    if arguments and is_id(arguments[0]):
        # whichever creator's it is
        _, found = await own_product(turn, read_id(arguments[0]))
        turn.replies.append(TapReply(query_id=query.id))
        await tap_product(turn, query, found, arguments[1:])
        return
    creator = await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["list"]:
            turn.send(await list_screen(turn, creator, 0))
        case ["page" | "archived" as which, page]:
            turn.send(await list_screen(turn, creator, read_id(page), archived=which == "archived"))
        case ["form"]:
            turn.say("product-form")
        case ["new"]:
            kinds = [Button(text=turn.words(f"kind-{kind}"), data=f"products:kind:{kind}") for kind in ProductKind]
            turn.send(Message(text=turn.words("product-ask-kind"), buttons=column(*kinds)))
        case ["kind", kind] if kind in set(ProductKind):
            await ask_next(turn.session, turn.person.id, "product-new", {"kind": kind}, now=turn.now)
            turn.say("product-ask-new")
        case _:
            raise turn.refusal("not-understood")


async def receive_file(turn: Turn, message: TelegramMessage) -> None:
    """A file that a creator sends: kept by Telegram's handle, and asked about."""
    await _ask_what_for(turn, message)


async def receive_photo(turn: Turn, message: TelegramMessage) -> None:
    """A photo that a creator sends: it becomes the picture of a product."""
    await _ask_what_for(turn, message)


async def _ask_what_for(turn: Turn, message: TelegramMessage) -> None:
    creator = await turn.as_creator()
    photo = bool(message.photo)
    kept = await keep_sent(turn, creator, message, FileRole.COVER if photo else FileRole.GOODS)
    if kept is None:
        return
    choices = await product_choices(turn, creator, kept)
    thought = column(Button(text=turn.words("button-idea-instead"), data=f"capture:file:{kept.id}"))
    if not choices:
        turn.send(Message(text=turn.words("file-no-products", name=kept.file_name), buttons=thought))
        return
    text = turn.words("photo-kept") if photo else turn.words("file-kept", name=kept.file_name)
    turn.send(Message(text=text, buttons=(*choices, *thought)))
    if not photo and kept.size is not None and kept.size > MOST_FETCHED:
        turn.say("file-too-big-to-fetch", name=kept.file_name, most=MOST_FETCHED >> 20)


async def attach(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`attach:FILE:PRODUCT`, under the question which product a file or a picture is for.

    `attach:FILE:PRODUCT:NUMBER` names the idea that it has been until now.
    """
    file_id, product_id, *instead = (read_id(part) for part in arguments)
    creator, found = await own_product(turn, product_id)
    turn.replies.append(TapReply(query_id=query.id))
    stored = await turn.session.get(StoredFile, file_id)
    if stored is None or stored.creator_id != creator.id:
        raise turn.refusal("refused-no-file")
    if stored.role == FileRole.COVER:
        await use_cover(turn, creator, stored, found)
    else:
        await use_file(turn, creator, stored, found)
    if instead and await turn.may(Act.CHANGE_IDEAS, creator.id):
        await _no_idea(turn, query, creator, instead[0])


async def _no_idea(turn: Turn, query: CallbackQuery, creator: Creator, number: int) -> None:
    """What was an idea until its product was named is none, unless somebody has worked on it."""
    idea = await find_idea(turn.session, creator.id, number)
    if idea is None or not await is_untouched(turn.session, idea):
        return
    await undo_capture(turn.session, idea, now=turn.now)
    edit(turn, query, Message(text=turn.words("idea-undone", number=number)))


def _menu(turn: Turn, creator: str) -> Message:
    buttons = column(
        Button(text=turn.words("button-list"), data="products:list"),
        Button(text=turn.words("button-product-new"), data="products:new"),
        Button(text=turn.words("button-how-to-add"), data="products:form"),
    )
    return Message(text=turn.words("product-list", creator=creator), buttons=buttons)
