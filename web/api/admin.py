"""`/api/v1/admin/accounts`: whoever looks after the instance sees to accounts."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.access import Act
from domain.administration import (
    AccountFilter,
    AccountStands,
    LastAdmin,
    NoSuchAccount,
    NotOneself,
    activate,
    change_role,
    find_account,
    list_accounts,
    move_account,
    reactivate,
)
from domain.creators import CreatorExists
from domain.standings import standings_of
from kit.errors import Refusal
from store.models import Account, AccountState, Role
from web.api.accounts import AccountItem
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text
from web.api.route import Call, Does, NoBody, NoQuery, Plain, Route


class AccountQuery(ListQuery):
    """`search` is a whole e-mail address, or how words of the name or the company begin."""

    role: Role | None = None
    state: AccountState | None = None
    search: Text = ""


class NewRole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role


class AccountLine(BaseModel):
    id: int
    role: Role
    state: AccountState
    name: str
    email: str | None
    email_verified: bool
    telegram: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> "AccountLine":
        return cls(
            id=account.id,
            role=account.role,
            state=account.state,
            name=account.name,
            email=account.email,
            email_verified=account.email_verified_at is not None,
            telegram=account.person_id is not None,
            created_at=account.created_at,
        )


async def show_accounts(call: Call[AccountQuery, NoBody]) -> ListAnswer[AccountLine]:
    query = call.query
    wanted = AccountFilter(query.role, query.state, query.search)
    return ListAnswer[AccountLine].of(await list_accounts(call.session, wanted, query.paging()), AccountLine.of)


async def show_account(call: Plain) -> AccountItem:
    return await _item(call, await find_account(call.session, call.number("account_id")))


async def suspend(call: Plain) -> AccountItem:
    return await _move(call, AccountState.SUSPENDED)


async def ban(call: Plain) -> AccountItem:
    return await _move(call, AccountState.BANNED)


async def let_back_in(call: Plain) -> AccountItem:
    now = call.tools.clock()
    return await _item(call, await reactivate(call.session, call.number("account_id"), now=now))


async def let_in(call: Plain) -> AccountItem:
    return await _item(call, await activate(call.session, call.number("account_id"), now=call.tools.clock()))


async def give_role(call: Call[NoQuery, NewRole]) -> AccountItem:
    now = call.tools.clock()
    return await _item(call, await change_role(call.session, call.number("account_id"), call.body.role, now=now))


async def _move(call: Plain, state: AccountState) -> AccountItem:
    moved = await move_account(
        call.session, call.number("account_id"), state, by=call.account.id, now=call.tools.clock()
    )
    return await _item(call, moved)


async def _item(call: Call[Any, Any], account: Account) -> AccountItem:
    return AccountItem.of(account, await standings_of(call.session, account.id))


def _to_state(word: str, does: Does[NoQuery, NoBody], summary: str, *refuses: type[Refusal]) -> Route[NoQuery, NoBody]:
    return Route(
        "POST",
        f"/admin/accounts/{{account_id}}/{word}",
        Act.LOOK_AFTER_ACCOUNTS,
        does,
        summary,
        {200: AccountItem},
        session="write",
        refuses=(NoSuchAccount, AccountStands, *refuses),
        proves=(_STATES, _LAST) if LastAdmin in refuses else (_STATES,),
    )


_TESTS = "test_api_admin.py::"
_STATES = f"{_TESTS}test_an_account_is_suspended_banned_and_let_back_in"
_LAST = f"{_TESTS}test_an_instance_keeps_an_administrator"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/admin/accounts",
        Act.LOOK_AFTER_ACCOUNTS,
        show_accounts,
        "Accounts, newest first, by role, state, e-mail or name",
        {200: ListAnswer[AccountLine]},
        query=AccountQuery,
        proves=(f"{_TESTS}test_accounts_are_found_by_role_state_name_and_whole_e_mail",),
    ),
    Route(
        "GET",
        "/admin/accounts/{account_id}",
        Act.LOOK_AFTER_ACCOUNTS,
        show_account,
        "One account, and for whom it acts",
        {200: AccountItem},
        refuses=(NoSuchAccount,),
        proves=(f"{_TESTS}test_accounts_are_found_by_role_state_name_and_whole_e_mail",),
    ),
    _to_state(
        "suspend",
        suspend,
        "Suspends an account: its sessions end, and it may do nothing until it is reactivated",
        *(LastAdmin, NotOneself),
    ),
    _to_state("ban", ban, "Bans an account: its sessions end", LastAdmin, NotOneself),
    _to_state("reactivate", let_back_in, "Lets a suspended or banned account back in"),
    _to_state("activate", let_in, "Lets in an account that waits for an administrator's word"),
    Route(
        "PUT",
        "/admin/accounts/{account_id}/role",
        Act.LOOK_AFTER_ACCOUNTS,
        give_role,
        "Gives an account another role; a new creator has a business from then on",
        {200: AccountItem},
        session="write",
        body=NewRole,
        refuses=(NoSuchAccount, AccountStands, LastAdmin, CreatorExists),
        example={"role": "agent"},
        proves=(f"{_TESTS}test_a_role_is_given_and_a_new_creator_has_a_business", _LAST),
    ),
)
