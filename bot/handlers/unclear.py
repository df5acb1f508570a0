"""`/stats uncertain`: messages of which nobody can tell whether they arrived, and those that came to nothing."""

from zoneinfo import ZoneInfo

from telegram import CallbackQuery

from automations.settling import How, settle, settle_all
from bot.handlers.edits import edit
from bot.handlers.lead_card import moment
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.plain import Button, Message
from kit.paging import Paging
from kit.text import shorten, unmarked
from store.models import Creator, OutboxState
from store.queries.unclear import Unclear, find_unclear, list_unclear

ON_A_PAGE = 5
WORDS_SHOWN = 60
REASON_SHOWN = 120
_ALL = "all"
Row = tuple[Button, ...]


async def show(turn: Turn) -> None:
    """The first page, as a message of its own."""
    turn.send(await _screen(turn, await turn.as_creator(), 0))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`settle:list:PAGE`, `settle:HOW:ID:PAGE`, `settle:HOW:all:PAGE`."""
    creator = await turn.as_creator()
    page = read_id(arguments[-1])
    match arguments:
        case ["list", _]:
            pass
        case ["sent" | "failed" | "again" as how, which, _]:
            await _settle(turn, creator, how, which)
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, await _screen(turn, creator, page))


async def _settle(turn: Turn, creator: Creator, how: How, which: str) -> None:
    if which == _ALL:
        await settle_all(turn.session, creator.id, how, now=turn.now)
        return
    if await find_unclear(turn.session, creator.id, read_id(which)) is None:
        raise turn.refusal("not-understood")
    await settle(turn.session, read_id(which), how, now=turn.now)


async def _screen(turn: Turn, creator: Creator, page: int) -> Message:
    found = await list_unclear(turn.session, creator.id, Paging(ON_A_PAGE, page * ON_A_PAGE))
    if not found.items and page:
        # what stood here is settled
        return await _screen(turn, creator, max(0, (found.total - 1) // ON_A_PAGE))
    if not found.items:
        return Message(text=turn.words("unclear-none"))
    zone = ZoneInfo(creator.time_zone)
    lines = [turn.words("unclear-title", count=found.total), *(_line(turn, each, zone) for each in found.items)]
    rows: list[Row] = [_buttons(turn, each, page) for each in found.items]
    if sum(each.state is OutboxState.UNCERTAIN for each in found.items) > 1:
        rows.append(
            (
                Button(text=turn.words("unclear-button-all-sent"), data=f"settle:sent:{_ALL}:{page}"),
                Button(text=turn.words("unclear-button-all-again"), data=f"settle:again:{_ALL}:{page}"),
            )
        )
    turning = []
    if page:
        turning.append(Button(text="◀", data=f"settle:list:{page - 1}"))
    if found.has_more:
        turning.append(Button(text="▶", data=f"settle:list:{page + 1}"))
    return Message(text="\n\n".join(lines), buttons=tuple([*rows, tuple(turning)] if turning else rows))


def _line(turn: Turn, each: Unclear, zone: ZoneInfo) -> str:
    words = shorten(unmarked(each.text), WORDS_SHOWN)
    return turn.words(
        "unclear-line",
        number=each.id,
        kind=turn.word(f"message-of-{each.kind}", each.kind),
        state=turn.word(f"message-is-{each.state}", each.state),
        to=each.to,
        at=moment(turn, each.at, zone),
        text=words or "…",
        reason=shorten(each.error, REASON_SHOWN) or "—",
    )


def _buttons(turn: Turn, each: Unclear, page: int) -> Row:
    again = Button(text=turn.words("unclear-button-again", number=each.id), data=f"settle:again:{each.id}:{page}")
    if each.state is OutboxState.FAILED:
        return (again,)
    return (
        Button(text=turn.words("unclear-button-sent", number=each.id), data=f"settle:sent:{each.id}:{page}"),
        Button(text=turn.words("unclear-button-failed", number=each.id), data=f"settle:failed:{each.id}:{page}"),
        again,
    )
