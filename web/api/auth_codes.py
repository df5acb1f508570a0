"""`/api/v1/auth`: signing in, and a new password for one that was lost, by a code that the bot sends."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.codes import GOOD_FOR, Named, find_named, send_code, take_code
from domain.password_links import make_password_link
from domain.sign_in_rates import Tried, clear, must_wait, note_failure
from domain.signing_in import AccountBanned, AccountPending, AccountSuspended, addresses_of, hold_account
from kit.errors import NotSignedIn, TooMany
from store.models import Account, CodePurpose
from web.address import house_of
from web.api.accounts import Tokens, address, sign_in_by
from web.api.query import Text
from web.api.route import Call, NoQuery, Route

T = TypeVar("T")
# whoever asks is answered after this time, known or not
ANSWERED_AFTER = timedelta(milliseconds=150)
# to think of a new password
LINK_GOOD_FOR = timedelta(minutes=15)


class WrongCode(NotSignedIn):
    """Or one that is too old, was used, or was tried too often."""

    code = "wrong_code"


class Whose(BaseModel):
    """By exactly one: an e-mail, a Telegram number, or a Telegram username."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: Text | None = None
    telegram_id: Annotated[StrictInt, Field(ge=1, lt=2**52)] | None = None
    username: Annotated[Text, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(each is not None for each in (self.email, self.telegram_id, self.username)) != 1:
            raise ValueError("give one of email, telegram_id and username")
        return self

    def named(self) -> Named:
        return Named(email=self.email, telegram_id=self.telegram_id, username=self.username)


class WithCode(Whose):
    code: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


class CodeSent(BaseModel):
    """The same whether there is such an account or not; `expires_in` is in seconds."""

    expires_in: int


class PasswordToken(BaseModel):
    """For `POST /auth/set-password`, once; `expires_in` is in seconds."""

    token: str
    expires_in: int


async def ask_for_code(call: Call[NoQuery, Whose]) -> CodeSent:
    return await _send(call, CodePurpose.SIGN_IN)


async def ask_for_recovery(call: Call[NoQuery, Whose]) -> CodeSent:
    return await _send(call, CodePurpose.RECOVERY)


async def sign_in_by_code(call: Call[NoQuery, WithCode]) -> Tokens:
    async def go_on(session: AsyncSession, account: Account) -> Tokens:
        return await sign_in_by(call, session, account, "code")

    return await _verify(call, CodePurpose.SIGN_IN, go_on)


async def recover_by_code(call: Call[NoQuery, WithCode]) -> PasswordToken:
    async def go_on(session: AsyncSession, account: Account) -> PasswordToken:
        token = await make_password_link(session, account.id, now=call.tools.clock(), lifetime=LINK_GOOD_FOR)
        return PasswordToken(token=token, expires_in=LINK_GOOD_FOR // timedelta(seconds=1))

    return await _verify(call, CodePurpose.RECOVERY, go_on)


async def _send(call: Call[NoQuery, Whose], purpose: CodePurpose) -> CodeSent:
    tools, began = call.tools, asyncio.get_running_loop().time()
    account_id, at_home = await _find(call)
    if account_id is not None:
        async with tools.database.transaction() as session:
            account = await hold_account(session, account_id)
            await send_code(session, account, purpose, at_home=at_home, now=tools.clock())
    await _answer_after(began)
    return CodeSent(expires_in=GOOD_FOR // timedelta(seconds=1))


async def _verify(
    call: Call[NoQuery, WithCode], purpose: CodePurpose, go_on: Callable[[AsyncSession, Account], Awaitable[T]]
) -> T:
    """A wrong try is saved although the answer is a refusal."""
    tools, began, named = call.tools, asyncio.get_running_loop().time(), call.body.named()
    account_id, at_home = await _find(call)
    tried = Tried(named.told, house_of(address(call)), at_home)
    async with tools.database.transaction() as session:
        now = tools.clock()
        # held before its codes, as whoever changes its password holds them, and before what is counted
        account = None if account_id is None else await hold_account(session, account_id)
        await must_wait(session, tried, now=now, hold=True)
        right = await take_code(session, account, purpose, call.body.code, at_home=at_home, now=now)
        if right and account is not None:
            await clear(session, tried, now=now)
            return await go_on(session, account)
        await note_failure(session, tried, now=now)
    await _answer_after(began)
    raise WrongCode("this code is not right, or not any more; ask for a new one")


async def _find(call: Call[NoQuery, Any]) -> tuple[int | None, bool]:
    """Whose account is named, and whether somebody has signed in to it from where this comes from."""
    tools = call.tools
    async with tools.database.reading() as session:
        account = await find_named(session, tools.bot_id, call.body.named())
        if account is None:
            return None, False
        known = await addresses_of(session, account.id, now=tools.clock())
    return account.id, house_of(address(call)) in map(house_of, known)


async def _answer_after(began: float) -> None:
    """What is done for an account that is there takes longer than for one that is not, and nobody shall see that."""
    await asyncio.sleep(began + ANSWERED_AFTER.total_seconds() - asyncio.get_running_loop().time())


_TESTS = "test_api_codes.py::"
_REFUSES = (WrongCode, TooMany)
_SAME = f"{_TESTS}test_whoever_asks_is_answered_the_same_known_or_not"
_WHOSE = {"email": "zoe@example.com"}
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/auth/otp",
        Act.SIGN_IN,
        ask_for_code,
        "A code to sign in by, sent by the bot to whoever the account is bound to",
        {202: CodeSent},
        session="none",
        body=Whose,
        rate="sign_in",
        example=_WHOSE,
        proves=(_SAME, f"{_TESTS}test_a_code_signs_in_once"),
    ),
    Route(
        "POST",
        "/auth/verify-otp",
        Act.SIGN_IN,
        sign_in_by_code,
        "Signs in by that code",
        {200: Tokens},
        session="none",
        body=WithCode,
        refuses=(*_REFUSES, AccountPending, AccountSuspended, AccountBanned),
        rate="sign_in",
        example={**_WHOSE, "code": "123456"},
        proves=(
            f"{_TESTS}test_a_code_signs_in_once",
            f"{_TESTS}test_a_code_is_good_for_five_tries_and_five_minutes_and_until_the_next",
        ),
    ),
    Route(
        "POST",
        "/auth/recover",
        Act.SIGN_IN,
        ask_for_recovery,
        "A code for a new password, sent by the bot to whoever the account is bound to",
        {202: CodeSent},
        session="none",
        body=Whose,
        rate="sign_in",
        example=_WHOSE,
        proves=(_SAME, f"{_TESTS}test_a_lost_password_is_recovered"),
    ),
    Route(
        "POST",
        "/auth/recover/verify",
        Act.SIGN_IN,
        recover_by_code,
        "What to set a new password with, for that code",
        {200: PasswordToken},
        session="none",
        body=WithCode,
        refuses=_REFUSES,
        rate="sign_in",
        example={**_WHOSE, "code": "123456"},
        proves=(f"{_TESTS}test_a_lost_password_is_recovered",),
    ),
)
