"""Wordings that somebody has sent by chat: kept from the moment they were found good until they are confirmed."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.funnels.definition import Funnel
from kit.errors import Conflict
from store.database import count_changed, upsert
from store.models import FunnelDraft

# few enough digits for a button
_MARKS = 10**12


class DraftGone(Conflict):
    """It was confirmed or thrown away, or others were sent since, or somebody else has changed the funnel."""

    code = "draft_gone"


async def keep_draft(
    session: AsyncSession,
    creator_id: int,
    funnels: Mapping[str, Funnel],
    bases: Mapping[str, int | None],
    *,
    now: datetime,
) -> FunnelDraft:
    """Takes the place of what the creator had sent before. `bases`: the versions that they were compared with."""
    latest = {
        "definitions": {key: funnel.model_dump(mode="json") for key, funnel in funnels.items()},
        "bases": dict(bases),
        "number": 1 + secrets.randbelow(_MARKS),
        "created_at": now,
    }
    return await upsert(session, FunnelDraft, {"creator_id": creator_id}, latest)


async def find_draft(session: AsyncSession, creator_id: int, number: int) -> FunnelDraft:
    """Raises DraftGone."""
    found = await session.scalar(
        select(FunnelDraft).where(FunnelDraft.creator_id == creator_id, FunnelDraft.number == number)
    )
    if found is None:
        raise DraftGone("these wordings are confirmed, thrown away or replaced; send the file again")
    return found


async def whose_draft(session: AsyncSession, number: int) -> int | None:
    """The creator for whom it was sent; None once it is gone."""
    return await session.scalar(select(FunnelDraft.creator_id).where(FunnelDraft.number == number))


async def take_draft(session: AsyncSession, creator_id: int, number: int) -> tuple[dict[str, Funnel], dict[str, int]]:
    """The wordings, once, and the versions that they were compared with. Raises DraftGone."""
    draft = await find_draft(session, creator_id, number)
    funnels = {}
    for key, definition in draft.definitions.items():
        if (funnel := Funnel.readable(definition)) is None:
            raise DraftGone("these wordings cannot be read any more; send the file again")
        funnels[key] = funnel
    bases = {key: int(version_id) for key, version_id in draft.bases.items() if version_id is not None}
    if not await drop_draft(session, creator_id, number):
        raise DraftGone("these wordings are being dealt with already")
    return funnels, bases


async def drop_draft(session: AsyncSession, creator_id: int, number: int) -> bool:
    """False when it is gone already."""
    gone = delete(FunnelDraft).where(FunnelDraft.creator_id == creator_id, FunnelDraft.number == number)
    return bool(await count_changed(session, gone))
