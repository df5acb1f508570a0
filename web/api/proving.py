"""Whoever changes how one signs in shows the password, and not only a token."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from domain.sign_in_rates import Tried, clear, must_wait, note_failure
from domain.signing_in import hold_account
from kit.errors import Invalid, NotSignedIn
from store.models import Account, AccountState
from web.address import house_of
from web.api.accounts import address
from web.api.route import Call


class WrongPassword(Invalid):
    code = "wrong_password"


async def prove(call: Call[Any, Any], password: str | None) -> None:
    """That whoever asks is who they are; an account without a password has nothing to show.

    Raises WrongPassword or TooMany.
    """
    tools, account = call.tools, call.account
    if account.password_hash is None:
        return
    tried = Tried(f"account {account.id}", house_of(address(call)))
    async with tools.database.reading() as session:
        await must_wait(session, tried, now=tools.clock())
    right = await tools.passwords.matches(account.password_hash, password or "")
    async with tools.database.transaction() as session:
        if right:
            await clear(session, tried, now=tools.clock())
        else:
            await must_wait(session, tried, now=tools.clock(), hold=True)
            await note_failure(session, tried, now=tools.clock())
    if not right:
        raise WrongPassword("this is not the present password", fields={"current_password": "is not the present one"})


async def still(session: AsyncSession, account: Account) -> None:
    """Holds the account. Raises WrongPassword when somebody has changed the password since it was compared, and
    NotSignedIn when the account has been closed.
    """
    held = await hold_account(session, account.id)
    if held.state is not AccountState.ACTIVE:
        raise NotSignedIn("this session has ended; sign in again")
    if held.password_hash != account.password_hash:
        raise WrongPassword("the password was changed meanwhile", fields={"current_password": "was changed meanwhile"})
