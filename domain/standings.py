"""For whom an account acts."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import RULES, Act, Standing, read_rights
from store.models import Account, AccountState, Creator, Membership, SignIn

_OF_ACCOUNT = (
    select(Account, Creator.slug, Creator.id, Membership.owner, Membership.rights)
    .outerjoin(Membership, Membership.account_id == Account.id)
    .outerjoin(Creator, Creator.id == Membership.creator_id)
    .where(Account.id == bindparam("account_id"), Account.state == AccountState.ACTIVE)
    .order_by(Creator.id)
)
_OF_SIGN_IN = _OF_ACCOUNT.join(SignIn, SignIn.account_id == Account.id).where(
    SignIn.id == bindparam("sign_in_id"), SignIn.revoked_at.is_(None), SignIn.expires_at > bindparam("now")
)
Standings = Mapping[str, Standing]


async def standings_of(session: AsyncSession, account_id: int) -> Standings:
    """How the account stands to each creator that it acts for, by slug, the oldest creator first."""
    rows = await session.execute(
        select(Creator.slug, Creator.id, Membership.owner, Membership.rights)
        .join(Membership, Membership.creator_id == Creator.id)
        .where(Membership.account_id == account_id)
        .order_by(Creator.id)
    )
    return {row.slug: Standing(row.id, row.owner, read_rights(row.rights)) for row in rows}


async def active_account(session: AsyncSession, account_id: int) -> tuple[Account, Standings] | None:
    """The account with its standings, in one statement; None unless it may do anything at present."""
    return await _with_standings(session, account_id=account_id)


async def signed_in(
    session: AsyncSession, account_id: int, sign_in_id: int, *, now: datetime
) -> tuple[Account, Standings] | None:
    """As `active_account`, and None too once that session of it has ended or was revoked."""
    return await _with_standings(session, account_id=account_id, sign_in_id=sign_in_id, now=now)


async def _with_standings(session: AsyncSession, **values: object) -> tuple[Account, Standings] | None:
    statement = _OF_SIGN_IN if "sign_in_id" in values else _OF_ACCOUNT
    rows = (await session.execute(statement, values)).all()
    if not rows:
        return None
    account: Account = rows[0][0]
    return account, {
        slug: Standing(creator_id, owner, read_rights(rights))
        for _, slug, creator_id, owner, rights in rows
        if creator_id is not None
    }
