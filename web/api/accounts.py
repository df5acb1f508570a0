"""How an account looks from outside, and what it holds once it is signed in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Standing
from domain.signing_in import ACCESS_LIFETIME, SignedIn, Way, begin_session
from domain.standings import standings_of
from kit.text import printable
from kit.tokens import AUDIENCE, ISSUER, sign_access_token
from store.models import Account, AccountState, Right, Role
from web.address import address_of
from web.api.route import Call


class ActsFor(BaseModel):
    """A creator that the account acts for: as its owner, who may do everything, or with some rights."""

    slug: str
    creator_id: int
    owner: bool
    rights: list[Right]


class AccountItem(BaseModel):
    """`id` is what stands in addresses that are one's own, and `sub` of the tokens."""

    id: int
    role: Role
    state: AccountState
    name: str
    email: str | None
    email_verified: bool
    has_password: bool
    # whether a Telegram person is bound to it
    telegram: bool
    creators: list[ActsFor]
    created_at: datetime

    @classmethod
    def of(cls, account: Account, standings: Mapping[str, Standing]) -> "AccountItem":
        return cls(
            id=account.id,
            role=account.role,
            state=account.state,
            name=account.name,
            email=account.email,
            email_verified=account.email_verified_at is not None,
            has_password=account.password_hash is not None,
            telegram=account.person_id is not None,
            creators=[
                ActsFor(
                    slug=slug,
                    creator_id=standing.creator_id,
                    owner=standing.owner,
                    rights=sorted(Right if standing.owner else standing.rights, key=list(Right).index),
                )
                for slug, standing in standings.items()
            ],
            created_at=account.created_at,
        )


class Tokens(BaseModel):
    """`expires_in` is in seconds and of the access token. The refresh token is good once: each answer has the next."""

    access_token: str
    refresh_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of RFC 6750
    expires_in: int
    refresh_expires_at: datetime
    account: AccountItem


async def sign_in_by(call: Call[Any, Any], session: AsyncSession, account: Account, way: Way) -> Tokens:
    """Of somebody who has proven who they are. Raises AccountPending, AccountSuspended or AccountBanned."""
    now = call.tools.clock()
    signed_in = await begin_session(session, account, way=way, agent=agent_of(call), address=address(call), now=now)
    return await tokens(call, session, signed_in)


async def tokens(call: Call[Any, Any], session: AsyncSession, signed_in: SignedIn) -> Tokens:
    now, account = call.tools.clock(), signed_in.account
    lasts = min(ACCESS_LIFETIME, signed_in.expires_at - now)
    return Tokens(
        access_token=sign_access_token(
            call.tools.access_key,
            account_id=account.id,
            sign_in_id=signed_in.sign_in_id,
            issuer=ISSUER,
            audience=AUDIENCE,
            now=now,
            lifetime=lasts,
        ),
        refresh_token=signed_in.refresh_token,
        expires_in=lasts // timedelta(seconds=1),
        refresh_expires_at=signed_in.expires_at,
        account=AccountItem.of(account, await standings_of(session, account.id)),
    )


def agent_of(call: Call[Any, Any]) -> str:
    """What the program calls itself."""
    return printable(call.request.headers.get("User-Agent", "")).strip()


def address(call: Call[Any, Any]) -> str:
    return address_of(call.request, call.tools.trusted_proxies)
