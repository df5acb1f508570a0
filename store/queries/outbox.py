"""The outbox as the sender reads it: whose turn it is, what stands at the head, and what is known of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Integer, ScalarSelect, Select, bindparam, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from store.models import (
    WAITS_FOR_SOMEBODY,
    Channel,
    Creator,
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    IdeaPost,
    Instant,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    PostState,
    Urgency,
)
from store.models.base import spelled
from store.queries.unrouted import has_unrouted

# in the key of a message that was said in handing a chat over
HANDOVER = "handover"


def held_back(message: type[OutboxMessage]) -> ColumnElement[bool]:
    """A flow keeps quiet in a chat that a person has taken over, but for the words with which it hands it over."""
    # of this one lead, and not of whoever is in a list of all that were taken over
    taken_over_at = select(Lead.taken_over_at).where(Lead.id == message.lead_id).scalar_subquery()
    return (message.kind == OutboxKind.FLOW) & message.key.not_like(f"flow:%:{HANDOVER}%") & taken_over_at.is_not(None)


def is_reachable(message: type[OutboxMessage]) -> ColumnElement[bool]:
    """A message to somebody who has blocked the bot waits for them, and not for an instant; a channel blocks nobody."""
    theirs = exists().where(Person.id == message.person_id, Person.blocked_at.is_(None))
    return theirs | message.post_id.is_not(None)


def _is(message: type[OutboxMessage], state: OutboxState) -> ColumnElement[bool]:
    return message.state == spelled(state)


def _waits(message: type[OutboxMessage]) -> ColumnElement[bool]:
    return message.state.in_([spelled(OutboxState.QUEUED), spelled(OutboxState.SENDING)])


async def whose_turn(session: AsyncSession, *, now: datetime) -> dict[int, list[int]]:
    """Which creators have something due, by urgency: three looks at an index for each creator, however much waits."""
    waiting: dict[int, list[int]] = {}
    for creator_id, *found in await session.execute(_WHOSE_TURN, {"now": now}):
        for urgency, message_id in zip(Urgency, found, strict=True):
            if message_id is not None:
                waiting.setdefault(urgency, []).append(creator_id)
    return waiting


def _first_due(urgency: Urgency) -> ScalarSelect[int]:
    # a query of its own for each creator: asked whether there is one, PostgreSQL makes a list of all that are due
    return (
        select(OutboxMessage.id)
        .where(
            OutboxMessage.urgency == literal_column(str(int(urgency))),
            OutboxMessage.creator_id == Creator.id,
            OutboxMessage.due_at <= bindparam("now", type_=Instant()),
            _is(OutboxMessage, OutboxState.QUEUED),
        )
        .order_by(OutboxMessage.due_at)
        .limit(1)
        .correlate(Creator)
        .scalar_subquery()
    )


_WHOSE_TURN = select(Creator.id, *(_first_due(urgency).label(urgency.name) for urgency in Urgency)).order_by(Creator.id)


async def is_message_due(session: AsyncSession, *, now: datetime) -> bool:
    """True while one is being sent, or is due that can be, and waits for nothing that is not looked at yet."""
    sending = exists().where(_is(OutboxMessage, OutboxState.SENDING))
    goes_first = OutboxMessage.urgency == literal_column(str(int(Urgency.PROMISED)))
    can_go = is_reachable(OutboxMessage) & ~held_back(OutboxMessage) & (goes_first | ~has_unrouted(OutboxMessage))
    due = exists(_of_each_creator().where(OutboxMessage.due_at <= now, can_go))
    return bool(await session.scalar(select(sending | due)))


async def next_message_at(session: AsyncSession, *, after: datetime) -> datetime | None:
    """When, after that instant, the next message is due."""
    due = _of_each_creator().where(
        OutboxMessage.due_at > after,
        OutboxMessage.due_at < WAITS_FOR_SOMEBODY,
        is_reachable(OutboxMessage),
        ~held_back(OutboxMessage),
    )
    return await session.scalar(due.with_only_columns(func.min(OutboxMessage.due_at)))


def _of_each_creator() -> Select[int]:
    """What is queued, by the way the index goes."""
    return (
        select(OutboxMessage.id)
        .join(Creator, Creator.id == OutboxMessage.creator_id)
        .where(
            OutboxMessage.urgency.in_([literal_column(str(int(urgency))) for urgency in Urgency]),
            _is(OutboxMessage, OutboxState.QUEUED),
        )
    )


async def heads(
    session: AsyncSession, urgency: int, creator_id: int, *, now: datetime, most: int, resting: Collection[int]
) -> Sequence[int]:
    """The ids of a creator's first due messages of one urgency: a walk along one index, that ends with the `most`.

    At most one a chat, the most urgent and oldest of those that are due for it, and none while that chat is spoken
    to or one of the `resting` Telegram ids. What waits for a person who has taken the chat over is passed by, and a
    funnel's message while something has happened to its lead that is not looked at yet.
    """
    given = {"its_urgency": urgency, "its_creator_id": creator_id, "now": now, "most": most}
    if resting:
        given["resting"] = list(resting)
    return (await session.scalars(heads_query(some_rest=bool(resting)), given)).all()


@cache
def heads_query(*, some_rest: bool) -> Select[int]:
    """Built once: building it costs more than the database takes to carry it out."""
    now = bindparam("now", type_=Instant())
    earlier, spoken = aliased(OutboxMessage), aliased(OutboxMessage)
    waits_behind = exists().where(
        earlier.person_id == OutboxMessage.person_id,
        _waits(earlier),
        _is(earlier, OutboxState.QUEUED),
        earlier.due_at <= now,
        (earlier.urgency < OutboxMessage.urgency)
        | ((earlier.urgency == OutboxMessage.urgency) & (earlier.id < OutboxMessage.id)),
        ~held_back(earlier),
    )
    is_spoken_to = exists().where(spoken.person_id == OutboxMessage.person_id, _is(spoken, OutboxState.SENDING))
    unrouted = exists().where(Event.lead_id == OutboxMessage.lead_id, Event.routed_at.is_(None))
    query = (
        select(OutboxMessage.id)
        .where(
            _is(OutboxMessage, OutboxState.QUEUED),
            OutboxMessage.urgency == bindparam("its_urgency"),
            OutboxMessage.creator_id == bindparam("its_creator_id"),
            OutboxMessage.due_at <= now,
            ~is_spoken_to,
            ~waits_behind,
            ~held_back(OutboxMessage),
            (OutboxMessage.kind != OutboxKind.FUNNEL) | ~unrouted,
        )
        .order_by(OutboxMessage.due_at, OutboxMessage.id)
        .limit(bindparam("most", type_=Integer()))
    )
    if not some_rest:
        return query
    of_chat = exists().where(
        Person.id == OutboxMessage.person_id, Person.telegram_id.in_(bindparam("resting", expanding=True))
    )
    return query.where(~of_chat)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that is due, with what deciding about it needs. Its row is held until the transaction ends."""

    id: int
    key: str
    kind: OutboxKind
    urgency: int
    creator_id: int
    # 0 of what goes into a channel
    person_id: int
    post_id: int | None
    lead_id: int | None
    enrollment_id: int | None
    step: str | None
    broadcast_id: int | None
    entitlement_id: int | None
    message: dict[str, Any] | None
    due_at: datetime
    attempts: int
    uncertain: int
    claim: int | None
    # 0 where it would go into a channel that is known no longer
    telegram_id: int
    first_name: str
    username: str | None
    language: str
    blocked_at: datetime | None
    # of the lead
    unsubscribed_at: datetime | None
    banned_at: datetime | None
    forgotten_at: datetime | None
    merged_into_id: int | None
    consented_at: datetime | None
    time_zone: str | None
    source: str | None
    stage: str | None
    score: int | None
    # of the enrollment
    enrollment_state: EnrollmentState | None
    enrollment_reason: str | None
    funnel_key: str | None
    version_id: int | None
    subject: str | None
    arms: dict[str, Any] | None
    # of the right to what it hands over
    revoked_at: datetime | None
    # of the business
    closed_at: datetime | None
    # of what goes into a channel
    post_state: PostState | None


_CANDIDATE = (
    select(
        OutboxMessage.id,
        OutboxMessage.key,
        OutboxMessage.kind,
        OutboxMessage.urgency,
        OutboxMessage.creator_id,
        func.coalesce(OutboxMessage.person_id, 0),
        OutboxMessage.post_id,
        OutboxMessage.lead_id,
        OutboxMessage.enrollment_id,
        OutboxMessage.step,
        OutboxMessage.broadcast_id,
        OutboxMessage.entitlement_id,
        OutboxMessage.message,
        OutboxMessage.due_at,
        OutboxMessage.attempts,
        OutboxMessage.uncertain,
        OutboxMessage.claim,
        func.coalesce(Person.telegram_id, Channel.chat_id, 0),
        func.coalesce(Person.first_name, ""),
        Person.username,
        func.coalesce(Person.speaks, "").label("language"),
        Person.blocked_at,
        Lead.unsubscribed_at,
        Lead.banned_at,
        Lead.forgotten_at,
        Lead.merged_into_id,
        Lead.consented_at,
        Lead.time_zone,
        Lead.source,
        Lead.stage,
        Lead.score,
        Enrollment.state.label("enrollment_state"),
        Enrollment.reason.label("enrollment_reason"),
        Enrollment.funnel_key,
        Enrollment.version_id,
        Enrollment.subject,
        Enrollment.arms,
        Entitlement.revoked_at,
        Creator.closed_at,
        IdeaPost.state.label("post_state"),
    )
    .join(Creator, Creator.id == OutboxMessage.creator_id)
    .outerjoin(Person, Person.id == OutboxMessage.person_id)
    .outerjoin(IdeaPost, IdeaPost.id == OutboxMessage.post_id)
    .outerjoin(Channel, Channel.id == IdeaPost.channel_id)
    .outerjoin(Lead, Lead.id == OutboxMessage.lead_id)
    .outerjoin(Enrollment, Enrollment.id == OutboxMessage.enrollment_id)
    .outerjoin(Entitlement, Entitlement.id == OutboxMessage.entitlement_id)
    .where(OutboxMessage.id.in_(bindparam("ids", expanding=True)), _is(OutboxMessage, OutboxState.QUEUED))
    .with_for_update(of=OutboxMessage, skip_locked=True)
)


async def hold_candidates(session: AsyncSession, ids: Sequence[int]) -> list[Candidate]:
    """Those of the messages that are queued still and that nobody else holds, in the order of `ids`."""
    rows = await session.execute(_CANDIDATE, {"ids": ids})
    found = {row[0]: Candidate(*cast("tuple[Any, ...]", row)) for row in rows}
    return [found[each] for each in ids if each in found]


async def told_lately(
    session: AsyncSession, lead_ids: Collection[int], *, since: datetime
) -> dict[int, list[datetime]]:
    """When each lead was told something by a funnel or a broadcast since then, the first at first."""
    rows = await session.execute(
        select(OutboxMessage.lead_id, OutboxMessage.closed_at)
        .where(
            OutboxMessage.lead_id.in_(lead_ids),
            _is(OutboxMessage, OutboxState.SENT),
            OutboxMessage.urgency > literal_column("1"),
            OutboxMessage.kind.in_([OutboxKind.FUNNEL, OutboxKind.BROADCAST]),
            OutboxMessage.closed_at > since,
        )
        .order_by(OutboxMessage.lead_id, OutboxMessage.closed_at)
    )
    told: dict[int, list[datetime]] = {}
    for lead_id, at in rows:
        if lead_id is not None and at is not None:
            told.setdefault(lead_id, []).append(at)
    return told


async def earlier_due(session: AsyncSession, ids: Collection[int], *, after: datetime) -> dict[int, datetime]:
    """Which of the messages come behind one of the same enrollment that is put off, and to when it is."""
    earlier = aliased(OutboxMessage)
    behind = (
        (earlier.enrollment_id == OutboxMessage.enrollment_id)
        & (earlier.seq < OutboxMessage.seq)
        # not by its state: an index of whatever is queued would do for that, however much it is
        & earlier.closed_at.is_(None)
        & (earlier.due_at > after)
        & (earlier.due_at < WAITS_FOR_SOMEBODY)
    )
    asked = select(OutboxMessage.id, func.max(earlier.due_at)).join(earlier, behind)
    rows = await session.execute(asked.where(OutboxMessage.id.in_(ids)).group_by(OutboxMessage.id))
    return {row[0]: row[1] for row in rows}


async def last_overdue(session: AsyncSession, enrollment_ids: Collection[int], *, before: datetime) -> set[int]:
    """Of what was due before that instant and is queued still, the last of each enrollment."""
    if not enrollment_ids:
        return set()
    last = select(func.max(OutboxMessage.id)).where(
        OutboxMessage.enrollment_id.in_(enrollment_ids),
        _is(OutboxMessage, OutboxState.QUEUED),
        OutboxMessage.due_at < before,
    )
    return set(await session.scalars(last.group_by(OutboxMessage.enrollment_id)))
