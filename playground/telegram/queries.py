import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal

from playground.core import Core
from playground.state import Document
from playground.telegram.errors import STALE_QUERY, bad

Kind = Literal["callback_query", "pre_checkout_query"]

# a tap shows its clock for about a minute; https://core.telegram.org/bots/api#precheckoutquery gives ten seconds
_LIFETIME: dict[Kind, timedelta] = {
    "callback_query": timedelta(seconds=60),
    "pre_checkout_query": timedelta(seconds=10),
}


class Queries:
    """Taps and pre-checkouts that the bot has yet to answer: each once, and in time."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._waiting: dict[str, asyncio.Future[dict[str, Any] | None]] = {}
        for kind in _LIFETIME:
            for query in core.state.all(kind):
                if self._is_late(kind, query, core.clock()):
                    core.state.delete(kind, query["id"])

    def add(self, kind: Kind, bot_id: int, now: datetime, **more: Any) -> Document:
        query = {
            "id": str(secrets.randbits(62) + 1),
            "bot_id": bot_id,
            "asked_at": now.isoformat(),
            **more,
        }
        self._core.state.put(kind, query["id"], query)
        return query

    async def answer_to(self, query: Document, *, within: float) -> dict[str, Any] | None:
        """What the bot answers within so many seconds of real time, None when it does not."""
        future: asyncio.Future[dict[str, Any] | None] = asyncio.get_running_loop().create_future()
        self._waiting[query["id"]] = future
        try:
            async with asyncio.timeout(within):
                return await future
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(query["id"], None)

    def answer(self, kind: Kind, bot_id: int, query_id: str, now: datetime, answer: dict[str, Any]) -> Document:
        """Raises Refused when the query is unknown, already answered or too old."""
        query = self._core.state.get(kind, query_id)
        if query is None or query["bot_id"] != bot_id:
            raise bad(STALE_QUERY)
        self._core.state.delete(kind, query_id)
        if self._is_late(kind, query, now):
            raise bad(STALE_QUERY)
        waiting = self._waiting.get(query_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        return query

    def give_up(self, kind: Kind, query: Document) -> None:
        self._core.state.delete(kind, query["id"])

    def stop(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(None)

    @staticmethod
    def _is_late(kind: Kind, query: Document, now: datetime) -> bool:
        return now - datetime.fromisoformat(query["asked_at"]) > _LIFETIME[kind]
