"""Flows that chat and API word, and flows that are held: what stands beside the file's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published, keep_flow
from domain.events import record_event
from domain.flows.definition import Flow
from domain.segments import ManagedByFile
from kit.errors import Conflict, NotFound, Reason
from kit.log import get_logger
from store.database import insert_once, wake
from store.models import FlowHead, FlowVersion, Kept

TOPIC = "flows"
MOST_FLOWS = 100
_log = get_logger(__name__)
Wordings = Mapping[str, tuple[int, Flow]]


class NoSuchFlow(NotFound):
    code = "no_such_flow"


class TooManyFlows(Conflict):
    code = "too_many_flows"


@dataclass(frozen=True, slots=True)
class FlowStanding:
    """One flow as it is for those who begin now."""

    key: str
    kept: Kept
    version_id: int
    # nobody begins it; whoever is in it goes on
    paused_at: datetime | None
    changed_at: datetime | None


async def flow_standings(session: AsyncSession, creator_id: int, of_file: Wordings) -> dict[str, FlowStanding]:
    """By their names."""
    heads = {
        head.key: head for head in await session.scalars(select(FlowHead).where(FlowHead.creator_id == creator_id))
    }
    found = {}
    for key in sorted({*of_file, *heads}):
        head = heads.get(key)
        paused_at, changed_at = (None, None) if head is None else (head.paused_at, head.changed_at)
        if key in of_file:
            found[key] = FlowStanding(key, Kept.FILE, of_file[key][0], paused_at, changed_at)
        elif head is not None and head.version_id is not None:
            found[key] = FlowStanding(key, Kept.API, head.version_id, paused_at, changed_at)
    return found


async def find_flow(session: AsyncSession, creator_id: int, of_file: Wordings, key: str) -> FlowStanding:
    """Raises NoSuchFlow."""
    found = (await flow_standings(session, creator_id, of_file)).get(key)
    if found is None:
        raise NoSuchFlow(f"there is no flow “{key}”", why=Reason("refused-no-flow", name=key))
    return found


def refuse_files_own(of_file: Wordings, key: str) -> None:
    """Raises ManagedByFile for a name that stands in the file."""
    if key in of_file:
        raise ManagedByFile(
            f"“{key}” stands in the configuration, so it is changed there",
            why=Reason("refused-managed-by-file", name=key),
        )


async def save_flow(
    session: AsyncSession, creator_id: int, of_file: Wordings, key: str, flow: Flow, *, now: datetime
) -> bool:
    """What those who begin from now on walk through; True for a new name. The same again changes nothing.

    Raises ManagedByFile, TooManyFlows.
    """
    refuse_files_own(of_file, key)
    version_id = await keep_flow(session, creator_id, key, flow, now=now)
    values = {"creator_id": creator_id, "key": key, "version_id": version_id, "changed_at": now}
    is_new = await insert_once(session, FlowHead, values) is not None
    head = await _head(session, creator_id, key)
    if is_new:
        known = await session.scalars(select(FlowHead.key).where(FlowHead.creator_id == creator_id))
        if len(known.all()) > MOST_FLOWS:
            raise TooManyFlows(
                f"there are {MOST_FLOWS} flows already", why=Reason("refused-many-flows", most=MOST_FLOWS)
            )
    elif head.version_id == version_id:
        return False
    head.version_id, head.changed_at = version_id, now
    await _changed(session, head, "flow.saved", now=now)
    return is_new


async def hold_flow(session: AsyncSession, creator_id: int, of_file: Wordings, key: str, *, now: datetime) -> None:
    """Nobody begins it any more; whoever is in it goes on. Once is enough. Raises NoSuchFlow."""
    await find_flow(session, creator_id, of_file, key)
    values = {"creator_id": creator_id, "key": key, "version_id": None, "changed_at": now}
    await insert_once(session, FlowHead, values)
    head = await _head(session, creator_id, key)
    if head.paused_at is None:
        head.paused_at = head.changed_at = now
        await _changed(session, head, "flow.paused", now=now)


async def free_flow(session: AsyncSession, creator_id: int, of_file: Wordings, key: str, *, now: datetime) -> None:
    """It begins again as it did. Once is enough. Raises NoSuchFlow."""
    stands = await find_flow(session, creator_id, of_file, key)
    if stands.paused_at is not None:
        head = await _head(session, creator_id, key)
        head.paused_at, head.changed_at = None, now
        await _changed(session, head, "flow.resumed", now=now)


async def read_flow_heads(
    session: AsyncSession, of_file: Mapping[int, Wordings], known: Mapping[int, Wordings]
) -> dict[int, dict[str, tuple[int, Flow]]]:
    """Every creator's flows that somebody can begin; of those `known` the wordings are not read again."""
    read = {version_id: flow for flows in known.values() for version_id, flow in flows.values()}
    found = {creator_id: dict(flows) for creator_id, flows in of_file.items()}
    heads = (await session.scalars(select(FlowHead))).all()
    missing = {head.version_id for head in heads if head.version_id is not None} - read.keys()
    if missing:
        versions = await session.scalars(select(FlowVersion).where(FlowVersion.id.in_(missing)))
        for version in versions:
            try:
                read[version.id] = Flow.kept(version.definition)
            except ValueError:
                _log.exception("a flow cannot be read any more", flow=version.key, version=version.id)
    for head in heads:
        flows = found.setdefault(head.creator_id, {})
        if head.paused_at is not None:
            flows.pop(head.key, None)
        elif head.version_id in read and head.key not in flows:
            flows[head.key] = (head.version_id, read[head.version_id])
    return found


async def flow_wording(session: AsyncSession, stands: FlowStanding) -> Flow:
    """What those who begin now walk through."""
    return Flow.kept((await session.get_one(FlowVersion, stands.version_id)).definition)


def apply_flow_heads(published: Published, flows: Mapping[int, Mapping[str, tuple[int, Flow]]]) -> bool:
    """From now on these begin, and can be named by links, triggers and texts. False when it was so before."""
    others = False
    for creator_id in {*published.flows, *flows}:
        now_running = dict(flows.get(creator_id, {}))
        if published.flows.get(creator_id) != now_running:
            published.flows[creator_id] = now_running
            others = True
        setup = published.setup(creator_id)
        names = frozenset({*published.flows_of_file.get(creator_id, {}), *now_running})
        if setup.flows != names:
            published.setups[creator_id] = replace(setup, flows=names)
    return others


async def _head(session: AsyncSession, creator_id: int, key: str) -> FlowHead:
    """Held to the end: whoever changes it comes before this or after."""
    head = select(FlowHead).where(FlowHead.creator_id == creator_id, FlowHead.key == key).with_for_update()
    return (await session.scalars(head.execution_options(populate_existing=True))).one()


async def _changed(session: AsyncSession, head: FlowHead, name: str, *, now: datetime) -> None:
    await session.flush()
    wake(session, TOPIC)
    await record_event(session, name, creator_id=head.creator_id, subject=f"flow:{head.key}", now=now)
