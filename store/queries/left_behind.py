"""What a process that died was saying."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.database_clock import database_now
from store.models import OutboxKind, OutboxMessage, OutboxState
from store.models.base import spelled


@dataclass(frozen=True, slots=True)
class Left:
    """A message that is being sent by nobody any more."""

    id: int
    kind: OutboxKind
    uncertain: int
    claim: int | None
    post_id: int | None


async def left_in_sending(session: AsyncSession, *, abandoned: bool) -> list[Left]:
    """Messages whose sender died in the middle: their lease is over, or (`abandoned`) nobody else can be sending."""
    columns = (
        OutboxMessage.id,
        OutboxMessage.kind,
        OutboxMessage.uncertain,
        OutboxMessage.claim,
        OutboxMessage.post_id,
    )
    query = select(*columns).where(OutboxMessage.state == spelled(OutboxState.SENDING))
    if not abandoned:
        query = query.where(OutboxMessage.lease_until < database_now())
    # put in order here: to be given them in order, SQLite would rather go through all messages there ever were
    rows = await session.execute(query.with_for_update(of=OutboxMessage, skip_locked=True))
    return sorted((Left(*row) for row in rows), key=lambda left: left.id)
