from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, Creator, Membership


async def find_account(session: AsyncSession, account_id: int) -> Account | None:
    return await session.get(Account, account_id)


async def creators_of(session: AsyncSession, account_id: int) -> dict[str, int]:
    """The creators that the account acts for, ids by slug, the oldest creator first."""
    rows = await session.execute(
        select(Creator.slug, Creator.id)
        .join(Membership, Membership.creator_id == Creator.id)
        .where(Membership.account_id == account_id)
        .order_by(Creator.id)
    )
    return {row.slug: row.id for row in rows}
