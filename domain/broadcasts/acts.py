"""What can be done with a broadcast: written, timed, started, paused, resumed, called off, tried out."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.broadcasts.audience import earliest_of, hold_broadcast
from domain.broadcasts.definition import BadBroadcast, Content, check_wording, content_of, kept
from domain.broadcasts.feeding import call_off_queued, drop_waiting, take_back
from domain.events import record_event
from kit.errors import Conflict, NotFound, Reason
from kit.text import shorten, unmarked
from store.database import count_changed, wake
from store.models import (
    BROADCAST_MOVES,
    Broadcast,
    BroadcastRecipient,
    BroadcastState,
    OutboxMessage,
    OutboxState,
    RecipientState,
    StoredFile,
)
from store.queries.broadcasts import count_recipients

TOPIC = "broadcasts"
MOST_DRAFTS = 50
_TITLE = 40
_LONGEST_AHEAD_DAYS = 366
_BEGUN = (BroadcastState.STARTING, BroadcastState.RUNNING, BroadcastState.PAUSED)
_NOT_BEGUN = (BroadcastState.DRAFT, BroadcastState.SCHEDULED)
_BY_CORE = {"synchronize_session": False}


class NoSuchBroadcast(NotFound):
    code = "no_such_broadcast"


class BroadcastStands(Conflict):
    """It is in a state that does not let it."""

    code = "broadcast_stands"


class TooManyDrafts(Conflict):
    code = "too_many_drafts"


async def find_broadcast(session: AsyncSession, creator_id: int, broadcast_id: int) -> Broadcast:
    """Raises NoSuchBroadcast."""
    found = await session.scalar(
        select(Broadcast).where(Broadcast.id == broadcast_id, Broadcast.creator_id == creator_id)
    )
    if found is None:
        raise NoSuchBroadcast(f"there is no broadcast {broadcast_id}", why=Reason("refused-no-broadcast"))
    return found


async def draft_broadcast(
    session: AsyncSession, creator_id: int, person_id: int | None, content: Content, *, segment: str = "", now: datetime
) -> Broadcast:
    """A new one that nobody gets before it is started. Raises BadBroadcast, and TooManyDrafts."""
    drafts = select(Broadcast.id).where(Broadcast.creator_id == creator_id, Broadcast.state == BroadcastState.DRAFT)
    if len((await session.scalars(drafts.limit(MOST_DRAFTS))).all()) >= MOST_DRAFTS:
        raise TooManyDrafts(
            f"there are {MOST_DRAFTS} drafts already; send or discard one first",
            why=Reason("refused-many-drafts", most=MOST_DRAFTS),
        )
    await _check(session, creator_id, content)
    broadcast = Broadcast(
        creator_id=creator_id,
        person_id=person_id,
        title=title_of(content),
        segment=segment,
        content=kept(content),
        created_at=now,
    )
    session.add(broadcast)
    await session.flush()
    await _note(session, broadcast, "broadcast.drafted", now=now)
    return broadcast


async def copy_broadcast(
    session: AsyncSession, broadcast: Broadcast, person_id: int | None, *, now: datetime
) -> Broadcast:
    """A new draft that says the same to the same question."""
    content = content_of(broadcast)
    return await draft_broadcast(session, broadcast.creator_id, person_id, content, segment=broadcast.segment, now=now)


async def discard_broadcast(session: AsyncSession, broadcast: Broadcast, *, now: datetime) -> None:
    """A draft, or one that is scheduled, is thrown away. Raises BroadcastStands once it has started."""
    await _move(session, broadcast, BroadcastState.CANCELLED, {"ended_at": now}, of=_NOT_BEGUN)


async def change_content(session: AsyncSession, broadcast: Broadcast, content: Content) -> None:
    """Of a draft alone. Raises BadBroadcast and BroadcastStands."""
    await _check(session, broadcast.creator_id, content)
    draft = await _draft(session, broadcast)
    draft.content, draft.title = kept(content), title_of(content)
    await session.flush()


async def change_segment(session: AsyncSession, broadcast: Broadcast, question: str) -> None:
    """The question was checked by whoever asked for it. Raises BroadcastStands."""
    (await _draft(session, broadcast)).segment = question
    await session.flush()


async def start_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: int | None = None, now: datetime
) -> None:
    """At once. `shown_in`: the message in which its progress is shown. A second time is refused."""
    values = {"starts_at": now, "started_at": now, "local_at": None}
    await _move(session, broadcast, BroadcastState.STARTING, values, shown_in, of=_NOT_BEGUN)
    await _note(session, broadcast, "broadcast.started", now=now)


async def schedule_broadcast(
    session: AsyncSession,
    broadcast: Broadcast,
    at: datetime,
    *,
    local_at: str | None = None,
    shown_in: int | None = None,
    now: datetime,
) -> None:
    """At that instant or, with `local_at` (`2026-12-01T10:00`), when each lead's own clock shows that.

    Raises BadBroadcast for a time that is over, or too far away.
    """
    # whose clocks are ahead may have passed it; for the creator it is yet to come
    begins = at if local_at is None else max(earliest_of(local_at), now)
    if at <= now:
        raise BadBroadcast("that time is over", why=Reason("refused-broadcast-past"))
    if (at - now).days > _LONGEST_AHEAD_DAYS:
        raise BadBroadcast("a year ahead at most", why=Reason("refused-broadcast-far"))
    await _move(session, broadcast, BroadcastState.SCHEDULED, {"starts_at": begins, "local_at": local_at}, shown_in)
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
    begun = await session.get_one(Broadcast, broadcast_id, populate_existing=True)
    await _note(session, begun, "broadcast.started", now=now)
    return True


async def pause_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: int | None = None, now: datetime
) -> None:
    """Nothing more of it is taken: what is queued comes back, only what is being said this moment arrives."""
    await _move(session, broadcast, BroadcastState.PAUSED, {"paused_at": now}, shown_in)
    await take_back(session, broadcast.id)
    await _note(session, broadcast, "broadcast.paused", now=now)


async def resume_broadcast(
    session: AsyncSession, broadcast: Broadcast, *, shown_in: int | None = None, now: datetime
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
    session: AsyncSession, broadcast: Broadcast, *, shown_in: int | None = None, now: datetime
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
        BroadcastRecipient.broadcast_id == broadcast_id, BroadcastRecipient.state == RecipientState.WAITING
    )
    under_way = select(OutboxMessage.id).where(
        OutboxMessage.broadcast_id == broadcast_id,
        OutboxMessage.state.in_([OutboxState.QUEUED, OutboxState.SENDING]),
    )
    for left in (waiting, under_way):
        if await session.scalar(left.limit(1)) is not None:
            return False
    broadcast.state, broadcast.ended_at, broadcast.progress_at = BroadcastState.DONE, now, None
    await session.flush()
    await _note(session, broadcast, "broadcast.done", now=now)
    return True


def title_of(content: Content) -> str:
    """Its first words, by which creators know it."""
    words = [each.text for variant in content.variants for each in variant.wordings.values()]
    told = next((unmarked(each).strip() for each in words if each.strip()), "")
    return shorten(" ".join(told.split()), _TITLE) or "…"


async def _check(session: AsyncSession, creator_id: int, content: Content) -> None:
    for variant in content.variants:
        for wording in variant.wordings.values():
            check_wording(wording)
    own = select(StoredFile.id).where(StoredFile.id.in_(content.files), StoredFile.creator_id == creator_id)
    if content.files and len((await session.scalars(own)).all()) < len(content.files):
        raise BadBroadcast("its file is gone", why=Reason("refused-broadcast-file"))


async def _draft(session: AsyncSession, broadcast: Broadcast) -> Broadcast:
    """Its row, held."""
    draft = await hold_broadcast(session, broadcast.id, BroadcastState.DRAFT)
    if draft is None:
        await session.refresh(broadcast)
        raise _stands(broadcast)
    return draft


async def _move(
    session: AsyncSession,
    broadcast: Broadcast,
    target: BroadcastState,
    values: dict[str, Any],
    shown_in: int | None = None,
    *,
    of: Collection[BroadcastState] | None = None,
) -> None:
    """Whoever is first; the row is held from then on. What shows it says so soon. Raises BroadcastStands."""
    sources = [each for each in BROADCAST_MOVES.sources(target) if of is None or each in of]
    if shown_in is not None:
        values |= {"progress_message_id": shown_in}
    move = update(Broadcast).where(Broadcast.id == broadcast.id, Broadcast.state.in_(sources))
    moved = await count_changed(
        session, move.values(state=target, progress_at=None, **values).execution_options(**_BY_CORE)
    )
    await session.refresh(broadcast)
    if not moved:
        raise _stands(broadcast)
    wake(session, TOPIC)


def _stands(broadcast: Broadcast) -> BroadcastStands:
    return BroadcastStands(
        f"the broadcast is {broadcast.state}",
        why=Reason("refused-broadcast-stands", state=Reason(f"broadcast-is-{broadcast.state}")),
    )


async def _note(session: AsyncSession, broadcast: Broadcast, name: str, *, now: datetime) -> None:
    subject = f"broadcast:{broadcast.id}"
    await record_event(session, name, creator_id=broadcast.creator_id, subject=subject, now=now)
