"""What an operator does to accounts from the command line, without starting Spark."""

from pathlib import Path

from app.operate import how_to_bind, open_store
from app.parts import CannotStart
from app.settings import Settings, load
from domain.accounts import account_of_email, add_account
from domain.creators import bind_person, make_bind_payload
from domain.password_links import LIFETIME, make_password_link
from domain.people import Profile, see_person
from kit.clock import SystemClock
from kit.errors import NotFound
from store.models import Role

_CALLED = {Role.ADMIN: "administrator"}


async def add_account_to_store(
    config: Path | None, *, role: Role, name: str | None, email: str | None, telegram_id: int | None
) -> list[str]:
    """What to tell the operator. Raises Refusal for what is wrong with the account."""
    settings = load(config).settings
    if telegram_id is not None and settings.bot_id is None:
        raise CannotStart("--telegram-id is of one bot: set SPARK_TELEGRAM__TOKEN first")
    now, called = SystemClock()(), _CALLED.get(role, role.value)
    name = name or called.title()
    async with open_store(settings) as database, database.transaction() as session:
        account = await add_account(session, role=role, name=name, email=email, verified=True, now=now)
        lines = [f"added {called} no. {account.id}: {account.name}"]
        if telegram_id is not None and settings.bot_id is not None:
            person = await see_person(session, settings.bot_id, Profile(telegram_id, name, None, "en"), now=now)
            await bind_person(session, account.id, person)
            lines.append("the bot can write to them once they have written to it")
        else:
            lines.append(how_to_bind(await make_bind_payload(session, account.id, now=now)))
        if account.email is not None:
            lines.append(_how_to_set(settings, await make_password_link(session, account.id, now=now)))
    return lines


async def link_password_of_store(config: Path | None, *, email: str) -> list[str]:
    """Raises NotFound when there is no such account."""
    settings = load(config).settings
    async with open_store(settings) as database, database.transaction() as session:
        account = await account_of_email(session, email)
        if account is None:
            raise NotFound(f"there is no account with the e-mail {email}")
        return [_how_to_set(settings, await make_password_link(session, account.id, now=SystemClock()()))]


def _how_to_set(settings: Settings, token: str) -> str:
    return f"to set the password, once, within {LIFETIME.days} days, they open: {settings.public_url}/password/{token}"
