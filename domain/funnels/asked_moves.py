"""Taking those under way over into a new wording because somebody has asked for it by chat or API: a few at a time."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.heads import TOPIC
from domain.funnels.moving import Policy, any_left, move_batch, note_moved
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from store.database import wake
from store.models import FunnelHead


async def ask_to_move(session: AsyncSession, head: FunnelHead, policy: Policy, *, now: datetime) -> None:
    """Soon done by a tick; asked for again with another policy, that one holds for whoever is left.

    The creator is told when it is done. KEEP leaves them, and ends what was being done.
    """
    if policy is Policy.KEEP and head.moves_by is None:
        return
    head.moves_by = None if policy is Policy.KEEP else str(policy)
    head.moved_to, head.moved, head.ended, head.changed_at = 0, 0, 0, now
    await session.flush()
    wake(session, TOPIC)


async def move_asked(session: AsyncSession, *, now: datetime) -> int:
    """A batch of one funnel's; returns how many it was about, 0 where nothing is left to do for now."""
    asked = select(FunnelHead).where(FunnelHead.moves_by.is_not(None)).order_by(FunnelHead.id)
    for head in (await session.scalars(asked.with_for_update(skip_locked=True))).all():
        # one that has to wait keeps none of those behind it waiting
        if head.moves_by is not None and (count := await _move(session, head, Policy(head.moves_by), now=now)):
            return count
    return 0


async def _move(session: AsyncSession, head: FunnelHead, policy: Policy, *, now: datetime) -> int:
    batch = await move_batch(session, head, policy, after=head.moved_to, now=now)
    head.moved, head.ended = head.moved + batch.moved, head.ended + batch.ended
    if batch.last is not None:
        head.moved_to = batch.last
        return batch.moved + batch.ended + batch.stayed
    if await any_left(session, head, policy):
        # they were being dealt with when their turn came; the next time round finds them
        head.moved_to = 0
        return 0
    await _done(session, head, policy, now=now)
    return 1


async def _done(session: AsyncSession, head: FunnelHead, policy: Policy, *, now: datetime) -> None:
    moved, ended, version_id = head.moved, head.ended, head.version_id
    head.moves_by, head.moved_to, head.moved, head.ended, head.changed_at = None, 0, 0, 0, now
    await session.flush()
    await note_moved(session, head, policy, now=now, people=moved + ended)

    def told(language: str) -> Message:
        lines = [say("funnel-moved", language, name=head.key, count=moved)]
        if ended:
            lines.append(say("funnel-moved-ended", language, count=ended))
        return Message(text="\n".join(lines))

    key = f"funnel-moved:{head.id}:{version_id}:{int(now.timestamp())}"
    await tell_creator(session, told, key=key, creator_id=head.creator_id, now=now)
    wake(session, TOPIC)
