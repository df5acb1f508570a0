"""What a creator is reminded of: each morning, in one message, which ideas are due today and which are overdue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.definitions import Published
from domain.idea_days import A_DAY, begun_day, morning, zone_of
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.notices import Notice
from domain.outbox import tell_creator
from kit.text import shorten
from store.database import count_changed, insert_once
from store.models import Idea, IdeaDigest, IdeaStage

SHOWN = 10
TITLE_SHOWN = 100
# as many numbers as stand beside each other
_IN_A_ROW = 5


@dataclass(frozen=True, slots=True)
class DueIdeas:
    """The most important first, and how many there are in all."""

    ideas: Sequence[Idea]
    count: int


async def remind(session: AsyncSession, published: Published, creator_id: int, *, now: datetime) -> bool:
    """Tells what is due by this morning, and nothing where nothing is. False for a day that was looked at before.

    Several processes that look at once tell it once, and so does a day that a change of the time zone repeats.
    """
    today = begun_day(zone_of(published, creator_id), now)
    await insert_once(session, IdeaDigest, {"creator_id": creator_id, "reminded_on": None, "digested_on": None})
    before = or_(IdeaDigest.reminded_on.is_(None), IdeaDigest.reminded_on < today)
    this = update(IdeaDigest).where(IdeaDigest.creator_id == creator_id, before).values(reminded_on=today)
    if not await count_changed(session, this.execution_options(synchronize_session=False)):
        return False
    due = await _due(session, creator_id, Idea.due_date == today)
    overdue = await _due(session, creator_id, Idea.due_date < today)
    if due.count or overdue.count:

        def told(language: str) -> Message:
            return _reminder(language, today, due, overdue)

        key = f"ideas-due:{creator_id}:{today.isoformat()}"
        await tell_creator(
            session, told, key=key, creator_id=creator_id, now=now, about=Notice.IDEAS, acts=(Act.SEE_IDEAS,)
        )
    return True


async def next_reminder(
    session: AsyncSession, published: Published, creator_id: int, *, after: datetime
) -> datetime | None:
    """The next morning, after that instant, with something to tell as things stand."""
    zone = zone_of(published, creator_id)
    first = await session.scalar(select(func.min(Idea.due_date)).where(*_open(creator_id)))
    return None if first is None else morning(max(first, begun_day(zone, after) + A_DAY), zone)


def _open(creator_id: int) -> tuple[ColumnElement[bool], ...]:
    return (Idea.creator_id == creator_id, Idea.due_date.is_not(None), Idea.stage != IdeaStage.PUBLISHED)


async def _due(session: AsyncSession, creator_id: int, when: ColumnElement[bool]) -> DueIdeas:
    these = (*_open(creator_id), when)
    count = await session.scalar(select(func.count()).select_from(Idea).where(*these))
    first = select(Idea).where(*these).order_by(Idea.priority_place, Idea.due_date, Idea.id)
    return DueIdeas((await session.scalars(first.limit(SHOWN))).all() if count else (), count or 0)


def _reminder(language: str, today: date, due: DueIdeas, overdue: DueIdeas) -> Message:
    lines: list[str] = []
    for head, found in (("ideas-due-today", due), ("ideas-overdue", overdue)):
        if found.count:
            lines += ["", say(head, language)]
            lines += [_line(language, each, today) for each in found.ideas]
        if found.count > len(found.ideas):
            lines.append(say("ideas-more", language, count=found.count - len(found.ideas)))
    return Message(text="\n".join(lines[1:]), buttons=card_buttons(language, [*due.ideas, *overdue.ideas]))


def _line(language: str, idea: Idea, today: date) -> str:
    days = (today - (idea.due_date or today)).days
    title = shorten(idea.title, TITLE_SHOWN)
    return say("ideas-due-line", language, number=idea.number, title=title, priority=idea.priority.value, days=days)


def card_buttons(language: str, ideas: Sequence[Idea]) -> tuple[tuple[Button, ...], ...]:
    """Each opens the card of one as a message of its own, so that the notice stays."""
    buttons = [
        Button(text=say("button-idea-number", language, number=each.number), data=card_data(each))
        for each in list(ideas)[: 2 * _IN_A_ROW]
    ]
    return tuple(tuple(buttons[at : at + _IN_A_ROW]) for at in range(0, len(buttons), _IN_A_ROW))


def card_data(idea: Idea) -> str:
    return f"capture:card:{idea.creator_id}:{idea.number}"
