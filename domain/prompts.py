"""What the next thing that somebody types is for: they were asked for it, and it is no answer of a flow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import count_changed, upsert
from store.models import Prompt

GOOD_FOR = timedelta(minutes=15)
# built once: these belong to every message
_TAKE = delete(Prompt).where(Prompt.person_id == bindparam("person"))
_TAKE_AND_READ = _TAKE.returning(Prompt.act, Prompt.data, Prompt.expires_at)


@dataclass(frozen=True, slots=True)
class Prompted:
    act: str
    # ids and words of ours, never personal data
    data: dict[str, Any]


async def ask_next(session: AsyncSession, person_id: int, act: str, data: Mapping[str, Any], *, now: datetime) -> None:
    """The next thing this person types is for `act`, for a quarter of an hour. An earlier request is given up."""
    latest = {"act": act, "data": dict(data), "expires_at": now + GOOD_FOR}
    await upsert(session, Prompt, {"person_id": person_id}, latest)


async def take_next(session: AsyncSession, person_id: int, *, now: datetime) -> Prompted | None:
    """What was asked for, once; None when nothing was, or too long ago."""
    found = (await session.execute(_TAKE_AND_READ, {"person": person_id})).one_or_none()
    if found is None or found.expires_at <= now:
        return None
    return Prompted(found.act, found.data)


async def drop_prompt(session: AsyncSession, person_id: int) -> bool:
    """What is typed next is for nothing in particular. False when nothing had been asked for."""
    return bool(await count_changed(session, _TAKE, {"person": person_id}))
