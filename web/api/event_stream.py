"""`GET /api/v1/events/stream`: the creator's events as they happen, as server-sent events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from kit.errors import Invalid, Refusal
from store.models import Event
from store.queries.events import EventFilter, events_between, numbers_after
from web.api.event_list import LoggedEvent
from web.api.query import Text, Whole
from web.api.route import Answered, Call, Media, NoBody, Route
from web.auth import recognise, sign_in
from web.live_events import MOST_UNSETTLED, Seat

LAST = "Last-Event-ID"
EVENTS = "text/event-stream"
_MOST_DIGITS = 18
_AT_ONCE = 100
# whoever takes nothing for so long has gone away
_PATIENCE = 30.0
# in milliseconds: how long a browser waits before it comes back
_GREETING = b"retry: 2000\n\n"
_BEAT = b": beat\n\n"


class StreamQuery(BaseModel):
    """A name, or the beginning of several: `order.*`; and one lead's alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Text | None = None
    lead_id: Annotated[Whole, Field(ge=1, lt=2**63)] | None = None


async def watch(call: Call[StreamQuery, NoBody]) -> Answered:
    """Each with its number as `id`; who comes back with `Last-Event-ID` misses none and gets none twice.

    It ends with the token, with the right, and when the server stops.
    """
    last = _last_seen(call.request)
    live = call.tools.live
    with live.seat(call.tools.database, call.account.id, call.creator_id) as seat:
        await live.first_look()
        response = web.StreamResponse(
            headers={
                "Content-Type": f"{EVENTS}; charset=utf-8",
                "Cache-Control": "no-store",
                # not to be gathered on the way: https://nginx.org/en/docs/http/ngx_http_proxy_module.html
                "X-Accel-Buffering": "no",
            }
        )
        seen, known = live.settled, set[int]()
        if last is None:
            # of what others may still come before, some is there already: it is told to nobody who comes after it
            async with call.tools.database.reading() as session:
                known = {number for number, _ in await numbers_after(session, seen, most=MOST_UNSETTLED)}
        else:
            seen = last
            seat.news.set()
        await response.prepare(call.request)
        # who goes away, or takes nothing any more, needs no farewell
        with suppress(ConnectionResetError, TimeoutError):
            await _Stream(call, response, seat, seen, known).run()
    return Answered(response=response)


class _Stream:
    """One that is open."""

    def __init__(
        self, call: Call[StreamQuery, NoBody], response: web.StreamResponse, seat: Seat, seen: int, known: set[int]
    ) -> None:
        self._call, self._response, self._seat, self._seen, self._known = call, response, seat, seen, known
        self._filter = EventFilter(name=call.query.name, lead_id=call.query.lead_id)

    async def run(self) -> None:
        """Until it is to end."""
        live, clock = self._call.tools.live, asyncio.get_running_loop().time
        await self._write(_GREETING)
        written = checked = clock()
        while not self._is_over():
            # what is taken away is told to nobody; many things at once are looked at together
            if clock() - checked >= (live.look_every if self._seat.news.is_set() else live.check_every):
                if not await self._may_go_on():
                    break
                checked = clock()
            if self._seat.news.is_set() and await self._tell():
                written = clock()
            elif clock() - written >= live.beat_every:
                await self._write(_BEAT)
                written = clock()
            with suppress(TimeoutError):
                async with asyncio.timeout(live.look_every):
                    await self._seat.news.wait()
        await self._response.write_eof()

    def _is_over(self) -> bool:
        transport = self._call.request.transport
        gone = transport is None or transport.is_closing()
        return gone or self._call.tools.readiness.reason == "draining"

    async def _may_go_on(self) -> bool:
        """Asked as if they came anew."""
        try:
            await recognise(self._call.request)
            async with self._call.tools.database.reading() as session:
                caller = await sign_in(self._call.request, session)
            return caller.acting_for(Act.SEE_EVENTS) == self._call.creator_id
        except Refusal:
            return False

    async def _tell(self) -> bool:
        """Some of what is new, and True where there was any; where there is more it is still news afterwards."""
        self._seat.news.clear()
        to = self._call.tools.live.settled
        events = await self._next(to)
        new = [each for each in events if each.id not in self._known]
        if new:
            await self._write(b"".join(_told(each) for each in new))
        if len(events) == _AT_ONCE:
            self._seen = events[-1].id
            self._seat.news.set()
        else:
            # what is not for them is not looked through again
            self._seen = max(self._seen, to)
        return bool(new)

    async def _next(self, to: int) -> Sequence[Event]:
        async with self._call.tools.database.reading() as session:
            return await events_between(
                session, self._call.creator_id, self._filter, after=self._seen, to=to, most=_AT_ONCE
            )

    async def _write(self, told: bytes) -> None:
        async with asyncio.timeout(_PATIENCE):
            await self._response.write(told)


def _told(event: Event) -> bytes:
    data = orjson.dumps(LoggedEvent.of(event).model_dump(), option=orjson.OPT_UTC_Z)
    return b"id: %d\ndata: %b\n\n" % (event.id, data)


def _last_seen(request: web.Request) -> int | None:
    """Raises Invalid for what is no number of an event."""
    given = request.headers.getall(LAST, [])
    if not given:
        return None
    number = given[0].strip()
    if len(given) > 1 or not (number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS):
        raise Invalid(f"{LAST} is the id of an event", fields={LAST: "cannot be read"})
    return int(number)


ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/events/stream",
        Act.SEE_EVENTS,
        watch,
        "What happens, as it happens",
        {200: Media(EVENTS, "An event each, with its number as `id` and the event as JSON in `data`.")},
        session="none",
        query=StreamQuery,
        proves=(
            "test_api_event_stream.py::test_what_happens_is_told_at_once_and_in_order",
            "test_api_event_stream.py::test_who_comes_back_misses_nothing_and_gets_nothing_twice",
            "test_api_event_stream.py::test_it_ends_with_the_token_and_with_the_right_and_when_the_server_stops",
            "test_api_event_stream.py::test_who_cannot_watch",
        ),
    ),
)
