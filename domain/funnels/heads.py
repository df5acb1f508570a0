"""Funnels by their names: which wording those who begin now take, and whether it runs.

A name that stands in the file is the file's: it can be paused and resumed from elsewhere, and not reworded.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Update, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.events import record_event
from domain.funnels.definition import LATE_AFTER, Funnel
from domain.messages.catalogue import plain_why
from domain.segments import ManagedByFile
from kit.errors import Conflict, Invalid, NotFound, Reason
from kit.keeping import not_keepable
from store.database import count_changed, insert_once, wake
from store.models import (
    FUNNEL_MOVES,
    WAITS_FOR_SOMEBODY,
    Enrollment,
    FunnelHead,
    FunnelState,
    FunnelVersion,
    Kept,
    Late,
    OutboxMessage,
    OutboxState,
    Urgency,
)

# what is woken when a head has changed
TOPIC = "funnels"
MOST_FUNNELS = 500
_IN_USE = [state for state in FunnelState if state != FunnelState.ARCHIVED]
_BY_CORE = {"synchronize_session": False}
_HOLDING = frozenset({FunnelState.PAUSED, FunnelState.RESUMING})
_SET_ASIDE = frozenset({FunnelState.DISABLED, FunnelState.ARCHIVED})


class NoSuchFunnel(NotFound):
    code = "no_such_funnel"

    def __init__(self, key: str) -> None:
        super().__init__(f"there is no funnel “{key}”", why=Reason("refused-no-funnel", name=key))


class StepRuns(Conflict):
    code = "step_runs"

    def __init__(self, key: str, step: str) -> None:
        why = Reason("refused-step-runs", name=key, step=step)
        super().__init__(plain_why(why, "en"), why=why)


class FunnelStands(Conflict):
    """From the state that it is in, it cannot come to the one that was asked for."""

    code = "funnel_stands"

    def __init__(self, key: str, state: FunnelState) -> None:
        why = Reason("refused-funnel-stands", name=key, state=Reason(f"funnel-state-{state}"), stands=str(state))
        super().__init__(f"“{key}” is {state}, so that cannot be done", why=why)


class TooManyFunnels(Invalid):
    code = "too_many_funnels"


class CannotBeKept(Invalid):
    """It holds what no store gives back as it was. Whoever reads wordings from outside says so earlier, and where."""

    code = "cannot_be_kept"

    def __init__(self, key: str, place: str, said: str) -> None:
        why = Reason("refused-not-kept", name=key, place=place)
        super().__init__(f"“{key}” cannot be kept: {place} {said}", why=why)


async def find_funnel(session: AsyncSession, creator_id: int, key: str, *, lock: bool = False) -> FunnelHead:
    """Raises NoSuchFunnel; one that was archived is still found. With `lock` it is held until the end."""
    asked = select(FunnelHead).where(FunnelHead.creator_id == creator_id, FunnelHead.key == key)
    if lock:
        asked = asked.with_for_update().execution_options(populate_existing=True)
    found = (await session.scalars(asked)).one_or_none()
    if found is None:
        raise NoSuchFunnel(key)
    return found


async def all_funnels(session: AsyncSession, creator_id: int, *, archived: bool = False) -> Sequence[FunnelHead]:
    """A creator's funnels by name, those out of use only if asked for."""
    asked = select(FunnelHead).where(FunnelHead.creator_id == creator_id)
    if not archived:
        asked = asked.where(FunnelHead.state != FunnelState.ARCHIVED)
    return (await session.scalars(asked.order_by(FunnelHead.key))).all()


async def save_funnel(
    session: AsyncSession, creator_id: int, key: str, funnel: Funnel, *, kept: Kept, now: datetime
) -> FunnelHead:
    """The funnel of that name has this wording from now on, for those who begin; the same again is a no-op.

    Raises ManagedByFile for a name of the file's, unless the file says so itself.
    """
    head = await claim_head(session, creator_id, key, kept=kept, now=now)
    version_id = await keep_version(session, head, funnel, now=now)
    state = _running_again(head)
    if (head.version_id, head.kept, head.state) == (version_id, kept, state):
        return head
    reworded = head.version_id != version_id
    head.version_id, head.kept, head.state, head.changed_at = version_id, kept, state, now
    if state != FunnelState.PAUSED:
        head.reason = None
    if reworded:
        # who stands still at a step stands still for its old wording
        stays = {step.key for step in funnel.steps}
        head.stopped_steps = [step for step in head.stopped_steps if step in stays]
    await session.flush()
    if kept == Kept.FILE:
        # each process reads the file when it starts; that it was read is no act
        wake(session, TOPIC)
    else:
        await _note(session, "funnel.saved", head, now=now, version=version_id)
    return head


async def claim_head(session: AsyncSession, creator_id: int, key: str, *, kept: Kept, now: datetime) -> FunnelHead:
    """The row of that name, made if it is new, and held until the end."""
    values = {"creator_id": creator_id, "key": key, "kept": kept, "changed_at": now}
    if await insert_once(session, FunnelHead, values) is not None and kept != Kept.FILE:
        count = select(func.count()).where(FunnelHead.creator_id == creator_id, FunnelHead.state.in_(_IN_USE))
        if (await session.scalar(count) or 0) > MOST_FUNNELS:
            said = f"there are {MOST_FUNNELS} funnels already; archive one first"
            raise TooManyFunnels(said, why=Reason("refused-many-funnels", most=MOST_FUNNELS))
    head = await find_funnel(session, creator_id, key, lock=True)
    if kept != Kept.FILE:
        refuse_of_file(head)
    return head


def refuse_of_file(head: FunnelHead) -> None:
    """Raises ManagedByFile for a name that stands in the file now."""
    if head.kept == Kept.FILE and head.state != FunnelState.ARCHIVED:
        raise ManagedByFile(
            f"“{head.key}” stands in the configuration, so it is changed there",
            why=Reason("refused-managed-by-file", name=head.key),
        )


async def keep_version(session: AsyncSession, head: FunnelHead, funnel: Funnel, *, now: datetime) -> int:
    """The number of the row with this wording; one that was kept before is found again. The head must be held.

    Raises CannotBeKept.
    """
    definition = funnel.model_dump(mode="json")
    for path, said in not_keepable(definition):
        raise CannotBeKept(head.key, ".".join(str(part) for part in path), said)
    if head.version_id is not None:
        present = await session.get_one(FunnelVersion, head.version_id)
        # told by what it means: a newer Spark may write the same down otherwise
        if Funnel.readable(present.definition) == funnel:
            return present.id
    same = (FunnelVersion.creator_id == head.creator_id, FunnelVersion.key == head.key)
    digest = _digest(definition)
    known = await session.scalar(select(FunnelVersion.id).where(*same, FunnelVersion.digest == digest))
    if known is not None:
        return known
    last = await session.scalar(select(func.max(FunnelVersion.number)).where(*same))
    version = FunnelVersion(
        creator_id=head.creator_id,
        key=head.key,
        number=(last or 0) + 1,
        digest=digest,
        definition=definition,
        created_at=now,
    )
    session.add(version)
    await session.flush()
    return version.id


async def pause_funnel(session: AsyncSession, head: FunnelHead, *, now: datetime, reason: str | None = None) -> None:
    """Nobody begins, and whoever is due is held where they stand. Raises FunnelStands."""
    # whoever is held now waits for a choice of their own
    await _move(session, head, FunnelState.PAUSED, now=now, paused_at=now, late=None, stood_until=None, reason=reason)
    await _note(session, "funnel.paused", head, now=now)


async def resume_funnel(session: AsyncSession, head: FunnelHead, late: Late, *, now: datetime) -> None:
    """Those who were held go on as `late` says, a few at a time, and others begin again. Raises FunnelStands."""
    await _move(session, head, FunnelState.RESUMING, now=now, but=_SET_ASIDE, late=late, stood_until=now, reason=None)
    if late != Late.SHIFT:
        left_out = _put_off(head).where(*_left_out(late, now - LATE_AFTER))
        left_out = left_out.values(state=OutboxState.CANCELLED, error="left out", closed_at=now)
        await session.execute(left_out, execution_options=_BY_CORE)
    await _let_go(session, _put_off(head), now=now)
    await _note(session, "funnel.resumed", head, now=now, late=late)


async def archive_funnel(session: AsyncSession, head: FunnelHead, *, now: datetime) -> None:
    """Out of use: nobody begins any more, and who is under way goes on to the end.

    Raises ManagedByFile, and FunnelStands where some are held: what becomes of them is decided first.
    """
    refuse_of_file(head)
    await _move(session, head, FunnelState.ARCHIVED, now=now, but=_HOLDING)
    await _note(session, "funnel.archived", head, now=now)


async def disable_funnel(session: AsyncSession, head: FunnelHead, reason: str, *, now: datetime) -> bool:
    """Its wording is wrong, so nobody begins; who began with an earlier one goes on. False: it was so already."""
    known = (FunnelHead.state == FunnelState.DISABLED) & (FunnelHead.reason == reason)
    disabled = update(FunnelHead).where(FunnelHead.id == head.id, ~known)
    values = {"state": FunnelState.DISABLED, "reason": reason, "changed_at": now}
    if not await count_changed(session, disabled.values(values)):
        return False
    await session.refresh(head)
    await _note(session, "funnel.disabled", head, now=now)
    return True


async def stop_step(session: AsyncSession, head: FunnelHead, step: str, *, now: datetime) -> bool:
    """Whoever comes to that step is held there; the rest of the funnel runs. False: it stood still already."""
    held = await find_funnel(session, head.creator_id, head.key, lock=True)
    if step in held.stopped_steps:
        return False
    held.stopped_steps = [*held.stopped_steps, step]
    held.changed_at = now
    await session.flush()
    await _note(session, "funnel.step_stopped", held, now=now, step=step)
    return True


async def start_step(session: AsyncSession, head: FunnelHead, step: str, *, now: datetime) -> None:
    """Raises StepRuns for one that does not stand still."""
    held = await find_funnel(session, head.creator_id, head.key, lock=True)
    if step not in held.stopped_steps:
        raise StepRuns(head.key, step)
    held.stopped_steps = [each for each in held.stopped_steps if each != step]
    held.changed_at = now
    await session.flush()
    await _let_go(session, _put_off(held).where(OutboxMessage.step == step), now=now)
    await _note(session, "funnel.step_started", held, now=now, step=step)


def _put_off(head: FunnelHead) -> Update:
    """What was queued before the funnel, or its step, stood still, and has waited since."""
    its_own = select(Enrollment.id).where(Enrollment.creator_id == head.creator_id, Enrollment.funnel_key == head.key)
    return update(OutboxMessage).where(
        OutboxMessage.state == OutboxState.QUEUED,
        OutboxMessage.urgency == Urgency.FOLLOW_UP,
        OutboxMessage.creator_id == head.creator_id,
        OutboxMessage.due_at == WAITS_FOR_SOMEBODY,
        OutboxMessage.enrollment_id.in_(its_own),
    )


def _left_out(late: Late, overdue_since: datetime) -> Sequence[ColumnElement[bool]]:
    """What of it stays unsaid: all that is overdue, or all but the last of it for each enrollment."""
    overdue = OutboxMessage.created_at <= overdue_since
    if late == Late.SKIP:
        return (overdue,)
    later = aliased(OutboxMessage)
    follows = exists().where(
        later.enrollment_id == OutboxMessage.enrollment_id,
        later.seq > OutboxMessage.seq,
        later.state == OutboxState.QUEUED,
        later.due_at == WAITS_FOR_SOMEBODY,
        later.created_at <= overdue_since,
    )
    return overdue, follows


async def _let_go(session: AsyncSession, put_off: Update, *, now: datetime) -> None:
    await session.execute(put_off.values(due_at=now), execution_options=_BY_CORE)
    wake(session, "outbox")


def _running_again(head: FunnelHead) -> FunnelState:
    """A good wording mends what was wrong, and takes up what was out of use; a pause goes on, and so does its end."""
    if head.state not in _SET_ASIDE:
        return head.state
    if head.resumes:
        return FunnelState.RESUMING
    return FunnelState.ACTIVE if head.paused_at is None else FunnelState.PAUSED


def _digest(definition: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(definition, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _move(
    session: AsyncSession,
    head: FunnelHead,
    target: FunnelState,
    *,
    now: datetime,
    but: frozenset[FunnelState] = frozenset(),
    **values: object,
) -> None:
    sources = [state for state in FUNNEL_MOVES.sources(target) if state not in but]
    moved = update(FunnelHead).where(FunnelHead.id == head.id, FunnelHead.state.in_(sources))
    changed = await count_changed(session, moved.values(state=target, changed_at=now, **values))
    await session.refresh(head)
    if not changed:
        raise FunnelStands(head.key, head.state)


async def _note(session: AsyncSession, name: str, head: FunnelHead, *, now: datetime, **data: Any) -> None:
    wake(session, TOPIC)
    subject = f"funnel:{head.key}"
    await record_event(session, name, creator_id=head.creator_id, subject=subject, now=now, **data)
