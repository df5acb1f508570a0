"""Outgoing webhooks as they are listed, and which of them have something to tell."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, case, exists, func, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from kit.paging import Page, Paging
from store.models import Event, Hook, HookMessage, HookState, HookTry
from store.models.base import spelled

# in the words of the partial index, which answers for no state that comes as a parameter
_WAITING = spelled(HookState.WAITING)
# what is not looked at by then holds nobody up
LOOKED_AT_WITHIN = timedelta(minutes=1)
# what is called at all
LIVES = Hook.removed_at.is_(None) & Hook.disabled_at.is_(None)


def head_due_at(now: datetime) -> ScalarSelect[Any]:
    """When the oldest message that waits for a webhook is to be told: those behind it wait for it.

    NULL while something that happened before it is still to be looked at.
    """
    due_at = case((not_(_comes_too_early(now)), HookMessage.due_at))
    head = select(due_at).where(HookMessage.hook_id == Hook.id, HookMessage.state == _WAITING)
    return head.order_by(HookMessage.event_id).limit(1).correlate(Hook).scalar_subquery()


def _comes_too_early(now: datetime) -> ColumnElement[bool]:
    """Of what happens to a lead that is busy with something else it is not known yet who is to be told."""
    earlier = aliased(Event)
    found = select(earlier.id).where(
        earlier.routed_at.is_(None),
        earlier.id < HookMessage.event_id,
        # by no index of the creator's, in which all that ever happened stands
        earlier.creator_id + 0 == Hook.creator_id,
        earlier.occurred_at > now - LOOKED_AT_WITHIN,
    )
    return found.correlate(Hook, HookMessage).exists()


def head_query(hook_id: int, now: datetime) -> Select[Any, Any, bool]:
    """The oldest message that waits for it, its event, and whether something before it is still to be looked at."""
    return (
        select(HookMessage, Event, _comes_too_early(now))
        .join(Hook, Hook.id == HookMessage.hook_id)
        .join(Event, Event.id == HookMessage.event_id)
        .where(HookMessage.hook_id == hook_id, HookMessage.state == _WAITING)
        .order_by(HookMessage.event_id)
        .limit(1)
    )


async def is_hook_due(session: AsyncSession, *, now: datetime) -> bool:
    return bool(await session.scalar(select(exists().where(LIVES, head_due_at(now) <= now))))


async def next_hook_at(session: AsyncSession, *, after: datetime) -> datetime | None:
    heads = select(head_due_at(after).label("due_at")).select_from(Hook).where(LIVES).subquery()
    due_at: datetime | None = await session.scalar(select(func.min(heads.c.due_at)).where(heads.c.due_at > after))
    return due_at


async def list_hooks(session: AsyncSession, creator_id: int, paging: Paging) -> Page[Hook]:
    """The oldest first; those that were removed are left out."""
    theirs = (Hook.creator_id == creator_id) & Hook.removed_at.is_(None)
    total = await session.scalar(select(func.count()).select_from(Hook).where(theirs))
    rows = await session.scalars(select(Hook).where(theirs).order_by(Hook.id).limit(paging.limit).offset(paging.offset))
    return Page(rows.all(), total or 0, paging)


Delivery = tuple[HookMessage, Event]


async def list_deliveries(
    session: AsyncSession, hook_id: int, paging: Paging, *, state: HookState | None = None
) -> Page[Delivery]:
    """The newest first."""
    theirs = HookMessage.hook_id == hook_id
    if state is not None:
        theirs &= HookMessage.state == state
    total = await session.scalar(select(func.count()).select_from(HookMessage).where(theirs))
    page = (
        select(HookMessage, Event)
        .join(Event, Event.id == HookMessage.event_id)
        .where(theirs)
        .order_by(HookMessage.id.desc())
        .limit(paging.limit)
        .offset(paging.offset)
    )
    rows = [(message, event) for message, event in await session.execute(page)]
    return Page(rows, total or 0, paging)


async def delivery_of(session: AsyncSession, message: HookMessage) -> Event:
    """What it tells."""
    return await session.get_one(Event, message.event_id)


async def tries_of(session: AsyncSession, message_ids: Sequence[int]) -> Mapping[int, Sequence[HookTry]]:
    """Of each of these messages, the oldest first."""
    found: dict[int, list[HookTry]] = {each: [] for each in message_ids}
    if message_ids:
        tries = select(HookTry).where(HookTry.message_id.in_(message_ids)).order_by(HookTry.id)
        for each in await session.scalars(tries):
            found[each.message_id].append(each)
    return found
