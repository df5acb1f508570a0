"""What an operator does to the store from the command line, without starting Spark."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import select

from app.keys import check_keys, seal_anew
from app.parts import STORE_TROUBLE, CannotStart, cannot_use_store, open_database
from app.settings import Settings, load
from domain.creators import add_creator, bind_person, make_bind_payload
from domain.people import Profile, see_person
from kit.clock import SystemClock
from kit.errors import NotFound
from store.database import Database
from store.models import Membership
from store.queries.people import find_creator, list_creators
from store.schema import migrate


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Database]:
    """The store with the newest schema. Raises CannotStart when it cannot be reached."""
    database = open_database(settings)
    try:
        await migrate(database)
        await check_keys(database)
        yield database
    except STORE_TROUBLE as error:
        raise cannot_use_store(error) from error
    finally:
        await database.close()


async def migrate_store(config: Path | None) -> None:
    async with open_store(load(config).settings):
        return


async def reseal_store(config: Path | None, *, tell: Callable[[int], None]) -> int:
    """Seals everything under the first data key, and tells as it goes how much was done; returns how much it was."""
    done = 0
    async with open_store(load(config).settings) as database:
        async for done in seal_anew(database):
            tell(done)
    return done


async def add_creator_to_store(
    config: Path | None, *, name: str, slug: str, email: str | None, telegram_id: int | None
) -> list[str]:
    """What to tell the operator. Raises Refusal for what is wrong with the creator."""
    settings = load(config).settings
    if telegram_id is not None and settings.bot_id is None:
        raise CannotStart("--telegram-id is of one bot: set SPARK_TELEGRAM__TOKEN first")
    now = SystemClock()()
    configured = settings.creators.get(slug)
    async with open_store(settings) as database, database.transaction() as session:
        new = await add_creator(
            session,
            name=name,
            slug=slug,
            email=email,
            currency=configured.currency if configured else "usd",
            time_zone=configured.time_zone if configured else "UTC",
            now=now,
        )
        if telegram_id is not None and settings.bot_id is not None:
            profile = Profile(telegram_id, name, None, "en")
            person = await see_person(session, settings.bot_id, profile, now=now)
            await bind_person(session, new.account.id, person)
    lines = [f"added creator no. {new.creator.id}: {new.creator.name} ({new.creator.slug})"]
    if telegram_id is None:
        lines.append(how_to_bind(new.bind_payload))
    if configured is None:
        lines.append(f"they have no flows or funnels yet: add a section creators.{slug} to config.yaml")
    lines.append("a running Spark takes up new flows and funnels when it is restarted")
    return lines


async def link_creator_of_store(config: Path | None, *, slug: str) -> list[str]:
    """A fresh link to the creator's first account; whoever uses it takes the account over."""
    async with open_store(load(config).settings) as database, database.transaction() as session:
        creator = await find_creator(session, slug)
        account_id = await session.scalar(
            select(Membership.account_id)
            .where(Membership.creator_id == (creator.id if creator else None), Membership.owner)
            .order_by(Membership.account_id)
            .limit(1)
        )
        if account_id is None:
            raise NotFound(f"there is no creator “{slug}”; `spark creator list` shows them")
        return [how_to_bind(await make_bind_payload(session, account_id, now=SystemClock()()))]


def how_to_bind(payload: str) -> str:
    return f"to bind their Telegram, once, within a week, they send the bot: /start {payload}"


async def list_creators_of_store(config: Path | None) -> list[str]:
    async with open_store(load(config).settings) as database, database.reading() as session:
        known = await list_creators(session)
    return [f"{each.id}  {each.slug}  {each.name}  {each.currency}  {each.time_zone}" for each in known] or [
        "no creators yet; `spark creator add` adds one"
    ]
