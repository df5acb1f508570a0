"""Flows as they are counted: how many are, or were, in one, and where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import FlowRun, FlowRunState, FlowVersion


@dataclass(frozen=True, slots=True)
class StandingAt:
    """So many runs stand at that node, or ended there."""

    node: str
    state: FlowRunState
    count: int


async def count_runs(session: AsyncSession, creator_id: int, key: str) -> Sequence[StandingAt]:
    """Of all its wordings."""
    counted = (
        select(FlowRun.node, FlowRun.state, func.count())
        .join(FlowVersion, FlowVersion.id == FlowRun.version_id)
        .where(FlowVersion.creator_id == creator_id, FlowVersion.key == key)
        .group_by(FlowRun.node, FlowRun.state)
        .order_by(FlowRun.node, FlowRun.state)
    )
    return [StandingAt(*row) for row in await session.execute(counted)]
