"""Questions about many leads at once."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncSession

from domain.setups import CreatorSetup
from store.queries.leads import leads_matching, saved_segments, where
from store.segments.checking import segments_in


async def condition_of(
    session: AsyncSession, creator_id: int, question: str, setup: CreatorSetup, *, now: datetime
) -> ColumnElement[bool]:
    """What holds of the creator's leads who are in the segment. Raises BadSegment for what cannot be asked."""
    saved = await saved_segments(session, creator_id) if segments_in(question) else {}
    return await where(session, creator_id, question, setup.known(saved), now=now)


async def who_meets(
    session: AsyncSession,
    creator_id: int,
    question: str,
    lead_ids: Collection[int],
    setup: CreatorSetup,
    *,
    now: datetime,
) -> set[int]:
    """Those of the leads of whom the question holds. Raises BadSegment for what cannot be asked."""
    return await leads_matching(session, lead_ids, await condition_of(session, creator_id, question, setup, now=now))
