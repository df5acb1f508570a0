"""What is kept about somebody's account, for themselves: how they sign in, from where, and what they may do."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import read_rights
from store.models import (
    Account,
    ApiKey,
    Base,
    Creator,
    ExternalIdentity,
    Invitation,
    Membership,
    Person,
    Profile,
    Right,
    SignIn,
)

Told = dict[str, Any]


async def account_of(session: AsyncSession, person: Person) -> Told | None:
    """None for whoever has none. No secret and no digest is in it, and nothing that others wrote of others."""
    account = await session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        return None
    of_account = {"account_id": account.id}
    return {
        **_of(account, "id", "role", "state", "name", "email", "email_verified_at", "created_at"),
        "has_password": account.password_hash is not None,
        "acts_for": await _acts_for(session, account),
        "profile": await _profile(session, account),
        "known_to_issuers_as": await _each(session, ExternalIdentity, of_account, "issuer", "subject", "created_at"),
        "sessions": await _each(
            session,
            SignIn,
            of_account,
            *("way", "agent", "address", "created_at", "used_at", "expires_at", "revoked_at"),
        ),
        "api_keys": await _each(
            session,
            ApiKey,
            of_account,
            *("name", "beginning", "scopes", "created_at", "used_at", "expires_at", "revoked_at"),
        ),
        "invited_by": await _each(session, Invitation, {"taken_by_id": account.id}, "note", "created_at", "taken_at"),
        "has_invited": await _each(session, Invitation, {"made_by_id": account.id}, "created_at", "taken_at"),
    }


async def _acts_for(session: AsyncSession, account: Account) -> list[Told]:
    rows = await session.execute(
        select(Creator.name, Membership)
        .join(Membership, Membership.creator_id == Creator.id)
        .where(Membership.account_id == account.id)
        .order_by(Creator.id)
    )
    return [
        {
            "creator": name,
            "owner": membership.owner,
            "rights": [each for each in Right if membership.owner or each in read_rights(membership.rights)],
            "joined_at": membership.joined_at,
        }
        for name, membership in rows.all()
    ]


async def _profile(session: AsyncSession, account: Account) -> Told | None:
    found = await session.get(Profile, account.id)
    told = ("public", "bio", "location", "website", "company", "preferences", "updated_at")
    return None if found is None else _of(found, *told)


async def _each(session: AsyncSession, model: type[Any], which: dict[str, int], *columns: str) -> list[Told]:
    rows: Sequence[Any] = (
        await session.scalars(select(model).filter_by(**which).order_by(*model.__table__.primary_key))
    ).all()
    return [_of(row, *columns) for row in rows]


def _of(row: Base, *columns: str) -> Told:
    kept = row.__dict__
    return {name: kept[name] for name in columns}
