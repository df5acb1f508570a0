"""The words by which accounts are found."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.text import name_words
from store.database import insert_each_once
from store.models import Account, AccountWord, Profile


async def keep_found_by(session: AsyncSession, account_id: int) -> None:
    """From now on the account is found by the words of its name and its company, and by no others."""
    name = await session.scalar(select(Account.name).where(Account.id == account_id))
    company = await session.scalar(select(Profile.company).where(Profile.account_id == account_id))
    words = name_words(name, company)
    await session.execute(
        delete(AccountWord).where(AccountWord.account_id == account_id, AccountWord.word.not_in(words))
    )
    await insert_each_once(session, AccountWord, [{"account_id": account_id, "word": word} for word in sorted(words)])
