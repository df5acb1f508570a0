import asyncio
import base64
import binascii
import re
from collections.abc import Callable
from typing import Any, cast

import orjson
from aiohttp import web

from playground.core import Fault
from playground.stripe import account, catalogue, customers, disputes, links, payments, refunds, sessions
from playground.stripe.book import API_VERSION, Book, Cause, Json, new_id
from playground.stripe.errors import StripeError
from playground.stripe.expand import expanded
from playground.stripe.forms import Raw, as_json, decode
from playground.stripe.idempotency import Keys, Reply
from playground.stripe.params import check
from playground.stripe.routes import Call, Route
from playground.stripe.webhooks import Postman

ROUTES = [
    *sessions.ROUTES,
    *links.ROUTES,
    *catalogue.ROUTES,
    *refunds.ROUTES,
    *customers.ROUTES,
    *payments.ROUTES,
    *disputes.ROUTES,
    *account.ROUTES,
]

_FORM = "application/x-www-form-urlencoded"
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.[a-z]+)?")
_HUNG_UP = 0.1  # seconds between looks at whether a caller that is kept waiting is still there


class Api:
    """Stripe's API under /v1: authentication, parameters, idempotency, faults and the call log."""

    def __init__(self, book: Book, postman: Postman, expire_due: Callable[[], None]) -> None:
        self._expire_due = expire_due
        self._book = book
        self._postman = postman
        self.keys = Keys(book)
        self._closing = asyncio.Event()

    async def close(self, _: web.Application) -> None:
        """Lets go of the callers that a fault keeps waiting."""
        self._closing.set()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        one = _Exchange(request)
        fault: Fault | None = None
        try:
            one.read_address()
            body = (await request.read()).decode("utf-8", "replace") if request.method == "POST" else ""
            one.read_body(body)
            authenticate(request.headers.get("Authorization", ""))
            fault = self._fault(one)
            with self.keys.running(one.key):
                if fault is not None and fault.fault == "hang":
                    self._log(one, 0, None)
                    await self._hang(request)
                    return _cut(request)
                if fault is not None:
                    _refuse(fault)
                self._expire_due()
                reply = self._answer(one)
        except StripeError as error:
            one.headers.update(error.headers)
            reply = Reply(error.status, _encode(error.envelope()), one.request_id)
        self._log(one, reply.status, orjson.loads(reply.body))
        if fault is not None and fault.fault == "drop_reply":
            return _cut(request)
        return web.Response(
            status=reply.status,
            text=reply.body,
            content_type="application/json",
            headers={**one.headers, "Request-Id": one.request_id},
        )

    def _answer(self, one: "_Exchange") -> Reply:
        """Recalls the reply under the request's key, or acts and keeps it: both in one step."""
        if one.key is not None:
            kept = self.keys.recall(one.key, one.path, one.raw)
            if kept is not None:
                one.headers.update({"Idempotent-Replayed": "true", "Original-Request": kept.request_id})
                return kept
        with self._book.core.state.together():
            try:
                status, document = 200, self._act(one)
            except StripeError as error:
                if not error.kept:
                    raise
                status, document = error.status, error.envelope()
            reply = Reply(status, _encode(document), one.request_id)
            if one.key is not None:
                self.keys.keep(one.key, one.path, one.raw, reply)
        self._postman.dispatch()
        return reply

    def _act(self, one: "_Exchange") -> Json:
        if one.route is None:
            raise StripeError(
                f"Unrecognized request URL ({one.method}: {one.path}). If you are trying to list objects, remove "
                "the trailing slash. If you are trying to retrieve an object, make sure you passed a valid "
                "(non-empty) identifier in your code. Please see https://stripe.com/docs or we can help at "
                "https://support.stripe.com/.",
                status=404,
            )
        params = check(one.route.params, one.raw)
        one.shown = {**params}
        paths: list[str] = params.pop("expand", [])
        cause = Cause(request_id=one.request_id, idempotency_key=one.key)
        call = Call(book=self._book, params=params, cause=cause, path=one.path, id=one.id)
        document = one.route.act(call)
        self._postman.schedule(cause)
        return expanded(self._book, document, paths)

    def _fault(self, one: "_Exchange") -> Fault | None:
        faults = self._book.core.faults
        found = faults.take("stripe", f"{one.method} {one.path}")
        if found is None and one.route is not None and one.route.template != one.path:
            found = faults.take("stripe", f"{one.method} {one.route.template}")
        return found

    async def _hang(self, request: web.Request) -> None:
        """Until the caller gives up."""
        while request.transport is not None and not request.transport.is_closing():
            try:
                async with asyncio.timeout(_HUNG_UP):
                    await self._closing.wait()
                return
            except TimeoutError:
                continue

    def _log(self, one: "_Exchange", status: int, result: Any) -> None:
        core = self._book.core
        core.log_call("stripe", f"{one.method} {one.path}", one.shown, status, result)
        core.changes.tell()


class _Exchange:
    """One request as far as it has been read, and the headers of its answer."""

    def __init__(self, request: web.Request) -> None:
        self._request = request
        self.method = request.method
        self.path = f"/v1/{request.match_info['tail']}"
        self.request_id = new_id("req")
        self.headers = {
            "Stripe-Version": API_VERSION,
            "Cache-Control": "no-cache, no-store",
            "Access-Control-Allow-Origin": "*",
        }
        self.key: str | None = None
        self.raw: Raw = {}
        self.shown: Json = {}
        self.route: Route | None = None
        self.id = ""

    def read_address(self) -> None:
        for route in ROUTES:
            found = route.match(self.method, self.path)
            if found is not None:
                self.route, self.id = route, found
                break
        self.raw = decode(self._request.rel_url.raw_query_string)
        self.shown = cast("Json", _shown(self.raw))
        key = self._request.headers.get("Idempotency-Key")
        if self.method == "POST" and key:
            if not key.isascii() or not key.isprintable():
                raise StripeError("Idempotency keys are printable ASCII.", kind="idempotency_error")
            self.key = self.headers["Idempotency-Key"] = key
        version = self._request.headers.get("Stripe-Version", API_VERSION)
        if not _VERSION.fullmatch(version):
            raise StripeError(f"Invalid Stripe API version: {version}")
        self.headers["Stripe-Version"] = version

    def read_body(self, body: str) -> None:
        if not body:
            return
        if self._request.content_type != _FORM:
            raise StripeError(
                f"Invalid request (check that your POST content type is {_FORM}). If you have any questions, "
                "we can help at https://support.stripe.com/."
            )
        self.raw = {**self.raw, **decode(body)}
        self.shown = cast("Json", _shown(self.raw))


def authenticate(header: str) -> None:
    """A test key, as a bearer token or as the user name of basic authentication."""
    scheme, _, credentials = header.partition(" ")
    key = ""
    if scheme.lower() == "bearer":
        key = credentials.strip()
    elif scheme.lower() == "basic":
        try:
            key = base64.b64decode(credentials, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, "
            "using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See "
            "https://stripe.com/docs/api#authentication for details, or we can help at "
            "https://support.stripe.com/.",
            status=401,
            headers={"WWW-Authenticate": 'Bearer realm="Stripe"'},
        )
    if not key.startswith(("sk_test_", "rk_test_")):
        shown = key[:8] + "*" * max(len(key) - 12, 4) + (key[-4:] if len(key) > 12 else "")  # noqa: PLR2004 - both ends
        raise StripeError(f"Invalid API Key provided: {shown}", status=401)


def _refuse(fault: Fault) -> None:
    match fault.fault:
        case "429":
            raise StripeError(
                "Request rate limit exceeded. You can learn more about rate limits here "
                "https://stripe.com/docs/rate-limits.",
                status=429,
                code="rate_limit",
                headers={
                    "Retry-After": str(fault.retry_after),
                    "Stripe-Rate-Limited-Reason": "global-rate",
                },
            )
        case "403":
            raise StripeError(
                "The provided key does not have the required permissions for this endpoint on account "
                f"'{account.ACCOUNT_ID}'.",
                status=403,
            )
        case "500":
            raise StripeError(
                "An unknown error occurred. Please try again, or contact us at https://support.stripe.com/.",
                status=500,
                kind="api_error",
            )
        case "hang" | "drop_reply":
            return


def _cut(request: web.Request) -> web.Response:
    """Ends the connection with no reply on it."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _encode(document: Json) -> str:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _shown(raw: Raw) -> Any:
    return {name: as_json(value) for name, value in raw.items()}
