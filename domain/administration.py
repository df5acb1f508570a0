"""Accounts in an administrator's hands: who there is, in what state and role, and what becomes of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.accounts import Business, upgrade_to_creator
from domain.closing import settle_businesses
from domain.contacts import read_email
from domain.creators import end_bind_payloads
from domain.signing_in import revoke_all
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.paging import Page, Paging
from kit.text import search_words
from store.database import count_changed
from store.models import ACCOUNT_MOVES, Account, AccountState, Membership, Role
from store.queries.accounts import are_called
from store.sealing import digest

_MOST_WORDS = 5


class NoSuchAccount(NotFound):
    code = "no_such_account"


class LastAdmin(Conflict):
    """An instance is never left without somebody who looks after it."""

    code = "last_admin"


class NotOneself(Conflict):
    """By mistake one would be out for good."""

    code = "not_oneself"


class AccountStands(Conflict):
    """Its state forbids that."""

    code = "account_stands"


@dataclass(frozen=True, slots=True)
class AccountFilter:
    role: Role | None = None
    state: AccountState | None = None
    # a whole e-mail address, or how words of the name or the company begin
    search: str = ""


async def list_accounts(session: AsyncSession, wanted: AccountFilter, paging: Paging) -> Page[Account]:
    """The newest first."""
    which = await _which(session, wanted)
    total = await session.scalar(select(func.count()).select_from(Account).where(*which))
    query = select(Account).where(*which).order_by(Account.id.desc()).limit(paging.limit).offset(paging.offset)
    return Page((await session.scalars(query)).all(), total or 0, paging)


async def find_account(session: AsyncSession, account_id: int) -> Account:
    """Raises NoSuchAccount."""
    found = await session.get(Account, account_id)
    if found is None:
        raise _nobody()
    return found


async def move_account(
    session: AsyncSession, account_id: int, state: AccountState, *, by: int, now: datetime
) -> Account:
    """Suspending and banning end every session and link at once, and all that they may do in the chat.

    A business closes with its last active owner, and opens again with the first.

    Raises NoSuchAccount, AccountStands, LastAdmin, NotOneself.
    """
    account = await find_account(session, account_id)
    if state is not AccountState.ACTIVE:
        if account_id == by:
            raise NotOneself("nobody can do that to their own account; another administrator can")
        await must_leave_an_admin(session, account_id)
    moved = await count_changed(
        session,
        update(Account)
        .where(Account.id == account_id, Account.state.in_(ACCOUNT_MOVES.sources(state)))
        .values(state=state),
    )
    await session.refresh(account)
    if not moved:
        raise AccountStands(f"this account is {account.state}, so it cannot become {state}")
    if state is not AccountState.ACTIVE:
        await revoke_all(session, account_id, now=now)
        await end_bind_payloads(session, account_id)
    await settle_businesses(session, account_id, now=now)
    return account


async def activate(session: AsyncSession, account_id: int, *, now: datetime) -> Account:
    """One that waited for an administrator's word. Raises NoSuchAccount, AccountStands."""
    return await _awaken(session, account_id, {AccountState.PENDING}, now=now)


async def reactivate(session: AsyncSession, account_id: int, *, now: datetime) -> Account:
    """One that was suspended or banned. Raises NoSuchAccount, AccountStands."""
    return await _awaken(session, account_id, {AccountState.SUSPENDED, AccountState.BANNED}, now=now)


async def change_role(session: AsyncSession, account_id: int, role: Role, *, now: datetime) -> Account:
    """A new creator has a business from then on. Raises NoSuchAccount, AccountStands, LastAdmin."""
    account = await find_account(session, account_id)
    if account.state is AccountState.DELETED:
        raise AccountStands("this account was deleted by its owner")
    if role is not Role.ADMIN:
        await must_leave_an_admin(session, account_id)
    return await take_role(session, account_id, role, now=now)


async def take_role(session: AsyncSession, account_id: int, role: Role, *, now: datetime) -> Account:
    """By an administrator's word or an invitation. Raises CreatorExists when a name for the business is just taken."""
    account = await session.get_one(Account, account_id)
    owns = select(Membership.creator_id).where(Membership.account_id == account_id, Membership.owner).limit(1)
    if role is Role.CREATOR and await session.scalar(owns) is None:
        business = Business(account.name or f"Creator {account_id}")
        return await upgrade_to_creator(
            session, account_id, business=business, open_to=frozenset({Role.CREATOR}), now=now
        )
    account.role = role
    await session.flush()
    return account


async def _awaken(session: AsyncSession, account_id: int, sources: set[AccountState], *, now: datetime) -> Account:
    account = await find_account(session, account_id)
    if account.state not in sources:
        raise AccountStands(f"this account is {account.state}")
    return await move_account(session, account_id, AccountState.ACTIVE, by=0, now=now)


async def must_leave_an_admin(session: AsyncSession, account_id: int) -> None:
    """Whoever else takes one away waits: two who suspend each other at once do not both come through."""
    active = select(Account.id).where(Account.role == Role.ADMIN, Account.state == AccountState.ACTIVE)
    left = (await session.scalars(active.order_by(Account.id).with_for_update(key_share=True))).all()
    if list(left) == [account_id]:
        raise LastAdmin("this is the only active administrator; make somebody else one first")


async def _which(session: AsyncSession, wanted: AccountFilter) -> Sequence[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if wanted.role is not None:
        which.append(Account.role == wanted.role)
    if wanted.state is not None:
        which.append(Account.state == wanted.state)
    search = wanted.search.strip()
    if search:
        try:
            which.append(Account.email_digest == await digest(session, read_email(search), "email"))
        except Invalid:
            words = search_words(search)[:_MOST_WORDS]
            which += are_called(words) if words else [false()]
    return which


def _nobody() -> NoSuchAccount:
    return NoSuchAccount("there is no account of that number", why=Reason("refused-no-account"))
