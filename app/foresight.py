"""`spark simulate` and `spark why`: what would happen, and why it did. Both only read the store, while Spark runs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from app.config_units import broken_funnels
from app.media import keep_media
from app.parts import STORE_TROUBLE, BadUsage, CannotStart, cannot_use_store, open_database
from app.settings import Loaded, Settings, load
from automations.simulated import Simulation, Wish
from automations.simulating import check, choose_leads, rehearse
from automations.timeline import timeline
from domain.definitions import publish
from domain.hindsight import look_back
from domain.leads import zone_of
from domain.messages.catalogue import plain, plain_why
from domain.setups import CreatorSetup
from domain.why import why
from kit.clock import SystemClock
from kit.errors import NotFound
from kit.zones import zone_named
from store.database import Database
from store.models import Creator, Lead
from store.private import PrivateStore, copy_creator, private_store
from store.queries.people import list_creators
from store.schema import can_be_read

_ANYBODY = CreatorSetup()


@asynccontextmanager
async def look_into(settings: Settings) -> AsyncIterator[Database]:
    """The store as it is. Raises CannotStart when it cannot be reached, or has an older schema."""
    database = open_database(settings)
    try:
        async with database.reading() as session:
            if not await can_be_read(session):
                raise CannotStart("the store does not have the newest schema: run `spark migrate` first")
        yield database
    except STORE_TROUBLE as error:
        raise cannot_use_store(error) from error
    finally:
        await database.close()


async def simulate_store(
    config: Path | None,
    named: str | None,
    *,
    creator: str | None,
    lead: int | None,
    sample: int,
    days: int,
    language: str,
) -> list[str]:
    """What would happen with the funnels as the file has them now, whether Spark has read it since or not."""
    loaded = load(config)
    slug, _, key = (named or "").rpartition("/")
    async with look_into(loaded.settings) as database:
        async with database.reading() as session:
            whose = await _whose(session, loaded, slug or creator, key, lead)
        wish = Wish(whose.id, key or None, lead_id=lead, sample=sample, days=days)
        check(wish)
        async with private_store(database) as store:
            simulation = await _simulate(database, store, loaded, whose, wish)
        zone = zone_named(_setup(loaded, whose).time_zone)
    return [plain_why(each, language) for each in timeline(simulation, language, zone)]


async def why_store(config: Path | None, lead_id: int, *, funnel: str | None, most: int, language: str) -> list[str]:
    """Every decision about a lead that is still kept, oldest first."""
    loaded = load(config)
    async with look_into(loaded.settings) as database, database.reading() as session:
        lead = await session.get(Lead, lead_id)
        if lead is None:
            raise NotFound(f"there is no lead {lead_id}; /leads in the chat shows the numbers")
        lines = []
        if lead.merged_into_id is not None:
            # with all that was decided about them
            lines.append(plain("why-merged", language, lead=lead_id, into=lead.merged_into_id))
            lead = await session.get_one(Lead, lead.merged_into_id)
        about = None if funnel is None else f"funnel:{funnel}"
        decisions = await look_back(session, [lead.id], about=about, most=most)
        whose = await session.get_one(Creator, lead.creator_id)
        zone = zone_of(lead, _setup(loaded, whose))
    if not decisions:
        return [*lines, plain("why-nothing", language, lead=lead.id)]
    lines.append(plain("why-title", language, lead=lead.id, zone=zone.key))
    return lines + [plain_why(line, language) for each in decisions for line in why(each, language, zone)]


async def _simulate(database: Database, store: PrivateStore, loaded: Loaded, whose: Creator, wish: Wish) -> Simulation:
    now = SystemClock()()
    configured = loaded.settings.creators.get(whose.slug)
    # before the store is read: no transaction stands open for as long as that takes
    flows, funnels, media = (
        ({}, {}, ()) if configured is None else await keep_media(None, loaded.places, whose.slug, configured)
    )
    async with database.reading() as source, store.transaction() as target:
        leads = await choose_leads(source, wish)
        await copy_creator(source, target, whose.id, leads)
        published = await publish(
            target,
            {whose.slug: flows},
            {whose.slug: funnels},
            setups={whose.slug: _setup(loaded, whose)},
            media={whose.slug: media},
            broken=broken_funnels(loaded.disabled),
            now=now,
        )
    return await rehearse(store, published, wish, leads, now=now)


async def _whose(session: AsyncSession, loaded: Loaded, slug: str | None, key: str, lead_id: int | None) -> Creator:
    """The creator who is meant. Raises BadUsage when several could be, or none is."""
    creators = await list_creators(session)
    if lead_id is not None:
        lead = await session.get(Lead, lead_id)
        if lead is None:
            raise NotFound(f"there is no lead {lead_id}; /leads in the chat shows the numbers")
        creators = [each for each in creators if each.id == lead.creator_id]
    if slug is not None:
        creators = [each for each in creators if each.slug == slug]
    if len(creators) > 1 and key:
        having = [each for each in creators if key in _funnels(loaded, each)]
        creators = having or creators
    if len(creators) == 1:
        return creators[0]
    if creators:
        raise BadUsage(f"whose is meant? say CREATOR/FUNNEL or --creator: {', '.join(each.slug for each in creators)}")
    raise BadUsage("there is no such creator; `spark creator list` shows them")


def _funnels(loaded: Loaded, creator: Creator) -> frozenset[str]:
    configured = loaded.settings.creators.get(creator.slug)
    return frozenset() if configured is None else frozenset(configured.funnels)


def _setup(loaded: Loaded, creator: Creator) -> CreatorSetup:
    configured = loaded.settings.creators.get(creator.slug)
    return _ANYBODY if configured is None else configured.setup()
