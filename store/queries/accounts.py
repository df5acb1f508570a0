from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, Membership


async def find_account(session: AsyncSession, account_id: int) -> Account | None:
    return await session.get(Account, account_id)


async def creators_of(session: AsyncSession, account_id: int) -> Sequence[int]:
    """Ids of the creators that the account acts for, the oldest creator first."""
    query = select(Membership.creator_id).where(Membership.account_id == account_id).order_by(Membership.creator_id)
    return (await session.scalars(query)).all()
