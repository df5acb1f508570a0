"""For whom an account acts."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Standing, read_rights
from store.models import Creator, Membership


async def standings_of(session: AsyncSession, account_id: int) -> Mapping[str, Standing]:
    """How the account stands to each creator that it acts for, by slug, the oldest creator first."""
    rows = await session.execute(
        select(Creator.slug, Creator.id, Membership.owner, Membership.rights)
        .join(Membership, Membership.creator_id == Creator.id)
        .where(Membership.account_id == account_id)
        .order_by(Creator.id)
    )
    return {row.slug: Standing(row.id, row.owner, read_rights(row.rights)) for row in rows}
