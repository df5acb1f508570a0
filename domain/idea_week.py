"""Each Monday morning a creator reads how the week of their ideas went: what moved, what is stuck, what it brought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.definitions import Published
from domain.idea_days import A_WEEK, begun_day, begun_week, morning, zone_of
from domain.idea_reminders import TITLE_SHOWN, card_buttons
from domain.messages.catalogue import plain, say
from domain.messages.plain import Message
from domain.notices import Notice
from domain.outbox import tell_creator
from kit.money import Money, language_of
from kit.text import shorten
from store.database import count_changed, insert_once
from store.models import Idea, IdeaDigest
from store.queries.idea_results import Brought, brought_since, most_first
from store.queries.idea_week import Moved, has_moved, moved_between, stuck_since

SHOWN = 8
STUCK_SHOWN = 5
# what has not moved for so long is stuck
STUCK_FOR = 2 * A_WEEK


@dataclass(frozen=True, slots=True)
class Week:
    """Between two Monday mornings; `last`: up to which one had been told of."""

    last: date | None
    since: date
    monday: date
    moved: Sequence[Moved] = ()
    moved_count: int = 0
    stuck: Sequence[Idea] = ()
    stuck_count: int = 0
    brought: Sequence[tuple[Idea, Brought]] = ()

    @property
    def is_quiet(self) -> bool:
        return not self.moved and not self.stuck and not self.brought


async def ended_week(
    session: AsyncSession, published: Published, creator_id: int, last: date | None, *, now: datetime
) -> Week | None:
    """What was since the `last` Monday that was told of, up to this one; None where this one was told of already.

    Whoever has had none hears of their first week on its Monday: on any other day theirs is quiet.
    """
    zone = zone_of(published, creator_id)
    today = begun_day(zone, now)
    monday = begun_week(today)
    if last is not None and last >= monday:
        return None
    since = last or monday - A_WEEK
    if last is None and today != monday:
        return Week(last, since, monday)
    begun, ended = morning(since, zone), morning(monday, zone)
    brought = await brought_since(session, creator_id, begun, ended)
    best = most_first(brought)[:SHOWN]
    ideas = {each.id: each for each in await session.scalars(select(Idea).where(Idea.id.in_(best)))}
    moved, moved_count = await moved_between(session, creator_id, begun, ended, most=SHOWN)
    stuck, count = await stuck_since(session, creator_id, ended - STUCK_FOR, most=STUCK_SHOWN)
    return Week(
        last=last,
        since=since,
        monday=monday,
        moved=moved,
        moved_count=moved_count,
        stuck=stuck,
        stuck_count=count,
        brought=[(ideas[each], brought[each]) for each in best],
    )


async def tell_week(session: AsyncSession, creator_id: int, week: Week, *, now: datetime) -> bool:
    """Tells of it, and nothing where nothing was. Several processes that have read the same week tell it once.

    False for whoever came too late.
    """
    await insert_once(session, IdeaDigest, {"creator_id": creator_id, "reminded_on": None, "digested_on": None})
    same = IdeaDigest.digested_on.is_(None) if week.last is None else IdeaDigest.digested_on == week.last
    this = update(IdeaDigest).where(IdeaDigest.creator_id == creator_id, same).values(digested_on=week.monday)
    if not await count_changed(session, this.execution_options(synchronize_session=False)):
        return False
    if not week.is_quiet:

        def told(language: str) -> Message:
            return _digest(language, week)

        key = f"ideas-week:{creator_id}:{week.monday.isoformat()}"
        await tell_creator(
            session, told, key=key, creator_id=creator_id, now=now, about=Notice.IDEAS, acts=(Act.SEE_IDEAS,)
        )
    return True


async def next_week(
    session: AsyncSession, published: Published, creator_id: int, *, after: datetime
) -> datetime | None:
    """The next Monday morning, after that instant, where there will be something to tell as things stand."""
    if await session.scalar(select(Idea.id).where(Idea.creator_id == creator_id).limit(1)) is None:
        return None
    zone = zone_of(published, creator_id)
    monday = begun_week(begun_day(zone, after))
    coming = morning(monday + A_WEEK, zone)
    begun = morning(monday, zone)
    _, stuck = await stuck_since(session, creator_id, coming - STUCK_FOR, most=1)
    if stuck or await has_moved(session, creator_id, begun) or await brought_since(session, creator_id, begun):
        return coming
    return None


def _digest(language: str, week: Week) -> Message:
    lines = [say("ideas-week", language, since=format_date(week.since, "d MMM", locale=language_of(language)))]
    if week.brought:
        lines += ["", say("ideas-week-brought", language), *_brought_lines(language, week.brought)]
    if week.moved:
        lines += ["", say("ideas-week-moved", language), *_moved_lines(language, week)]
    if week.stuck:
        lines += ["", say("ideas-week-stuck", language)]
        lines += [_line(language, each) for each in week.stuck]
        if week.stuck_count > len(week.stuck):
            lines.append(say("ideas-more", language, count=week.stuck_count - len(week.stuck)))
    return Message(text="\n".join(lines), buttons=card_buttons(language, week.stuck))


def _brought_lines(language: str, brought: Sequence[tuple[Idea, Brought]]) -> Iterator[str]:
    for idea, each in brought:
        sums = [Money(kept.net, currency).format(language) for currency, kept in sorted(each.last.money.items())]
        told = say(
            "ideas-week-result",
            language,
            leads=each.leads,
            orders=each.last.orders,
            money=", ".join(sums) or "–",
        )
        yield f"{_line(language, idea)} – {told}"


def _moved_lines(language: str, week: Week) -> Iterator[str]:
    for each in week.moved:
        before, stage = (plain(f"idea-stage-{one.value}", language) for one in (each.before, each.stage))
        yield f"{_line(language, each.idea)}: {before} → {stage}"
    if week.moved_count > len(week.moved):
        yield say("ideas-more", language, count=week.moved_count - len(week.moved))


def _line(language: str, idea: Idea) -> str:
    return say("ideas-week-line", language, number=idea.number, title=shorten(idea.title, TITLE_SHOWN))
