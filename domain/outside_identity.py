"""Whose account it is that an outside issuer vouches for (OpenID Connect Core, section 5.7: `iss` and `sub`)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_names import keep_found_by
from domain.accounts import NAME_LENGTH, must_be_open
from domain.contacts import read_email
from kit.errors import Invalid
from kit.text import printable
from store.database import insert_once
from store.models import Account, AccountState, ExternalIdentity, Role
from store.sealing import digest

# whoever looks after others signs in by what they were given here, whatever an issuer says of their address
_NOT_BY_EMAIL = frozenset({Role.ADMIN, Role.AGENT})


@dataclass(frozen=True, slots=True)
class Subject:
    """`email` is only what the issuer says is proven."""

    issuer: str
    subject: str
    name: str = ""
    email: str | None = None


async def known_subject(session: AsyncSession, subject: Subject) -> int | None:
    """The account's id."""
    own = (ExternalIdentity.issuer == subject.issuer, ExternalIdentity.subject == subject.subject)
    return await session.scalar(select(ExternalIdentity.account_id).where(*own))


async def account_of_subject(
    session: AsyncSession, subject: Subject, *, open_to: frozenset[Role], now: datetime
) -> int:
    """The account's id: the one it has, one whose proven e-mail is the same, or a new buyer's where anybody may.

    Of two that come at once one makes it. Raises RegistrationClosed.
    """
    known = await known_subject(session, subject)
    if known is not None:
        return known
    email, seal = await _email(session, subject)
    account_id = await _of_proven(session, seal)
    is_new = account_id is None
    if account_id is None:
        must_be_open(Role.BUYER, open_to)
        account_id = await _make(session, subject, email, seal, now=now)
    identity = {
        "issuer": subject.issuer,
        "subject": subject.subject,
        "account_id": account_id,
        "created_at": now,
    }
    if await insert_once(session, ExternalIdentity, identity) is None:
        if is_new:
            await session.execute(delete(Account).where(Account.id == account_id))
        account_id = await known_subject(session, subject) or account_id
    elif is_new:
        await keep_found_by(session, account_id)
    return account_id


async def _email(session: AsyncSession, subject: Subject) -> tuple[str | None, str | None]:
    """As it is kept, and what it is found by; none that cannot be read."""
    if subject.email is None:
        return None, None
    try:
        email = read_email(subject.email)
    except Invalid:
        return None, None
    return email, await digest(session, email, "email")


async def _of_proven(session: AsyncSession, seal: str | None) -> int | None:
    if seal is None:
        return None
    return await session.scalar(
        select(Account.id).where(
            Account.email_digest == seal, Account.email_verified_at.is_not(None), Account.role.not_in(_NOT_BY_EMAIL)
        )
    )


async def _make(session: AsyncSession, subject: Subject, email: str | None, seal: str | None, *, now: datetime) -> int:
    values = {
        "role": Role.BUYER,
        "state": AccountState.ACTIVE,
        "name": printable(subject.name).strip()[:NAME_LENGTH] or "New account",
        "created_at": now,
    }
    if seal is not None:
        with_email = {**values, "email": email, "email_digest": seal, "email_verified_at": now}
        made = await insert_once(session, Account, with_email)
        if made is not None:
            return made
    # another account has that address, and has not proven it
    made = await insert_once(session, Account, values)
    if made is None:
        raise RuntimeError("an account without any key of its own met one")
    return made
