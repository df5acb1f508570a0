"""`/api/v1/users/me` and one's password."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.access import Act
from domain.accounts import EmailTaken, change_email, rename, set_password
from domain.contacts import BadContact
from domain.password_links import PasswordLinkOver, must_be_good, set_password_by_link
from domain.passwords import BadPassword, check_password
from kit.errors import Invalid, TooMany
from store.models import Account
from web.api.accounts import AccountItem
from web.api.auth_bodies import Password
from web.api.auth_sessions import show_me
from web.api.proving import WrongPassword, prove, still
from web.api.query import Text
from web.api.route import Call, NoQuery, Route


class AboutMe(BaseModel):
    """What is left out stays. Another e-mail needs the password of an account that has one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    email: Text | None = None
    current_password: Password | None = None


class PasswordChange(BaseModel):
    """An account that has no password yet leaves `current_password` out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: Password | None = None
    new_password: Password


class PasswordByLink(BaseModel):
    """`token` is of a link that the operator made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: Text
    password: Password


async def change_me(call: Call[NoQuery, AboutMe]) -> AccountItem:
    body, tools, account = call.body, call.tools, call.account
    if body.email is not None:
        await prove(call, body.current_password)
    async with tools.database.transaction() as session:
        await still(session, account)
        if body.email is not None:
            await change_email(session, account.id, body.email, now=tools.clock())
        if body.name is not None:
            await rename(session, account.id, body.name)
        changed = await session.get_one(Account, account.id, populate_existing=True)
        return AccountItem.of(changed, call.caller.standings if call.caller else {})


async def change_password(call: Call[NoQuery, PasswordChange]) -> None:
    """The session that asks goes on; all others end."""
    tools, account = call.tools, call.account
    check_password(call.body.new_password, field="new_password")
    await prove(call, call.body.current_password)
    password_hash = await tools.passwords.hash(call.body.new_password)
    async with tools.database.transaction() as session:
        await still(session, account)
        present = None if call.caller is None else call.caller.sign_in_id
        await set_password(session, account.id, password_hash, but=present, now=tools.clock())


async def set_password_once(call: Call[NoQuery, PasswordByLink]) -> None:
    tools, body = call.tools, call.body
    check_password(body.password)
    async with tools.database.reading() as session:
        await must_be_good(session, body.token, now=tools.clock())
    password_hash = await tools.passwords.hash(body.password)
    async with tools.database.transaction() as session:
        await set_password_by_link(session, body.token, password_hash, now=tools.clock())


_PROOFS = "test_api_users.py::"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/users/me",
        Act.BE_ONESELF,
        show_me,
        "One's account",
        {200: AccountItem},
        proves=(f"{_PROOFS}test_name_and_e_mail_are_changed_by_their_owner",),
    ),
    Route(
        "PUT",
        "/users/me",
        Act.GUARD_ACCOUNT,
        change_me,
        "Changes one's name or e-mail; a new e-mail is not verified",
        {200: AccountItem},
        session="none",
        body=AboutMe,
        refuses=(EmailTaken, BadContact, WrongPassword, Invalid, TooMany),
        # nobody tries out which addresses have an account
        rate="sign_in",
        example={"name": "Zoë Lind"},
        proves=(f"{_PROOFS}test_name_and_e_mail_are_changed_by_their_owner",),
    ),
    Route(
        "POST",
        "/profile/me/change-password",
        Act.GUARD_ACCOUNT,
        change_password,
        "Changes one's password; every other session ends",
        {204: None},
        session="none",
        body=PasswordChange,
        refuses=(BadPassword, WrongPassword, TooMany),
        rate="sign_in",
        example={"current_password": "correct horse", "new_password": "battery staple"},
        proves=(f"{_PROOFS}test_a_changed_password_ends_every_other_session",),
    ),
    Route(
        "POST",
        "/auth/set-password",
        Act.SIGN_IN,
        set_password_once,
        "Sets a password by a link that is good once",
        {204: None},
        session="none",
        body=PasswordByLink,
        refuses=(BadPassword, PasswordLinkOver),
        rate="sign_in",
        example={"token": "12.9vXbL0nT2kq5dYk3mS8wQ4rT7uZ1aB6cE0fG2hJ4kL6", "password": "correct horse"},
        proves=(f"{_PROOFS}test_a_link_of_the_operators_sets_a_password_once",),
    ),
)
