"""What came of sending a message: told, put off, over, or not to be known."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.gateway import Blocked, Moved, NotNow, PutOff, Refused, SendFailure, SlowDown, Uncertain, Withdrawn
from automations.parking import has_gone_on, hold_to_park, park
from automations.stuck import REASON_LENGTH, Stuck, stuck_at
from domain.decisions import Outcome, note_of_message
from domain.deliveries import note_delivery, note_withdrawn
from domain.holding import hold_orders_of_rights
from domain.idea_posted import may_go_again, note_posted, note_unposted
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.people import note_block, note_move
from domain.step_counts import Counted
from kit.text import shorten
from store.database import count_changed
from store.hot import Bulk
from store.models import OUTBOX_MOVES, WAITS_FOR_SOMEBODY, OutboxKind, OutboxMessage, OutboxState
from store.queries.left_behind import Left, left_in_sending
from store.queries.unclear import find_delivery

# what was promised goes out again, however long Telegram is away and when nobody can tell whether it did
PROMISED = frozenset({OutboxKind.DELIVERY, OutboxKind.NOTICE})
# marketing is given up after so many tries
MOST_ATTEMPTS = 12
LONGEST_WAIT = timedelta(minutes=15)
# nobody shall get the same file for ever because the answers to sending it are lost
MOST_UNCERTAIN = 10
# after the first lost answer, the second, …; the last one again and again
UNCERTAIN_WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
# a wait is as long as it says, and up to this part of it longer, so that what failed together does not return together
JITTER = 0.25
_LEFT_BEHIND = "the process ended while sending"
# how it is told to whoever asks why
_TOLD_AS = {
    OutboxState.FAILED: Outcome.FAILED,
    OutboxState.UNCERTAIN: Outcome.UNCERTAIN,
    OutboxState.BLOCKED: Outcome.LEFT_OUT,
}
_CONFIRMED = ("state", "telegram_message_id", "error", "lease_until", "closed_at")
# a random number from 0 to 1
Chance = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this process, and no other, is about to send."""

    id: int
    kind: OutboxKind
    creator_id: int
    # 0 of what goes into a channel
    person_id: int
    telegram_id: int
    lead_id: int | None
    message: Message
    # this one counted
    attempts: int
    uncertain: int
    entitlement_id: int | None
    # how often it was taken by now, and when
    claim: int
    taken_at: datetime
    # what it counts as once it is sent
    counted: Counted | None = None
    # of a funnel's: whom it stands still for when Telegram will never take it
    enrollment_id: int | None = None
    funnel_key: str | None = None
    step: str | None = None
    # of an idea, into a channel
    post_id: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """It went out."""

    claimed: Claimed
    message_id: int
    at: datetime


async def confirm(session: AsyncSession, told: Sequence[Told]) -> Counter[Counted]:
    """They went out. One that comes late, after the row was swept up or put back as uncertain, is accepted too.

    Returns what is to be counted of it, for the end of the transaction: whoever counts the same waits for that.
    """
    if not told:
        return Counter()
    # the orders before the rows, as whoever ends deliveries does
    await _hold_orders(session, [each.claimed for each in told])
    # held in the order of their numbers, as everybody else holds them
    which = select(OutboxMessage.id).where(
        OutboxMessage.id.in_([each.claimed.id for each in told]),
        OutboxMessage.state.in_(OUTBOX_MOVES.sources(OutboxState.SENT)),
    )
    open_still = set(await session.scalars(which.order_by(OutboxMessage.id).with_for_update()))
    noted = [each for each in told if each.claimed.id in open_still]
    bulk = Bulk()
    rows = [(OutboxState.SENT, each.message_id, None, None, each.at, each.claimed.id) for each in noted]
    bulk.update(OutboxMessage, _CONFIRMED, rows)
    await bulk.write(session)
    for each in noted:
        if each.claimed.entitlement_id is not None:
            await note_delivery(session, each.claimed.entitlement_id, now=each.at)
        if each.claimed.post_id is not None:
            await note_posted(session, each.claimed.post_id, each.message_id, now=each.at)
    return Counter(each.claimed.counted for each in noted if each.claimed.counted is not None)


async def close_failed(
    session: AsyncSession, claimed: Claimed, failure: SendFailure, *, now: datetime, chance: Chance
) -> None:
    """Puts it off, or closes it, as its kind and the failure have it. One that was taken again since is left alone."""
    failure = _of_its_chat(claimed, failure)
    is_back = await _note_of_person(session, claimed, failure, now=now)
    await _hold_orders(session, [claimed])
    match failure:
        case Blocked() if is_back:
            await _put_back(session, claimed, now, now, str(failure), counts=False)
        case Blocked() if claimed.kind in PROMISED:
            await _put_back(session, claimed, now, WAITS_FOR_SOMEBODY, str(failure), counts=False)
        case Blocked():
            await _close(session, claimed, OutboxState.BLOCKED, str(failure), now=now)
        case Moved():
            await _put_back(session, claimed, now, now, str(failure), counts=False)
        case SlowDown(seconds=seconds) | PutOff(seconds=seconds):
            await _put_back(session, claimed, now, now + timedelta(seconds=seconds), str(failure), counts=False)
        case NotNow() if claimed.kind in PROMISED or claimed.attempts < MOST_ATTEMPTS:
            await _put_back(session, claimed, now, now + _longer(wait_after(claimed.attempts), chance), str(failure))
        case Uncertain():
            again_at = now + _longer(wait_after_uncertain(claimed.uncertain + 1), chance)
            await _mark_uncertain(session, claimed, str(failure), again_at=again_at, now=now)
        case Withdrawn():
            await _withdraw(session, claimed, str(failure), now=now)
        case Refused() if (stuck := stuck_at(claimed, str(failure))) is not None:
            await _close_and_park(session, claimed, stuck, now=now)
        case _:
            await _close(session, claimed, OutboxState.FAILED, str(failure), now=now)


async def sweep(session: AsyncSession, *, now: datetime, abandoned: bool = False) -> int:
    """Settles what a dead process left in `sending`: nobody can tell whether it went out, and the row says so."""
    left = await left_in_sending(session, abandoned=abandoned)
    for row in left:
        # a kill delays nobody's delivery; what is cut off time and again waits like any other
        again_at = now if row.uncertain == 0 else now + wait_after_uncertain(row.uncertain + 1)
        await _mark_uncertain(session, row, _LEFT_BEHIND, again_at=again_at, now=now)
    return len(left)


def _of_its_chat(claimed: Claimed, failure: SendFailure) -> SendFailure:
    """Of a channel nobody is gone: the bot was put out of it, and is let in again by hand."""
    in_channel = claimed.post_id is not None
    return Refused(str(failure)) if in_channel and isinstance(failure, Blocked | Moved) else failure


async def _note_of_person(session: AsyncSession, claimed: Claimed, failure: SendFailure, *, now: datetime) -> bool:
    """Whether somebody of whom Telegram says that they are gone has come back since."""
    # the person first: whoever writes at this moment holds their row, and then reaches for what waits for them
    match failure:
        case Blocked():
            return not await note_block(session, claimed.person_id, now=now, asked_at=claimed.taken_at)
        case Moved(to=telegram_id):
            await note_move(session, claimed.person_id, telegram_id)
    return False


async def _hold_orders(session: AsyncSession, claimed: Sequence[Claimed]) -> None:
    rights = {each.entitlement_id for each in claimed if each.entitlement_id is not None}
    await hold_orders_of_rights(session, rights)


def wait_after(attempts: int) -> timedelta:
    """After so many tries in vain: twice as long each time, and no longer than LONGEST_WAIT."""
    # the exponent is bounded too: a promise is tried for as long as it takes, and 2.0**1024 is no number
    return min(timedelta(seconds=2.0 ** min(attempts, 10)), LONGEST_WAIT)


def wait_after_uncertain(times: int) -> timedelta:
    return UNCERTAIN_WAITS[min(times, len(UNCERTAIN_WAITS)) - 1]


def _longer(wait: timedelta, chance: Chance) -> timedelta:
    return wait * (1 + JITTER * chance())


async def _mark_uncertain(
    session: AsyncSession, row: Claimed | Left, reason: str, *, again_at: datetime, now: datetime
) -> None:
    count = OutboxMessage.uncertain + 1
    if row.kind in PROMISED and row.uncertain + 1 < MOST_UNCERTAIN:
        await _put_back(session, row, now, again_at, reason, uncertain=count)
    else:
        await _close(session, row, OutboxState.UNCERTAIN, reason, now=now, uncertain=count)


async def _withdraw(session: AsyncSession, claimed: Claimed, error: str, *, now: datetime) -> None:
    await _close(session, claimed, OutboxState.CANCELLED, error, now=now)
    if claimed.entitlement_id is not None:
        await note_withdrawn(session, claimed.entitlement_id, now=now)


async def _close_and_park(session: AsyncSession, claimed: Claimed, stuck: Stuck, *, now: datetime) -> None:
    """Trying again puts it into words anew, so nothing is left to settle about this one; but see `has_gone_on`."""
    await hold_to_park(session, stuck.enrollment_id)
    if await has_gone_on(session, claimed.id):
        await _close(session, claimed, OutboxState.FAILED, stuck.reason, now=now)
    elif await _close(session, claimed, OutboxState.CANCELLED, stuck.reason, now=now):
        parked = await park(session, stuck, now=now)
        # one that is over meanwhile stays as it is
        outcome, reason = (Outcome.PARKED, stuck.reason) if parked else (Outcome.LEFT_OUT, "stopped")
        await note_of_message(session, claimed.id, outcome, reason, now=now)


async def _close(
    session: AsyncSession, row: Claimed | Left, state: OutboxState, error: str, *, now: datetime, **more: Any
) -> bool:
    close = (
        update(OutboxMessage)
        .where(*_still(row), OutboxMessage.state.in_(OUTBOX_MOVES.sources(state)))
        .values(state=state, error=error, lease_until=None, closed_at=now, **more)
    )
    closed = await count_changed(session, close) > 0
    if closed and state in {OutboxState.FAILED, OutboxState.UNCERTAIN}:
        await tell_of_lost(session, row.id, error, now=now)
    if closed and row.post_id is not None:
        await note_unposted(session, row.post_id, error, uncertain=state is OutboxState.UNCERTAIN, now=now)
    if closed and state in _TOLD_AS:
        reason = "blocked" if state is OutboxState.BLOCKED else shorten(error, REASON_LENGTH)
        await note_of_message(session, row.id, _TOLD_AS[state], reason, now=now)
    return closed


async def _put_back(
    session: AsyncSession,
    row: Claimed | Left,
    now: datetime,
    due_at: datetime,
    reason: str,
    *,
    counts: bool = True,
    **more: Any,
) -> None:
    """`counts`: it was a try. One that Telegram put off, or that met a block, was none."""
    attempts = OutboxMessage.attempts if counts else OutboxMessage.attempts - 1
    back = (
        update(OutboxMessage)
        .where(*_still(row), OutboxMessage.state == OutboxState.SENDING)
        .values(state=OutboxState.QUEUED, due_at=due_at, attempts=attempts, error=reason, lease_until=None, **more)
    )
    is_back = await count_changed(session, back) > 0
    if is_back and row.post_id is not None and not await may_go_again(session, row.post_id, now=now):
        await _close(session, row, OutboxState.CANCELLED, "its idea has been deleted", now=now)


def _still(row: Claimed | Left) -> tuple[ColumnElement[bool], ...]:
    """It was taken by nobody since: a word that comes late says nothing about a later call, whoever makes it."""
    return OutboxMessage.id == row.id, OutboxMessage.claim.is_not_distinct_from(row.claim)


async def tell_of_lost(session: AsyncSession, message_id: int, reason: str, *, now: datetime) -> None:
    """Somebody has not got what is theirs: the creator hears of it. Of anything but a delivery nobody is told."""
    delivery = await find_delivery(session, message_id)
    if delivery is None:
        return

    def told(language: str) -> Message:
        named = {"delivery": message_id, "title": delivery.title, "person": delivery.person}
        return Message(text=say("delivery-stuck", language, reason=reason, **named))

    key = f"delivery-stuck:{message_id}"
    await tell_creator(session, told, key=key, creator_id=delivery.creator_id, lead_id=delivery.lead_id, now=now)
