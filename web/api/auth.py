"""`/api/v1/auth`: signing up and signing in by password, and going on from there."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.accounts import (
    EmailTaken,
    RegistrationClosed,
    account_of_email,
    keep_rehashed,
    must_be_open,
    register,
)
from domain.contacts import BadContact, told_email
from domain.creators import CreatorExists
from domain.passwords import BadPassword, check_password
from domain.sign_in_rates import Tried, clear, must_wait, note_failure
from domain.signing_in import AccountBanned, AccountPending, AccountSuspended, hold_account, refresh
from kit.errors import Invalid, NotSignedIn, TooMany
from store.models import Role
from web.address import house_of
from web.api.accounts import Tokens, address, sign_in_by, tokens
from web.api.auth_bodies import BuyerToBe, CreatorToBe, Password, Registration
from web.api.query import Printable, Text
from web.api.route import Call, NoQuery, Route


class WrongCredentials(NotSignedIn):
    code = "wrong_credentials"


class SessionOver(NotSignedIn):
    code = "session_over"


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Text
    password: Password


class Refreshing(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    refresh_token: Annotated[str, Printable, Field(max_length=200)]


async def sign_up(call: Call[NoQuery, Registration]) -> Tokens:
    return await _sign_up(call, call.body.role, call.body)


async def sign_up_creator(call: Call[NoQuery, CreatorToBe]) -> Tokens:
    return await _sign_up(call, Role.CREATOR, call.body)


async def sign_up_buyer(call: Call[NoQuery, BuyerToBe]) -> Tokens:
    return await _sign_up(call, Role.BUYER, call.body)


async def _sign_up(call: Call[Any, Any], role: Role, body: BuyerToBe) -> Tokens:
    tools = call.tools
    must_be_open(role, tools.self_register)
    check_password(body.password)
    password_hash = await tools.passwords.hash(body.password)
    async with tools.database.transaction() as session:
        account = await register(
            session,
            role=role,
            name=body.name,
            email=body.email,
            password_hash=password_hash,
            open_to=tools.self_register,
            business=body.business() if isinstance(body, CreatorToBe) else None,
            company=body.company if isinstance(body, Registration) else "",
            now=tools.clock(),
        )
        return await sign_in_by(call, session, account, "password")


async def log_in(call: Call[NoQuery, Credentials]) -> Tokens:
    """Known or not, an e-mail with a wrong password costs the same time and is answered the same."""
    tools, body = call.tools, call.body
    tried = Tried(told_email(body.email), house_of(address(call)))
    async with tools.database.reading() as session:
        await must_wait(session, tried, now=tools.clock())
        found = await account_of_email(session, body.email)
    kept = None if found is None else found.password_hash
    if not await tools.passwords.matches(kept, body.password) or found is None or kept is None:
        async with tools.database.transaction() as session:
            await must_wait(session, tried, now=tools.clock(), hold=True)
            await note_failure(session, tried, now=tools.clock())
        raise _wrong()
    rehashed = await tools.passwords.hash(body.password) if tools.passwords.is_outdated(kept) else None
    async with tools.database.transaction() as session:
        await clear(session, tried, now=tools.clock())
        account = await hold_account(session, found.id)
        if account.password_hash != kept:
            # changed while it was compared
            raise _wrong()
        if rehashed is not None:
            await keep_rehashed(session, account.id, was=kept, now_is=rehashed)
        return await sign_in_by(call, session, account, "password")


async def go_on(call: Call[NoQuery, Refreshing]) -> Tokens:
    """A token that comes again ends its session, and that is saved although the answer is a refusal."""
    tools = call.tools
    async with tools.database.transaction() as session:
        signed_in = await refresh(session, call.body.refresh_token, now=tools.clock())
        if signed_in is not None:
            return await tokens(call, session, signed_in)
    raise SessionOver("this session is over; sign in again")


def _wrong() -> WrongCredentials:
    return WrongCredentials("e-mail and password do not belong together")


_PROOFS = "test_api_auth.py::"
_REGISTER_REFUSES = (RegistrationClosed, EmailTaken, BadContact, BadPassword, Invalid)
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/auth/register",
        Act.REGISTER,
        sign_up,
        "Signs up, in a role that is open to everybody",
        {201: Tokens},
        session="none",
        body=Registration,
        refuses=(*_REGISTER_REFUSES, CreatorExists),
        rate="sign_in",
        example={"email": "zoe@example.com", "password": "correct horse", "name": "Zoë", "role": "buyer"},
        proves=(
            f"{_PROOFS}test_whoever_signs_up_is_signed_in",
            f"{_PROOFS}test_signing_up_is_refused_for_what_is_wrong_with_it",
        ),
    ),
    Route(
        "POST",
        "/auth/register/creator",
        Act.REGISTER,
        sign_up_creator,
        "Signs up as a creator, with a business of one's own",
        {201: Tokens},
        session="none",
        body=CreatorToBe,
        refuses=(*_REGISTER_REFUSES, CreatorExists),
        rate="sign_in",
        example={"email": "cora@example.com", "password": "correct horse", "name": "Studio North", "currency": "eur"},
        proves=(f"{_PROOFS}test_a_creator_signs_up_with_a_business_and_owns_it",),
    ),
    Route(
        "POST",
        "/auth/register/buyer",
        Act.REGISTER,
        sign_up_buyer,
        "Signs up as a buyer",
        {201: Tokens},
        session="none",
        body=BuyerToBe,
        refuses=_REGISTER_REFUSES,
        rate="sign_in",
        example={"email": "zoe@example.com", "password": "correct horse", "name": "Zoë"},
        proves=(f"{_PROOFS}test_whoever_signs_up_is_signed_in",),
    ),
    Route(
        "POST",
        "/auth/login",
        Act.SIGN_IN,
        log_in,
        "Signs in by e-mail and password",
        {200: Tokens},
        session="none",
        body=Credentials,
        refuses=(WrongCredentials, AccountPending, AccountSuspended, AccountBanned, TooMany),
        rate="sign_in",
        example={"email": "zoe@example.com", "password": "correct horse"},
        proves=(
            f"{_PROOFS}test_who_signs_in_is_known_by_the_token",
            f"{_PROOFS}test_a_known_and_an_unknown_e_mail_are_answered_the_same",
            f"{_PROOFS}test_after_some_failures_each_further_try_waits",
            f"{_PROOFS}test_an_account_that_is_not_active_does_not_come_in",
        ),
    ),
    Route(
        "POST",
        "/auth/refresh",
        Act.SIGN_IN,
        go_on,
        "The next access token and the next refresh token",
        {200: Tokens},
        session="none",
        body=Refreshing,
        refuses=(SessionOver,),
        rate="public",
        example={"refresh_token": "QkVqTmNhZ2V0dG9rZW5vZnNwYXJrLW5vdC1hLXJlYWw"},
        proves=(
            "test_api_sessions.py::test_a_refresh_token_is_good_for_one_turn",
            "test_api_sessions.py::test_a_refresh_token_that_comes_again_ends_its_session",
        ),
    ),
)
