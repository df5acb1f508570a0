"""What signing in leaves behind goes once nobody can use it any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from kit.clock import Clock
from store.database import Database, count_changed
from store.models import Base, BindToken, OneTimeCode, RateCount, RefreshToken, Repeatable, SignIn

# a day after its end nothing is asked about it: no wait runs, no request is repeated
KEPT = timedelta(days=1)
BATCH = 500
# each may have had thousands of refresh tokens
_SESSIONS = 20
_BY_CORE: dict[str, Any] = {"synchronize_session": False}


@dataclass
class Leavings:
    """Ended sessions with their refresh tokens, codes and links, counted tries, answers kept for repeats."""

    database: Database
    clock: Clock

    async def prune(self) -> int:
        before = self.clock() - KEPT
        if not await self._anything(before):
            return 0
        async with self.database.transaction() as session:
            return (
                await _prune_sessions(session, before)
                + await _prune(session, OneTimeCode, OneTimeCode.id, OneTimeCode.expires_at < before)
                + await _prune(session, BindToken, BindToken.digest, _is_over(before))
                + await _prune(session, RateCount, RateCount.name, RateCount.began_at < before)
                + await _prune_repeatable(session, before)
            )

    async def _anything(self, before: datetime) -> bool:
        """Asked by a read, so that an idle tick writes nothing."""
        ended = (
            SignIn.expires_at < before,
            OneTimeCode.expires_at < before,
            _is_over(before),
            RateCount.began_at < before,
            Repeatable.created_at < before,
        )
        async with self.database.reading() as session:
            return any([await session.scalar(select(select(1).where(each).exists())) for each in ended])


def _is_over(before: datetime) -> ColumnElement[bool]:
    """Of a link that binds a chat: spent, or too old."""
    return or_(BindToken.used_at < before, BindToken.expires_at < before)


async def _prune_sessions(session: AsyncSession, before: datetime) -> int:
    found = await session.scalars(
        select(SignIn.id).where(SignIn.expires_at < before).order_by(SignIn.expires_at).limit(_SESSIONS)
    )
    ended = found.all()
    if not ended:
        return 0
    tokens = delete(RefreshToken).where(RefreshToken.sign_in_id.in_(ended)).execution_options(**_BY_CORE)
    sessions = delete(SignIn).where(SignIn.id.in_(ended)).execution_options(**_BY_CORE)
    return await count_changed(session, tokens) + await count_changed(session, sessions)


async def _prune(
    session: AsyncSession, model: type[Base], key: InstrumentedAttribute[Any], over: ColumnElement[bool]
) -> int:
    old = select(key).where(over).limit(BATCH).scalar_subquery()
    return await count_changed(session, delete(model).where(key.in_(old)).execution_options(**_BY_CORE))


async def _prune_repeatable(session: AsyncSession, before: datetime) -> int:
    made = Repeatable.created_at
    instants = (await session.scalars(select(made).where(made < before).order_by(made).limit(BATCH))).all()
    if not instants:
        return 0
    old = delete(Repeatable).where(made <= instants[-1])
    return await count_changed(session, old.execution_options(**_BY_CORE))
