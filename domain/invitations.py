"""Somebody is asked to join by a link that is good once: a creator's team, or the instance in a role."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import RULES, Act, read_rights
from domain.account_names import keep_found_by
from domain.administration import take_role
from domain.events import record_event
from domain.signing_in import AccountSuspended
from domain.standings import active_account
from domain.teams import join_team, with_view
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.paging import Page, Paging
from kit.text import shorten
from kit.tokens import digest_of, new_secret
from store.database import count_changed, insert_once
from store.models import Account, AccountState, Creator, Invitation, Membership, Person, Right, Role

GOOD_FOR = timedelta(days=7)
# a `/start` payload that begins so takes an invitation
JOIN_PREFIX = "join_"
MOST_NOTE = 200
# buyers need none: they come by themselves, or by buying
INVITED_AS = frozenset({Role.CREATOR, Role.BRAND, Role.AGENT, Role.ADMIN})
# an invitation never takes away what somebody is already
_RANK = (Role.BUYER, Role.BRAND, Role.CREATOR, Role.AGENT, Role.ADMIN)


class InvitationOver(Conflict):
    """Taken, revoked, too old, or never made: whoever only guesses does not learn which."""

    code = "invitation_over"

    def __init__(self) -> None:
        super().__init__(
            "this invitation has been used, was taken back or is too old; ask for a new one",
            why=Reason("refused-invitation-over"),
        )


class AlreadyIn(Conflict):
    code = "already_in"


@dataclass(frozen=True, slots=True)
class Invited:
    """`token` is told this once; only its digest is kept."""

    invitation: Invitation
    token: str

    @property
    def payload(self) -> str:
        return JOIN_PREFIX + self.token


@dataclass(frozen=True, slots=True)
class Joined:
    """A creator's team, with those rights; or the instance, in that role, where there is no creator."""

    creator: Creator | None
    rights: frozenset[Right]
    role: Role


async def invite_to_team(
    session: AsyncSession, creator_id: int, made_by_id: int, rights: Collection[Right], *, note: str = "", now: datetime
) -> Invited:
    """By an owner. Raises NoRights."""
    made = await _invite(
        session, made_by_id, creator_id=creator_id, role=Role.BUYER, rights=with_view(rights), note=note, now=now
    )
    await record_event(
        session, "team.invited", creator_id=creator_id, subject=f"invitation:{made.invitation.id}", now=now
    )
    return made


async def invite_as(session: AsyncSession, made_by_id: int, role: Role, *, note: str = "", now: datetime) -> Invited:
    """By an administrator. Raises Invalid for a role that needs no invitation."""
    if role not in INVITED_AS:
        raise Invalid(
            "invite a creator, a brand, an agent or an administrator",
            fields={"role": "use creator, brand, agent or admin"},
            why=Reason("refused-invited-as"),
        )
    return await _invite(session, made_by_id, creator_id=None, role=role, rights=[], note=note, now=now)


async def list_invitations(
    session: AsyncSession, creator_id: int | None, paging: Paging, *, open_only: bool = False, now: datetime
) -> Page[Invitation]:
    """A creator's, or with none the instance's; the newest first."""
    which = [_of(creator_id)]
    if open_only:
        which.append(_open(now))
    total = await session.scalar(select(func.count()).select_from(Invitation).where(*which))
    found = await session.scalars(
        select(Invitation).where(*which).order_by(Invitation.id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return Page(found.all(), total or 0, paging)


async def revoke_invitation(
    session: AsyncSession, creator_id: int | None, invitation_id: int, *, now: datetime
) -> None:
    """Nobody takes it any more. Twice is a no-op. Raises NotFound, or InvitationOver for one that was taken."""
    found = await session.scalar(select(Invitation).where(Invitation.id == invitation_id, _of(creator_id)))
    if found is None:
        raise NotFound("there is no such invitation", why=Reason("refused-no-invitation"))
    untaken = update(Invitation).where(
        Invitation.id == invitation_id, Invitation.taken_at.is_(None), Invitation.revoked_at.is_(None)
    )
    if not await count_changed(session, untaken.values(revoked_at=now)):
        await session.refresh(found)
        if found.revoked_at is None:
            raise InvitationOver


async def accept_invitation(session: AsyncSession, token: str, account_id: int, *, now: datetime) -> Joined:
    """Of several who take it at once one does; whoever made it must still be allowed to.

    Raises InvitationOver, or AlreadyIn, which spends nothing.
    """
    taken = await session.execute(
        update(Invitation)
        # with what stands before it in the link, too
        .where(Invitation.digest == digest_of(token.removeprefix(JOIN_PREFIX)), _open(now))
        .values(taken_at=now, taken_by_id=account_id)
        .returning(Invitation.id)
    )
    invitation_id = taken.scalar_one_or_none()
    if invitation_id is None:
        raise InvitationOver
    invitation = await session.get_one(Invitation, invitation_id, populate_existing=True)
    await _check_maker(session, invitation)
    account = await session.get_one(Account, account_id)
    if invitation.creator_id is None:
        if _RANK.index(account.role) >= _RANK.index(invitation.role):
            raise AlreadyIn(f"you are {account.role} here already", why=Reason("refused-already-in"))
        await take_role(session, account_id, invitation.role, now=now)
        return Joined(None, frozenset(), invitation.role)
    known = await session.get(Membership, (account_id, invitation.creator_id))
    if known is not None and known.owner:
        raise AlreadyIn("you own this business already", why=Reason("refused-already-in"))
    rights = read_rights(invitation.rights)
    await join_team(session, invitation.creator_id, account_id, rights, now=now)
    return Joined(await session.get_one(Creator, invitation.creator_id), rights, account.role)


async def accept_as_person(session: AsyncSession, person: Person, payload: str, *, now: datetime) -> Joined:
    """By a link in Telegram: whoever has no account yet gets one, bound to their chat.

    Raises as `accept_invitation` does, and AccountSuspended for whose account is not active.
    """
    account = await session.scalar(select(Account).where(Account.person_id == person.id))
    if account is None:
        values = {
            "role": Role.BUYER,
            "name": shorten(person.first_name, MOST_NOTE) or str(person.telegram_id),
            "person_id": person.id,
            "created_at": now,
        }
        account_id = await insert_once(session, Account, values)
        if account_id is None:
            # made by another update of theirs at this moment
            account_id = (await session.scalars(select(Account.id).where(Account.person_id == person.id))).one()
        await keep_found_by(session, account_id)
        account = await session.get_one(Account, account_id)
    if account.state is not AccountState.ACTIVE:
        raise AccountSuspended("your account is not active; ask an administrator", why=Reason("refused-not-active"))
    return await accept_invitation(session, payload, account.id, now=now)


async def _invite(
    session: AsyncSession,
    made_by_id: int,
    *,
    creator_id: int | None,
    role: Role,
    rights: list[str],
    note: str,
    now: datetime,
) -> Invited:
    token = new_secret()
    invitation = Invitation(
        creator_id=creator_id,
        role=role,
        rights=rights,
        note=shorten(" ".join(note.split()), MOST_NOTE),
        digest=digest_of(token),
        made_by_id=made_by_id,
        created_at=now,
        expires_at=now + GOOD_FOR,
        taken_by_id=None,
        taken_at=None,
        revoked_at=None,
    )
    session.add(invitation)
    await session.flush()
    return Invited(invitation, token)


async def _check_maker(session: AsyncSession, invitation: Invitation) -> None:
    """What somebody was allowed to give away a week ago they may not be any more. Raises InvitationOver."""
    found = await active_account(session, invitation.made_by_id)
    if found is None:
        raise InvitationOver
    account, standings = found
    if invitation.creator_id is None:
        roles = RULES[Act.LOOK_AFTER_ACCOUNTS].roles or ()
        allowed = account.role in roles
    else:
        allowed = any(
            each.creator_id == invitation.creator_id and each.may(Act.LEAD_TEAM) for each in standings.values()
        )
    if not allowed:
        raise InvitationOver


def _of(creator_id: int | None) -> ColumnElement[bool]:
    return Invitation.creator_id.is_(None) if creator_id is None else Invitation.creator_id == creator_id


def _open(now: datetime) -> ColumnElement[bool]:
    return Invitation.taken_at.is_(None) & Invitation.revoked_at.is_(None) & (Invitation.expires_at > now)
