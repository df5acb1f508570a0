"""Links that let somebody set a password once: the first one, or another after one was lost. Operators make them."""

import hmac
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import set_password
from domain.signing_in import hold_account
from kit.errors import Conflict
from kit.tokens import digest_of, new_secret
from store.database import count_changed
from store.models import CodePurpose, OneTimeCode

LIFETIME = timedelta(days=3)
_MOST_DIGITS = 18


class PasswordLinkOver(Conflict):
    code = "password_link_over"


async def make_password_link(
    session: AsyncSession, account_id: int, *, now: datetime, lifetime: timedelta = LIFETIME
) -> str:
    """The token of a new link, told once; the account's earlier links end with it."""
    await session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.account_id == account_id,
            OneTimeCode.purpose == CodePurpose.SET_PASSWORD,
            OneTimeCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    secret = new_secret()
    row = OneTimeCode(
        account_id=account_id,
        purpose=CodePurpose.SET_PASSWORD,
        digest=digest_of(secret),
        tries=0,
        created_at=now,
        expires_at=now + lifetime,
        used_at=None,
    )
    session.add(row)
    await session.flush()
    return f"{row.id}.{secret}"


async def must_be_good(session: AsyncSession, token: str, *, now: datetime) -> int:
    """The link's number, asked before the password is worked on. Raises PasswordLinkOver."""
    number, _, secret = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise _over()
    kept = await session.scalar(
        select(OneTimeCode.digest).where(
            OneTimeCode.id == int(number),
            OneTimeCode.purpose == CodePurpose.SET_PASSWORD,
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now,
        )
    )
    if kept is None or not hmac.compare_digest(kept, digest_of(secret)):
        raise _over()
    return int(number)


async def set_password_by_link(session: AsyncSession, token: str, password_hash: str, *, now: datetime) -> int:
    """The account's id. Of two that use the link at once one does, and all sessions end. Raises PasswordLinkOver."""
    number = await must_be_good(session, token, now=now)
    account_id = (await session.get_one(OneTimeCode, number)).account_id
    await hold_account(session, account_id)
    taken = update(OneTimeCode).where(OneTimeCode.id == number, OneTimeCode.used_at.is_(None)).values(used_at=now)
    if not await count_changed(session, taken):
        raise _over()
    await set_password(session, account_id, password_hash, now=now)
    return account_id


def _over() -> PasswordLinkOver:
    return PasswordLinkOver("this link has been used or is too old; ask for a new one")
