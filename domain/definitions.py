"""Flows and funnels from the configuration become versions in the store, pinned by whoever begins."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.definition import Flow
from domain.funnels.definition import Funnel
from store.database import insert_once
from store.models import Creator, FlowVersion, FunnelVersion

V = TypeVar("V", FlowVersion, FunnelVersion)


@dataclass(frozen=True, slots=True)
class Published:
    """Which versions those who begin now take: by creator and name."""

    flows: dict[int, dict[str, tuple[int, Flow]]] = field(default_factory=dict)
    funnels: dict[int, dict[str, tuple[int, Funnel]]] = field(default_factory=dict)

    def start_flow(self, creator_id: int) -> tuple[str, int, Flow] | None:
        """The flow that a new lead of this creator meets: its key, version id and definition."""
        for key, (version_id, flow) in self.flows.get(creator_id, {}).items():
            if flow.trigger == "start":
                return key, version_id, flow
        return None


async def publish(
    session: AsyncSession,
    flows: Mapping[str, Mapping[str, Flow]],
    funnels: Mapping[str, Mapping[str, Funnel]],
    *,
    now: datetime,
) -> Published:
    """Keeps each definition, given by creator's slug and name, as a version; a known one is found again."""
    published = Published()
    for creator in await session.scalars(select(Creator)):
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
