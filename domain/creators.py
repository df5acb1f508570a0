from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.account_words import AboutAccount, tell_chat
from domain.contacts import read_email
from domain.signing_in import AccountSuspended
from kit.errors import Conflict, Invalid, Reason
from kit.money import check_currency
from kit.text import slugify
from kit.tokens import digest_of, new_key, new_secret
from kit.zones import zone_names
from store.database import insert_once
from store.models import Account, AccountState, BindToken, Creator, ExternalIdentity, Membership, Person, Role
from store.sealing import digest

BIND_LIFETIME = timedelta(days=7)
BIND_PREFIX = "bind_"
# a `/start` payload that begins so is no creator's: `bind_…`, `claim_…` (`domain.claiming`), `join_…`
# (`domain.invitations`)
_PAYLOADS = frozenset({"bind", "claim", "join"})


# leaves room for what makes a slug one's own
_MOST_OF_SLUG = 45


class CreatorExists(Conflict):
    code = "creator_exists"


class BindRefused(Conflict):
    code = "bind_refused"


async def default_creator(session: AsyncSession, slug: str | None) -> Creator | None:
    """Whom a bare /start speaks to: the one of that slug, without one the first; None before there is one."""
    query = select(Creator).order_by(Creator.id).limit(1)
    return await session.scalar(query if slug is None else query.where(Creator.slug == slug))


@dataclass(frozen=True, slots=True)
class NewCreator:
    creator: Creator
    account: Account
    # `/start` payload by which the creator's own Telegram person takes the account, once
    bind_payload: str


async def add_creator(
    session: AsyncSession,
    *,
    name: str,
    slug: str,
    now: datetime,
    email: str | None = None,
    currency: str = "usd",
    time_zone: str = "UTC",
) -> NewCreator:
    """A creator with the account that acts for it. Raises CreatorExists, or Invalid with the field that is wrong."""
    email = None if email is None else read_email(email)
    creator_id = await found_business(session, name=name, slug=slug, currency=currency, time_zone=time_zone, now=now)
    if creator_id is None:
        raise CreatorExists(f"there is a creator “{slug}” already; `spark creator list` shows them")
    account_id = await insert_once(
        session,
        Account,
        {
            "role": Role.CREATOR,
            "name": name.strip(),
            "email": email,
            "email_digest": None if email is None else await digest(session, email, "email"),
            "created_at": now,
        },
    )
    if account_id is None:
        raise CreatorExists("an account with this e-mail exists already; choose another e-mail")
    session.add(Membership(account_id=account_id, creator_id=creator_id))
    await session.flush()
    payload = await make_bind_payload(session, account_id, now=now)
    return NewCreator(await session.get_one(Creator, creator_id), await session.get_one(Account, account_id), payload)


async def found_business(
    session: AsyncSession, *, name: str, slug: str, currency: str, time_zone: str, now: datetime
) -> int | None:
    """A creator whom nobody acts for yet; None when the slug is another's. Raises Invalid with what is wrong."""
    if not name.strip():
        raise Invalid("a creator needs a name", fields={"name": name})
    if slug != slugify(slug) or not slug or slug in _PAYLOADS:
        raise Invalid(f"“{slug}” is no slug: use lower-case letters, digits and hyphens", fields={"slug": slug})
    if time_zone not in zone_names():
        raise Invalid(f"“{time_zone}” is no time zone, use one like Europe/Berlin", fields={"time_zone": time_zone})
    values = {
        "slug": slug,
        "name": name.strip(),
        "currency": check_currency(currency),
        "time_zone": time_zone,
        "created_at": now,
    }
    return await insert_once(session, Creator, values)


async def free_slug(session: AsyncSession, name: str) -> str:
    """One made of the name that nobody has at present, such as `studio-north-2`."""
    wanted = slugify(name)[:_MOST_OF_SLUG].strip("-") or "creator"
    taken = (
        set(await session.scalars(select(Creator.slug).where(Creator.slug.in_([wanted, *_numbered(wanted)]))))
        | _PAYLOADS
    )
    free = (each for each in (wanted, *_numbered(wanted)) if each not in taken)
    return next(free, None) or f"{wanted}-{new_key().lower()}"


def _numbered(slug: str) -> list[str]:
    return [f"{slug}-{number}" for number in range(2, 10)]


async def make_bind_payload(session: AsyncSession, account_id: int, *, now: datetime) -> str:
    """A fresh one-time payload; only its digest is kept, and it is good for a week."""
    secret = new_secret()
    session.add(
        BindToken(digest=digest_of(secret), account_id=account_id, expires_at=now + BIND_LIFETIME, used_at=None)
    )
    await session.flush()
    return BIND_PREFIX + secret


async def end_bind_payloads(session: AsyncSession, account_id: int) -> None:
    """Nobody takes the account by one that was made before."""
    await session.execute(delete(BindToken).where(BindToken.account_id == account_id))


async def bind_by_payload(session: AsyncSession, person: Person, payload: str, *, now: datetime) -> Creator | None:
    """The person takes the account that the payload was made for, and so the creator that it acts for, if any.

    Another chat that it belonged to before is told. Raises BindRefused when it is spent or old, and what
    `bind_person` does.
    """
    spent = await session.execute(
        update(BindToken)
        .where(
            BindToken.digest == digest_of(payload.removeprefix(BIND_PREFIX)),
            BindToken.used_at.is_(None),
            BindToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(BindToken.account_id)
    )
    account_id = spent.scalar_one_or_none()
    if account_id is None:
        raise BindRefused("this link has been used or is too old; ask for a new one")
    before, creator = await _bind(session, account_id, person)
    if before is not None and before != person.id:
        await tell_chat(session, account_id, before, AboutAccount.CHAT_CHANGED, now=now)
    return creator


async def bind_person(session: AsyncSession, account_id: int, person: Person) -> Creator | None:
    """Binds an account to a person. The creator that it acts for, if any.

    One who has an account already takes over what the new one acts for, and may do, where nobody can sign in to that
    by itself; where theirs was made of the chat alone, it gives way and is closed. Raises BindRefused where both are
    somebody's, and AccountSuspended where either is not active: nobody comes back by another account.
    """
    _, creator = await _bind(session, account_id, person)
    return creator


async def _bind(session: AsyncSession, account_id: int, person: Person) -> tuple[int | None, Creator | None]:
    """Whose it was before, too."""
    acts_for = await creators_of(session, account_id)
    both = select(Account).where(or_(Account.id == account_id, Account.person_id == person.id)).order_by(Account.id)
    held = await session.scalars(both.with_for_update(key_share=True), execution_options={"populate_existing": True})
    accounts = {each.id: each for each in held.all()}
    account = accounts[account_id]
    before = account.person_id
    theirs = next((each for each in accounts.values() if each.person_id == person.id), None)
    if any(each.state is not AccountState.ACTIVE for each in accounts.values()):
        raise AccountSuspended("this account is not active; ask an administrator", why=Reason("refused-not-active"))
    if theirs is not None and theirs.id != account_id:
        if await _is_of_chat_alone(session, theirs):
            await session.execute(
                update(Account).where(Account.id == theirs.id).values(person_id=None, state=AccountState.DELETED)
            )
            theirs = None
        elif await _has_way_in(session, account):
            raise BindRefused("this chat belongs to another account already", why=Reason("refused-bound-elsewhere"))
    if theirs is not None and theirs.id != account_id:
        if account.role is Role.ADMIN:
            await session.execute(update(Account).where(Account.id == theirs.id).values(role=Role.ADMIN))
            await session.execute(update(Account).where(Account.id == account_id).values(role=Role.BUYER))
        await _take_memberships(session, account_id, theirs.id)
        await end_bind_payloads(session, account_id)
    else:
        await session.execute(update(Account).where(Account.id == account_id).values(person_id=person.id))
    return before, await session.get_one(Creator, acts_for[-1]) if acts_for else None


async def _has_way_in(session: AsyncSession, account: Account) -> bool:
    """Whether somebody can sign in to it without Telegram."""
    known = select(ExternalIdentity.account_id).where(ExternalIdentity.account_id == account.id).limit(1)
    return account.password_hash is not None or await session.scalar(known) is not None


async def _is_of_chat_alone(session: AsyncSession, account: Account) -> bool:
    """What it has bought belongs to the person, and so is theirs by any account."""
    if account.role is not Role.BUYER or account.email is not None or await _has_way_in(session, account):
        return False
    return not await creators_of(session, account.id)


async def _take_memberships(session: AsyncSession, account_id: int, into: int) -> None:
    """What one account may do another may from now on, beside what it may already."""
    for each in (await session.scalars(select(Membership).where(Membership.account_id == account_id))).all():
        known = await session.get(Membership, (into, each.creator_id))
        if known is None:
            values = {"owner": each.owner, "rights": each.rights, "joined_at": each.joined_at}
            await insert_once(session, Membership, {"account_id": into, "creator_id": each.creator_id, **values})
        else:
            known.owner = known.owner or each.owner
            known.rights = sorted({*known.rights, *each.rights})
    await session.flush()
    await session.execute(delete(Membership).where(Membership.account_id == account_id))


async def creators_of(session: AsyncSession, account_id: int) -> list[int]:
    """The creators that an account acts for, the longest known first."""
    found = await session.scalars(
        select(Membership.creator_id).where(Membership.account_id == account_id).order_by(Membership.creator_id)
    )
    return list(found)
