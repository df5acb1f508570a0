"""Heads of funnels that are not simply running: what the planner has to heed of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.hot import fetch
from store.models import FunnelHead, FunnelState, Late
from store.models.funnels import holds


@dataclass(frozen=True, slots=True)
class StandingHead:
    """Whether whoever is due is held, how those who were held go on, and which steps stand still."""

    holds: bool
    late: Late | None
    stopped_steps: frozenset[str]
    # when it was last resumed
    stood_until: datetime | None = None


_HEADS = select(
    FunnelHead.creator_id,
    FunnelHead.key,
    FunnelHead.state,
    FunnelHead.late,
    FunnelHead.stopped_steps,
    FunnelHead.paused_at,
    FunnelHead.stood_until,
).where(
    or_(
        FunnelHead.state != FunnelState.ACTIVE,
        FunnelHead.late.is_not(None),
        cast(FunnelHead.stopped_steps, String) != "[]",
    )
)


async def standing_heads(session: AsyncSession) -> dict[tuple[int, str], StandingHead]:
    """By creator and name. One that was switched off for a mistake while it was paused still holds."""
    return {
        (creator_id, key): StandingHead(
            holds(state, paused_at, late),
            None if late is None else Late(late),
            frozenset(stopped),
            stood_until,
        )
        for creator_id, key, state, late, stopped, paused_at, stood_until in await fetch(session, _HEADS, few=True)
    }
