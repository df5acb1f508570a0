from datetime import datetime

from sqlalchemy import exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    Event,
    FlowTimer,
    OutboxMessage,
    OutboxState,
    Person,
    ProviderEvent,
    ProviderEventState,
    StoredFile,
    Timer,
    Transfer,
    TransferState,
)
from store.queries.outbox import held_back

# a message to somebody who has blocked the bot waits for them, and not for an instant
_REACHABLE = exists().where(Person.id == OutboxMessage.person_id, Person.blocked_at.is_(None))


async def earliest_due(session: AsyncSession, *, after: datetime) -> datetime | None:
    """When, after that instant, the next timer, promise, or provider's word falls due, or an import is given up."""
    dues = (
        await session.scalar(select(func.min(Timer.due_at)).where(Timer.due_at > after)),
        await session.scalar(select(func.min(FlowTimer.due_at)).where(FlowTimer.due_at > after)),
        await session.scalar(
            select(func.min(OutboxMessage.due_at)).where(
                OutboxMessage.state == OutboxState.QUEUED,
                OutboxMessage.due_at > after,
                _REACHABLE,
                ~held_back(OutboxMessage),
            )
        ),
        await session.scalar(
            select(func.min(ProviderEvent.retry_at)).where(
                ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at > after
            )
        ),
        await session.scalar(select(func.min(StoredFile.fetch_at)).where(StoredFile.fetch_at > after)),
        await session.scalar(
            select(func.min(Transfer.expires_at)).where(
                Transfer.state == TransferState.READY, Transfer.expires_at > after
            )
        ),
    )
    return min((due for due in dues if due is not None), default=None)


async def has_due(session: AsyncSession, *, now: datetime) -> bool:
    """True while anything that is due by now is left undone."""
    left = select(
        or_(
            exists().where(Event.routed_at.is_(None)),
            exists().where(Timer.due_at <= now),
            exists().where(FlowTimer.due_at <= now),
            exists().where(OutboxMessage.state == OutboxState.SENDING),
            exists().where(
                OutboxMessage.state == OutboxState.QUEUED,
                OutboxMessage.due_at <= now,
                _REACHABLE,
                ~held_back(OutboxMessage),
            ),
            exists().where(ProviderEvent.state == ProviderEventState.KEPT, ProviderEvent.retry_at <= now),
            exists().where(StoredFile.fetch_at <= now),
            exists().where(Transfer.state.in_([TransferState.CHECKING, TransferState.RUNNING])),
            exists().where(Transfer.state == TransferState.READY, Transfer.expires_at <= now),
        )
    )
    return bool(await session.scalar(left))
