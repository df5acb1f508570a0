"""`/api/v1/team`: who acts for a creator, and what each of them may."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from domain.access import Act
from domain.teams import (
    LastOwner,
    Member,
    NoRights,
    NoSuchMember,
    find_member,
    give_rights,
    list_members,
    remove_member,
)
from store.models import AccountState, Right
from web.api.lists import ListAnswer
from web.api.query import ListQuery
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class Given(BaseModel):
    """What somebody may do from now on, and nothing else; whoever may do anything may also view."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rights: Annotated[tuple[Right, ...], Field(max_length=len(Right))] = ()
    # an owner may do everything, and leads the team
    owner: StrictBool = False


class TeamLeft(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    creator_id: Annotated[StrictInt, Field(ge=1, lt=2**63)]


class MemberItem(BaseModel):
    """`state` is of their account: one that is not active may do nothing at present."""

    account_id: int
    name: str
    username: str | None
    state: AccountState
    owner: bool
    rights: list[Right]
    joined_at: datetime | None

    @classmethod
    def of(cls, member: Member) -> "MemberItem":
        return cls(
            account_id=member.account_id,
            name=member.name,
            username=member.username,
            state=member.state,
            owner=member.owner,
            rights=[each for each in Right if each in member.rights],
            joined_at=member.joined_at,
        )


async def show_team(call: Call[ListQuery, NoBody]) -> ListAnswer[MemberItem]:
    page = await list_members(call.session, call.creator_id, call.query.paging())
    return ListAnswer[MemberItem].of(page, MemberItem.of)


async def show_member(call: Plain) -> MemberItem:
    return MemberItem.of(await find_member(call.session, call.creator_id, call.number("account_id")))


async def change_member(call: Call[NoQuery, Given]) -> MemberItem:
    given, now = call.body, call.tools.clock()
    member = await give_rights(
        call.session, call.creator_id, call.number("account_id"), given.rights, owner=given.owner, now=now
    )
    return MemberItem.of(member)


async def take_out(call: Plain) -> None:
    await remove_member(call.session, call.creator_id, call.number("account_id"), now=call.tools.clock())


async def leave(call: Call[NoQuery, TeamLeft]) -> None:
    await remove_member(call.session, call.body.creator_id, call.account.id, now=call.tools.clock())


_TESTS = "test_api_team.py::"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/team",
        Act.SEE_TEAM,
        show_team,
        "Who acts for the creator, owners first",
        {200: ListAnswer[MemberItem]},
        query=ListQuery,
        proves=(f"{_TESTS}test_somebody_joins_by_an_invitation_and_does_what_they_may",),
    ),
    Route(
        "GET",
        "/team/{account_id}",
        Act.SEE_TEAM,
        show_member,
        "One of them",
        {200: MemberItem},
        refuses=(NoSuchMember,),
        proves=(f"{_TESTS}test_rights_are_changed_at_once_and_only_by_owners",),
    ),
    Route(
        "PUT",
        "/team/{account_id}",
        Act.LEAD_TEAM,
        change_member,
        "Gives a member these rights, or ownership",
        {200: MemberItem},
        session="write",
        body=Given,
        refuses=(NoSuchMember, LastOwner, NoRights),
        example={"rights": ["view", "manage"], "owner": False},
        proves=(
            f"{_TESTS}test_rights_are_changed_at_once_and_only_by_owners",
            f"{_TESTS}test_a_business_keeps_an_owner",
        ),
    ),
    Route(
        "DELETE",
        "/team/{account_id}",
        Act.LEAD_TEAM,
        take_out,
        "Takes somebody out of the team, at once",
        {204: None},
        session="write",
        refuses=(NoSuchMember, LastOwner),
        proves=(f"{_TESTS}test_whoever_is_taken_out_or_leaves_acts_no_more",),
    ),
    Route(
        "POST",
        "/team/leave",
        Act.GUARD_ACCOUNT,
        leave,
        "Leaves a creator's team",
        {204: None},
        session="write",
        body=TeamLeft,
        refuses=(NoSuchMember, LastOwner),
        example={"creator_id": 1},
        proves=(
            f"{_TESTS}test_whoever_is_taken_out_or_leaves_acts_no_more",
            f"{_TESTS}test_a_business_keeps_an_owner",
        ),
    ),
)
