"""Who acts for a creator: its owners, and the members of their team with the rights that they were given."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import read_rights
from domain.api_keys import revoke_keys_of
from domain.events import record_event
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.paging import Page, Paging
from store.models import Account, AccountState, Creator, Membership, Person, Right


class NoSuchMember(NotFound):
    code = "no_such_member"

    def __init__(self) -> None:
        super().__init__("nobody of that number is in this team", why=Reason("refused-no-member"))


class LastOwner(Conflict):
    """A business is never left without somebody who may do everything."""

    code = "last_owner"

    def __init__(self) -> None:
        super().__init__(
            "this is the only owner of the business; make somebody else its owner first",
            why=Reason("refused-last-owner"),
        )


class NoRights(Invalid):
    code = "no_rights"

    def __init__(self) -> None:
        super().__init__(
            "give at least one right: view, manage, send, money or support",
            fields={"rights": "name at least one"},
            why=Reason("refused-no-rights"),
        )


@dataclass(frozen=True, slots=True)
class Member:
    account_id: int
    name: str
    state: AccountState
    # of the Telegram person bound to the account
    username: str | None
    owner: bool
    rights: frozenset[Right]
    joined_at: datetime | None


_MEMBERS = (
    select(Membership, Account.name, Account.state, Person.username)
    .join(Account, Account.id == Membership.account_id)
    .outerjoin(Person, Person.id == Account.person_id)
)


def with_view(rights: Collection[Right]) -> list[str]:
    """As they are kept: whoever may do anything may also look. Raises NoRights."""
    if not rights:
        raise NoRights
    given = {Right.VIEW, *rights}
    return [right.value for right in Right if right in given]


async def list_members(session: AsyncSession, creator_id: int, paging: Paging) -> Page[Member]:
    """Owners first, then the longest known."""
    theirs = Membership.creator_id == creator_id
    total = await session.scalar(select(func.count()).select_from(Membership).where(theirs))
    rows = await session.execute(
        _MEMBERS.where(theirs)
        .order_by(Membership.owner.desc(), Membership.account_id)
        .limit(paging.limit)
        .offset(paging.offset)
    )
    return Page([_member(*row) for row in rows], total or 0, paging)


async def find_member(session: AsyncSession, creator_id: int, account_id: int) -> Member:
    """Raises NoSuchMember."""
    rows = await session.execute(
        _MEMBERS.where(Membership.creator_id == creator_id, Membership.account_id == account_id)
    )
    row = rows.one_or_none()
    if row is None:
        raise NoSuchMember
    return _member(*row)


async def give_rights(
    session: AsyncSession,
    creator_id: int,
    account_id: int,
    rights: Collection[Right],
    *,
    owner: bool = False,
    now: datetime,
) -> Member:
    """These and no others from now on; an owner has them all. Raises NoSuchMember, LastOwner, NoRights."""
    membership = await _hold(session, creator_id, account_id)
    kept = with_view(rights or ([Right.VIEW] if owner else []))
    if membership.owner and not owner:
        await _must_have_another_owner(session, creator_id, account_id)
    if (membership.owner, membership.rights) != (owner, kept):
        membership.owner, membership.rights = owner, kept
        await session.flush()
        await _record(session, "team.changed", creator_id, account_id, now=now)
    return await find_member(session, creator_id, account_id)


async def remove_member(session: AsyncSession, creator_id: int, account_id: int, *, now: datetime) -> None:
    """By an owner, or by themselves; what they may do ends at once, and their API keys for good.

    Raises NoSuchMember, LastOwner.
    """
    membership = await _hold(session, creator_id, account_id)
    if membership.owner:
        await _must_have_another_owner(session, creator_id, account_id)
    await session.execute(
        delete(Membership).where(Membership.creator_id == creator_id, Membership.account_id == account_id)
    )
    session.expunge(membership)
    await revoke_keys_of(session, account_id, creator_id, now=now)
    await _record(session, "team.left", creator_id, account_id, now=now)


async def join_team(
    session: AsyncSession, creator_id: int, account_id: int, rights: Collection[Right], *, now: datetime
) -> None:
    """Beside what they may already."""
    await _hold_team(session, creator_id)
    known = await session.get(Membership, (account_id, creator_id), populate_existing=True)
    if known is None:
        session.add(
            Membership(
                account_id=account_id, creator_id=creator_id, owner=False, rights=with_view(rights), joined_at=now
            )
        )
    else:
        known.rights = with_view({*read_rights(known.rights), *rights})
    await session.flush()
    await _record(session, "team.joined", creator_id, account_id, now=now)


def _member(membership: Membership, name: str, state: AccountState, username: str | None) -> Member:
    return Member(
        account_id=membership.account_id,
        name=name,
        state=state,
        username=username,
        owner=membership.owner,
        rights=frozenset(Right) if membership.owner else read_rights(membership.rights),
        joined_at=membership.joined_at,
    )


async def _hold_team(session: AsyncSession, creator_id: int) -> None:
    """Whoever else changes this team waits: two owners who leave at once do not both leave."""
    await session.execute(select(Creator.id).where(Creator.id == creator_id).with_for_update(key_share=True))


async def _hold(session: AsyncSession, creator_id: int, account_id: int) -> Membership:
    await _hold_team(session, creator_id)
    found = await session.get(Membership, (account_id, creator_id), populate_existing=True)
    if found is None:
        raise NoSuchMember
    return found


async def _must_have_another_owner(session: AsyncSession, creator_id: int, account_id: int) -> None:
    """One who can come in."""
    others = (
        select(Membership.account_id)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Membership.creator_id == creator_id,
            Membership.account_id != account_id,
            Membership.owner,
            Account.state == AccountState.ACTIVE,
        )
        .limit(1)
    )
    if await session.scalar(others) is None:
        raise LastOwner


async def _record(session: AsyncSession, name: str, creator_id: int, account_id: int, *, now: datetime) -> None:
    await record_event(session, name, creator_id=creator_id, subject=f"account:{account_id}", now=now)
