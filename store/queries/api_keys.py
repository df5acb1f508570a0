from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import ApiKey


async def list_keys(session: AsyncSession, creator_id: int, paging: Paging) -> Page[ApiKey]:
    """The newest first, those that are over too."""
    own = ApiKey.creator_id == creator_id
    page = select(ApiKey).where(own).order_by(ApiKey.id.desc()).limit(paging.limit).offset(paging.offset)
    keys: Sequence[ApiKey] = (await session.scalars(page)).all()
    total = await session.scalar(select(func.count()).select_from(ApiKey).where(own)) or 0
    return Page(keys, total, paging)


async def count_living_keys(session: AsyncSession, creator_id: int, *, now: datetime) -> int:
    living = ApiKey.revoked_at.is_(None) & or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now)
    counted = select(func.count()).select_from(ApiKey).where(ApiKey.creator_id == creator_id, living)
    return await session.scalar(counted) or 0
