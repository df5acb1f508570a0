"""What ideas brought, as one message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from babel.dates import format_date
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.handlers.idea_access import Place
from bot.handlers.idea_results import WAYS, data_of_all, sums_told
from bot.replies import IdeaResultsReply
from domain.idea_parts import no_such_idea
from domain.ideas import find_idea
from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message
from kit.buckets import Interval, edges, start_of
from kit.money import language_of
from kit.text import shorten
from kit.zones import zone_named
from store.models import Creator, Idea
from store.queries.idea_results import (
    Bought,
    Brought,
    brought,
    brought_by_piece,
    brought_by_tag,
    brought_since,
    most_first,
)

SHOWN = 8
MONTHS = 12
TITLE_LENGTH = 60
Row = tuple[Button, ...]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose ideas, of which time, and the page."""

    creator: Creator
    since: datetime
    until: datetime
    zone: ZoneInfo
    page: int
    language: str


@dataclass(frozen=True, slots=True)
class _Shown:
    """The lines of a page, how many there are in all, and the ideas that can be opened from it."""

    total: int
    lines: Sequence[str]
    numbers: Sequence[int] = ()


async def results_screen(
    session: AsyncSession, reply: IdeaResultsReply, zone: str, language: str, *, now: datetime
) -> Message:
    """Raises NoSuchIdea."""
    creator = await session.get_one(Creator, reply.creator_id)
    if reply.number is not None:
        return await _of_one(session, creator, reply, language)
    there = zone_named(zone)
    today = now.astimezone(there).date()
    since, until = (start_of(_first_of_month(today, after), there) for after in (1 - MONTHS, 1))
    asked = _Asked(creator, since, until, there, reply.page, language)
    match reply.by:
        case "month":
            shown = await _by_month(session, asked)
        case "tag":
            shown = await _by_tag(session, asked)
        case _:
            shown = await _by_idea(session, asked)
    return _list(creator, reply, shown, language)


async def _of_one(session: AsyncSession, creator: Creator, reply: IdeaResultsReply, language: str) -> Message:
    idea = await find_idea(session, creator.id, reply.number or 0)
    if idea is None:
        raise no_such_idea(reply.number or 0)
    found = (await brought(session, creator.id, [idea.id]))[idea.id]
    lines = [
        say("ideabrought-title", language, number=idea.number, title=idea.title),
        say("ideabrought-leads", language, leads=found.leads, touched=found.touched),
        say("ideabrought-first", language, **_told(found.first, language)),
        say("ideabrought-last", language, **_told(found.last, language)),
    ]
    back = Place(reply.view, reply.page).data("show", idea)
    every = Button(text=plain("ideabrought-button-every", language), data=data_of_all(creator.id))
    return Message(
        text="\n".join(lines), buttons=((every,), (Button(text=plain("idea-button-card", language), data=back),))
    )


async def _by_idea(session: AsyncSession, asked: _Asked) -> _Shown:
    found = await brought_since(session, asked.creator.id, asked.since, asked.until)
    shown = _page(most_first(found), asked)
    ideas = {each.id: each for each in await session.scalars(select(Idea).where(Idea.id.in_(shown)))}
    lines = [
        _line(f"{ideas[each].number}. {shorten(ideas[each].title, TITLE_LENGTH)}", found[each], asked.language)
        for each in shown
    ]
    return _Shown(len(found), lines, [ideas[each].number for each in shown])


async def _by_tag(session: AsyncSession, asked: _Asked) -> _Shown:
    found = await brought_by_tag(session, asked.creator.id, asked.since, asked.until)
    shown = _page(most_first(found), asked)
    return _Shown(len(found), [_line(f"#{shorten(each, TITLE_LENGTH)}", found[each], asked.language) for each in shown])


async def _by_month(session: AsyncSession, asked: _Asked) -> _Shown:
    """The present month first."""
    at = edges(asked.since, asked.until, Interval.MONTH, asked.zone, most=MONTHS)
    months = list(zip(at, await brought_by_piece(session, asked.creator.id, at), strict=False))[::-1]
    locale = language_of(asked.language)
    lines = [
        _line(format_date(begins.astimezone(asked.zone), "LLLL y", locale=locale), each, asked.language)
        for begins, each in _page(months, asked)
    ]
    return _Shown(len(months), lines)


def _page(rows: Sequence[T], asked: _Asked) -> Sequence[T]:
    return rows[asked.page * SHOWN : (asked.page + 1) * SHOWN]


def _list(creator: Creator, reply: IdeaResultsReply, shown: _Shown, language: str) -> Message:
    page = reply.page
    head = say(f"ideabrought-by-{reply.by}", language, creator=creator.name)
    text = "\n".join([head, "", *(shown.lines or [say("ideabrought-none", language)])])
    rows: list[Row] = []
    if shown.numbers:
        rows.append(
            tuple(Button(text=str(each), data=f"ideabrought:{creator.id}:{each}:0:0") for each in shown.numbers)
        )
    steps = [Button(text="‹", data=data_of_all(creator.id, reply.by, page - 1))] if page else []
    if (page + 1) * SHOWN < shown.total:
        steps.append(Button(text="›", data=data_of_all(creator.id, reply.by, page + 1)))
    if steps:
        rows.append(tuple(steps))
    ways = [each for each in WAYS if each != reply.by]
    rows.append(
        tuple(
            Button(text=plain(f"ideabrought-button-{each}", language), data=data_of_all(creator.id, each))
            for each in ways
        )
    )
    rows.append((Button(text=plain("idea-list-board", language), data=f"ideas:open:{creator.id}"),))
    return Message(text=text, buttons=tuple(rows))


def _line(name: str, found: Brought, language: str) -> str:
    return say(
        "ideabrought-line",
        language,
        name=name,
        leads=found.leads,
        first=found.first.orders,
        first_sums=sums_told(found.first, language),
        last=found.last.orders,
        last_sums=sums_told(found.last, language),
    )


def _told(bought: Bought, language: str) -> dict[str, object]:
    return {"orders": bought.orders, "customers": bought.buyers, "sums": sums_told(bought, language)}


def _first_of_month(day: date, after: int) -> date:
    """The first day of the month that is so many after that day's."""
    months = day.year * 12 + day.month - 1 + after
    return date(months // 12, months % 12 + 1, 1)
