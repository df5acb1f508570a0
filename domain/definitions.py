"""Flows and funnels from the configuration become versions in the store, pinned by whoever begins."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.definition import Flow, Trigger
from domain.funnels.definition import Funnel
from domain.setups import CreatorSetup
from store.database import insert_once
from store.models import Creator, FlowVersion, FunnelVersion

V = TypeVar("V", FlowVersion, FunnelVersion)
# a flow's key, its version's id, and what it says
FlowVersionNow = tuple[str, int, Flow]
_NOTHING_SET_UP = CreatorSetup()


@dataclass(frozen=True, slots=True)
class Published:
    """Which versions those who begin now take: by creator and name."""

    flows: dict[int, dict[str, tuple[int, Flow]]] = field(default_factory=dict)
    setups: dict[int, CreatorSetup] = field(default_factory=dict)
    funnels: dict[int, dict[str, tuple[int, Funnel]]] = field(default_factory=dict)

    def setup(self, creator_id: int) -> CreatorSetup:
        return self.setups.get(creator_id, _NOTHING_SET_UP)

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


async def publish(
    session: AsyncSession,
    flows: Mapping[str, Mapping[str, Flow]],
    funnels: Mapping[str, Mapping[str, Funnel]],
    *,
    now: datetime,
    setups: Mapping[str, CreatorSetup] | None = None,
) -> Published:
    """Keeps each definition, given by creator's slug and name, as a version; a known one is found again."""
    published = Published()
    for creator in await session.scalars(select(Creator)):
        published.setups[creator.id] = (setups or {}).get(creator.slug, _NOTHING_SET_UP)
        published.flows[creator.id] = {
            key: (await _keep(session, FlowVersion, creator.id, key, flow, now=now), flow)
            for key, flow in flows.get(creator.slug, {}).items()
        }
        published.funnels[creator.id] = {
            key: (await _keep(session, FunnelVersion, creator.id, key, funnel, now=now), funnel)
            for key, funnel in funnels.get(creator.slug, {}).items()
        }
    return published


async def _keep(
    session: AsyncSession, model: type[V], creator_id: int, key: str, wording: Flow | Funnel, *, now: datetime
) -> int:
    definition = wording.model_dump(mode="json")
    digest = hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()
    values = {
        "creator_id": creator_id,
        "key": key,
        "digest": digest,
        "definition": definition,
        "created_at": now,
    }
    version_id = await insert_once(session, model, values)
    if version_id is not None:
        return version_id
    known = await session.scalars(
        select(model.id).where(model.creator_id == creator_id, model.key == key, model.digest == digest)
    )
    return known.one()
