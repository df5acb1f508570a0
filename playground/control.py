import asyncio
import contextlib
import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import orjson
from aiohttp import web

from playground.clock_walk import ClockWalk
from playground.control_wire import answer, clear_errors, json_body, only_this_machine, optional_number
from playground.core import Api, Core, Fault, FaultKind
from playground.refusal import invalid, missing
from playground.telegram.methods import NAMES

_PAGE = Path(__file__).with_name("page")
_PAGE_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_PAGE_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}
_PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_STRIPE_METHOD = re.compile(r"(GET|POST|DELETE|PUT|PATCH) /\S*|\*")
_LONGEST_WALK = timedelta(days=3653)
_HEARTBEAT = 15.0  # seconds
_GATHER = 0.05  # seconds in which changes are told as one
_MOST = 10_000
_BATCH = 1000


class Control:
    """The chat page, and the control API that it and the tests use: mounted at /playground."""

    def __init__(self, core: Core, walk: ClockWalk, routes: list[web.RouteDef]) -> None:
        self._core = core
        self._walk = walk
        self._routes = routes
        self._stopping = asyncio.Event()

    def app(self) -> web.Application:
        app = web.Application(middlewares=[only_this_machine, clear_errors])
        api = [
            web.get("/clock", self.clock),
            web.post("/clock", self.move_clock),
            web.get("/faults", self.faults),
            web.post("/faults", self.add_fault),
            web.delete("/faults", self.clear_faults),
            web.get("/calls", self.calls),
            web.get("/updates", self.updates),
            web.get("/stream", self.stream),
            *self._routes,
        ]
        for route in api:
            app.router.add_route(route.method, f"/api{route.path}", route.handler)
        app.router.add_get("", self.page)
        app.router.add_get("/", self.page)
        app.router.add_get("/{name}", self.page)
        return app

    def stop(self) -> None:
        """Ends the streams, so that the server need not wait for them."""
        self._stopping.set()

    async def page(self, request: web.Request) -> web.Response:
        name = request.match_info.get("name") or "index.html"
        path = _PAGE / name
        if not _PAGE_FILE.fullmatch(name) or path.suffix not in _PAGE_TYPES or not path.is_file():
            raise missing(f"there is no page {name}")
        headers = {
            "Content-Security-Policy": _PAGE_POLICY,
            "Cache-Control": "no-cache",
            "Referrer-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }
        return web.Response(
            body=path.read_bytes(), content_type=_PAGE_TYPES[path.suffix], charset="utf-8", headers=headers
        )

    async def clock(self, request: web.Request) -> web.Response:
        due = await self._walk.next_due()
        return answer(
            {
                "now": instant(self._core.clock()),
                "next_due": None if due is None else instant(due),
                "can_advance": self._walk.can_advance,
            }
        )

    async def move_clock(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        if body.get("advance_to_next") is True:
            await self._walk.advance_to_next()
        elif "advance_seconds" in body:
            await self._walk.advance(_length(body["advance_seconds"]))
        else:
            raise invalid("the body has advance_seconds, or advance_to_next: true")
        return await self.clock(request)

    async def faults(self, request: web.Request) -> web.Response:
        return answer({"items": [fault_view(fault) for fault in self._core.faults.pending()]})

    async def add_fault(self, request: web.Request) -> web.Response:
        fault = _fault(await json_body(request))
        self._core.faults.add(fault)
        return answer(fault_view(fault))

    async def clear_faults(self, request: web.Request) -> web.Response:
        self._core.faults.clear()
        return answer({"items": []})

    async def calls(self, request: web.Request) -> web.Response:
        api = request.query.get("api")
        if api is not None and api not in get_args(Api):
            raise invalid(f"api must be one of {', '.join(get_args(Api))}")
        return self._journal(request, "calls", {"api": api} if api else {})

    async def updates(self, request: web.Request) -> web.Response:
        return self._journal(request, "updates", {})

    def _journal(self, request: web.Request, journal: str, wanted: dict[str, Any]) -> web.Response:
        """Entries after `after`, `limit` at most (10,000); `has_more` says whether others follow."""
        after = optional_number(request, "after") or 0
        limit = min(max(optional_number(request, "limit") or _MOST, 1), _MOST)
        items: list[dict[str, Any]] = []
        while len(items) <= limit:
            rows = self._core.state.read(journal, after=after, limit=_BATCH)
            items.extend(
                {"n": n, **entry} for n, entry in rows if all(entry[name] == value for name, value in wanted.items())
            )
            if len(rows) < _BATCH:
                break
            after = rows[-1][0]
        return answer({"items": items[:limit], "has_more": len(items) > limit})

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: `change` with the people concerned, as soon as something changes."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        with self._core.changes.watching() as watch, contextlib.suppress(ConnectionResetError):
            await response.write(b": listening\n\n")
            while not self._stopping.is_set():
                if not await self._news(watch.news):
                    await response.write(b": still here\n\n")
                    continue
                if self._stopping.is_set():
                    break
                await asyncio.sleep(_GATHER)
                told = {"people": watch.take(), "clock": instant(self._core.clock())}
                await response.write(b"event: change\ndata: " + orjson.dumps(told) + b"\n\n")
        return response

    async def _news(self, news: asyncio.Event) -> bool:
        """True when there is news or the end, False when it is time for a heartbeat."""
        waits = [asyncio.ensure_future(news.wait()), asyncio.ensure_future(self._stopping.wait())]
        try:
            done, _ = await asyncio.wait(waits, timeout=_HEARTBEAT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        return bool(done)


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def fault_view(fault: Fault) -> dict[str, Any]:
    return {
        "api": fault.api,
        "method": fault.method,
        "fault": fault.fault,
        "times": fault.times,
        "retry_after": fault.retry_after,
    }


def _length(seconds: object) -> timedelta:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        raise invalid("advance_seconds must be a number")
    if not 0 <= seconds <= _LONGEST_WALK.total_seconds():
        raise invalid("advance_seconds must be from 0 to ten years")
    return timedelta(seconds=seconds)


def _fault(body: dict[str, Any]) -> Fault:
    apis: dict[str, Api] = {one: one for one in get_args(Api)}
    kinds: dict[str, FaultKind] = {one: one for one in get_args(FaultKind)}
    api, kind, method = apis.get(str(body.get("api"))), kinds.get(str(body.get("fault"))), body.get("method")
    if api is None:
        raise invalid(f"api must be one of {', '.join(apis)}")
    if kind is None:
        raise invalid(f"fault must be one of {', '.join(kinds)}")
    if not isinstance(method, str):
        raise invalid("method must be a text: a method's name, or * for any")
    if api == "telegram" and method != "*":
        if method.lower() not in NAMES:
            raise invalid(f"there is no Bot API method {method} here")
        method = NAMES[method.lower()]
    if api == "stripe" and not _STRIPE_METHOD.fullmatch(method):
        raise invalid("a method of Stripe's is like POST /v1/checkout/sessions")
    numbers = {"times": body.get("times", 1), "retry_after": body.get("retry_after", 1)}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise invalid(f"{name} must be a whole number from 1 on")
    return Fault(api, method, kind, **numbers)
