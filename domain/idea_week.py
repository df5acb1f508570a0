"""Each Monday morning a creator reads how the week of their ideas went: what moved, what is stuck, what it brought."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

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
    since: date
    moved: Sequence[Moved]
    stuck: Sequence[Idea]
    stuck_count: int
    brought: Sequence[tuple[Idea, Brought]]

    @property
    def is_quiet(self) -> bool:
        return not self.moved and not self.stuck and not self.brought


async def tell_week(session: AsyncSession, published: Published, creator_id: int, *, now: datetime) -> bool:
    """Tells of the time since the last one, and nothing where nothing was. False for a week that was looked at before.

    Whoever has had none hears of their first week on its Monday. Several processes that look at once tell it once.
    """
    zone = zone_of(published, creator_id)
    today = begun_day(zone, now)
    monday = begun_week(today)
    await insert_once(session, IdeaDigest, {"creator_id": creator_id, "reminded_on": None, "digested_on": None})
    last = await session.scalar(select(IdeaDigest.digested_on).where(IdeaDigest.creator_id == creator_id))
    if last is not None and last >= monday:
        return False
    same = IdeaDigest.digested_on.is_(None) if last is None else IdeaDigest.digested_on == last
    this = update(IdeaDigest).where(IdeaDigest.creator_id == creator_id, same).values(digested_on=monday)
    if not await count_changed(session, this.execution_options(synchronize_session=False)):
        return False
    if last is None and today != monday:
        return True
    since = last or monday - A_WEEK
    week = await _week(session, creator_id, since, morning(since, zone), morning(monday, zone))
    if not week.is_quiet:

        def told(language: str) -> Message:
            return _digest(language, week)

        key = f"ideas-week:{creator_id}:{monday.isoformat()}"
        await tell_creator(session, told, key=key, creator_id=creator_id, now=now, about=Notice.IDEAS)
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


async def _week(session: AsyncSession, creator_id: int, since: date, begun: datetime, ended: datetime) -> Week:
    moved = await moved_between(session, creator_id, begun, ended)
    stuck, count = await stuck_since(session, creator_id, ended - STUCK_FOR, most=STUCK_SHOWN)
    brought = await brought_since(session, creator_id, begun, ended)
    best = most_first(brought)[:SHOWN]
    ideas = {each.id: each for each in await session.scalars(select(Idea).where(Idea.id.in_(best)))}
    return Week(since, moved, stuck, count, [(ideas[each], brought[each]) for each in best])


def _digest(language: str, week: Week) -> Message:
    lines = [say("ideas-week", language, since=format_date(week.since, "d MMM", locale=language_of(language)))]
    if week.brought:
        lines += ["", say("ideas-week-brought", language), *_brought_lines(language, week.brought)]
    if week.moved:
        lines += ["", say("ideas-week-moved", language), *_moved_lines(language, week.moved)]
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


def _moved_lines(language: str, moved: Sequence[Moved]) -> Iterator[str]:
    for each in moved[:SHOWN]:
        before, stage = (plain(f"idea-stage-{one.value}", language) for one in (each.before, each.stage))
        yield f"{_line(language, each.idea)}: {before} → {stage}"
    if len(moved) > SHOWN:
        yield say("ideas-more", language, count=len(moved) - SHOWN)


def _line(language: str, idea: Idea) -> str:
    return say("ideas-week-line", language, number=idea.number, title=shorten(idea.title, TITLE_SHOWN))
