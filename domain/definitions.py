"""Flows and funnels from the configuration become versions in the store, pinned by whoever begins."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.definition import Flow, Trigger
from domain.funnels.definition import Funnel
from domain.funnels.publishing import publish_funnels, read_names, read_running
from domain.setups import CreatorSetup
from store.database import insert_once
from store.models import Creator, FlowVersion, Shape, StoredFile

# a flow's key, its version's id, and what it says
FlowVersionNow = tuple[str, int, Flow]
_NOTHING_SET_UP = CreatorSetup()


@dataclass(frozen=True, slots=True)
class Published:
    """Which versions those who begin now take: by creator and name."""

    flows: dict[int, dict[str, tuple[int, Flow]]] = field(default_factory=dict)
    setups: dict[int, CreatorSetup] = field(default_factory=dict)
    funnels: dict[int, dict[str, tuple[int, Funnel]]] = field(default_factory=dict)
    # those of `flows` that stand in the file, held or not: their names are the file's alone
    flows_of_file: dict[int, dict[str, tuple[int, Flow]]] = field(default_factory=dict)
    # of whoever has nothing configured: a creator may sign up while Spark runs, also by another process
    usual: CreatorSetup = _NOTHING_SET_UP

    def setup(self, creator_id: int) -> CreatorSetup:
        return self.setups.get(creator_id, self.usual)

    @property
    def need_consent(self) -> list[int]:
        """The creators whose marketing reaches only leads who have consented."""
        return [creator_id for creator_id, setup in self.setups.items() if setup.consent_required]

    def flow(self, creator_id: int, key: str) -> FlowVersionNow | None:
        """The flow of that name as it is for those who begin now."""
        found = self.flows.get(creator_id, {}).get(key)
        return None if found is None else (key, *found)

    def flow_for(self, creator_id: int, fits: Callable[[Trigger], bool]) -> FlowVersionNow | None:
        """The first flow that has a trigger which fits: its key, version id and definition."""
        for key, (version_id, flow) in self.flows.get(creator_id, {}).items():
            if any(fits(trigger) for trigger in flow.trigger):
                return key, version_id, flow
        return None

    def start_flow(self, creator_id: int) -> FlowVersionNow | None:
        """The flow that a new lead of this creator meets."""
        return self.flow_for(creator_id, lambda trigger: trigger == "start")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture, video or document of a flow, whose bytes are in the file store already, under their SHA-256."""

    sha256: str
    shape: Shape
    file_name: str
    mime_type: str
    size: int


async def publish(
    session: AsyncSession,
    flows: Mapping[str, Mapping[str, Flow]],
    funnels: Mapping[str, Mapping[str, Funnel]],
    *,
    now: datetime,
    setups: Mapping[str, CreatorSetup] | None = None,
    media: Mapping[str, Iterable[MediaFile]] | None = None,
    broken: Mapping[str, Mapping[str, str]] | None = None,
    whole: bool = True,
) -> Published:
    """Keeps each definition, given by creator's slug and name, as a version; a known one is found again.

    Funnels that are `broken`, each with the reason, are disabled. What chat and API have made runs beside the file's;
    what is no more among those of the file is archived, unless these are not the `whole` of it.
    Each file of the `media` that the flows show gets one row, however often and by however many this is done.
    """
    published = Published()
    # processes that start together take turns with each creator, and find what the others kept
    for creator in await session.scalars(select(Creator).order_by(Creator.id).with_for_update(key_share=True)):
        for file in (media or {}).get(creator.slug, ()):
            await _keep_media(session, creator.id, file, now=now)
        published.setups[creator.id] = (setups or {}).get(creator.slug, _NOTHING_SET_UP)
        published.flows[creator.id] = {
            key: (await keep_flow(session, creator.id, key, flow, now=now), flow)
            for key, flow in flows.get(creator.slug, {}).items()
        }
        published.flows_of_file[creator.id] = dict(published.flows[creator.id])
        wrong = (broken or {}).get(creator.slug, {})
        await publish_funnels(session, creator.id, funnels.get(creator.slug, {}), wrong, now=now, whole=whole)
        published.funnels[creator.id] = {}
    published.funnels.update(await read_running(session, {}))
    for creator_id, names in (await read_names(session)).items():
        setup = published.setup(creator_id)
        published.setups[creator_id] = replace(setup, funnels=setup.funnels | names)
    return published


async def media_file(session: AsyncSession, creator_id: int, sha256: str, shape: Shape) -> int | None:
    """The stored file that a flow shows, also one of an old version; None when it was never published."""
    found = await session.scalars(
        select(StoredFile.id)
        .where(
            StoredFile.creator_id == creator_id,
            StoredFile.sha256 == sha256,
            StoredFile.shape == shape,
            StoredFile.product_id.is_(None),
            StoredFile.lead_id.is_(None),
        )
        .order_by(StoredFile.id)
        .limit(1)
    )
    return found.one_or_none()


async def _keep_media(session: AsyncSession, creator_id: int, file: MediaFile, *, now: datetime) -> None:
    if await media_file(session, creator_id, file.sha256, file.shape) is not None:
        return
    session.add(
        StoredFile(
            creator_id=creator_id,
            product_id=None,
            shape=file.shape,
            file_name=file.file_name,
            mime_type=file.mime_type,
            size=file.size,
            sha256=file.sha256,
            blob=file.sha256,
            created_at=now,
        )
    )
    await session.flush()


async def keep_flow(session: AsyncSession, creator_id: int, key: str, flow: Flow, *, now: datetime) -> int:
    """The id of the version that says this; one that is known is found again."""
    definition = flow.model_dump(mode="json")
    digest = hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()
    values = {
        "creator_id": creator_id,
        "key": key,
        "digest": digest,
        "definition": definition,
        "created_at": now,
    }
    version_id = await insert_once(session, FlowVersion, values)
    if version_id is not None:
        return version_id
    known = await session.scalars(
        select(FlowVersion.id).where(
            FlowVersion.creator_id == creator_id, FlowVersion.key == key, FlowVersion.digest == digest
        )
    )
    return known.one()
