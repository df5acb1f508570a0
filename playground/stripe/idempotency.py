"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playground.stripe.book import Book, Json
from playground.stripe.errors import StripeError
from playground.stripe.forms import Raw

KEPT = 24 * 3600  # seconds
LONGEST_KEY = 255
_KIND = "stripe.idempotency"


@dataclass(frozen=True)
class Reply:
    status: int
    body: str
    request_id: str


class Keys:
    """The first reply under each key, kept for a day by the playground's clock."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._state = book.core.state
        self._running: set[str] = set()

    def recall(self, key: str, path: str, raw: Raw) -> Reply | None:
        """The reply to replay, None when the key is new; raises StripeError when it is used for another request."""
        if len(key) > LONGEST_KEY:
            raise _refusal(f"Idempotency keys can be at most {LONGEST_KEY} characters long.")
        kept = self._state.get(_KIND, key)
        if kept is None or self._stale(kept):
            return None
        different = f"Try using a key other than '{key}' if you meant to execute a different request."
        if kept["path"] != path:
            raise _refusal(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{kept['path']}'). {different}"
            )
        if kept["raw"] != raw:
            raise _refusal(
                "Keys for idempotent requests can only be used with the same parameters they were first used "
                f"with. {different}"
            )
        return Reply(kept["status"], kept["body"], kept["request_id"])

    def keep(self, key: str, path: str, raw: Raw, reply: Reply) -> None:
        self._state.delete(_KIND, key)  # a stale key used again is a new one: the oldest stand first
        self._state.put(
            _KIND,
            key,
            {
                "key": key,
                "path": path,
                "raw": raw,
                "status": reply.status,
                "body": reply.body,
                "request_id": reply.request_id,
                "created": self._book.now(),
            },
        )

    @contextmanager
    def running(self, key: str | None) -> Iterator[None]:
        """Refuses a second request under a key while the first has not been answered."""
        if key is None:
            yield
            return
        if key in self._running:
            raise StripeError(
                "There is currently another in-progress request using this Idempotency Key (that probably "
                "means you submitted twice, and the other request is still going through): "
                f"{key}. Please try again later.",
                status=409,
                kind="idempotency_error",
                code="idempotency_key_in_use",
            )
        self._running.add(key)
        try:
            yield
        finally:
            self._running.discard(key)

    def forget_stale(self) -> None:
        for kept in self._state.all(_KIND):
            if not self._stale(kept):
                return
            self._state.delete(_KIND, kept["key"])

    def _stale(self, kept: Json) -> bool:
        return bool(kept["created"] + KEPT <= self._book.now())


def _refusal(message: str) -> StripeError:
    return StripeError(message, kind="idempotency_error")
