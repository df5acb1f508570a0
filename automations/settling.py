"""What a person says of a message that nobody else can know of: it arrived, it did not, or it is to go out again."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import note_delivery
from domain.events import record_event
from domain.holding import hold_orders_of_rights
from domain.idea_posted import note_settled, said_again
from domain.idea_posts import NoSuchPost, find_post
from kit.errors import Conflict, Reason
from store.database import count_changed, wake
from store.models import Idea, IdeaPost, OutboxMessage, OutboxState, PostState
from store.queries.unclear import uncertain_ids

How = Literal["sent", "failed", "again"]
# a tap settles so many at once; the next tap those that are left
MOST_AT_ONCE = 200


class Settled(Conflict):
    """There is nothing to settle about it: it is known what became of it, or it has gone out again."""

    code = "message_settled"


async def settle(session: AsyncSession, message_id: int, how: How, *, now: datetime) -> None:
    """Settles one that is uncertain; one that has failed can only go out again. Raises Settled for any other.

    What goes out again is asked at that moment whether it still may, like everything else. A post goes again by its
    last row alone, as long as nothing else has become of it.
    """
    # what failed for good did not arrive, and that is known already
    sources = [OutboxState.UNCERTAIN, OutboxState.FAILED] if how == "again" else [OutboxState.UNCERTAIN]
    changed = update(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.state.in_(sources))
    await _hold_orders(session, [message_id])
    match how:
        case "sent":
            changed = changed.values(state=OutboxState.SENT, error=None)
        case "failed":
            changed = changed.values(state=OutboxState.FAILED)
        case "again":
            words = await _words_of_post(session, message_id)
            changed = changed.values(state=OutboxState.QUEUED, due_at=now, attempts=0, closed_at=None, **words)
            wake(session, "outbox")
    if not await count_changed(session, changed.execution_options(synchronize_session=False)):
        raise _settled(message_id)
    message = await session.get_one(OutboxMessage, message_id, populate_existing=True)
    if how == "sent" and message.entitlement_id is not None:
        await note_delivery(session, message.entitlement_id, now=now)
    if message.post_id is not None:
        await note_settled(session, message.post_id, how, now=now)
    await record_event(
        session,
        "message.settled",
        creator_id=message.creator_id,
        lead_id=message.lead_id,
        subject=f"message:{message_id}",
        now=now,
        how=how,
    )


async def settle_post(session: AsyncSession, idea: Idea, *, stands: bool, now: datetime) -> IdeaPost:
    """Whoever has looked into the channel says whether an idea's post stands there. Nobody holds the idea yet.

    Raises NoSuchPost, and Settled where that is known.
    """
    post = await find_post(session, idea)
    if post is None:
        raise NoSuchPost("there is no post of this idea yet", why=Reason("refused-post-nothing"))
    last = select(OutboxMessage.id).where(OutboxMessage.post_id == post.id).order_by(OutboxMessage.id.desc()).limit(1)
    message_id = await session.scalar(last)
    if message_id is None or post.state is not PostState.UNCERTAIN:
        line = f"there is nothing to settle: the post is {post.state.value}"
        raise Settled(line, why=Reason("refused-post-settled"))
    await settle(session, message_id, "sent" if stands else "failed", now=now)
    return post


async def settle_each(session: AsyncSession, message_ids: Collection[int], how: How, *, now: datetime) -> None:
    """The same of all of these, or of none: raises Settled for the first that is settled already."""
    ids = sorted(set(message_ids))
    await _hold_orders(session, ids)
    for message_id in ids:
        await settle(session, message_id, how, now=now)


async def settle_all(
    session: AsyncSession, creator_id: int, how: How, *, until: datetime | None = None, now: datetime
) -> int:
    """The same of those of a creator's that are uncertain, MOST_AT_ONCE of them; returns how many.

    What has become uncertain after `until` is left alone: whoever said it did not know of it.
    """
    settled = 0
    ids = await uncertain_ids(session, creator_id, most=MOST_AT_ONCE, until=until)
    await _hold_orders(session, ids)
    for message_id in ids:
        try:
            await settle(session, message_id, how, now=now)
        except Settled:
            # a confirmation came this very moment
            continue
        settled += 1
    return settled


async def _words_of_post(session: AsyncSession, message_id: int) -> dict[str, object]:
    """Of a post, which may have been written anew since it failed. Raises Settled. The row is held before the post."""
    of_post = select(OutboxMessage.post_id).where(OutboxMessage.id == message_id, OutboxMessage.post_id.is_not(None))
    post_id = await session.scalar(of_post.with_for_update())
    if post_id is None:
        return {}
    message = await said_again(session, post_id, message_id)
    if message is None:
        raise _settled(message_id)
    return {"message": message.model_dump(mode="json", exclude_defaults=True)}


def _settled(message_id: int) -> Settled:
    return Settled("it is settled already", why=Reason("refused-settled", message=message_id))


async def _hold_orders(session: AsyncSession, message_ids: Sequence[int]) -> None:
    """The orders whose goods these hand over, before the rows, as whoever ends deliveries does.

    Of several all at once: one by one, the second order would come after the first row.
    """
    rights = select(OutboxMessage.entitlement_id).where(
        OutboxMessage.id.in_(message_ids), OutboxMessage.entitlement_id.is_not(None)
    )
    await hold_orders_of_rights(session, [each for each in await session.scalars(rights) if each is not None])
