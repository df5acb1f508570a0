"""`/stats`: what became of today, of seven or of thirty days, and what waits to be settled."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers import unclear
from bot.handlers.stats_screen import PERIODS
from bot.numbers import read_id
from bot.replies import StatsReply, TapReply
from bot.turn import Turn

_USUAL = 7
_TODAY = frozenset({"today", "heute", "1"})


async def stats(turn: Turn, arguments: str) -> None:
    """`/stats`, `/stats today`, `/stats 30`, `/stats uncertain`, `/stats uncertain sent 12`."""
    creator = await turn.as_creator()
    word, *more = arguments.lower().split() or [""]
    if word in {"uncertain", "failed"}:
        await unclear.line(turn, more)
        return
    days = 1 if word in _TODAY else {"": _USUAL, **{str(each): each for each in PERIODS}}.get(word)
    if days is None or more:
        raise turn.refusal("stats-form")
    turn.replies.append(StatsReply(creator_id=creator.id, days=days))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`stats:CREATOR:DAYS`."""
    number, days = (read_id(each) for each in arguments)
    creator = await turn.as_creator(number)
    if days not in PERIODS:
        raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))
    shown_in = query.message.message_id if isinstance(query.message, TelegramMessage) else None
    turn.replies.append(StatsReply(creator_id=creator.id, days=days, message_id=shown_in))
