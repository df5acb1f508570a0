"""`/api/v1/invitations`: links by which somebody joins a team, or the instance in a role; each is good once."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act, read_rights
from domain.creators import CreatorExists
from domain.invitations import (
    AlreadyIn,
    InvitationOver,
    Invited,
    accept_invitation,
    invite_as,
    invite_to_team,
    list_invitations,
    revoke_invitation,
)
from kit.errors import NotFound
from store.models import Invitation, Right, Role
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Printable, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class ToTeam(BaseModel):
    """What whoever takes it may do; `note` says whom it is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rights: Annotated[tuple[Right, ...], Field(min_length=1, max_length=len(Right))]
    note: Text = ""


class ToInstance(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["creator", "brand", "agent", "admin"]
    note: Text = ""


class Taking(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Annotated[str, Printable, Field(min_length=1, max_length=200)]


class InvitationItem(BaseModel):
    """Of a team it gives `rights`; without a creator it gives a `role`."""

    id: int
    creator_id: int | None
    role: Role | None
    rights: list[Right]
    note: str
    state: Literal["open", "taken", "revoked", "expired"]
    made_by_id: int
    created_at: datetime
    expires_at: datetime
    taken_by_id: int | None
    taken_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, invitation: Invitation, now: datetime) -> "InvitationItem":
        rights = read_rights(invitation.rights)
        return cls(
            id=invitation.id,
            creator_id=invitation.creator_id,
            role=invitation.role if invitation.creator_id is None else None,
            rights=[each for each in Right if each in rights],
            note=invitation.note,
            state=_state(invitation, now),
            made_by_id=invitation.made_by_id,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
            taken_by_id=invitation.taken_by_id,
            taken_at=invitation.taken_at,
            revoked_at=invitation.revoked_at,
        )


class MadeInvitation(InvitationItem):
    """`token` and `link` are shown this once: the link opens the bot, the token is for `POST /invitations/accept`."""

    token: str
    link: str


class JoinedItem(BaseModel):
    """A team, by its creator, or the instance in a role."""

    creator_id: int | None
    creator: str | None
    rights: list[Right]
    role: Role


async def show_invitations(call: Call[ListQuery, NoBody]) -> ListAnswer[InvitationItem]:
    return await _list(call, call.creator_id)


async def show_instance_invitations(call: Call[ListQuery, NoBody]) -> ListAnswer[InvitationItem]:
    return await _list(call, None)


async def invite(call: Call[NoQuery, ToTeam]) -> MadeInvitation:
    wanted, now = call.body, call.tools.clock()
    made = await invite_to_team(
        call.session, call.creator_id, call.account.id, wanted.rights, note=wanted.note, now=now
    )
    return _made(call, made)


async def invite_to_instance(call: Call[NoQuery, ToInstance]) -> MadeInvitation:
    wanted, now = call.body, call.tools.clock()
    return _made(call, await invite_as(call.session, call.account.id, Role(wanted.role), note=wanted.note, now=now))


async def take_back(call: Plain) -> None:
    await revoke_invitation(call.session, call.creator_id, call.number("invitation_id"), now=call.tools.clock())


async def take_back_of_instance(call: Plain) -> None:
    await revoke_invitation(call.session, None, call.number("invitation_id"), now=call.tools.clock())


async def accept(call: Call[NoQuery, Taking]) -> JoinedItem:
    joined = await accept_invitation(call.session, call.body.token, call.account.id, now=call.tools.clock())
    return JoinedItem(
        creator_id=None if joined.creator is None else joined.creator.id,
        creator=None if joined.creator is None else joined.creator.name,
        rights=[each for each in Right if each in joined.rights],
        role=joined.role,
    )


async def _list(call: Call[ListQuery, NoBody], creator_id: int | None) -> ListAnswer[InvitationItem]:
    now = call.tools.clock()
    page = await list_invitations(call.session, creator_id, call.query.paging(), now=now)
    return ListAnswer[InvitationItem].of(page, lambda each: InvitationItem.of(each, now))


def _made(call: Call[Any, Any], made: Invited) -> MadeInvitation:
    item = InvitationItem.of(made.invitation, call.tools.clock())
    link = f"{call.tools.bot_link()}?start={made.payload}"
    return MadeInvitation(**item.model_dump(), token=made.token, link=link)


def _state(invitation: Invitation, now: datetime) -> Literal["open", "taken", "revoked", "expired"]:
    if invitation.taken_at is not None:
        return "taken"
    if invitation.revoked_at is not None:
        return "revoked"
    return "open" if invitation.expires_at > now else "expired"


_TESTS = "test_api_team.py::"
_ADMIN_TESTS = "test_api_admin.py::"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/invitations/accept",
        Act.BE_ONESELF,
        accept,
        "Takes an invitation",
        {200: JoinedItem},
        session="write",
        body=Taking,
        refuses=(InvitationOver, AlreadyIn, CreatorExists),
        rate="sign_in",
        example={"token": "9vXbL0nT2kq5dYk3mS8wQ4rT7uZ1aB6cE0fG2hJ4kL6"},
        proves=(
            f"{_TESTS}test_somebody_joins_by_an_invitation_and_does_what_they_may",
            f"{_TESTS}test_an_invitation_that_is_over_lets_nobody_in",
            f"{_TESTS}test_of_many_who_take_one_invitation_at_once_one_does",
        ),
    ),
    Route(
        "GET",
        "/invitations",
        Act.SEE_INVITATIONS,
        show_invitations,
        "The invitations into the creator's team, newest first",
        {200: ListAnswer[InvitationItem]},
        query=ListQuery,
        proves=(f"{_TESTS}test_an_invitation_that_is_over_lets_nobody_in",),
    ),
    Route(
        "POST",
        "/invitations",
        Act.LEAD_TEAM,
        invite,
        "Invites somebody into the creator's team",
        {201: MadeInvitation},
        session="write",
        body=ToTeam,
        example={"rights": ["view", "manage"], "note": "Noor, for the shop"},
        proves=(f"{_TESTS}test_somebody_joins_by_an_invitation_and_does_what_they_may",),
    ),
    Route(
        "DELETE",
        "/invitations/{invitation_id}",
        Act.LEAD_TEAM,
        take_back,
        "Takes an invitation back",
        {204: None},
        session="write",
        refuses=(NotFound, InvitationOver),
        proves=(f"{_TESTS}test_an_invitation_that_is_over_lets_nobody_in",),
    ),
    Route(
        "GET",
        "/admin/invitations",
        Act.LOOK_AFTER_ACCOUNTS,
        show_instance_invitations,
        "The invitations to this instance, newest first",
        {200: ListAnswer[InvitationItem]},
        query=ListQuery,
        proves=(f"{_ADMIN_TESTS}test_somebody_is_invited_in_a_role",),
    ),
    Route(
        "POST",
        "/admin/invitations",
        Act.LOOK_AFTER_ACCOUNTS,
        invite_to_instance,
        "Invites somebody to this instance, in a role",
        {201: MadeInvitation},
        session="write",
        body=ToInstance,
        example={"role": "agent", "note": "Noor"},
        proves=(f"{_ADMIN_TESTS}test_somebody_is_invited_in_a_role",),
    ),
    Route(
        "DELETE",
        "/admin/invitations/{invitation_id}",
        Act.LOOK_AFTER_ACCOUNTS,
        take_back_of_instance,
        "Takes an invitation to this instance back",
        {204: None},
        session="write",
        refuses=(NotFound, InvitationOver),
        proves=(f"{_ADMIN_TESTS}test_somebody_is_invited_in_a_role",),
    ),
)
