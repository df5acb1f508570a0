"""For whom an account acts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Standing, read_rights
from store.models import Account, AccountState, Creator, Membership, SignIn

_OF_ACCOUNT = (
    select(Account, Creator.slug, Creator.id, Membership.owner, Membership.rights)
    .outerjoin(Membership, Membership.account_id == Account.id)
    .outerjoin(Creator, Creator.id == Membership.creator_id)
    .where(Account.id == bindparam("account_id"), Account.state == AccountState.ACTIVE)
    .order_by(Creator.id)
)
_OF_SIGN_IN = (
    _OF_ACCOUNT.add_columns(SignIn.way)
    .join(SignIn, SignIn.account_id == Account.id)
    .where(SignIn.id == bindparam("sign_in_id"), SignIn.revoked_at.is_(None), SignIn.expires_at > bindparam("now"))
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
    return _with_standings((await session.execute(_OF_ACCOUNT, {"account_id": account_id})).all())


async def signed_in(
    session: AsyncSession, account_id: int, sign_in_id: int, *, now: datetime
) -> tuple[Account, Standings, str] | None:
    """As `active_account`, with the way in which that session of it began; None too once it is over or revoked."""
    values = {"account_id": account_id, "sign_in_id": sign_in_id, "now": now}
    rows = (await session.execute(_OF_SIGN_IN, values)).all()
    found = _with_standings([row[:-1] for row in rows])
    return None if found is None else (*found, rows[0][-1])


def _with_standings(rows: Sequence[Any]) -> tuple[Account, Standings] | None:
    if not rows:
        return None
    account: Account = rows[0][0]
    return account, {
        slug: Standing(creator_id, owner, read_rights(rights))
        for _, slug, creator_id, owner, rights in rows
        if creator_id is not None
    }
