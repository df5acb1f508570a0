"""Telling creators' programs what has happened, in the order in which it happened.

By the rules of Standard Webhooks (https://www.standardwebhooks.com). Of all processes one calls for a webhook, by a
lease on its row; its oldest message goes first, and those behind it wait until that was told or given up. Several
webhooks are called side by side. What was told in a moment in which the process died is told again under the same id.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Update, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outgoing_calls import Caller, CallFailed
from automations.signing import signed_headers
from domain.hooks import FAILING, GONE, TOPIC, disable_hook
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.clock import Clock
from kit.log import correlated, get_logger
from store.database import Database, is_unavailable, wake
from store.database_clock import database_in, database_now
from store.models import Event, Hook, HookMessage, HookState, HookTry
from store.queries.hooks import LIVES, head_due_at, head_query

# so many webhooks are called side by side
AT_ONCE = 20
# more than a call may take; renewed after each
LEASE_SECONDS = 60
# then it is another webhook's turn, where more wait than can be called at once
MOST_IN_A_TURN = 50
PRUNED_AT_ONCE = 500
# after the first that failed, the second, …; each up to a quarter longer by chance. Over about 28 hours:
# https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
# nobody who has not answered for so long is called any more
PATIENCE = timedelta(days=5)
_WELL, _REDIRECT, _GONE_STATUS = 200, 300, 410
_BY_CORE = {"synchronize_session": False}
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call: a status, or why there is none."""

    status: int | None
    error: str | None
    milliseconds: int

    @property
    def is_well(self) -> bool:
        return self.status is not None and _WELL <= self.status < _REDIRECT

    @property
    def told(self) -> str:
        return self.error or f"it answered with {self.status}"


@dataclass(frozen=True, slots=True)
class _Lease:
    hook_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class _Telling:
    """The one message that is told next."""

    message_id: int
    tries: int
    url: str
    secrets: Sequence[str]
    body: bytes


async def call_hook(
    caller: Caller, url: str, secrets: Sequence[str], call_id: str, body: bytes, *, now: datetime
) -> Outcome:
    """One call, whatever comes of it; within the caller's seconds."""
    began = perf_counter()
    status, error = None, None
    try:
        status = await caller.call(url, body, signed_headers(secrets, call_id, body, now=now))
    except CallFailed as failed:
        error = str(failed)
    return Outcome(status, error, round((perf_counter() - began) * 1000))


def secrets_of(hook: Hook, *, now: datetime) -> Sequence[str]:
    """By which its calls are signed; for a while after a change there are two."""
    if hook.older_secret is None or hook.older_until is None or hook.older_until <= now:
        return [hook.secret]
    return [hook.secret, hook.older_secret]


def body_of(event: Event) -> bytes:
    """Numbers and words of ours alone: whoever may read more of them asks the API."""
    data = {
        "event_id": event.id,
        "creator_id": event.creator_id,
        "lead_id": event.lead_id,
        "subject": event.subject or None,
    }
    told = {"type": event.name, "timestamp": event.occurred_at, "data": data}
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


class Hooks:
    """Takes webhooks that have something to tell, and tells it. What was told is kept for so long in the log."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        caller: Caller,
        *,
        keep: timedelta,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._clock = clock
        self._caller = caller
        self._keep = keep
        self._chance = chance
        self._turns: set[asyncio.Task[None]] = set()
        self._stopped = False

    async def run(self) -> int:
        """Begins with as many webhooks as there is room for; returns how many. A slow one keeps nobody else waiting."""
        room = AT_ONCE - len(self._turns)
        if room <= 0 or self._stopped:
            return 0
        async with self._database.transaction() as session:
            leases = await self._claim(session, room)
        for lease in leases:
            turn = asyncio.create_task(self._turn(lease), name=f"webhook {lease.hook_id}")
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
        return len(leases)

    async def settle(self) -> None:
        """Returns once everything that this process has begun is told."""
        while self._turns:
            await asyncio.gather(*self._turns)

    async def stop(self, *, within: float) -> None:
        """Lets calls under way end for so many seconds; one that is cut off is made again, under the same id."""
        self._stopped = True
        if self._turns:
            await asyncio.wait(self._turns, timeout=within)
        for turn in list(self._turns):
            turn.cancel()
            with suppress(asyncio.CancelledError):
                await turn

    async def prune(self) -> int:
        """A batch of what is kept no longer; returns how much."""
        over = select(HookMessage.id).where(HookMessage.ended_at < self._clock() - self._keep)
        async with self._database.transaction() as session:
            ids = (await session.scalars(over.order_by(HookMessage.ended_at).limit(PRUNED_AT_ONCE))).all()
            if ids:
                await session.execute(delete(HookTry).where(HookTry.message_id.in_(ids)), execution_options=_BY_CORE)
                gone = delete(HookMessage).where(HookMessage.id.in_(ids))
                await session.execute(gone, execution_options=_BY_CORE)
        return len(ids)

    async def _claim(self, session: AsyncSession, room: int) -> Sequence[_Lease]:
        """Whoever waits longest for a turn goes first."""
        now, is_free = self._clock(), Hook.leased_until.is_(None) | (Hook.leased_until < database_now())
        due = (
            select(Hook.id)
            .where(LIVES, is_free, head_due_at(now) <= now)
            .order_by(Hook.leased_until.nulls_first(), Hook.id)
            .limit(room)
            # promises are made meanwhile: they point at it, and change nothing of it
            .with_for_update(skip_locked=True, key_share=True)
        )
        ids = (await session.scalars(due)).all()
        if not ids:
            return []
        lease = update(Hook).where(Hook.id.in_(ids)).values(leased_until=database_in(session, LEASE_SECONDS))
        rows = await session.execute(lease.returning(Hook.id, Hook.leased_until), execution_options=_BY_CORE)
        return [_Lease(row.id, row.leased_until) for row in rows]

    async def _turn(self, lease: _Lease) -> None:
        with correlated(hook=lease.hook_id):
            try:
                await self._tell(lease)
            except Exception as error:  # noqa: BLE001 - logged below; tried again once its lease has run out
                if is_unavailable(error):
                    _log.warning("webhook waits for the store", reason=type(error).__name__)
                else:
                    _log.exception("a webhook failed by a fault of ours")

    async def _tell(self, lease: _Lease) -> None:
        """One message after the other, until none is due or it is others' turn."""
        for _ in range(MOST_IN_A_TURN):
            telling = await self._next(lease)
            if telling is None:
                break
            outcome = await self._call(telling)
            held = await self._close(lease, telling, outcome)
            if held is None:
                return
            lease = held
        await self._give_back(lease)

    async def _next(self, lease: _Lease) -> _Telling | None:
        """What is to be told now; None when nothing is, or nobody is to be told any more."""
        now = self._clock()
        async with self._database.reading() as session:
            hook = await session.scalar(select(Hook).where(Hook.id == lease.hook_id, LIVES))
            head = (await session.execute(head_query(lease.hook_id, now))).one_or_none()
        if hook is None or head is None or head[0].due_at > now:
            return None
        message, event, comes_too_early = head
        if comes_too_early:
            return None
        return _Telling(message.id, message.tries, hook.url, secrets_of(hook, now=now), body_of(event))

    async def _call(self, telling: _Telling) -> Outcome:
        call_id = f"msg_{telling.message_id}"
        return await call_hook(self._caller, telling.url, telling.secrets, call_id, telling.body, now=self._clock())

    async def _close(self, lease: _Lease, telling: _Telling, outcome: Outcome) -> _Lease | None:
        """Notes what came of it. The lease as it is from now on; None where another process has it by now."""
        now = self._clock()
        async with self._database.transaction() as session:
            # the webhook's row first, as everybody takes them
            mine = update(Hook).where(Hook.id == lease.hook_id, Hook.leased_until == lease.until)
            renewed = mine.values(leased_until=database_in(session, LEASE_SECONDS)).returning(Hook.leased_until)
            until = (await session.execute(renewed, execution_options=_BY_CORE)).scalar_one_or_none()
            await self._note_health(session, lease.hook_id, outcome, now=now)
            await session.execute(self._closing(telling, outcome, now=now))
            tried = HookTry(
                message_id=telling.message_id,
                at=now,
                status=outcome.status,
                error=outcome.error,
                milliseconds=outcome.milliseconds,
            )
            session.add(tried)
            await session.flush()
        return None if until is None else _Lease(lease.hook_id, until)

    def _closing(self, telling: _Telling, outcome: Outcome, *, now: datetime) -> Update:
        """What the message is from now on, unless it was called off meanwhile."""
        tries = telling.tries + 1
        values: dict[str, object] = {"tries": tries}
        if outcome.is_well:
            values |= {"state": HookState.DELIVERED, "ended_at": now}
        elif outcome.status == _GONE_STATUS or tries > len(WAITS):
            values |= {"state": HookState.FAILED, "ended_at": now}
        else:
            values["due_at"] = now + WAITS[tries - 1] * (1 + self._chance() / 4)
        mine = update(HookMessage).where(
            HookMessage.id == telling.message_id,
            HookMessage.state == HookState.WAITING,
            HookMessage.tries == telling.tries,
        )
        return mine.values(values).execution_options(**_BY_CORE)

    async def _note_health(self, session: AsyncSession, hook_id: int, outcome: Outcome, *, now: datetime) -> None:
        """Since when it has failed; whoever has failed for too long is called no more."""
        own = update(Hook).where(Hook.id == hook_id)
        if outcome.is_well:
            well = own.where(Hook.failing_since.is_not(None)).values(failing_since=None)
            await session.execute(well, execution_options=_BY_CORE)
            return
        _log.warning("webhook not told", reason=outcome.told)
        first = own.where(Hook.failing_since.is_(None)).values(failing_since=now)
        await session.execute(first, execution_options=_BY_CORE)
        hook = await session.get_one(Hook, hook_id, populate_existing=True)
        is_gone = outcome.status == _GONE_STATUS
        if not is_gone and (hook.failing_since is None or now - hook.failing_since < PATIENCE):
            return
        if await disable_hook(session, hook_id, GONE if is_gone else FAILING, now=now):
            await self._tell_owner(session, hook, outcome, is_gone=is_gone, now=now)

    async def _tell_owner(
        self, session: AsyncSession, hook: Hook, outcome: Outcome, *, is_gone: bool, now: datetime
    ) -> None:
        host = urlsplit(hook.url).hostname or ""

        def told(language: str) -> Message:
            if is_gone:
                return Message(text=say("hook-gone", language, host=host))
            return Message(text=say("hook-failing", language, host=host, reason=outcome.told))

        key = f"hook-disabled:{hook.id}:{now:%Y%m%d%H%M%S}"
        await tell_creator(session, told, key=key, creator_id=hook.creator_id, now=now)

    async def _give_back(self, lease: _Lease) -> None:
        """Whoever waits has their turn first; what is left is taken up soon."""
        now, mine = self._clock(), update(Hook).where(Hook.id == lease.hook_id, Hook.leased_until == lease.until)
        async with self._database.transaction() as session:
            back = mine.values(leased_until=database_in(session, -1.0))
            await session.execute(back, execution_options=_BY_CORE)
            if await session.scalar(select(Hook.id).where(Hook.id == lease.hook_id, head_due_at(now) <= now)):
                wake(session, TOPIC)
