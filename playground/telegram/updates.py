import asyncio
from datetime import datetime
from itertools import islice
from typing import Any

from playground.core import Core
from playground.state import Document
from playground.telegram.errors import bad, conflicting
from playground.telegram.webhook import Pusher

KINDS = {
    "message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message",
    "edited_business_message", "deleted_business_messages", "guest_message", "message_reaction",
    "message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
    "pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
    "chat_join_request", "chat_boost", "removed_chat_boost", "managed_bot",
}  # fmt: skip
# must be asked for by name: https://core.telegram.org/bots/api#getupdates
_UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
_LONGEST_POLL = 50
_BIGGEST_BATCH = 100
_FORGOTTEN_AFTER = 5.0  # seconds without a poll after which nobody is thought to be reading
_PATIENCE = 60.0


class Mailbox:
    """One bot's updates, kept until they are acknowledged by offset or by the webhook's 2xx."""

    def __init__(self, core: Core, bot: Document) -> None:
        self._core = core
        self.bot = bot
        self._queue = f"queue.{bot['id']}"
        self.pending: dict[int, Document] = {update["update_id"]: update for update in core.state.all(self._queue)}
        self._handed: int = (core.state.get("handed", bot["id"]) or {"update_id": 0})["update_id"]
        self._poller: asyncio.Future[None] | None = None
        self._empty: list[asyncio.Future[None]] = []
        self._last_poll = float("-inf")
        self._pusher: Pusher | None = None
        self._closing = False

    def add(self, kind: str, body: dict[str, Any]) -> int | None:
        """The new update's id, None when the bot did not ask for this kind."""
        allowed = self.bot["allowed_updates"]
        if kind not in allowed if allowed else kind in _UNASKED:
            return None
        update_id = self._core.state.next_number(f"update.{self.bot['id']}")
        update = {"update_id": update_id, kind: body}
        self._core.state.put(self._queue, update_id, update)
        self.pending[update_id] = update
        self.end_poll()
        if self._pusher is not None:
            self._pusher.push(update_id)
        return update_id

    def handed(self, update: Document, now: datetime) -> None:
        """Keeps what was handed over for the control API, a repeated handing once."""
        if update["update_id"] <= self._handed:
            return
        self._handed = update["update_id"]
        with self._core.state.together():
            self._core.state.put("handed", self.bot["id"], {"update_id": self._handed})
            self._core.state.append("updates", {"bot_id": self.bot["id"], **update, "at": now.isoformat()})

    def forget(self, update_ids: list[int]) -> None:
        with self._core.state.together():
            for update_id in update_ids:
                if self.pending.pop(update_id, None) is not None:
                    self._core.state.delete(self._queue, update_id)
        if not self.pending:
            waiting, self._empty = self._empty, []
            for future in waiting:
                if not future.done():
                    future.set_result(None)

    def terminate_poll(self, reason: str) -> None:
        if self._poller is not None and not self._poller.done():
            self._poller.set_exception(conflicting(reason))

    def end_poll(self) -> None:
        """Answers a waiting poll at once, with what there is."""
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(None)

    def close(self) -> None:
        """No poll waits from now on."""
        self._closing = True
        self.end_poll()

    async def poll(self, params: dict[str, Any]) -> list[Document]:
        if self.bot["webhook"]:
            raise conflicting(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            )
        self.terminate_poll("terminated by other getUpdates request; make sure that only one bot instance is running")
        limit = min(max(params.get("limit", _BIGGEST_BATCH), 1), _BIGGEST_BATCH)
        timeout = min(max(params.get("timeout", 0), 0), _LONGEST_POLL)
        self._acknowledge(params.get("offset", 0))
        loop = asyncio.get_running_loop()
        if not self.pending and timeout and not self._closing:
            self._poller = poller = loop.create_future()
            try:
                async with asyncio.timeout(timeout):
                    await poller
            except TimeoutError:
                pass
            finally:
                if self._poller is poller:
                    self._poller = None
        self._last_poll = loop.time()
        batch = list(islice(self.pending.values(), limit))
        now = self._core.clock()
        with self._core.state.together():
            for update in batch:
                self.handed(update, now)
        return batch

    def _acknowledge(self, offset: int) -> None:
        if offset > 0:
            acknowledged = []
            for update_id in self.pending:
                if update_id >= offset:
                    break
                acknowledged.append(update_id)
            self.forget(acknowledged)
        elif offset < 0:
            self.forget(list(self.pending)[:offset])

    @property
    def is_polled(self) -> bool:
        return self._poller is not None

    def is_read(self) -> bool:
        """Is anybody there to take updates?"""
        if self._pusher is not None:
            return not self._pusher.failing
        if self.is_polled:
            return True
        return asyncio.get_running_loop().time() - self._last_poll < _FORGOTTEN_AFTER

    async def settled(self) -> None:
        """Returns when every update has been acknowledged, or when nobody is there to do so."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE
        unread_since: float | None = None
        while self.pending and loop.time() < deadline:
            if self.is_read():
                unread_since = None
            else:
                unread_since = unread_since or loop.time()
                if loop.time() - unread_since > _FORGOTTEN_AFTER:
                    return
            future: asyncio.Future[None] = loop.create_future()
            self._empty.append(future)
            await asyncio.wait([future], timeout=0.2)

    def start_pushing(self) -> None:
        """Hands updates to the bot's webhook from now on, if it has one."""
        if self.bot["webhook"]:
            self._pusher = Pusher(self._core, self)
            self._pusher.start()

    async def stop_pushing(self) -> None:
        pusher, self._pusher = self._pusher, None
        if pusher is not None:
            await pusher.stop()

    def drop_pending(self) -> None:
        self.forget(list(self.pending))


class Mail:
    """Every bot's mailbox."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._boxes: dict[int, Mailbox] = {}

    def box(self, bot: Document) -> Mailbox:
        box = self._boxes.get(bot["id"])
        if box is None:
            box = self._boxes[bot["id"]] = Mailbox(self._core, bot)
        return box

    def all(self) -> list[Mailbox]:
        return list(self._boxes.values())

    def end_polls(self) -> None:
        for box in self.all():
            box.close()

    async def stop(self) -> None:
        for box in self.all():
            await box.stop_pushing()


def checked_kinds(kinds: list[Any]) -> list[str] | None:
    """The kinds asked for, None for the usual ones; like Telegram, unknown names are passed over."""
    if not all(isinstance(kind, str) for kind in kinds):
        raise bad("expected an Array of String")
    return [kind for kind in kinds if kind in KINDS] or None
