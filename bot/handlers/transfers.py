"""Leads by CSV: a file that a creator sends is an import, `/export` an export."""

import re

from telegram import CallbackQuery, Document
from telegram import Message as TelegramMessage

from bot.numbers import read_id
from bot.replies import EditReply, TapReply
from bot.turn import Turn
from domain.messages.plain import Message, Rows
from domain.transfers.asking import (
    begin_export,
    begin_import,
    change_columns,
    confirm_import,
    find_transfer,
    give_up,
    possible_targets,
)
from domain.transfers.reading import Layout
from domain.transfers.reports import columns_menu, targets_menu
from kit.text import shorten
from store.models import Creator, Transfer, TransferKind
from store.queries.leads import saved_segments, where

# what Telegram lets a bot fetch: https://core.telegram.org/bots/api#getfile
MOST_BYTES = 20 * 1024 * 1024
_MEGABYTE = 1024 * 1024
_NAME = 120
_UNSAFE = re.compile(r"[^\w.() -]+")


def is_table(document: Document | None) -> bool:
    """True for what is looked through as leads; every other file is for a product."""
    if document is None:
        return False
    return (document.file_name or "").lower().endswith(".csv") or document.mime_type == "text/csv"


async def receive(turn: Turn, message: TelegramMessage) -> None:
    """A CSV file: fetched and looked through in the background."""
    creator = await turn.as_creator()
    document = message.document
    if document is None:
        return
    size = document.file_size or 0
    if size > MOST_BYTES:
        raise turn.refusal("import-too-big", size=-(-size // _MEGABYTE))
    transfer = await begin_import(
        turn.session,
        creator.id,
        turn.person.id,
        telegram_file_id=document.file_id,
        file_name=shorten(document.file_name or "leads.csv", _NAME),
        now=turn.now,
    )
    turn.say("import-taken", name=transfer.file_name)


async def export(turn: Turn, arguments: str) -> None:
    """`/export` sends every lead, `/export tag:vip` those of a segment."""
    await export_leads(turn, await turn.as_creator(), arguments.strip())


async def export_leads(turn: Turn, creator: Creator, question: str) -> None:
    """Those of whom the question holds, all of them when it is empty."""
    if question:
        known = turn.facts.published.setup(creator.id).known(await saved_segments(turn.session, creator.id))
        # a mistake in it is told at once
        await where(turn.session, creator.id, question, known, now=turn.now)
    # whom it is about is not for a file's name
    file_name = _UNSAFE.sub("-", f"leads-{creator.slug}-{turn.now:%Y-%m-%d}.csv")
    await begin_export(turn.session, creator.id, turn.person.id, question=question, file_name=file_name, now=turn.now)
    turn.say("export-taken")


async def export_orders(turn: Turn, creator: Creator, choice: str) -> None:
    """The orders of one of the choices of /orders, as a file."""
    file_name = _UNSAFE.sub("-", f"orders-{creator.slug}-{turn.now:%Y-%m-%d}.csv")
    await begin_export(
        turn.session,
        creator.id,
        turn.person.id,
        question=choice,
        file_name=file_name,
        now=turn.now,
        kind=TransferKind.ORDERS,
    )
    turn.say("orders-export-taken")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`import:TRANSFER:…`: go, leave, columns:PAGE, column:COLUMN:PAGE, set:COLUMN:TARGET."""
    number, what, *rest = arguments
    creator = await turn.as_creator()
    transfer = await find_transfer(turn.session, creator.id, read_id(number))
    match what, rest:
        case "go", []:
            await confirm_import(turn.session, transfer)
            _settle(turn, query, turn.words("import-going", name=transfer.file_name))
        case "leave", []:
            await give_up(turn.session, transfer, now=turn.now)
            _settle(turn, query, turn.words("import-left", name=transfer.file_name))
        case "columns", [page]:
            _show_columns(turn, query, transfer, read_id(page))
        case "column", [column, page]:
            await _show_targets(turn, query, transfer, column=read_id(column), page=read_id(page))
        case "set", [column, target]:
            await _set(turn, transfer, read_id(column), target)
            _settle(turn, query, turn.words("import-again", name=transfer.file_name))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))


def _settle(turn: Turn, query: CallbackQuery, text: str) -> None:
    """What the buttons offered is decided: they go."""
    if query.message is not None:
        turn.replies.append(EditReply(message_id=query.message.message_id, text=text))
    else:
        turn.send(Message(text=text))


def _show_columns(turn: Turn, query: CallbackQuery, transfer: Transfer, page: int) -> None:
    setup = turn.facts.published.setup(transfer.creator_id)
    rows = columns_menu(transfer.id, _layout(turn, transfer), setup, page, turn.person.speaks)
    _ask(turn, query, turn.words("import-choose-column"), rows, anew=page == 0)


async def _show_targets(turn: Turn, query: CallbackQuery, transfer: Transfer, *, column: int, page: int) -> None:
    layout, setup = _layout(turn, transfer), turn.facts.published.setup(transfer.creator_id)
    if column >= len(layout.columns):
        raise turn.refusal("not-understood")
    known = await possible_targets(turn.session, transfer.creator_id, setup)
    rows = targets_menu(transfer.id, column, known, setup, page=page, language=turn.person.speaks)
    text = turn.words("import-choose-target", column=layout.columns[column] or "–")
    _ask(turn, query, text, rows, anew=False)


async def _set(turn: Turn, transfer: Transfer, column: int, place: str) -> None:
    """`place` counts the fields that a column can be; a hyphen leaves it out."""
    target = None
    if place != "-":
        setup = turn.facts.published.setup(transfer.creator_id)
        known = await possible_targets(turn.session, transfer.creator_id, setup)
        number = read_id(place)
        if number >= len(known):
            raise turn.refusal("not-understood")
        target = known[number]
    await change_columns(turn.session, transfer, {column: target})


def _layout(turn: Turn, transfer: Transfer) -> Layout:
    if not transfer.mapping:
        raise turn.refusal("not-understood")
    return Layout.model_validate(transfer.mapping)


def _ask(turn: Turn, query: CallbackQuery, text: str, rows: Rows, *, anew: bool) -> None:
    """The report stays where it is; one menu turns into the next."""
    if anew or query.message is None:
        turn.send(Message(text=text, buttons=rows))
    else:
        turn.replies.append(EditReply(message_id=query.message.message_id, text=text, buttons=turn.offered(rows)))
