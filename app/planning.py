"""`spark plan` and `spark apply`: what the file's funnels would mean for those who are under way, and doing it."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from app.config_creator import CreatorConfig
from app.config_units import broken_funnels
from app.foresight import look_into
from app.media import keep_media
from app.operate import open_store
from app.parts import BadUsage
from app.settings import Loaded, load
from automations.changes import Change, Foreseen, foresee
from domain.definitions import Published, publish
from domain.funnels.definition import Funnel, SendStep, Step
from domain.funnels.heads import all_funnels, find_funnel
from domain.funnels.moving import Fate, Moved, Policy, move_batch, note_moved, wordings
from domain.funnels.naming import funnel_slips
from domain.funnels.publishing import read_names
from domain.funnels.reading import surroundings
from domain.funnels.writing import differences
from domain.grounds import Ground
from kit.clock import SystemClock
from store.database import Database
from store.files import FileStore
from store.models import Creator, FunnelHead, FunnelState, FunnelVersion, Kept
from store.queries.people import list_creators

# whoever is being dealt with at that very moment is found in the next pass; nobody is dealt with so often
_MOST_PASSES = 20
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Name:
    """A funnel of a creator's: `studio/welcome`."""

    creator: Creator
    key: str

    def __str__(self) -> str:
        return f"{self.creator.slug}/{self.key}"


async def plan_store(config: Path | None) -> list[str]:
    """What `spark plan` says: nothing is changed."""
    loaded = load(config)
    lines: list[str] = []
    # as they would be kept, with what their files hold: large ones take a while, and no transaction stands open for it
    named = {
        slug: (await keep_media(None, loaded.places, slug, creator))[1]
        for slug, creator in loaded.settings.creators.items()
    }
    async with look_into(loaded.settings) as database, database.reading() as session:
        now = SystemClock()()
        async for told in _plans(session, loaded, named, now=now):
            lines += told
    return lines or ["nothing has changed"]


async def apply_store(config: Path | None, policy: Policy, only: Collection[str], *, tell: Tell) -> list[str]:
    """The file's funnels are what those who begin now take, and those under way are dealt with as the policy says.

    Of `only` some, only those: all else stays as it is. Each batch is a transaction of its own, while Spark runs;
    stopped half-way, doing it again does the rest. Raises BadUsage for a name that the file does not have, before
    anything is changed.
    """
    loaded = load(config)
    async with open_store(loaded.settings) as database:
        async with database.reading() as session:
            names = [
                Name(creator, key)
                for creator in await list_creators(session)
                for key in sorted(_funnels(loaded, creator))
            ]
        wanted = {str(name): name for name in names}
        unknown = sorted(set(only) - wanted.keys())
        if unknown:
            raise BadUsage(_not_there(loaded, unknown[0], wanted))
        await _publish(database, loaded, only)
        return [
            await _move_all(database, name, policy, tell=tell)
            for told, name in wanted.items()
            if not only or told in only
        ]


async def _plans(
    session: AsyncSession, loaded: Loaded, named: Mapping[str, Mapping[str, Funnel]], *, now: datetime
) -> AsyncIterator[list[str]]:
    published = Published()
    names = await read_names(session)
    for creator in await list_creators(session):
        configured = loaded.settings.creators.get(creator.slug)
        if configured is None:
            continue
        published.setups[creator.id] = configured.setup()
        funnels = named[creator.slug]
        broken = broken_funnels(loaded.disabled).get(creator.slug, {})
        heads = {head.key: head for head in await all_funnels(session, creator.id, archived=True)}
        for key in sorted({*funnels, *broken}):
            name = Name(creator, key)
            if key in broken:
                yield [f"{name}: has a mistake, so nobody could begin it: {broken[key]}"]
            else:
                yield await _plan(session, published, name, funnels[key], heads.get(key), now=now)
        yield await _missing(session, loaded, creator, funnels)
        for key in sorted(names.get(creator.id, frozenset()) - {*funnels, *broken}):
            if heads[key].kept == Kept.FILE:
                yield [f"{Name(creator, key)}: is in the file no more: nobody could begin it, those under way go on"]


async def _missing(session: AsyncSession, loaded: Loaded, creator: Creator, funnels: Mapping[str, Funnel]) -> list[str]:
    """What they name of the store that is not there: `spark check` has no store to look it up in."""
    around = await surroundings(session, creator.id, loaded.settings.creators[creator.slug].setup(), creator.name, {})
    lines = []
    for key, funnel in funnels.items():
        place = ("creators", creator.slug, "funnels", key)
        ground = Ground(
            around.setup,
            loaded.places.folder(place),
            products=around.products,
            codes=around.codes,
            saved=around.saved,
        )
        named = funnel.model_copy(update={"steps": tuple(_without_mark(step) for step in funnel.steps)})
        lines += [str(loaded.places.problem((*place, *path), said)) for path, said in funnel_slips(named, ground)]
    return lines


def _without_mark(step: Step) -> Step:
    return step.model_copy(update={"sha256": None}) if isinstance(step, SendStep) else step


async def _plan(
    session: AsyncSession, published: Published, name: Name, new: Funnel, head: FunnelHead | None, *, now: datetime
) -> list[str]:
    old, number = await _present(session, head)
    changed = differences(old, new) if old is not None else []
    foreseen = await foresee(session, published, Change(name.creator.id, name.key, new, now))
    lines = []
    if old is None:
        lines.append(f"{name}: is new")
    elif changed or foreseen:
        lines.append(f"{name}: {'changed' if changed else 'the same'} since version {number}")
    lines += [f"  {line}" for line in changed]
    if head is not None and head.kept != Kept.FILE and head.state != FunnelState.ARCHIVED:
        lines.append(f"  was made by {head.kept}, and would be the file's")
    for each in foreseen:
        lines += _foreseen(each)
    return lines


def _foreseen(each: Foreseen) -> list[str]:
    group = each.group
    stand = f"stand at “{group.step}”" if group.step else "have yet to begin"
    held = f", {group.held} of them held" if group.held else ""
    lines = [f"  {group.people} in version {group.number} {stand}{held}"]
    told = "go on there in the new wording"
    if each.fate is Fate.GONE:
        told = "stay in the old one, since that step is gone"
    lines.append(f"    --policy move: {told}")
    if each.fate is Fate.GONE:
        lines.append("    --policy move-or-end: end")
    lines += [f"    {count} of them would get “{step}” at once" for step, count in sorted(each.at_once.items())]
    return lines


async def _present(session: AsyncSession, head: FunnelHead | None) -> tuple[Funnel | None, int]:
    if head is None or head.version_id is None:
        return None, 0
    version = await session.get_one(FunnelVersion, head.version_id)
    return (await wordings(session, [version.id])).get(version.id), version.number


def _funnels(loaded: Loaded, creator: Creator) -> Collection[str]:
    configured = loaded.settings.creators.get(creator.slug)
    return () if configured is None else configured.funnels.keys()


def _not_there(loaded: Loaded, name: str, wanted: Collection[str]) -> str:
    creator, _, key = name.partition("/")
    if (reason := broken_funnels(loaded.disabled).get(creator, {}).get(key)) is not None:
        return f"{name} has a mistake: {reason}"
    return f"there is no funnel {name} in the file; it has {', '.join(wanted) or 'none'}"


async def _publish(database: Database, loaded: Loaded, only: Collection[str]) -> None:
    creators = {slug: _alone(slug, creator, only) for slug, creator in loaded.settings.creators.items()}
    files = FileStore(loaded.settings.files_url)
    kept = {slug: await keep_media(files, loaded.places, slug, creator) for slug, creator in creators.items()}
    async with database.transaction() as session:
        await publish(
            session,
            {slug: flows for slug, (flows, _, _) in kept.items()},
            {slug: funnels for slug, (_, funnels, _) in kept.items()},
            setups={slug: creator.setup() for slug, creator in creators.items()},
            media={slug: media for slug, (_, _, media) in kept.items()},
            broken={} if only else broken_funnels(loaded.disabled),
            whole=not only,
            now=SystemClock()(),
        )


def _alone(slug: str, creator: CreatorConfig, only: Collection[str]) -> CreatorConfig:
    """What is to be published of a creator's: of some funnels, them alone."""
    if not only:
        return creator
    named = {key: funnel for key, funnel in creator.funnels.items() if f"{slug}/{key}" in only}
    return creator.model_copy(update={"flows": {}, "funnels": named})


async def _move_all(database: Database, name: Name, policy: Policy, *, tell: Tell) -> str:
    clock = SystemClock()
    moved = ended = stayed = 0
    for _ in range(_MOST_PASSES):
        done, stayed, batch = 0, 0, Moved(0)
        while batch.last is not None:
            async with database.transaction() as session:
                head = await find_funnel(session, name.creator.id, name.key)
                batch = await move_batch(session, head, policy, after=batch.last, now=clock())
            done += batch.moved + batch.ended
            moved, ended, stayed = moved + batch.moved, ended + batch.ended, stayed + batch.stayed
            if batch.last is not None:
                tell(f"{name}: {moved + ended} …")
        if not done:
            break
    if moved or ended:
        async with database.transaction() as session:
            head = await find_funnel(session, name.creator.id, name.key)
            await note_moved(session, head, policy, now=clock(), people=moved + ended)
    stays = f", {stayed} stay in the old one" if stayed else ""
    return f"{name}: {moved} moved, {ended} ended{stays}"
