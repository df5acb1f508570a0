"""Keys by which programs of a creator's act for them: with some rights, and no more than whoever made them has."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Standing, read_rights
from domain.events import record_event
from kit.errors import Conflict, Invalid, NotFound
from kit.tokens import digest_of, new_secret
from store.database import count_changed
from store.models import Account, AccountState, ApiKey, Creator, Membership, Right
from store.queries.api_keys import count_living_keys

BEGINNING = "sk_spark_"
MOST_KEYS = 50
# of a key's use no more is noted than that it was in some minute
NOTED_EVERY = timedelta(minutes=1)
_MOST_NAME = 100
# enough to tell one from another by, and too few to guess the rest
_SHOWN = len(BEGINNING) + 6


class TooManyKeys(Conflict):
    code = "too_many_keys"


@dataclass(frozen=True, slots=True)
class NewKey:
    """`secret` is shown once: only its digest is kept."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose key it is, for whom it acts, and with which rights."""

    account: Account
    slug: str
    standing: Standing
    rights: frozenset[Right]
    key_id: int
    used_at: datetime | None


async def make_key(
    session: AsyncSession,
    account_id: int,
    creator_id: int,
    *,
    name: str,
    scopes: Collection[Right],
    expires_at: datetime | None,
    now: datetime,
) -> NewKey:
    """Raises TooManyKeys, or Invalid with the field that is wrong."""
    name = " ".join(name.split())
    if not 0 < len(name) <= _MOST_NAME:
        raise Invalid("an API key needs a name", fields={"name": f"write 1 to {_MOST_NAME} characters"})
    if not scopes:
        raise Invalid("an API key needs a scope", fields={"scopes": "give at least one"})
    if expires_at is not None and expires_at <= now:
        raise Invalid("that time is over", fields={"expires_at": "give a time to come"})
    # two that are made at once are counted one after the other
    await session.scalar(select(Creator.id).where(Creator.id == creator_id).with_for_update())
    if await count_living_keys(session, creator_id, now=now) >= MOST_KEYS:
        raise TooManyKeys(f"there are {MOST_KEYS} API keys already; revoke one that is not needed")
    secret = BEGINNING + new_secret()
    key = ApiKey(
        account_id=account_id,
        creator_id=creator_id,
        name=name,
        beginning=secret[:_SHOWN],
        digest=digest_of(secret),
        # as in a team: whoever may do anything may also look
        scopes=[right.value for right in Right if right in {Right.VIEW, *scopes}],
        created_at=now,
        used_at=None,
        expires_at=expires_at,
        revoked_at=None,
    )
    session.add(key)
    await session.flush()
    await record_event(session, "api_key.made", creator_id=creator_id, subject=f"api_key:{key.id}", now=now)
    return NewKey(key, secret)


async def revoke_key(session: AsyncSession, creator_id: int, key_id: int, *, now: datetime) -> None:
    """It opens nothing from now on; once more is a no-op. Raises NotFound for one that is not the creator's."""
    own = (ApiKey.id == key_id, ApiKey.creator_id == creator_id)
    ended = update(ApiKey).where(*own, ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    if await count_changed(session, ended):
        await record_event(session, "api_key.revoked", creator_id=creator_id, subject=f"api_key:{key_id}", now=now)
    elif await session.scalar(select(ApiKey.id).where(*own)) is None:
        raise NotFound("there is no such API key")


async def revoke_keys_of(
    session: AsyncSession, account_id: int, creator_id: int | None = None, *, now: datetime
) -> None:
    """Those that an account has made, all of them or to one creator: for good, whoever comes back later."""
    living = [ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None)]
    if creator_id is not None:
        living.append(ApiKey.creator_id == creator_id)
    ended = update(ApiKey).where(*living).values(revoked_at=now).returning(ApiKey.id, ApiKey.creator_id)
    for key in (await session.execute(ended, execution_options={"synchronize_session": False})).all():
        await record_event(session, "api_key.revoked", creator_id=key.creator_id, subject=f"api_key:{key.id}", now=now)


async def key_holder(session: AsyncSession, secret: str, *, now: datetime) -> KeyHolder | None:
    """None for a key that is none, is over, or whose maker may act for that creator no more."""
    found = await session.execute(
        select(Account, ApiKey.id, ApiKey.scopes, ApiKey.used_at, Creator.slug, Membership)
        .join(ApiKey, ApiKey.account_id == Account.id)
        .join(Creator, Creator.id == ApiKey.creator_id)
        .join(Membership, (Membership.account_id == ApiKey.account_id) & (Membership.creator_id == ApiKey.creator_id))
        .where(
            ApiKey.digest == digest_of(secret),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now),
            Account.state == AccountState.ACTIVE,
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    account, key_id, scopes, used_at, slug, member = row
    standing = Standing(member.creator_id, member.owner, read_rights(member.rights))
    return KeyHolder(account, slug, standing, read_rights(scopes), key_id, used_at)


async def note_use(session: AsyncSession, key_id: int, *, now: datetime) -> None:
    """At most once in each NOTED_EVERY, whoever else notes it meanwhile."""
    since = or_(ApiKey.used_at.is_(None), ApiKey.used_at <= now - NOTED_EVERY)
    await session.execute(update(ApiKey).where(ApiKey.id == key_id, since).values(used_at=now))
