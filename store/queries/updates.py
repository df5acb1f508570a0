from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from store.database_clock import database_in, database_now
from store.models import TelegramUpdate

# built once: building a statement costs more than carrying it out, and these belong to every update
_SAVE_REPLY = (
    update(TelegramUpdate)
    .where(TelegramUpdate.id == bindparam("row"))
    .values(reply=bindparam("decided"), answered_at=bindparam("done"))
    .execution_options(synchronize_session=False)
)
_NOTE_ANSWERED = (
    update(TelegramUpdate)
    .where(TelegramUpdate.id.in_(bindparam("rows", expanding=True)))
    .values(answered_at=bindparam("now"))
    .execution_options(synchronize_session=False)
)

# by then Telegram has not taken it for ten minutes or more; the row stays unanswered for a person to see
MOST_RESUMED = 20


async def claim_unanswered(
    session: AsyncSession, *, in_hand: Collection[int], abandoned: bool, lease_seconds: float, most: int = 200
) -> Sequence[TelegramUpdate]:
    """Saved replies that a dead process never sent, or never noted as sent: each is counted as resumed.

    `abandoned`: nobody else can be answering, so no lease needs to run out.
    """
    query = select(TelegramUpdate).where(
        TelegramUpdate.answered_at.is_(None),
        TelegramUpdate.id.not_in(in_hand),
        TelegramUpdate.resumed < MOST_RESUMED,
    )
    if not abandoned:
        query = query.where(TelegramUpdate.lease_until < database_now())
    rows = (
        await session.scalars(query.order_by(TelegramUpdate.id).limit(most).with_for_update(skip_locked=True))
    ).all()
    await _lease(session, [row.id for row in rows], lease_seconds, resumed=TelegramUpdate.resumed + 1)
    return rows


async def renew_leases(session: AsyncSession, ids: Collection[int], *, lease_seconds: float) -> None:
    """Those in hand are still being answered: nobody else takes them up."""
    await _lease(session, ids, lease_seconds)


async def note_answered(session: AsyncSession, ids: Collection[int], *, now: datetime) -> None:
    await session.execute(_NOTE_ANSWERED, {"rows": list(ids), "now": now})


async def save_reply(session: AsyncSession, row_id: int, reply: Sequence[Any], *, answered_at: datetime | None) -> None:
    """What the update is answered with; one that gets no answer is done."""
    await session.execute(_SAVE_REPLY, {"row": row_id, "decided": reply, "done": answered_at})


async def is_overtaken(session: AsyncSession, row_id: int) -> bool:
    """True when the same person has written since."""
    later, this = aliased(TelegramUpdate), aliased(TelegramUpdate)
    newer = exists().where(this.id == row_id, later.lane == this.lane, later.id > this.id)
    return bool(await session.scalar(select(newer)))


async def _lease(session: AsyncSession, ids: Collection[int], seconds: float, **more: Any) -> None:
    if ids:
        await session.execute(
            update(TelegramUpdate)
            .where(TelegramUpdate.id.in_(ids))
            .values(lease_until=database_in(session, seconds), **more),
            execution_options={"synchronize_session": False},
        )
