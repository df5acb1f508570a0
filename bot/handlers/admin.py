"""What whoever looks after the instance has to know: how far behind it is, and what waits for a person."""

from datetime import timedelta

from babel.dates import format_timedelta
from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.plain import Button, Message, column
from kit.money import language_of
from kit.paging import Paging
from store.queries.rails import RailLag, rail_lag
from store.queries.reviews import list_reported
from store.queries.troubles import Trouble, count_troubles

_RAILS = {"stripe": "Stripe", "stars": "Telegram"}
_ONE = Paging(1, 0)


async def admin(turn: Turn, _arguments: str) -> None:
    turn.send(await _screen(turn))


async def tap(turn: Turn, query: CallbackQuery, _arguments: list[str]) -> None:
    """`admin` looks again, where the screen stands."""
    screen = await _screen(turn)
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, screen)


async def _screen(turn: Turn) -> Message:
    """Raises Said for everyone else."""
    if not await turn.looks_after_instance():
        raise turn.refusal("admins-only")
    lag = await rail_lag(turn.session, now=turn.now)
    troubles = [each for each in await count_troubles(turn.session, now=turn.now) if each.count]
    parts = [turn.words("admin-title"), _rails(turn, lag)]
    parts += [_trouble(turn, each) for each in troubles]
    reported = await list_reported(turn.session, _ONE)
    if troubles:
        parts.append(turn.words("admin-mend"))
    elif lag.is_well and not reported.total:
        parts.append(turn.words("admin-well"))
    buttons = [Button(text=turn.words("button-look-again"), data="admin")]
    if reported.total:
        buttons.append(Button(text=turn.words("button-admin-reported", count=reported.total), data="reported"))
    return Message(text="\n\n".join(parts), buttons=column(*buttons))


def _rails(turn: Turn, lag: RailLag) -> str:
    """What the rails have told and nobody has dealt with yet, and when each was last asked."""
    lines = [
        turn.words("admin-rails", events=lag.unhandled, orders=lag.waiting, refunds=lag.refunds),
        *([turn.words("admin-longest", age=_length(turn, lag.longest))] if lag.longest else []),
    ]
    for rail, ago in lag.lists.items():
        named = _RAILS.get(rail, rail)
        if ago is None:
            lines.append(turn.words("admin-list-never", rail=named))
        else:
            lines.append(turn.words("admin-list", rail=named, age=_length(turn, ago)))
    if not lag.is_well:
        lines.append(turn.words("admin-rails-late"))
    return "\n".join(lines)


def _trouble(turn: Turn, trouble: Trouble) -> str:
    return turn.words(f"admin-trouble-{trouble.what}", count=trouble.count, age=_length(turn, trouble.oldest))


def _length(turn: Turn, length: timedelta) -> str:
    """`3 hours`; nothing is shorter than a minute."""
    language = language_of(turn.person.speaks)
    return format_timedelta(max(length, timedelta(minutes=1)), granularity="minute", threshold=2, locale=language)
