"""`/stats uncertain`: messages of which nobody can tell whether they arrived, and those that came to nothing."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from telegram import CallbackQuery

from automations.settling import MOST_AT_ONCE, How, settle_all, settle_each
from bot.handlers.edits import edit
from bot.handlers.lead_access import read_number
from bot.handlers.lead_card import moment
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.catalogue import word_for_reason
from domain.messages.plain import Button, Message
from kit.paging import Paging
from kit.text import shorten, unmarked
from kit.zones import zone_named
from store.models import Creator, OutboxMessage, OutboxState
from store.queries.unclear import Unclear, count_uncertain, list_unclear

ON_A_PAGE = 5
WORDS_SHOWN = 60
REASON_SHOWN = 120
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# buttons carry a moment as so many of these: in fifteen digits it is never beyond what a date can be
_TICK = timedelta(microseconds=10)
Row = tuple[Button, ...]


async def line(turn: Turn, words: list[str]) -> None:
    """`/stats uncertain`, and settled in one line: `sent 12 13`, `failed 12`, `again 12`, `sent all`."""
    match words:
        case []:
            creator = await turn.as_creator()
        case ["sent" | "failed" | "again" as how, "all"]:
            creator = await turn.as_creator()
            await settle_all(turn.session, creator.id, how, now=turn.now)
        case ["sent" | "failed" | "again" as how, *told] if 0 < len(told) <= MOST_AT_ONCE:
            numbers = [number for each in told if (number := read_number(each)) is not None]
            if len(numbers) < len(told):
                raise turn.refusal("stats-form")
            creator = await _settle(turn, how, numbers)
        case _:
            raise turn.refusal("stats-form")
    turn.send(await _screen(turn, creator, 0))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`settle:list:CREATOR:PAGE`, `settle:HOW:ID:PAGE`, `settle:HOW:all:CREATOR:PAGE`, and a yes to that.

    The yes names the moment at which the question was asked.
    """
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["list", number, page]:
            creator = await turn.as_creator(read_id(number))
        case ["sent" | "again" as how, "all", number, page]:
            creator = await turn.as_creator(read_id(number))
            edit(turn, query, await _ask_all(turn, creator, how, read_id(page)))
            return
        case ["sent" | "again" as how, "all", number, page, asked]:
            creator = await turn.as_creator(read_id(number))
            until = _EPOCH + read_id(asked) * _TICK
            await settle_all(turn.session, creator.id, how, until=until, now=turn.now)
        case ["sent" | "failed" | "again" as how, number, page]:
            creator = await _settle(turn, how, [read_id(number)])
        case _:
            raise turn.refusal("not-understood")
    edit(turn, query, await _screen(turn, creator, read_id(page)))


async def _settle(turn: Turn, how: How, numbers: Sequence[int]) -> Creator:
    """All of them or none, whatever creator the chat is with; returns whose the last is. Raises Said for another's."""
    creator = await turn.some_creator()
    for number in numbers:
        message = await turn.session.get(OutboxMessage, number)
        if message is None or not await turn.allowed(message.creator_id):
            raise turn.refusal("unclear-unknown", message=number)
        creator = await turn.session.get_one(Creator, message.creator_id)
    await settle_each(turn.session, numbers, how, now=turn.now)
    return creator


async def _screen(turn: Turn, creator: Creator, page: int) -> Message:
    found = await list_unclear(turn.session, creator.id, Paging(ON_A_PAGE, page * ON_A_PAGE))
    if not found.items and page:
        # what stood here is settled
        return await _screen(turn, creator, max(0, (found.total - 1) // ON_A_PAGE))
    if not found.items:
        return Message(text=turn.words("unclear-none"))
    zone = zone_named(creator.time_zone)
    lines = [turn.words("unclear-title", count=found.total), *(_line(turn, each, zone) for each in found.items)]
    rows: list[Row] = [_buttons(turn, each, page) for each in found.items]
    if sum(each.state is OutboxState.UNCERTAIN for each in found.items) > 1:
        rows.append(
            (
                Button(text=turn.words("unclear-button-all-sent"), data=f"settle:sent:all:{creator.id}:{page}"),
                Button(text=turn.words("unclear-button-all-again"), data=f"settle:again:all:{creator.id}:{page}"),
            )
        )
    turning = []
    if page:
        turning.append(Button(text="◀", data=f"settle:list:{creator.id}:{page - 1}"))
    if found.has_more:
        turning.append(Button(text="▶", data=f"settle:list:{creator.id}:{page + 1}"))
    return Message(text="\n\n".join(lines), buttons=tuple([*rows, tuple(turning)] if turning else rows))


async def _ask_all(turn: Turn, creator: Creator, how: How, page: int) -> Message:
    """Before it is done to all of them, those of other pages too; of many, to the first so many of them."""
    count = await count_uncertain(turn.session, creator.id, until=turn.now)
    if not count:
        return await _screen(turn, creator, page)
    # what has closed at this very moment is among them
    asked = (turn.now - _EPOCH) // _TICK + 1
    yes = Button(text=turn.words("unclear-button-yes"), data=f"settle:{how}:all:{creator.id}:{page}:{asked}")
    back = Button(text=turn.words("unclear-button-back"), data=f"settle:list:{creator.id}:{page}")
    key = "unclear-ask-again" if how == "again" else "unclear-ask-sent"
    asks = turn.words(key, count=count)
    if count > MOST_AT_ONCE:
        asks += "\n\n" + turn.words("unclear-ask-most", most=MOST_AT_ONCE)
    return Message(text=asks, buttons=((yes,), (back,)))


def _line(turn: Turn, each: Unclear, zone: ZoneInfo) -> str:
    words = shorten(unmarked(turn.told_of(each.kind, each.text)), WORDS_SHOWN)
    return turn.words(
        "unclear-line",
        number=each.id,
        kind=turn.word(f"message-of-{each.kind}", each.kind),
        state=turn.word(f"message-is-{each.state}", each.state),
        to=each.to,
        at=moment(turn, each.at, zone),
        text=words or "…",
        reason=shorten(word_for_reason(each.error, turn.person.speaks), REASON_SHOWN) or "—",
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
