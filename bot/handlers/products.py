import re
import shlex

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.plain import Button, Message, column
from domain.products import add_product, attach_file, keep_upload
from kit.money import Money
from kit.text import shorten
from store.models import Product
from store.queries.catalogue import list_shop

_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'"})
_AMOUNT = re.compile(r"^\d+([.,]\d+)?$")
_AFTER_TITLE = 2
BUTTON_LENGTH = 60


async def product(turn: Turn, arguments: str) -> None:
    """`/product` opens a menu; `/product add "TITLE" PRICE CURRENCY [stock=N]` and `/product list` do it at once."""
    creator = await turn.as_creator()
    verb, _, rest = arguments.strip().partition(" ")
    match verb.lower():
        case "":
            buttons = column(
                Button(text=turn.words("button-list"), data="products:list"),
                Button(text=turn.words("button-how-to-add"), data="products:form"),
            )
            turn.send(Message(text=turn.words("product-list", creator=creator.name), buttons=buttons))
        case "add":
            title, price, stock = _read_product(turn, rest)
            added = await add_product(
                turn.session, creator_id=creator.id, title=title, price=price, stock=stock, now=turn.now
            )
            turn.say("product-added", product=added.id, **_shown(turn, added))
        case "list":
            await _list(turn)
        case _:
            raise turn.refusal("product-form")


async def menu(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    if arguments == ["list"]:
        await _list(turn)
    else:
        turn.say("product-form")


async def receive_file(turn: Turn, message: TelegramMessage) -> None:
    """A file that a creator sends: kept by Telegram's handle, and asked about."""
    creator = await turn.as_creator()
    document = message.document
    if document is None:
        return
    name = shorten(document.file_name or "file", 200)
    kept = await keep_upload(
        turn.session,
        creator_id=creator.id,
        bot_id=turn.facts.bot_id,
        telegram_file_id=document.file_id,
        file_name=name,
        mime_type=document.mime_type or "application/octet-stream",
        size=document.file_size,
        now=turn.now,
    )
    products = await list_shop(turn.session, creator.id)
    if not products:
        turn.say("file-no-products", name=name)
        return
    buttons = [
        Button(text=shorten(each.title, BUTTON_LENGTH), data=f"attach:{kept.id}:{each.id}")
        for each in reversed(products)
    ]
    turn.send(Message(text=turn.words("file-kept", name=name), buttons=column(*buttons)))


async def attach(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`attach:FILE:PRODUCT`, under the question which product a file is for."""
    file_id, product_id = (read_id(part) for part in arguments)
    creator = await turn.as_creator()
    attached = await attach_file(turn.session, creator.id, file_id, product_id, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id))
    turn.say("file-attached", title=attached.title)


async def _list(turn: Turn) -> None:
    creator = await turn.as_creator()
    products = await list_shop(turn.session, creator.id)
    if not products:
        turn.say("product-none")
        return
    lines = [turn.words("product-line", product=each.id, **_shown(turn, each)) for each in products]
    turn.send(Message(text="\n".join([turn.words("product-list", creator=creator.name), *lines])))


def _shown(turn: Turn, each: Product) -> dict[str, object]:
    free = each.price_minor == 0
    price = Money(each.price_minor, each.currency).format(turn.person.speaks)
    stock = turn.words("stock-unlimited") if each.stock is None else turn.words("stock-left", stock=each.stock)
    return {"title": each.title, "price": turn.words("price-free") if free else price, "stock": stock}


def _read_product(turn: Turn, text: str) -> tuple[str, Money, int | None]:
    """`"TITLE" PRICE CURRENCY [stock=N]`; without quotes the title ends where the price begins. Raises Said."""
    try:
        words = shlex.split(text.translate(_QUOTES))
    except ValueError:
        raise turn.refusal("product-form") from None
    options = dict(word.split("=", 1) for word in words if "=" in word)
    plain = [word for word in words if "=" not in word]
    if len(plain) <= _AFTER_TITLE or not _AMOUNT.match(plain[-2]) or not set(options) <= {"stock"}:
        raise turn.refusal("product-form")
    stock = options.get("stock")
    if stock is not None and not re.fullmatch(r"\d{1,10}", stock):
        raise turn.refusal("product-form")
    title = " ".join(plain[:-_AFTER_TITLE])
    return title, Money.parse(plain[-2], plain[-1]), None if stock is None else int(stock)
