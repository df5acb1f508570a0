"""What happens at Stripe without the app asking, made to happen: the control API's share."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import orjson
from aiohttp import web

from playground.stripe.book import Book, Cause, Deliver, Json
from playground.stripe.disputes import close_dispute, open_dispute
from playground.stripe.errors import ImpossibleMove, StripeError
from playground.stripe.payments import Outcome, settle
from playground.stripe.refunds import charge_of, make_refund
from playground.stripe.sessions import add_on_top

Happening = Literal["dispute_opened", "dispute_won", "dispute_lost", "refund"]
Perform = Callable[[Cause, Callable[[], None]], None]


class Control:
    """`perform` runs a change in one step with the deliveries of its events; `expire_due` is done before it."""

    def __init__(self, book: Book, perform: Perform, expire_due: Callable[[], None]) -> None:
        self._expire_due = expire_due
        self._book = book
        self._perform = perform

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/stripe/sessions", self.sessions),
            web.post("/stripe/sessions/{id}", self.outcome),
            web.post("/stripe/events", self.happen),
        ]

    async def sessions(self, request: web.Request) -> web.Response:
        """Every session, newest first, for the page."""
        items = list(reversed(self._book.all("checkout.session")))
        return _json(200, {"items": items})

    async def outcome(self, request: web.Request) -> web.Response:
        body = await _body(request)
        wrong = _wrong(
            body,
            {
                "outcome": lambda value: value in get_args(Outcome),
                "deliver": _is_deliver,
                "email": lambda value: isinstance(value, str) and "@" in value,
                "tax": _is_amount,
                "shipping": _is_amount,
            },
            required="outcome",
        )
        if body is None or wrong:
            return _unprocessable(wrong)
        self._expire_due()
        session = self._book.get("checkout.session", request.match_info["id"])
        if session is None:
            return _error(404, "not_found", f"There is no session '{request.match_info['id']}'.")
        cause = Cause(deliver=body.get("deliver", "once"))

        def change() -> None:
            add_on_top(session, tax=body.get("tax", 0), shipping=body.get("shipping", 0))
            settle(self._book, cause, session, body["outcome"], email=body.get("email"))

        try:
            self._perform(cause, change)
        except ImpossibleMove as refusal:
            return _error(409, refusal.code, refusal.message)
        answer: Json = {"session": session, "events": cause.events}
        if body["outcome"] == "declined":
            answer["declined"] = True
        return _json(200, answer)

    async def happen(self, request: web.Request) -> web.Response:
        body = await _body(request)
        wrong = _wrong(
            body,
            {
                "type": lambda value: value in get_args(Happening),
                "payment_intent": lambda value: isinstance(value, str),
                "session": lambda value: isinstance(value, str),
                "amount": _is_amount,
                "deliver": _is_deliver,
            },
            required="type",
        )
        if body is not None and not wrong and ("payment_intent" in body) == ("session" in body):
            wrong["payment_intent"] = "give either a payment_intent or a session"
        if body is None or wrong:
            return _unprocessable(wrong)
        self._expire_due()
        cause = Cause(deliver=body.get("deliver", "once"))
        made: list[Json] = []
        try:
            intent = self._intent(body)
            self._perform(cause, lambda: made.append(self._make(cause, intent, body["type"], body.get("amount"))))
        except KeyError as unknown:
            return _error(404, "not_found", f"There is no '{unknown.args[0]}'.")
        except ImpossibleMove as refusal:
            return _error(409, refusal.code, refusal.message)
        except StripeError as refusal:
            return _error(409, refusal.code or "impossible", refusal.message)
        return _json(200, {made[0]["object"]: made[0], "events": cause.events})

    def _intent(self, body: Json) -> str:
        """The id of the payment intent that `body` names; KeyError for what does not exist."""
        if "session" not in body:
            if self._book.get("payment_intent", body["payment_intent"]) is None:
                raise KeyError(body["payment_intent"])
            return str(body["payment_intent"])
        session = self._book.get("checkout.session", body["session"])
        if session is None:
            raise KeyError(body["session"])
        if session["payment_intent"] is None:
            raise ImpossibleMove("not_paid", "Nobody has paid this session.")
        return str(session["payment_intent"])

    def _make(self, cause: Cause, payment_intent: str, kind: Happening, amount: int | None) -> Json:
        charge = charge_of(self._book, {"payment_intent": payment_intent})
        match kind:
            case "dispute_opened":
                return open_dispute(self._book, cause, charge, amount)
            case "dispute_won":
                return close_dispute(self._book, cause, charge, "won")
            case "dispute_lost":
                return close_dispute(self._book, cause, charge, "lost")
            case "refund":
                data = {} if amount is None else {"amount": amount}
                return make_refund(self._book, cause, charge, data)


def _is_deliver(value: Any) -> bool:
    return value in get_args(Deliver)


def _is_amount(value: Any) -> bool:
    return type(value) is int and value > 0


async def _body(request: web.Request) -> Json | None:
    try:
        body = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        return None
    return body if isinstance(body, dict) else None


def _wrong(body: Json | None, known: dict[str, Callable[[Any], bool]], *, required: str) -> dict[str, str]:
    """What is wrong, by field."""
    if body is None:
        return {}
    wrong = {name: "unknown field" for name in body if name not in known}
    wrong.update(
        {name: "not one of the values allowed" for name in body if name in known and not known[name](body[name])}
    )
    if required not in body:
        wrong[required] = "required"
    return wrong


def _unprocessable(wrong: dict[str, str]) -> web.Response:
    message = "; ".join(f"{name}: {why}" for name, why in wrong.items()) or "The body must be a JSON object."
    return _json(422, {"error": {"code": "invalid_body", "message": message, "fields": wrong}})


def _error(status: int, code: str, message: str) -> web.Response:
    return _json(status, {"error": {"code": code, "message": message}})


def _json(status: int, document: Json) -> web.Response:
    return web.Response(status=status, body=orjson.dumps(document), content_type="application/json")
