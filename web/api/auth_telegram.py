"""`/api/v1/auth/telegram`: signing in from a Mini App, and binding a chat to the account one has."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.accounts import RegistrationClosed
from domain.creators import BIND_LIFETIME, make_bind_payload
from domain.signing_in import AccountBanned, AccountPending, AccountSuspended
from domain.telegram_identity import BadInitData, account_of_telegram, read_init_data
from kit.errors import TooMany
from web.api.accounts import Tokens, sign_in_by
from web.api.auth_bodies import Password
from web.api.proving import WrongPassword, prove, still
from web.api.query import Printable
from web.api.route import Call, NoQuery, Route


class MiniApp(BaseModel):
    """`init_data` is `Telegram.WebApp.initData` as it stands; it is good for an hour."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    init_data: Annotated[str, Printable, Field(min_length=1, max_length=8192)]


class OwnChat(BaseModel):
    """An account that has no password leaves `current_password` out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    current_password: Password | None = None


class BindLink(BaseModel):
    """Whoever opens `url` first has the account's chat from then on."""

    url: str
    expires_at: datetime


async def sign_in_by_telegram(call: Call[NoQuery, MiniApp]) -> Tokens:
    tools, now = call.tools, call.tools.clock()
    if tools.mini_app_key is None:
        raise BadInitData("there is no bot here that Mini Apps could be opened from")
    profile = read_init_data(tools.mini_app_key, call.body.init_data, now=now)
    account = await account_of_telegram(call.session, tools.bot_id, profile, open_to=tools.self_register, now=now)
    return await sign_in_by(call, call.session, account, "telegram")


async def bind_chat(call: Call[NoQuery, OwnChat]) -> BindLink:
    """A chat signs in to its account, so that a token alone does not bind one."""
    await prove(call, call.body.current_password)
    async with call.tools.database.transaction() as session:
        await still(session, call.account)
        now = call.tools.clock()
        payload = await make_bind_payload(session, call.account.id, now=now)
    return BindLink(url=f"{call.tools.bot_link()}?start={payload}", expires_at=now + BIND_LIFETIME)


_TESTS = "test_api_telegram.py::"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "POST",
        "/auth/telegram",
        Act.SIGN_IN,
        sign_in_by_telegram,
        "Signs in by what Telegram gave to a Mini App; whoever has no account gets a buyer's",
        {200: Tokens},
        session="write",
        body=MiniApp,
        refuses=(BadInitData, RegistrationClosed, AccountPending, AccountSuspended, AccountBanned),
        rate="sign_in",
        example={
            "init_data": "auth_date=1935662400&user=%7B%22id%22%3A5001%2C%22first_name%22%3A%22Zoe%22%7D&hash=0a1b"
        },
        proves=(
            f"{_TESTS}test_whoever_opens_the_mini_app_has_one_account",
            f"{_TESTS}test_what_is_not_telegrams_word_signs_nobody_in",
        ),
    ),
    Route(
        "POST",
        "/auth/telegram/bind",
        Act.GUARD_ACCOUNT,
        bind_chat,
        "A link, good once, by which one's chat with the bot belongs to the account",
        {201: BindLink},
        session="none",
        body=OwnChat,
        refuses=(WrongPassword, TooMany),
        rate="heavy",
        example={"current_password": "correct horse"},
        proves=(
            f"{_TESTS}test_a_chat_is_bound_to_the_account_by_a_link_that_is_good_once",
            f"{_TESTS}test_a_token_alone_binds_no_chat_and_a_link_ends_with_the_password",
        ),
    ),
)
