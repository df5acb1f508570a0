"""Telling other services what a funnel's webhook step promised: each is told until it says yes, or given up.

By the rules of Standard Webhooks (https://www.standardwebhooks.com): the same id each time, so that whoever is told
twice can see it, and a signature where there is a secret.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.signing import signed_headers
from domain.definitions import Published
from domain.message_rules import Webhook
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.clock import Clock
from kit.log import correlated, get_logger
from store.database import Database, count_changed
from store.database_clock import database_in, database_now
from store.models import CallState, OutgoingCall
from store.models.base import spelled

AT_ONCE = 20
PRUNED_AT_ONCE = 500
LEASE_SECONDS = 60
# after the first that failed, the second, …; over about two days
WAITS = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 28_800, 43_200, 86_400))
_WELL, _REDIRECT = 200, 300
_BY_CORE = {"synchronize_session": False}
_log = get_logger(__name__)


class CallFailed(Exception):
    """There was no answer."""


class Caller(Protocol):
    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, within some seconds. Raises CallFailed and nothing else."""


@dataclass(frozen=True, slots=True)
class Call:
    """One that this process, and no other, is about to make."""

    id: int
    key: str
    creator_id: int
    target: str
    body: Mapping[str, Any]
    # this one counted
    attempts: int


class OutgoingCalls:
    """Takes what is due (saved), calls, and closes it. One that was cut off is made again.

    What was told is kept for so long after it was closed, since it may say much about a lead.
    """

    def __init__(
        self, database: Database, clock: Clock, published: Published, caller: Caller, *, keep: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._published = published
        self._caller = caller
        self._keep = keep

    async def run(self) -> int:
        """Returns how many were made."""
        now = self._clock()
        async with self._database.transaction() as session:
            calls = await _claim(session, now=now)
        await asyncio.gather(*(self._make(call) for call in calls))
        return len(calls)

    async def prune(self) -> int:
        """A batch of those that are kept no longer; returns how many."""
        old = (
            select(OutgoingCall.id)
            .where(OutgoingCall.closed_at < self._clock() - self._keep)
            .order_by(OutgoingCall.closed_at)
            .limit(PRUNED_AT_ONCE)
        )
        async with self._database.transaction() as session:
            pruned = delete(OutgoingCall).where(OutgoingCall.id.in_(old))
            return await count_changed(session, pruned.execution_options(**_BY_CORE))

    async def _make(self, call: Call) -> None:
        with correlated(call=call.id):
            error = await self._fails(call)
            async with self._database.transaction() as session:
                await _close(session, call, error, now=self._clock())

    async def _fails(self, call: Call) -> str | None:
        """Why it did not get through, None when it did."""
        webhook = self._published.setup(call.creator_id).webhooks.get(call.target)
        if webhook is None:
            return "it stands in the configuration no more"
        body = orjson.dumps(call.body)
        try:
            status = await self._caller.call(webhook.url, body, signed(webhook, call.key, body, now=self._clock()))
        except CallFailed as failed:
            return str(failed)
        return None if _WELL <= status < _REDIRECT else f"it answered with {status}"


def signed(webhook: Webhook, call_id: str, body: bytes, *, now: datetime) -> dict[str, str]:
    return signed_headers([] if webhook.secret is None else [webhook.secret], call_id, body, now=now)


def due_query(*, now: datetime) -> Select[OutgoingCall]:
    """What is to be made now, also once more where it was cut off: the head of one index."""
    queued, sending = spelled(CallState.QUEUED), spelled(CallState.SENDING)
    cut_off = OutgoingCall.lease_until < database_now()
    return (
        select(OutgoingCall)
        .where(
            OutgoingCall.state.in_([queued, sending]),
            OutgoingCall.due_at <= now,
            (OutgoingCall.state == queued) | cut_off,
        )
        .order_by(OutgoingCall.due_at, OutgoingCall.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )


async def _claim(session: AsyncSession, *, now: datetime) -> Sequence[Call]:
    rows = await session.scalars(due_query(now=now))
    calls = [Call(row.id, row.key, row.creator_id, row.target, row.body, row.attempts + 1) for row in rows]
    await session.execute(
        update(OutgoingCall)
        .where(OutgoingCall.id.in_([call.id for call in calls]))
        .values(
            state=CallState.SENDING,
            attempts=OutgoingCall.attempts + 1,
            lease_until=database_in(session, LEASE_SECONDS),
        ),
        execution_options=_BY_CORE,
    )
    return calls


async def _close(session: AsyncSession, call: Call, error: str | None, *, now: datetime) -> None:
    mine = update(OutgoingCall).where(
        OutgoingCall.id == call.id, OutgoingCall.state == CallState.SENDING, OutgoingCall.attempts == call.attempts
    )
    if error is None:
        await count_changed(session, mine.values(state=CallState.DONE, error=None, closed_at=now, lease_until=None))
        return
    _log.warning("webhook not told", target=call.target, attempts=call.attempts, reason=error)
    if call.attempts <= len(WAITS):
        again_at = now + WAITS[call.attempts - 1]
        again = mine.values(state=CallState.QUEUED, due_at=again_at, error=error, lease_until=None)
        await count_changed(session, again)
        return
    if await count_changed(session, mine.values(state=CallState.FAILED, error=error, closed_at=now, lease_until=None)):

        def told(language: str) -> Message:
            return Message(text=say("webhook-failed", language, name=call.target, reason=error))

        key = f"webhook-failed:{call.creator_id}:{call.target}:{now:%Y%m%d}"
        await tell_creator(session, told, key=key, creator_id=call.creator_id, now=now)
