import copy
import secrets
import string
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from playground.core import Core
from playground.stripe.errors import no_such

Json = dict[str, Any]
Deliver = Literal["once", "twice", "late", "never", "reordered"]

API_VERSION = "2026-10-28.endive"
EVENTS_KEPT = 30 * 86400  # seconds: https://docs.stripe.com/api/events

_ALPHABET = string.ascii_letters + string.digits
_LENGTHS = {"cs_test": 58, "whsec": 32, "req": 14, "cus": 14, "prod": 14}
KINDS = {
    "cs_test": "checkout.session",
    "pi": "payment_intent",
    "ch": "charge",
    "re": "refund",
    "dp": "dispute",
    "cus": "customer",
    "prod": "product",
    "price": "price",
    "plink": "payment_link",
    "evt": "event",
    "txn": "balance_transaction",
}


def new_id(prefix: str) -> str:
    """A random id as long as Stripe's own; only a session's id says that this is test mode."""
    length = _LENGTHS.get(prefix, 24)
    return f"{prefix}_{''.join(secrets.choice(_ALPHABET) for _ in range(length))}"


@dataclass
class Cause:
    """Who made something happen, and the events that came of it. Nobody's request when a buyer did."""

    request_id: str | None = None
    idempotency_key: str | None = None
    deliver: Deliver = "once"
    events: list[str] = field(default_factory=list)


class Book:
    """Stripe's objects and events as they stand, kept in the shared state.

    `get` and `all` hand out live documents: after changing one, `put` it again.
    """

    def __init__(self, core: Core) -> None:
        self.core = core
        self._state = core.state
        self.open_sessions: dict[str, Json] = {
            session["id"]: session for session in self.all("checkout.session") if session["status"] == "open"
        }

    def now(self) -> int:
        """Unix seconds by the playground's clock."""
        return int(self.core.clock().timestamp())

    def put(self, document: Json) -> Json:
        self._state.put(f"stripe.{document['object']}", document["id"], document)
        if document.get("status") == "open" and document["object"] == "checkout.session":
            self.open_sessions[document["id"]] = document
        else:
            self.open_sessions.pop(document["id"], None)
        return document

    def get(self, kind: str, object_id: str) -> Json | None:
        return self._state.get(f"stripe.{kind}", object_id)

    def require(self, kind: str, object_id: str, *, param: str = "id") -> Json:
        found = self.get(kind, object_id)
        if found is None:
            raise no_such(kind, object_id, param=param)
        return found

    def all(self, kind: str) -> list[Json]:
        """Oldest first."""
        return self._state.all(f"stripe.{kind}")

    def put_private(self, object_id: str, document: Json) -> None:
        """What Stripe knows about an object and does not show in it: its line items, for one."""
        self._state.put("stripe.private", object_id, document)

    def private(self, object_id: str) -> Json:
        return self._state.get("stripe.private", object_id) or {}

    def emit(self, cause: Cause, name: str, about: Json, previous: Json | None = None) -> None:
        """Records an event with a snapshot of the object. The caller hands `cause` to the postman."""
        data: Json = {"object": copy.deepcopy(about)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": self.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": cause.request_id, "idempotency_key": cause.idempotency_key},
            "type": name,
        }
        self.put(event)
        cause.events.append(str(event["id"]))

    def kept_events(self) -> list[Json]:
        oldest = self.now() - EVENTS_KEPT
        return [event for event in self.all("event") if event["created"] >= oldest]


def instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
