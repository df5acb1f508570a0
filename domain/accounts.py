"""Accounts by password: how they come to be, and what their owners change about them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_names import keep_found_by
from domain.account_words import AboutAccount, tell_owner
from domain.contacts import read_email
from domain.creators import CreatorExists, end_bind_payloads, found_business, free_slug
from domain.signing_in import hold_account, revoke_all
from kit.errors import Conflict, Forbidden, Invalid
from kit.text import printable
from store.database import count_changed, insert_once
from store.models import Account, AccountState, CodePurpose, Membership, OneTimeCode, Profile, Role
from store.sealing import digest

NAME_LENGTH = 200


class EmailTaken(Conflict):
    code = "email_taken"


class RegistrationClosed(Forbidden):
    code = "registration_closed"


class AlreadyCreator(Conflict):
    code = "already_creator"


@dataclass(frozen=True, slots=True)
class Business:
    """What a new creator's business is called; without a `slug` one is made of its name."""

    name: str
    slug: str | None = None
    currency: str = "usd"
    time_zone: str = "UTC"


async def add_account(
    session: AsyncSession,
    *,
    role: Role,
    name: str,
    email: str | None = None,
    verified: bool = False,
    password_hash: str | None = None,
    now: datetime,
) -> Account:
    """`verified`: somebody vouches for the e-mail. Raises EmailTaken, or Invalid with the field that is wrong."""
    email = None if email is None else read_email(email)
    values = {
        "role": role,
        "state": AccountState.ACTIVE,
        "name": read_name(name),
        "email": email,
        "email_digest": None if email is None else await digest(session, email, "email"),
        "email_verified_at": now if verified and email is not None else None,
        "password_hash": password_hash,
        "created_at": now,
    }
    account_id = await insert_once(session, Account, values)
    if account_id is None:
        raise _email_taken()
    await keep_found_by(session, account_id)
    return await session.get_one(Account, account_id)


def must_be_open(role: Role, open_to: frozenset[Role]) -> None:
    """Raises RegistrationClosed for a role in which nobody may sign up by themselves here."""
    if role not in open_to:
        raise RegistrationClosed(f"nobody can sign up as {role} here by themselves; ask whoever runs this Spark")


async def register(
    session: AsyncSession,
    *,
    role: Role,
    name: str,
    email: str,
    password_hash: str,
    open_to: frozenset[Role],
    business: Business | None = None,
    company: str = "",
    now: datetime,
) -> Account:
    """Somebody signs up by themselves; a creator's business is founded with their account.

    Raises RegistrationClosed, EmailTaken, CreatorExists, or Invalid with the field that is wrong.
    """
    must_be_open(role, open_to)
    account = await add_account(session, role=role, name=name, email=email, password_hash=password_hash, now=now)
    if role is Role.CREATOR:
        await _found(session, account.id, business or Business(name), now=now)
    if company.strip():
        session.add(Profile(account_id=account.id, company=company.strip(), updated_at=now))
        await session.flush()
        await keep_found_by(session, account.id)
    return account


async def upgrade_to_creator(
    session: AsyncSession, account_id: int, *, business: Business, open_to: frozenset[Role], now: datetime
) -> Account:
    """A buyer or a brand has a business of their own from now on.

    Raises RegistrationClosed, AlreadyCreator, CreatorExists, or Invalid with the field that is wrong.
    """
    must_be_open(Role.CREATOR, open_to)
    # held to the end, so that two upgrades at once found one business
    account = await hold_account(session, account_id)
    owned = select(Membership.creator_id).where(Membership.account_id == account_id, Membership.owner.is_(True))
    if account.role is Role.CREATOR and await session.scalar(owned.limit(1)) is not None:
        raise AlreadyCreator("this account has a business of its own already")
    account.role = Role.CREATOR
    await session.flush()
    await _found(session, account_id, business, now=now)
    return account


async def rename(session: AsyncSession, account_id: int, name: str) -> None:
    """Raises Invalid."""
    await session.execute(update(Account).where(Account.id == account_id).values(name=read_name(name)))
    await keep_found_by(session, account_id)


async def change_email(session: AsyncSession, account_id: int, email: str, *, now: datetime) -> None:
    """Nobody has proven it yet; the owner is told. The one they have stays as it is. Raises EmailTaken or Invalid."""
    email = read_email(email)
    seal = await digest(session, email, "email")
    statement = (
        update(Account)
        .where(Account.id == account_id, Account.email_digest.is_distinct_from(seal))
        .values(email=email, email_digest=seal, email_verified_at=None)
    )
    try:
        async with session.begin_nested():
            changed = await count_changed(session, statement)
    except IntegrityError:
        raise _email_taken() from None
    if changed:
        await tell_owner(session, account_id, AboutAccount.EMAIL_CHANGED, now=now)


async def set_password(
    session: AsyncSession, account_id: int, password_hash: str, *, now: datetime, but: int | None = None
) -> int:
    """Whoever knew the old one is out: every session ends, `but` for one, and so do codes and links for another, and
    links that bind a chat. A first password leaves those: they are handed over together. The owner is told.

    How many sessions that were.
    """
    about = AboutAccount.PASSWORD_SET
    if await session.scalar(select(Account.password_hash).where(Account.id == account_id)) is not None:
        about = AboutAccount.PASSWORD_CHANGED
        await end_bind_payloads(session, account_id)
    await session.execute(update(Account).where(Account.id == account_id).values(password_hash=password_hash))
    await session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.account_id == account_id,
            OneTimeCode.purpose.in_([CodePurpose.RECOVERY, CodePurpose.SET_PASSWORD]),
            OneTimeCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    await tell_owner(session, account_id, about, now=now)
    return await revoke_all(session, account_id, now=now, but=but)


async def keep_rehashed(session: AsyncSession, account_id: int, *, was: str, now_is: str) -> bool:
    """The same password under other parameters; False when it was changed meanwhile."""
    statement = update(Account).where(Account.id == account_id, Account.password_hash == was)
    return bool(await count_changed(session, statement.values(password_hash=now_is)))


async def account_of_email(session: AsyncSession, email: str) -> Account | None:
    """None, after the same look into the store, for what is no e-mail address."""
    try:
        email = read_email(email)
    except Invalid:
        email = ""
    seal = await digest(session, email, "email")
    found: Account | None = await session.scalar(select(Account).where(Account.email_digest == seal))
    return found


def read_name(name: str) -> str:
    """Raises Invalid for one that nobody can be called by."""
    name = " ".join(printable(name).split())
    if not name or len(name) > NAME_LENGTH:
        told = f"a name has 1 to {NAME_LENGTH} characters"
        raise Invalid(told, fields={"name": told})
    return name


async def _found(session: AsyncSession, account_id: int, business: Business, *, now: datetime) -> None:
    slug = business.slug if business.slug is not None else await free_slug(session, business.name)
    creator_id = await found_business(
        session,
        name=business.name,
        slug=slug,
        currency=business.currency,
        time_zone=business.time_zone,
        now=now,
    )
    if creator_id is None:
        raise CreatorExists(f"there is a creator “{slug}” already; choose another slug", fields={"slug": "is taken"})
    session.add(Membership(account_id=account_id, creator_id=creator_id, owner=True, joined_at=now))
    await session.flush()


def _email_taken() -> EmailTaken:
    return EmailTaken("an account with this e-mail exists already; choose another e-mail", fields={"email": "is taken"})
