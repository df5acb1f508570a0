"""Sessions: how one begins, goes on by refresh tokens, each good for one turn, and ends.

A refresh token that comes again after its turn is in two hands, so its whole session ends
(https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2). Rows are held in the order: account, codes, refresh tokens,
sessions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Forbidden, NotFound
from kit.paging import Page, Paging
from kit.text import shorten
from kit.tokens import digest_of, new_secret
from store.database import count_changed
from store.models import Account, AccountState, RefreshToken, SignIn

ACCESS_LIFETIME = timedelta(minutes=15)
# since it was last used, and since it began
IDLE_LIFETIME, WHOLE_LIFETIME = timedelta(days=30), timedelta(days=90)
_MOST_AGENT, _MOST_ADDRESS = 200, 100
# sessions of one account
_MOST_LOOKED_AT = 100
Way = Literal["password", "code", "telegram", "bot"]
# of `/token`: for scripts, which may not do all that a person may
IN_BOT: Way = "bot"


class AccountPending(Forbidden):
    code = "account_pending"


class AccountSuspended(Forbidden):
    code = "account_suspended"


class AccountBanned(Forbidden):
    code = "account_banned"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`refresh_token` is told once; it goes on until `expires_at` unless it is used before."""

    account: Account
    sign_in_id: int
    refresh_token: str
    expires_at: datetime


def must_be_active(account: Account) -> None:
    """Of somebody who has proven who they are. Raises AccountPending, AccountSuspended or AccountBanned."""
    match account.state:
        case AccountState.PENDING:
            raise AccountPending("this account waits for an administrator's word")
        case AccountState.SUSPENDED:
            raise AccountSuspended("this account is suspended; ask an administrator")
        case AccountState.BANNED | AccountState.DELETED:
            raise AccountBanned("this account is closed")
        case AccountState.ACTIVE:
            return


async def hold_account(session: AsyncSession, account_id: int) -> Account:
    """As it is now, and nobody changes it before the end of the transaction."""
    held = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    return (await session.scalars(held, execution_options={"populate_existing": True})).one()


async def addresses_of(session: AsyncSession, account_id: int, *, now: datetime) -> set[str]:
    """From where somebody has signed in to that account lately, also in sessions that are over."""
    recent = select(SignIn.address).where(SignIn.account_id == account_id, SignIn.used_at > now - IDLE_LIFETIME)
    return set((await session.scalars(recent.order_by(SignIn.id.desc()).limit(_MOST_LOOKED_AT))).all()) - {""}


async def begin_session(
    session: AsyncSession, account: Account, *, way: Way, agent: str = "", address: str = "", now: datetime
) -> SignedIn:
    """A session with its first refresh token. Raises what `must_be_active` does.

    The account is held, so that whatever ends all of its sessions meanwhile ends this one too, or comes first.
    """
    must_be_active(await hold_account(session, account.id))
    sign_in = _sign_in(account, way=way, agent=agent, address=address, lasts=IDLE_LIFETIME, now=now)
    session.add(sign_in)
    await session.flush()
    return SignedIn(account, sign_in.id, await _next_token(session, sign_in.id, now=now), sign_in.expires_at)


async def begin_in_bot(session: AsyncSession, account: Account, *, now: datetime) -> int:
    """A session for one access token and no longer: there is no refresh token to it. The session's id."""
    must_be_active(await hold_account(session, account.id))
    sign_in = _sign_in(account, way=IN_BOT, agent="/token", address="", lasts=ACCESS_LIFETIME, now=now)
    session.add(sign_in)
    await session.flush()
    return sign_in.id


async def refresh(session: AsyncSession, token: str, *, now: datetime) -> SignedIn | None:
    """The next turn of a session; None when the token is none, or its session is over.

    One that comes again ends its session, and None says so too: the caller saves that, and refuses afterwards.
    """
    digest = digest_of(token)
    sign_in_id = await session.scalar(
        update(RefreshToken)
        .where(RefreshToken.digest == digest, RefreshToken.used_at.is_(None))
        .values(used_at=now)
        .returning(RefreshToken.sign_in_id)
    )
    if sign_in_id is None:
        reused = select(RefreshToken.sign_in_id).where(RefreshToken.digest == digest).scalar_subquery()
        await session.execute(
            update(SignIn).where(SignIn.id == reused, SignIn.revoked_at.is_(None)).values(revoked_at=now)
        )
        return None
    began = (await session.get_one(SignIn, sign_in_id)).created_at
    active = exists().where(Account.id == SignIn.account_id, Account.state == AccountState.ACTIVE)
    renewed = await session.execute(
        update(SignIn)
        .where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now, active)
        .values(used_at=now, expires_at=min(now + IDLE_LIFETIME, began + WHOLE_LIFETIME))
        .returning(SignIn.account_id, SignIn.expires_at)
    )
    row = renewed.one_or_none()
    if row is None:
        return None
    account = await session.get_one(Account, row.account_id)
    return SignedIn(account, sign_in_id, await _next_token(session, sign_in_id, now=now), row.expires_at)


async def living_sessions(session: AsyncSession, account_id: int, paging: Paging, *, now: datetime) -> Page[SignIn]:
    """Those that go on, the newest first."""
    living = (SignIn.account_id == account_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
    total = await session.scalar(select(func.count()).select_from(SignIn).where(*living))
    found = await session.scalars(
        select(SignIn).where(*living).order_by(SignIn.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return Page(list(found), total or 0, paging)


async def revoke(session: AsyncSession, account_id: int, sign_in_id: int, *, now: datetime) -> None:
    """Ends one session of that account at once. Raises NotFound when it has none such that goes on."""
    ended = await count_changed(
        session,
        update(SignIn)
        .where(
            SignIn.id == sign_in_id,
            SignIn.account_id == account_id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > now,
        )
        .values(revoked_at=now),
    )
    if not ended:
        raise NotFound("there is no such session that goes on")


async def revoke_all(session: AsyncSession, account_id: int, *, now: datetime, but: int | None = None) -> int:
    """Ends every session of that account at once, but for one that may go on; how many there were."""
    which = [SignIn.account_id == account_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now]
    if but is not None:
        which.append(SignIn.id != but)
    return await count_changed(session, update(SignIn).where(*which).values(revoked_at=now))


def _sign_in(account: Account, *, way: Way, agent: str, address: str, lasts: timedelta, now: datetime) -> SignIn:
    return SignIn(
        account_id=account.id,
        way=way,
        agent=shorten(agent, _MOST_AGENT),
        address=shorten(address, _MOST_ADDRESS),
        created_at=now,
        used_at=now,
        expires_at=now + lasts,
        revoked_at=None,
    )


async def _next_token(session: AsyncSession, sign_in_id: int, *, now: datetime) -> str:
    token = new_secret()
    session.add(RefreshToken(digest=digest_of(token), sign_in_id=sign_in_id, created_at=now, used_at=None))
    await session.flush()
    return token
