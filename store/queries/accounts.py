from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, AccountWord, Creator, Membership

# behind whatever a word may go on with
_LAST = "\U0010ffff"


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


def are_called(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """That each of the words begins one of the account's name or company: a range of the index."""
    return [
        Account.id.in_(select(AccountWord.account_id).where(AccountWord.word >= word, AccountWord.word < word + _LAST))
        for word in words
    ]
