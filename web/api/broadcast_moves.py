"""`/api/v1/broadcasts/{broadcast_id}/…`: when it goes out, and whether it goes on. To write one is not to send it."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, model_validator

from domain.access import Act
from domain.broadcasts.acts import (
    BroadcastChanged,
    BroadcastStands,
    NoSuchBroadcast,
    cancel_broadcast,
    find_broadcast,
    pause_broadcast,
    resume_broadcast,
    schedule_broadcast,
    start_broadcast,
    unschedule_broadcast,
)
from domain.broadcasts.definition import BadBroadcast
from domain.windows import at_local
from kit.errors import Refusal
from kit.zones import zone_named
from store.models import Broadcast
from web.api.broadcast_answers import BroadcastDetail, Revision
from web.api.instants import Instant
from web.api.route import Call, Does, NoQuery, Plain, Route

_LOCAL = re.compile(r"2[01]\d\d-\d\d-\d\dT\d\d:\d\d", re.ASCII)


def _local(text: str) -> str:
    if _LOCAL.fullmatch(text) is None:
        raise ValueError("write a local time as 2026-12-01T10:00")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day or hour") from None
    return text


class Send(BaseModel):
    """`revision` is the one that was read and is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    revision: Revision | None = None


class When(BaseModel):
    """At an instant, or when each lead's own clock shows `local_at` (`2026-12-01T10:00`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Instant | None = None
    local_at: Annotated[str, AfterValidator(_local)] | None = None
    revision: Revision | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.at is None) == (self.local_at is None):
            raise ValueError("give at or local_at")
        return self


async def send(call: Call[NoQuery, Send]) -> BroadcastDetail:
    """At once, and once: a second time is refused."""
    found = await _found(call)
    setup = call.tools.published.setup(call.creator_id)
    await start_broadcast(call.session, found, setup=setup, revision=call.body.revision, now=call.tools.clock())
    return BroadcastDetail.whole(found)


async def schedule(call: Call[NoQuery, When]) -> BroadcastDetail:
    found, when = await _found(call), call.body
    setup = call.tools.published.setup(call.creator_id)
    at = when.at
    if at is None:
        there = datetime.fromisoformat(when.local_at or "")
        at = at_local(there.date(), there.time(), zone_named(setup.time_zone)).astimezone(UTC)
    await schedule_broadcast(
        call.session,
        found,
        at,
        local_at=when.local_at,
        setup=setup,
        revision=when.revision,
        now=call.tools.clock(),
    )
    return BroadcastDetail.whole(found)


async def unschedule(call: Plain) -> BroadcastDetail:
    """A draft again."""
    found = await _found(call)
    await unschedule_broadcast(call.session, found)
    return BroadcastDetail.whole(found)


async def pause(call: Plain) -> BroadcastDetail:
    """Only what is being said this moment arrives."""
    found = await _found(call)
    await pause_broadcast(call.session, found, now=call.tools.clock())
    return BroadcastDetail.whole(found)


async def resume(call: Plain) -> BroadcastDetail:
    """From where it stood."""
    found = await _found(call)
    await resume_broadcast(call.session, found, now=call.tools.clock())
    return BroadcastDetail.whole(found)


async def cancel(call: Plain) -> BroadcastDetail:
    """For good."""
    found = await _found(call)
    await cancel_broadcast(call.session, found, now=call.tools.clock())
    return BroadcastDetail.whole(found)


async def _found(call: Call[Any, Any]) -> Broadcast:
    return await find_broadcast(call.session, call.creator_id, call.number("broadcast_id"))


_GOING = "test_api_broadcast_moves.py::test_a_broadcast_goes_out_pauses_goes_on_and_is_counted"
_TIMED = "test_api_broadcast_moves.py::test_a_broadcast_is_timed_by_an_instant_or_by_each_leads_own_clock"
_RIGHTS = "test_api_broadcast_moves.py::test_who_writes_one_may_not_send_it"
_STRANGER = "test_api_broadcasts.py::test_somebody_elses_broadcasts_are_not_there"


def _move(
    what: str, act: Act, does: Does[Any, Any], summary: str, proof: str, *refuses: type[Refusal], **more: Any
) -> Route[Any, Any]:
    return Route(
        "POST",
        f"/broadcasts/{{broadcast_id}}/{what}",
        act,
        does,
        summary,
        {200: BroadcastDetail},
        session="write",
        refuses=(NoSuchBroadcast, BroadcastStands, *refuses),
        repeatable=True,
        proves=(proof, _RIGHTS, _STRANGER),
        **more,
    )


ROUTES: tuple[Route[Any, Any], ...] = (
    _move(
        "send",
        Act.SEND_BROADCASTS,
        send,
        "Sends a broadcast now",
        _GOING,
        BadBroadcast,
        BroadcastChanged,
        body=Send,
        example={"revision": 0},
    ),
    _move(
        "schedule",
        Act.SEND_BROADCASTS,
        schedule,
        "Says when a broadcast goes out",
        _TIMED,
        BadBroadcast,
        BroadcastChanged,
        body=When,
        example={"at": "2026-12-01T09:00:00Z"},
    ),
    _move("unschedule", Act.STOP_BROADCASTS, unschedule, "Takes the time back", _TIMED),
    _move("pause", Act.STOP_BROADCASTS, pause, "Holds a broadcast", _GOING),
    _move("resume", Act.SEND_BROADCASTS, resume, "Lets a broadcast go on", _GOING),
    _move("cancel", Act.STOP_BROADCASTS, cancel, "Ends a broadcast for good", _GOING),
)
