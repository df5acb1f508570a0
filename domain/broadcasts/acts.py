"""What can be done with a broadcast: written, timed, started, paused, resumed, called off, tried out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.audience import earliest_of, hold_broadcast
from domain.broadcasts.checking import check_content, check_time
from domain.broadcasts.definition import Content, content_of, kept, title_of
from domain.broadcasts.feeding import call_off_queued, drop_waiting, take_back
from domain.broadcasts.files import take_files
from domain.events import record_event
from domain.setups import CreatorSetup
from kit.errors import Conflict, NotFound, Reason
from store.database import count_changed, wake
from store.models import (
    BROADCAST_MOVES,
    Broadcast,
    BroadcastRecipient,
    BroadcastState,
    OutboxMessage,
    OutboxState,
    RecipientState,
)
from store.models.base import spelled
from store.queries.broadcasts import count_recipients
from store.queries.lead_lists import acts_for

TOPIC = "broadcasts"
MOST_DRAFTS = 50
_BEGUN = (BroadcastState.STARTING, BroadcastState.RUNNING, BroadcastState.PAUSED)
_NOT_BEGUN = (BroadcastState.DRAFT, BroadcastState.SCHEDULED)
_BY_CORE = {"synchronize_session": False}
# nothing beside Spark's own can be named then
_NOTHING_SET_UP = CreatorSetup()


class NoSuchBroadcast(NotFound):
    code = "no_such_broadcast"


class BroadcastStands(Conflict):
    """It is in a state that does not let it."""

    code = "broadcast_stands"


class BroadcastChanged(Conflict):
    """It says something else by now, or is for others, than what was said yes to."""

    code = "broadcast_changed"


class TooManyDrafts(Conflict):
    code = "too_many_drafts"


@dataclass(frozen=True, slots=True)
class ShownIn:
    """The message in which progress is shown from now on, and in whose chat it stands."""

    person_id: int
    message_id: int


async def find_broadcast(session: AsyncSession, creator_id: int, broadcast_id: int) -> Broadcast:
    """Raises NoSuchBroadcast."""
    found = await session.scalar(
        select(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.creator_id == creator_id)
    )
    if found is None:
        raise NoSuchBroadcast(f"there is no broadcast {broadcast_id}", why=Reason("refused-no-broadcast"))
    return found


async def find_own_broadcast(session: AsyncSession, person_id: int, broadcast_id: int) -> Broadcast:
    """Of any creator that this person acts for. Raises NoSuchBroadcast."""
    creator_id = await session.scalar(select(Broadcast.creator_id).where(Broadcast.id == broadcast_id))
    if creator_id is not None and not await acts_for(session, person_id, creator_id):
        creator_id = None
    return await find_broadcast(session, creator_id or 0, broadcast_id)


async def draft_broadcast(
    session: AsyncSession,
    creator_id: int,
    person_id: int | None,
    content: Content,
    *,
    segment: str = "",
    setup: CreatorSetup = _NOTHING_SET_UP,
    lapses_at: datetime | None = None,
    now: datetime,
) -> Broadcast:
    """A new one that nobody gets before it is started. Raises BadBroadcast, and TooManyDrafts.

    With `lapses_at` it is thrown away after that, unless somebody goes on with it.
    """
    await check_content(session, creator_id, content, setup)
    await take_files(session, creator_id, content)
    row = {"title": title_of(content), "segment": segment, "content": kept(content), "lapses_at": lapses_at}
    return await _keep_draft(session, creator_id, person_id, row, now=now)


async def copy_broadcast(
    session: AsyncSession, broadcast: Broadcast, person_id: int | None, *, now: datetime
) -> Broadcast:
    """A new draft that says the same to the same question; what it names may be gone, and is mended there.

    Raises TooManyDrafts, and BadBroadcast for one that cannot be read any more.
    """
    row = {"title": broadcast.title, "segment": broadcast.segment, "content": kept(content_of(broadcast))}
    return await _keep_draft(session, broadcast.creator_id, person_id, row, now=now)


async def _keep_draft(
    session: AsyncSession, creator_id: int, person_id: int | None, row: dict[str, Any], *, now: datetime
) -> Broadcast:
    await _drop_lapsed(session, creator_id, now=now)
    drafts = select(Broadcast.id).where(Broadcast.creator_id == creator_id, Broadcast.state == BroadcastState.DRAFT)
    if len((await session.scalars(drafts.limit(MOST_DRAFTS))).all()) >= MOST_DRAFTS:
        raise TooManyDrafts(
            f"there are {MOST_DRAFTS} drafts already; send or discard one first",
            why=Reason("refused-many-drafts", most=MOST_DRAFTS),
        )
    broadcast = Broadcast(creator_id=creator_id, person_id=person_id, created_at=now, **row)
    session.add(broadcast)
    await session.flush()
    await _note(session, broadcast, "broadcast.drafted", now=now)
    return broadcast


async def _drop_lapsed(session: AsyncSession, creator_id: int, *, now: datetime) -> None:
    lapsed = update(Broadcast).where(
        Broadcast.creator_id == creator_id, Broadcast.state == BroadcastState.DRAFT, Broadcast.lapses_at <= now
    )
    values = {"state": BroadcastState.CANCELLED, "ended_at": now}
    await session.execute(lapsed.values(values), execution_options=_BY_CORE)


async def discard_broadcast(session: AsyncSession, broadcast: Broadcast, *, now: datetime) -> None:
    """A draft, or one that is scheduled, is thrown away. Raises BroadcastStands once it has started."""
    await _move(session, broadcast, BroadcastState.CANCELLED, {"ended_at": now}, of=_NOT_BEGUN)


async def change_content(
    session: AsyncSession,
    broadcast: Broadcast,
    content: Content,
    *,
    setup: CreatorSetup = _NOTHING_SET_UP,
    revision: int | None = None,
) -> None:
    """Of a draft alone, as it was at that `revision`. Raises BadBroadcast, BroadcastStands and BroadcastChanged."""
    draft = await _draft(session, broadcast, revision)
    before = content_of(draft)
    await check_content(session, draft.creator_id, content, setup, before=before)
    await take_files(session, draft.creator_id, content, before=before)
    draft.content, draft.title = kept(content), title_of(content)
    await session.flush()


async def change_segment(
    session: AsyncSession, broadcast: Broadcast, question: str, *, revision: int | None = None
) -> None:
    """The question was checked by whoever asked for it. Raises BroadcastStands, and BroadcastChanged."""
    draft = await _draft(session, broadcast, revision)
    draft.segment = question
    await session.flush()


async def start_broadcast(
    session: AsyncSession,
    broadcast: Broadcast,
    *,
    setup: CreatorSetup = _NOTHING_SET_UP,
    revision: int | None = None,
    shown_in: ShownIn | None = None,
    now: datetime,
) -> None:
    """At once, as it was at that `revision`. A second time is refused.

    Raises BroadcastChanged, BroadcastStands, and BadBroadcast where something that it names is gone.
    """
    values = {"starts_at": now, "started_at": now, "local_at": None}
    await _move(session, broadcast, BroadcastState.STARTING, values, shown_in, of=_NOT_BEGUN, revision=revision)
    await check_content(session, broadcast.creator_id, content_of(broadcast), setup)
    await _note(session, broadcast, "broadcast.started", now=now)


async def schedule_broadcast(
    session: AsyncSession,
    broadcast: Broadcast,
    at: datetime,
    *,
    local_at: str | None = None,
    setup: CreatorSetup = _NOTHING_SET_UP,
    revision: int | None = None,
    shown_in: ShownIn | None = None,
    now: datetime,
) -> None:
    """At that instant or, with `local_at` (`2026-12-01T10:00`), when each lead's own clock shows that.

    Raises BadBroadcast for a time that is over, or too far away, and whatever keeps it from being started now.
    """
    # whose clocks are ahead may have passed it; for the creator it is yet to come
    begins = at if local_at is None else max(earliest_of(local_at), now)
    check_time(at, now=now)
    values = {"starts_at": begins, "local_at": local_at}
    await _move(session, broadcast, BroadcastState.SCHEDULED, values, shown_in, revision=revision)
    await check_content(session, broadcast.creator_id, content_of(broadcast), setup)
    await _note(session, broadcast, "broadcast.scheduled", now=now)


async def unschedule_broadcast(session: AsyncSession, broadcast: Broadcast) -> None:
    """A draft again."""
    await _move(session, broadcast, BroadcastState.DRAFT, {"starts_at": None, "local_at": None})


async def begin_scheduled(session: AsyncSession, broadcast_id: int, *, now: datetime) -> bool:
    """Whether this is who begins it."""
    begin = update(Broadcast).where(
        Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SCHEDULED, Broadcast.starts_at <= now
    )
    values = {"state": BroadcastState.STARTING, "started_at": now, "progress_at": None}
    if not await count_changed(session, begin.values(values).execution_options(**_BY_CORE)):
        return False
    await _note(session, await session.get_one(Broadcast, broadcast_id), "broadcast.started", now=now)
    return True


async def pause_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: ShownIn | None = None, now: datetime
) -> None:
    """Nothing more of it is taken: what is queued comes back, only what is being said this moment arrives."""
    await _move(session, broadcast, BroadcastState.PAUSED, {"paused_at": now}, shown_in)
    await take_back(session, broadcast.id)
    await _note(session, broadcast, "broadcast.paused", now=now)


async def resume_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: ShownIn | None = None, now: datetime
) -> None:
    """From where it stood."""
    held = await hold_broadcast(session, broadcast.id, BroadcastState.PAUSED)
    listed = held is not None and held.audience is not None
    target = BroadcastState.RUNNING if listed else BroadcastState.STARTING
    sent = (await count_recipients(session, broadcast.id)).sent
    values = {"resumed_at": now, "sent_before": sent, "paused_at": None}
    await _move(session, broadcast, target, values, shown_in, of=(BroadcastState.PAUSED,))
    await _note(session, broadcast, "broadcast.resumed", now=now)


async def cancel_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: ShownIn | None = None, now: datetime
) -> None:
    """For good: what waits is dropped, only what is being said this moment arrives."""
    await _move(session, broadcast, BroadcastState.CANCELLED, {"ended_at": now}, shown_in, of=_BEGUN)
    await call_off_queued(session, broadcast.id, now=now)
    await drop_waiting(session, broadcast.id)
    await _note(session, broadcast, "broadcast.cancelled", now=now)


async def end_broadcast(session: AsyncSession, broadcast_id: int, *, now: datetime) -> bool:
    """Whether it was over, and is ended by this: nobody waits, and nothing of it is on its way."""
    broadcast = await hold_broadcast(session, broadcast_id, BroadcastState.RUNNING)
    if broadcast is None:
        return False
    waiting = select(BroadcastRecipient.lead_id).where(
        BroadcastRecipient.broadcast_id == broadcast_id,
        BroadcastRecipient.state == spelled(RecipientState.WAITING),
    )
    under_way = select(OutboxMessage.id).where(
        OutboxMessage.broadcast_id == broadcast_id,
        OutboxMessage.state.in_([OutboxState.QUEUED, OutboxState.SENDING]),
    )
    if any([await session.scalar(left.limit(1)) is not None for left in (waiting, under_way)]):
        return False
    broadcast.state, broadcast.ended_at, broadcast.progress_at = BroadcastState.DONE, now, None
    await session.flush()
    # what came of it is shown at once
    wake(session, TOPIC)
    await _note(session, broadcast, "broadcast.done", now=now)
    return True


async def _draft(session: AsyncSession, broadcast: Broadcast, revision: int | None) -> Broadcast:
    """Its row, held, to be changed: it is another one from now on, and somebody goes on with it."""
    draft = await hold_broadcast(session, broadcast.id, BroadcastState.DRAFT)
    if draft is None:
        await session.refresh(broadcast)
        raise _stands(broadcast)
    if revision is not None and draft.revision != revision:
        raise _changed(broadcast)
    draft.revision, draft.lapses_at = draft.revision + 1, None
    return draft


async def _move(
    session: AsyncSession,
    broadcast: Broadcast,
    target: BroadcastState,
    values: dict[str, Any],
    shown_in: ShownIn | None = None,
    *,
    of: Collection[BroadcastState] | None = None,
    revision: int | None = None,
) -> None:
    """Whoever is first; the row is held from then on. What shows it says so soon.

    Raises BroadcastStands, and BroadcastChanged where it is of another revision.
    """
    sources = [each for each in BROADCAST_MOVES.sources(target) if of is None or each in of]
    if shown_in is not None:
        values |= {"progress_message_id": shown_in.message_id, "person_id": shown_in.person_id}
    move = update(Broadcast).where(Broadcast.id == broadcast.id, Broadcast.state.in_(sources))
    if revision is not None:
        move = move.where(Broadcast.revision == revision)
    values |= {"state": target, "progress_at": None, "lapses_at": None}
    moved = await count_changed(session, move.values(values).execution_options(**_BY_CORE))
    await session.refresh(broadcast)
    if moved:
        wake(session, TOPIC)
        return
    raise _changed(broadcast) if broadcast.state in sources else _stands(broadcast)


def _stands(broadcast: Broadcast) -> BroadcastStands:
    return BroadcastStands(
        f"the broadcast is {broadcast.state}",
        why=Reason("refused-broadcast-stands", state=Reason(f"broadcast-is-{broadcast.state}")),
    )


def _changed(broadcast: Broadcast) -> BroadcastChanged:
    why = Reason("refused-broadcast-changed", number=broadcast.id)
    return BroadcastChanged(f"broadcast {broadcast.id} has been changed since", why=why)


async def _note(session: AsyncSession, broadcast: Broadcast, name: str, *, now: datetime) -> None:
    await record_event(session, name, creator_id=broadcast.creator_id, subject=f"broadcast:{broadcast.id}", now=now)
