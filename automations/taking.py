"""Taking what is due: whose turn it is, asked again whether it may go out, put into words, marked as being sent."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from automations.judging import Judged, Wordings, judge
from automations.outcomes import Claimed
from automations.setting_aside import ENDS_AS, end_unsaid
from automations.stuck import REASON_LENGTH
from automations.turns import Turn, Turns
from automations.verdicts import Blocks, Drops, EndsAll, Goes, Parks, PutsOff, Verdict
from automations.wording import Words, is_worded_late
from domain.decisions import Outcome
from domain.definitions import Published
from domain.enrollments import end_enrollments, hold_enrollments
from domain.idea_posted import note_dropped
from domain.messages.plain import Message
from domain.step_counts import Counted, Measure, arm_label
from kit.errors import Refusal
from kit.text import shorten
from store.database import count_changed
from store.database_clock import database_in
from store.hot import Bulk
from store.models import WAITS_FOR_SOMEBODY, Decision, EnrollmentState, OutboxMessage, OutboxState
from store.queries.leases import database_time
from store.queries.outbox import Candidate, heads, hold_candidates, whose_turn

# what was looked at and may not go makes room for the next, so many times before the transaction ends
MOST_ROUNDS = 5
_DECIDED = ("creator_id", "lead_id", "at", "about", "version_id", "enrollment_id", "trace")
Worded = tuple[Candidate, Message]


@dataclass
class Taken:
    """What one transaction takes, and how many it looked at that may not go."""

    claimed: list[Claimed] = field(default_factory=list)
    settled: int = 0


@dataclass
class Taking:
    """Takes messages for one sender."""

    published: Published
    turns: Turns = field(default_factory=Turns)
    wordings: Wordings = field(default_factory=Wordings)
    # since when whoever takes has been there to say what is due
    speaks_since: datetime | None = None
    # the messages that were looked at last
    looked_at: Sequence[int] = ()

    async def take(
        self,
        session: AsyncSession,
        *,
        room: int,
        resting: Collection[int],
        lease_seconds: float,
        now: datetime,
    ) -> Taken:
        """Up to `room` messages, marked as being sent. What may not go out is dealt with on the way.

        At most one a chat. Whatever is looked at leaves the head of its queue, taken or put off or over, so that
        nothing that cannot go out now stands before what can.
        """
        waiting = await whose_turn(session, now=now)
        taken = Taken()
        for _ in range(MOST_ROUNDS):
            ids = await self._next(session, waiting, room=room - len(taken.claimed), resting=resting, now=now)
            self.looked_at = ids
            rows = await hold_candidates(session, ids) if ids else []
            if not rows:
                break
            since = self.speaks_since
            judged = await judge(session, rows, self.published, self.wordings, now=now, speaks_since=since)
            worded, others = await self._put_into_words(session, judged, now=now)
            await _mark(session, worded, lease_seconds=lease_seconds)
            await _settle_the_rest(session, others, now=now)
            taken.claimed += [_claimed(row, message, now) for row, message in worded]
            taken.settled += len(others)
            if not others or len(taken.claimed) >= room or _whose_enrollments(others):
                break
            # what stood behind those may be next
            waiting = await whose_turn(session, now=now)
        return taken

    async def _next(
        self,
        session: AsyncSession,
        waiting: dict[int, list[int]],
        *,
        room: int,
        resting: Collection[int],
        now: datetime,
    ) -> list[int]:
        """The ids of those whose turn it is. A creator who has no more of one urgency leaves `waiting`."""
        found: dict[Turn, Sequence[int]] = {}
        while (left := room - sum(map(len, found.values()))) > 0 and any(waiting.values()):
            for turn, more in Counter(self.turns.share(left, waiting)).items():
                urgency, creator_id = turn
                most = len(found.get(turn, ())) + more
                found[turn] = await heads(session, urgency, creator_id, now=now, most=most, resting=resting)
                if len(found[turn]) < most:
                    waiting[urgency].remove(creator_id)
        return [each for ids in found.values() for each in ids]

    async def _put_into_words(
        self, session: AsyncSession, judged: Sequence[Judged], *, now: datetime
    ) -> tuple[list[Worded], list[Judged]]:
        """Those that go out, with their words, and what becomes of the others."""
        words = Words(session, self.published, now, [row for row, verdict in judged if isinstance(verdict, Goes)])
        worded, others = list[Worded](), list[Judged]()
        for row, verdict in judged:
            if not isinstance(verdict, Goes):
                others.append((row, verdict))
                continue
            try:
                message = await words.of(row, verdict.funnel)
            except (Refusal, LookupError, ValueError, NoResultFound) as error:
                # this one waits for a person with its reason; the others go on
                others.append((row, Parks(error)))
                continue
            if message is None:
                others.append((row, Drops("nothing to say")))
            else:
                worded.append((row, message))
        return worded, others


async def _mark(session: AsyncSession, worded: Sequence[Worded], *, lease_seconds: float) -> None:
    """They are being sent from now on, until their lease is over."""
    if not worded:
        return
    until = await database_time(session) + timedelta(seconds=lease_seconds)
    bulk, fixed = Bulk(), ("state", "attempts", "lease_until", "claim")
    told, new = [], []
    for row, message in worded:
        values = (OutboxState.SENDING, row.attempts + 1, until, _claim(row))
        if is_worded_late(row):
            new.append((*values, message.model_dump(mode="json", exclude_defaults=True), row.id))
        else:
            told.append((*values, row.id))
    bulk.update(OutboxMessage, fixed, told)
    bulk.update(OutboxMessage, (*fixed, "message"), new)
    await bulk.write(session)


async def _settle_the_rest(session: AsyncSession, judged: Sequence[Judged], *, now: datetime) -> None:
    """What may not go out now is put off, or over."""
    bulk = Bulk()
    put_off: list[tuple[object, ...]] = []
    closed: list[tuple[object, ...]] = []
    ends: dict[tuple[EnrollmentState, str], list[int]] = {}
    unsaid: dict[int, Outcome] = {}
    # all at once, as everybody holds them, and once a transaction: those of a second time may come before them
    if over := _whose_enrollments(judged):
        await hold_enrollments(session, over)
    for row, verdict in judged:
        match verdict:
            case PutsOff(until=until, reason=reason):
                put_off.append((until, reason, row.id))
            case Drops(reason=reason):
                closed.append((OutboxState.CANCELLED, reason, now, row.id))
                if row.post_id is not None:
                    await note_dropped(session, row.post_id, now=now)
            case Blocks():
                closed.append((OutboxState.BLOCKED, None, now, row.id))
            case EndsAll(state=state, reason=reason) if row.enrollment_id is not None:
                ends.setdefault((state, reason), []).append(row.enrollment_id)
            case Parks(error=error):
                unsaid[row.id] = await end_unsaid(session, row, error, now=now)
                closed.append((ENDS_AS[unsaid[row.id]], str(error), now, row.id))
    bulk.update(OutboxMessage, ("due_at", "error"), put_off)
    bulk.update(OutboxMessage, ("state", "error", "closed_at"), closed)
    told = [(row, verdict) for row, verdict in judged if _is_decided(row, verdict)]
    bulk.insert(Decision, _DECIDED, [_decision(row, verdict, unsaid.get(row.id), now) for row, verdict in told])
    await bulk.write(session)
    for (state, reason), ids in ends.items():
        await end_enrollments(session, ids, reason, state=state, now=now)


def _whose_enrollments(judged: Sequence[Judged]) -> list[int]:
    """Those that end here, or are parked."""
    over = (row for row, verdict in judged if isinstance(verdict, EndsAll | Parks))
    return [row.enrollment_id for row in over if row.enrollment_id is not None]


def _is_decided(row: Candidate, verdict: Verdict) -> bool:
    """Whether somebody may ask why: of what funnels and broadcasts say. Of an end, whoever ends it tells."""
    told = row.enrollment_id is not None or row.broadcast_id is not None
    return row.lead_id is not None and told and not isinstance(verdict, EndsAll)


def _decision(row: Candidate, verdict: Verdict, unsaid: Outcome | None, now: datetime) -> tuple[object, ...]:
    about = f"broadcast:{row.broadcast_id}" if row.funnel_key is None else f"funnel:{row.funnel_key}"
    trace = [_trace(row.step or "", verdict, unsaid)]
    return (row.creator_id, row.lead_id, now, about, row.version_id, row.enrollment_id, trace)


def _trace(step: str, verdict: Verdict, unsaid: Outcome | None) -> list[object]:
    """Why it did not go out. `unsaid`: what came of one that has no words."""
    match verdict:
        case PutsOff(until=until) if until == WAITS_FOR_SOMEBODY:
            return [step, Outcome.HELD]
        case PutsOff(until=until, reason=reason):
            return [step, Outcome.PUT_OFF, int(until.timestamp()), reason]
        case Drops(reason=reason):
            return [step, Outcome.LEFT_OUT, reason]
        case Blocks():
            return [step, Outcome.LEFT_OUT, "blocked"]
        case Parks() if unsaid is Outcome.LEFT_OUT:
            return [step, unsaid, "stopped"]
        case Parks(error=error):
            return [step, unsaid, shorten(str(error), REASON_LENGTH)]
        case EndsAll(reason=reason):
            return [step, Outcome.STOPPED, reason]
        case Goes():
            return [step, Outcome.SAID]


async def keep_taken(session: AsyncSession, claimed: Collection[Claimed], *, seconds: float) -> int:
    """What is being said still is nobody else's for so long from now; returns how much of it. Nobody is waited for."""
    its_claim = tuple_(OutboxMessage.id, OutboxMessage.claim)
    theirs = its_claim.in_([(each.id, each.claim) for each in claimed]) & (OutboxMessage.state == OutboxState.SENDING)
    held = select(OutboxMessage.id).where(theirs).order_by(OutboxMessage.id).with_for_update(skip_locked=True)
    ids = (await session.scalars(held)).all()
    until = database_in(session, seconds)
    kept = update(OutboxMessage).where(OutboxMessage.id.in_(ids)).values(lease_until=until)
    return await count_changed(session, kept.execution_options(synchronize_session=False))


def _claim(row: Candidate) -> int:
    return (row.claim or 0) + 1


def _claimed(row: Candidate, message: Message, now: datetime) -> Claimed:
    return Claimed(
        id=row.id,
        kind=row.kind,
        creator_id=row.creator_id,
        person_id=row.person_id,
        post_id=row.post_id,
        telegram_id=row.telegram_id,
        lead_id=row.lead_id,
        message=message,
        attempts=row.attempts + 1,
        uncertain=row.uncertain,
        entitlement_id=row.entitlement_id,
        claim=_claim(row),
        taken_at=now,
        counted=_counted(row),
        enrollment_id=row.enrollment_id,
        funnel_key=row.funnel_key,
        step=row.step,
    )


def _counted(row: Candidate) -> Counted | None:
    """What it counts as in its funnel's numbers once it is sent; a broadcast's stand in the outbox."""
    if row.funnel_key is None or row.step is None:
        return None
    arm = arm_label(row.arms or {})
    return Counted(row.creator_id, f"funnel:{row.funnel_key}", row.step, arm, Measure.SENT)
