"""What stands in the file becomes versions and heads in the store, and what is there is read back by every process."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.explaining import explain
from domain.funnels.definition import Funnel
from domain.funnels.heads import CannotBeKept, claim_head, disable_funnel, save_funnel
from domain.messages.catalogue import say
from domain.messages.local import wordings
from domain.messages.plain import Message
from domain.messages.templates import check_template
from domain.outbox import tell_creator
from kit.text import shorten
from store.models import FunnelHead, FunnelState, FunnelVersion, Kept

# by creator and name: the version that those who begin now take, and what it says
Running = dict[int, dict[str, tuple[int, Funnel]]]
_RUNS = (FunnelState.ACTIVE, FunnelState.RESUMING)
_LONGEST_REASON = 300


async def publish_funnels(
    session: AsyncSession,
    creator_id: int,
    funnels: Mapping[str, Funnel],
    broken: Mapping[str, str],
    *,
    now: datetime,
    whole: bool = True,
) -> None:
    """Brings the heads of one creator to what the file says: good ones, those with a mistake and why, none else.

    A funnel that stands there with a mistake is disabled, alone, and the creator is told once for each mistake. One
    that stands there no more is archived: those under way go on, nobody begins. With some of the file's alone, which
    are not the `whole`, nothing is said of the others.
    """
    for key in sorted({*funnels, *broken}):
        reason = broken.get(key)
        if key in funnels:
            try:
                await save_funnel(session, creator_id, key, funnels[key], kept=Kept.FILE, now=now)
            except CannotBeKept as error:
                reason = str(error)
        if reason is not None:
            await _disable(session, creator_id, key, reason, now=now)
    if not whole:
        return
    gone = select(FunnelHead).where(
        FunnelHead.creator_id == creator_id,
        FunnelHead.kept == Kept.FILE,
        FunnelHead.state != FunnelState.ARCHIVED,
    )
    for head in await session.scalars(gone.order_by(FunnelHead.id).with_for_update()):
        if head.key not in funnels and head.key not in broken:
            head.state, head.changed_at = FunnelState.ARCHIVED, now
    await session.flush()
    await _disable_unreadable(session, creator_id, now=now)


async def read_running(session: AsyncSession, known: Running) -> Running:
    """The funnels of all creators that somebody can begin now. What `known` has already is not read again."""
    kept = {version_id: funnel for each in known.values() for version_id, funnel in each.values()}
    heads = (
        await session.execute(
            select(FunnelHead.creator_id, FunnelHead.key, FunnelHead.version_id)
            .where(FunnelHead.state.in_(_RUNS), FunnelHead.version_id.is_not(None))
            .order_by(FunnelHead.creator_id, FunnelHead.key)
        )
    ).all()
    new = {head.version_id for head in heads} - kept.keys()
    if new:
        asked = select(FunnelVersion.id, FunnelVersion.definition).where(FunnelVersion.id.in_(new))
        for row in await session.execute(asked):
            funnel = Funnel.readable(row.definition)
            if funnel is not None:
                kept[row.id] = funnel
    running: Running = {}
    for head in heads:
        # what cannot be read is disabled when Spark starts, and until then not begun
        if head.version_id in kept:
            running.setdefault(head.creator_id, {})[head.key] = (head.version_id, kept[head.version_id])
    return running


async def read_names(session: AsyncSession) -> dict[int, frozenset[str]]:
    """By creator, every funnel that can be spoken of: all but those out of use."""
    asked = select(FunnelHead.creator_id, FunnelHead.key).where(FunnelHead.state != FunnelState.ARCHIVED)
    names: dict[int, set[str]] = {}
    for row in await session.execute(asked):
        names.setdefault(row.creator_id, set()).add(row.key)
    return {creator_id: frozenset(keys) for creator_id, keys in names.items()}


async def _disable(session: AsyncSession, creator_id: int, key: str, reason: str, *, now: datetime) -> None:
    head = await claim_head(session, creator_id, key, kept=Kept.FILE, now=now)
    head.kept = Kept.FILE
    await session.flush()
    if await disable_funnel(session, head, reason, now=now):
        await _tell(session, head, reason, now=now)


async def _disable_unreadable(session: AsyncSession, creator_id: int, *, now: datetime) -> None:
    """A wording of the chat's or the API's that an earlier Spark understood and this one does not."""
    asked = (
        select(FunnelHead, FunnelVersion.definition)
        .join(FunnelVersion, FunnelVersion.id == FunnelHead.version_id)
        .where(FunnelHead.creator_id == creator_id, FunnelHead.state.in_(_RUNS), FunnelHead.kept != Kept.FILE)
    )
    for head, definition in (await session.execute(asked)).all():
        reason = _unreadable(definition)
        if reason is not None and await disable_funnel(session, head, reason, now=now):
            await _tell(session, head, reason, now=now)


def _unreadable(definition: Mapping[str, Any]) -> str | None:
    """Why, and None for one that can be read, with every text of it."""
    try:
        funnel = Funnel.kept(definition)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, path))}: {said}" for path, said in explain(error, Funnel))
    for path, text in funnel.texts():
        for wording in wordings(text):
            try:
                check_template(wording)
            except ValueError as error:
                return f"{'.'.join(map(str, path))}: {error}"
    return None


async def _tell(session: AsyncSession, head: FunnelHead, reason: str, *, now: datetime) -> None:
    def told(language: str) -> Message:
        return Message(text=say("funnel-disabled", language, name=head.key, reason=shorten(reason, _LONGEST_REASON)))

    mark = hashlib.sha256(reason.encode()).hexdigest()[:12]
    await tell_creator(session, told, key=f"funnel-disabled:{head.id}:{mark}", creator_id=head.creator_id, now=now)
