"""A business is closed while none of its owners is active: nothing is sold or broadcast, what is open is called off."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.acts import pause_broadcast, unschedule_broadcast
from domain.idea_posted import draft_again
from domain.order_ends import TOPIC, UNDER_WAY
from store.database import wake
from store.models import (
    Account,
    AccountState,
    Broadcast,
    BroadcastState,
    Creator,
    IdeaPost,
    Membership,
    Order,
    OutboxMessage,
    OutboxState,
    PostState,
)

_BY_CORE = {"synchronize_session": False}


async def settle_businesses(session: AsyncSession, account_id: int, *, now: datetime) -> None:
    """After an account has moved: those that it owns close with the last active owner, and open with the first.

    Whoever has bought something there keeps it. Open orders are called off soon (`payments.reconciling`), and what
    they hold goes back once their rail takes nothing for them any more; money that comes all the same goes back by
    itself (`domain.paying`). Broadcasts are held, posts are drafts again, and follow-ups say nothing meanwhile
    (`automations.judging`).
    """
    owned = select(Membership.creator_id).where(Membership.account_id == account_id, Membership.owner)
    creator_ids = (await session.scalars(owned.order_by(Membership.creator_id))).all()
    if not creator_ids:
        return
    led = exists().where(
        Membership.creator_id == Creator.id,
        Membership.owner,
        Account.id == Membership.account_id,
        Account.state == AccountState.ACTIVE,
    )
    of_them = select(Creator.id).where(Creator.id.in_(creator_ids)).order_by(Creator.id)
    # orders before their creator, as everybody who is paying meets them; looked at too early they stay as they are
    await look_at_orders(session, Order.creator_id.in_((await session.scalars(of_them.where(~led))).all()), now=now)
    held = (await session.scalars(of_them.with_for_update(key_share=True))).all()
    mine = update(Creator).where(Creator.id.in_(held)).execution_options(**_BY_CORE)
    await session.execute(mine.where(~led, Creator.closed_at.is_(None)).values(closed_at=now))
    await session.execute(mine.where(led, Creator.closed_at.is_not(None)).values(closed_at=None))
    closed = (await session.scalars(of_them.where(~led))).all()
    await _hold_broadcasts(session, closed, now=now)
    await _hold_posts(session, closed, now=now)


async def look_at_orders(session: AsyncSession, which: ColumnElement[bool], *, now: datetime) -> None:
    """Those that are not paid are looked at soon, and called off where nobody sells or nobody could be given them."""
    unpaid = (which, Order.state.in_(UNDER_WAY), Order.pending_at.is_(None))
    held = (await session.scalars(select(Order.id).where(*unpaid).order_by(Order.id).with_for_update())).all()
    if held:
        await session.execute(update(Order).where(Order.id.in_(held)).values(look_at=now), execution_options=_BY_CORE)
        wake(session, TOPIC)


async def _hold_broadcasts(session: AsyncSession, creator_ids: Sequence[int], *, now: datetime) -> None:
    """One that has a time is a draft again, and one that goes out pauses: whoever may still send decides."""
    at_work = (BroadcastState.SCHEDULED, BroadcastState.STARTING, BroadcastState.RUNNING)
    theirs = select(Broadcast).where(Broadcast.creator_id.in_(creator_ids), Broadcast.state.in_(at_work))
    for broadcast in (await session.scalars(theirs.order_by(Broadcast.id).with_for_update())).all():
        if broadcast.state is BroadcastState.SCHEDULED:
            await unschedule_broadcast(session, broadcast)
        else:
            await pause_broadcast(session, broadcast, now=now)


async def _hold_posts(session: AsyncSession, creator_ids: Sequence[int], *, now: datetime) -> None:
    """One that has a time or waits in the outbox is a draft again; one that is at Telegram is told what came of it."""
    to_come = (PostState.SCHEDULED, PostState.POSTING)
    theirs = (IdeaPost.creator_id.in_(creator_ids), IdeaPost.state.in_(to_come))
    waits = (
        OutboxMessage.post_id.in_(select(IdeaPost.id).where(*theirs)),
        OutboxMessage.state == OutboxState.QUEUED,
    )
    # the outbox before the posts, as the sender does
    queued = select(OutboxMessage.id, OutboxMessage.post_id).where(*waits).order_by(OutboxMessage.id)
    taken_back = {row.id: row.post_id for row in await session.execute(queued.with_for_update())}
    cancelled = update(OutboxMessage).where(OutboxMessage.id.in_(taken_back))
    cancelled = cancelled.values(state=OutboxState.CANCELLED, closed_at=now, error="its business is closed")
    await session.execute(cancelled, execution_options=_BY_CORE)
    held = select(IdeaPost).where(*theirs).order_by(IdeaPost.id).with_for_update()
    for post in await session.scalars(held.execution_options(populate_existing=True)):
        if post.state is PostState.SCHEDULED or post.id in taken_back.values():
            draft_again(post, now=now)
    await session.flush()
