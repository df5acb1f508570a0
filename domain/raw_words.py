"""Telegram's own words, as they came: what becomes of them when somebody is forgotten."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import String, cast, delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_origins import forget_in_ideas
from store.models import (
    Account,
    IdeaAttachment,
    IdeaView,
    Lead,
    LeadView,
    Membership,
    OutboxMessage,
    Person,
    Prompt,
    TelegramUpdate,
)

# an answer that Telegram has not taken by then is given up for this
_ANSWERED_WITHIN = timedelta(minutes=10)
AT_ONCE = 100
_BY_CORE = {"synchronize_session": False}
# a lane that says nothing of whose it was
_NOBODY = "forgotten"


def lane_of(telegram_id: int | str) -> str:
    """Where one person's updates stand in a row, one after the other."""
    return f"person:{telegram_id}"


async def empty_raw_updates(session: AsyncSession, people: Sequence[int], creator_id: int | None) -> None:
    """Empties what these people wrote, and what those who act for the creator read and wrote, dead letters included.

    Nobody needs it any more: the rows only tell a repeat from something new. What still has to be answered keeps its
    answer until then. Updates that do not say whose they are may be anybody's, so those go too.
    """
    of_creator = select(Account.person_id).join(Membership, Membership.account_id == Account.id)
    whose = or_(Person.id.in_(people), Person.id.in_(of_creator.where(Membership.creator_id == creator_id)))
    found = await session.scalars(select(Person.telegram_id).where(whose).order_by(Person.id))
    lanes = [lane_of(telegram_id) for telegram_id in found]
    # what has no sender of its own is `update:7` or `pre_checkout:7`
    theirs = or_(TelegramUpdate.lane.in_(lanes), TelegramUpdate.lane.like("update:%"), TelegramUpdate.lane.like("pre%"))
    await session.execute(update(TelegramUpdate).where(theirs).values(body="", error=None), execution_options=_BY_CORE)
    await session.execute(
        update(TelegramUpdate).where(theirs, TelegramUpdate.answered_at.is_not(None)).values(reply=[]),
        execution_options=_BY_CORE,
    )


async def finish_forgetting(session: AsyncSession, *, now: datetime) -> int:
    """Those who asked to be forgotten and have been answered lose the last that names them; returns how many did.

    Somebody who has written again in the meantime begins anew, and keeps what is new.
    """
    waiting = (
        select(TelegramUpdate.id)
        .where(
            TelegramUpdate.lane == literal(lane_of("")) + cast(Person.telegram_id, String),
            TelegramUpdate.answered_at.is_(None),
            TelegramUpdate.received_at <= Person.forgetting_at,
            TelegramUpdate.received_at > now - _ANSWERED_WITHIN,
        )
        .exists()
    )
    ready = await session.scalars(
        select(Person)
        .where(Person.forgetting_at.is_not(None), ~waiting)
        .order_by(Person.id)
        .limit(AT_ONCE)
        .with_for_update(key_share=True, skip_locked=True)
    )
    people = ready.all()
    for person in people:
        await _finish(session, person, now=now)
    return len(people)


async def _finish(session: AsyncSession, person: Person, *, now: datetime) -> None:
    lane = TelegramUpdate.lane == lane_of(person.telegram_id)
    await session.execute(
        update(TelegramUpdate)
        .where(lane, TelegramUpdate.received_at <= person.forgetting_at)
        .values(
            lane=_NOBODY,
            body="",
            reply=[],
            error=None,
            # an instant of ours, which the function alone would not know
            answered_at=func.coalesce(TelegramUpdate.answered_at, literal(now, TelegramUpdate.answered_at.type)),
        ),
        execution_options=_BY_CORE,
    )
    person.forgetting_at = None
    known = await session.scalar(select(Lead.id).where(Lead.person_id == person.id).limit(1))
    later = await session.scalar(select(TelegramUpdate.id).where(lane).limit(1))
    if known is not None or later is not None:
        return
    for model in (OutboxMessage, Prompt, LeadView, IdeaView):
        await session.execute(delete(model).where(model.person_id == person.id), execution_options=_BY_CORE)
    await forget_in_ideas(session, [person.id], None, now=now)
    # what they sent for ideas stays with the creator whose team they were in: that it was they goes
    theirs = update(IdeaAttachment).where(IdeaAttachment.chat_id == person.telegram_id)
    await session.execute(theirs.values(chat_id=None, message_id=None), execution_options=_BY_CORE)
    # no Telegram id is negative: nobody is found by it
    person.telegram_id = -person.id
    person.first_name, person.username, person.username_key = "", None, None
    person.language, person.language_chosen = "en", None
    person.creator_id, person.blocked_at = None, None
    await session.flush()
