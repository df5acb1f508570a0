"""Beginning a follow-up, which is done here and nowhere else, and ending one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import may_market
from domain.decisions import Noted, Outcome, note_decisions
from domain.entering import Entered, Entering, note_entering
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands, find_funnel
from domain.messages.catalogue import plain_why
from domain.reentry import FIRST, NOT_OVER, may_begin, rounds_of
from domain.setups import CreatorSetup
from kit.errors import Conflict, Reason
from store.database import insert_and_tell, insert_each_once, wake
from store.models import (
    RUNS,
    Enrollment,
    EnrollmentState,
    Lead,
    OutboxMessage,
    OutboxState,
    Person,
    StartByHand,
    Timer,
)

# the kinds of subjects that have a follow-up each
_OWN = frozenset({"order"})
# of an enrollment that is about nothing but the lead
NO_SUBJECT = ""
BY_HAND = "hand"
BY_FLOW = "flow"
BY_LINK = "link"
# why one has ended that has reached what it is for
GOAL = "goal"
# what is woken when a segment is to begin
STARTS = "starts"
AT_ONCE = 500
# somebody else may begin it at the same moment, as often as that is allowed
_TRIES = 5
_BY_CORE = {"synchronize_session": False}
_UNSAID = (OutboxState.QUEUED, OutboxState.SENDING)
_HAS_UNSAID = exists().where(OutboxMessage.enrollment_id == Enrollment.id, OutboxMessage.state.in_(_UNSAID))
# one at its end whose last words are being sent: should they come back, nobody says them any more
_CAN_END = or_(Enrollment.state.in_(NOT_OVER), (Enrollment.state == EnrollmentState.DONE) & _HAS_UNSAID)


@dataclass(frozen=True, slots=True)
class Entry:
    """One lead who is to begin: about what, begun by what, and when its first step is due."""

    lead_id: int
    at: datetime
    subject: str = NO_SUBJECT
    begun_by: str = BY_HAND


@dataclass(frozen=True, slots=True)
class Current:
    """A funnel by its name, in the wording that those who begin now take."""

    creator_id: int
    key: str
    version_id: int
    funnel: Funnel

    def entered(
        self, lead_id: int, outcome: Entering, begun_by: str, seen: str = "", *, enrollment_id: int | None = None
    ) -> Entered:
        """What came of it for a lead, to be noted."""
        return Entered(self.creator_id, lead_id, self.key, self.version_id, outcome, begun_by, seen, enrollment_id)


Key = tuple[int, str]


class Hindrance(StrEnum):
    BEFORE = "before"
    GONE = "gone"
    NO_CHAT = "no-chat"
    BANNED = "banned"
    BLOCKED = "blocked"
    UNSUBSCRIBED = "unsubscribed"
    NO_CONSENT = "no-consent"
    NEEDS_ORDER = "needs-order"


class NotEnrolled(Conflict):
    """Nothing was begun, for what the `hindrance` says."""

    code = "not_enrolled"

    def __init__(self, hindrance: Hindrance, lead: Lead, funnel_key: str) -> None:
        self.hindrance = hindrance
        why = Reason(f"refused-enroll-{hindrance}", lead=lead.id, funnel=funnel_key)
        super().__init__(plain_why(why, "en"), why=why)


def subject_of(told: str) -> str:
    """What a follow-up begun by an event about `told` is about: an order, or the lead alone."""
    return told if told.partition(":")[0] in _OWN else NO_SUBJECT


async def begin_each(
    session: AsyncSession, current: Current, entries: Sequence[Entry], *, now: datetime, once: bool = False
) -> dict[Key, int]:
    """Begins the funnel for those of the entries that its `again` lets in; their enrollments by lead and subject.

    Whoever has unsubscribed, was banned, merged or forgotten is passed over. `once`: never twice about one
    subject, whatever `again` says. Of two who begin the same at once, the unique key of lead, funnel, subject and
    round lets one.
    """
    begun: dict[Key, int] = {}
    for place in range(0, len(entries), AT_ONCE):
        left = {(entry.lead_id, entry.subject): entry for entry in entries[place : place + AT_ONCE]}
        for _ in range(_TRIES):
            made, left = await _begin(session, current, left, once=once, now=now)
            begun |= made
            if not left:
                break
    if begun:
        wake(session, "timers")
    return begun


async def _begin(
    session: AsyncSession, current: Current, wanted: Mapping[Key, Entry], *, once: bool, now: datetime
) -> tuple[dict[Key, int], dict[Key, Entry]]:
    """Those who have begun, and those who were let in and found that somebody had begun the same meanwhile."""
    funnel = current.funnel
    before = await rounds_of(session, current.creator_id, current.key, {lead_id for lead_id, _ in wanted})
    # its texts would have nothing to fill in
    needs_order = funnel.has_order and funnel.names_order
    let_in = {}
    for each, entry in wanted.items():
        stands = before.get(entry.lead_id)
        if stands is None or (needs_order and subject_of(entry.subject) == NO_SUBJECT):
            continue
        past = stands.get(entry.subject, FIRST)
        if may_begin(funnel, past, once=once, now=now):
            let_in[each] = (entry, past.rounds)
    rows = [
        {
            "creator_id": current.creator_id,
            "lead_id": entry.lead_id,
            "funnel_key": current.key,
            "version_id": current.version_id,
            "subject": entry.subject,
            "round": rounds,
            "step": "",
            "begun_by": entry.begun_by,
            "started_at": entry.at,
        }
        # in a fixed order, so that two who begin the same leads never wait for each other in a circle
        for entry, rounds in sorted(let_in.values(), key=lambda each: each[0].lead_id)
    ]
    made = {
        (row.lead_id, row.subject): row.id
        for row in await insert_and_tell(session, Enrollment, rows, "id", "lead_id", "subject")
    }
    due = [{"due_at": let_in[each][0].at, "enrollment_id": enrollment_id} for each, enrollment_id in made.items()]
    await insert_each_once(session, Timer, due)
    await note_entering(
        session,
        (
            current.entered(each[0], Entering.BEGUN, let_in[each][0].begun_by, enrollment_id=enrollment_id)
            for each, enrollment_id in made.items()
        ),
        now=now,
    )
    return made, {each: entry for each, (entry, _) in let_in.items() if each not in made}


async def begin(
    session: AsyncSession,
    lead: Lead,
    key: str,
    version_id: int,
    funnel: Funnel,
    *,
    subject: str = NO_SUBJECT,
    begun_by: str = BY_HAND,
    at: datetime,
    now: datetime,
) -> int | None:
    """The new enrollment, whose first step is due `at`; None for a lead whom `again` does not let in."""
    entry = Entry(lead.id, at, subject, begun_by)
    current = Current(lead.creator_id, key, version_id, funnel)
    begun = await begin_each(session, current, [entry], now=now)
    return begun.get((lead.id, subject))


async def enroll_lead(
    session: AsyncSession,
    lead: Lead,
    funnel_key: str,
    version: tuple[int, Funnel],
    setup: CreatorSetup,
    *,
    now: datetime,
    begun_by: str = BY_HAND,
) -> int:
    """Begins a funnel for somebody who is at hand, its first step due at once, and tells its enrollment.

    Raises NotEnrolled for whoever cannot be written to, and for a lead whom the funnel's `again` does not let in.
    """
    version_id, funnel = version
    hindrance = await _hindrance(session, lead, funnel, setup)
    if hindrance is not None:
        raise NotEnrolled(hindrance, lead, funnel_key)
    begun = await begin(session, lead, funnel_key, version_id, funnel, begun_by=begun_by, at=now, now=now)
    if begun is None:
        raise NotEnrolled(Hindrance.BEFORE, lead, funnel_key)
    return begun


async def begin_for_segment(
    session: AsyncSession, creator_id: int, key: str, question: str, *, now: datetime, begun_by: str = BY_HAND
) -> int:
    """Everybody who is in the segment begins the funnel, a few at a time and soon; the wish's own number.

    Nobody who comes later does. Raises NoSuchFunnel, and FunnelStands for one that nobody can begin now. That the
    question can be asked is checked by whoever asks for this, who counts them before.
    """
    head = await find_funnel(session, creator_id, key)
    if head.state not in RUNS or head.version_id is None:
        raise FunnelStands(key, head.state)
    wish = StartByHand(
        creator_id=creator_id,
        funnel_key=key,
        version_id=head.version_id,
        question=question,
        begun_by=begun_by,
        last_lead=await session.scalar(select(func.max(Lead.id)).where(Lead.creator_id == creator_id)) or 0,
        created_at=now,
    )
    session.add(wish)
    await session.flush()
    wake(session, STARTS)
    return wish.id


async def end_enrollments(
    session: AsyncSession,
    enrollment_ids: Iterable[int],
    reason: str,
    *,
    now: datetime,
    state: EnrollmentState = EnrollmentState.STOPPED,
    by: Mapping[int, str] | None = None,
) -> int:
    """Ends those that are not over, with whatever of theirs is still unsent; returns how many were.

    Whoever is parked ends too. One at its end stays as it is, but its last words are taken back while they are unsent.
    `by`: what each was ended by, as `event:12`.
    """
    ids = sorted(set(enrollment_ids))
    ended = 0
    for place in range(0, len(ids), AT_ONCE):
        some = ids[place : place + AT_ONCE]
        # a step that is being taken holds its enrollment: its timer and what it says are there afterwards
        rows = await hold_enrollments(session, some)
        await session.execute(delete(Timer).where(Timer.enrollment_id.in_(some)), execution_options=_BY_CORE)
        # what the sender looks at just now it finds out by itself: it holds that before it comes to an enrollment
        queued = (
            select(OutboxMessage.id)
            .where(OutboxMessage.enrollment_id.in_(some), OutboxMessage.state == OutboxState.QUEUED)
            .with_for_update(skip_locked=True)
        )
        unsaid = await session.scalars(
            update(OutboxMessage)
            .where(OutboxMessage.id.in_(queued))
            .values(state=OutboxState.CANCELLED, error=reason, closed_at=now)
            .returning(OutboxMessage.enrollment_id),
            execution_options=_BY_CORE,
        )
        changed = {each for each in unsaid if each is not None}
        over = await session.scalars(
            update(Enrollment)
            .where(Enrollment.id.in_(some), _CAN_END)
            .values(state=state, reason=reason, ended_at=now, held_at=None, waits_for=None)
            .returning(Enrollment.id),
            execution_options=_BY_CORE,
        )
        ended += len(those := set(over))
        noted = [_ended(row, state, reason, (by or {}).get(row.id)) for row in rows if row.id in changed | those]
        await note_decisions(session, noted, now=now)
    return ended


async def hold_enrollments(session: AsyncSession, enrollment_ids: Sequence[int]) -> "Sequence[Row[*tuple[Any, ...]]]":
    """As they are now, by number, until the end of the transaction: behind their leads, and before their timers."""
    asked = (
        select(
            Enrollment.id,
            Enrollment.creator_id,
            Enrollment.lead_id,
            Enrollment.funnel_key,
            Enrollment.version_id,
            Enrollment.step,
        )
        .where(Enrollment.id.in_(enrollment_ids))
        .order_by(Enrollment.id)
        .with_for_update()
    )
    return (await session.execute(asked)).all()


def _ended(row: "Row[*tuple[Any, ...]]", state: EnrollmentState, reason: str, by: str | None) -> Noted:
    outcome = Outcome.STOPPED
    if state is EnrollmentState.DONE:
        outcome = Outcome.GOAL if reason == GOAL else Outcome.END
    told = [row.step, outcome.value, reason, *([by] if by else [])]
    return Noted(row.creator_id, row.lead_id, f"funnel:{row.funnel_key}", row.version_id, row.id, [told])


async def _hindrance(session: AsyncSession, lead: Lead, funnel: Funnel, setup: CreatorSetup) -> Hindrance | None:
    if lead.merged_into_id is not None or lead.forgotten_at is not None:
        return Hindrance.GONE
    if lead.person_id is None:
        return Hindrance.NO_CHAT
    if lead.banned_at is not None:
        return Hindrance.BANNED
    if (await session.get_one(Person, lead.person_id)).blocked_at is not None:
        return Hindrance.BLOCKED
    if lead.unsubscribed_at is not None:
        return Hindrance.UNSUBSCRIBED
    if not may_market(lead, setup):
        return Hindrance.NO_CONSENT
    # its texts would have nothing to fill in
    return Hindrance.NEEDS_ORDER if funnel.names_order else None
