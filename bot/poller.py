import asyncio
import json
from contextlib import suppress
from urllib.parse import urlencode

import orjson
from telegram import Bot
from telegram.error import Conflict, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.intake import Draining, Intake
from kit.log import get_logger
from store.database import Database
from store.queries.leases import give_back_lease, take_lease

POLL_SECONDS = 25
LEASE_SECONDS = 40
ALLOWED_UPDATES = ("message", "callback_query", "pre_checkout_query", "my_chat_member", "chat_member")
_log = get_logger(__name__)


class Poller:
    """Fetches updates by long polling; the offset moves on only past those that are saved.

    Telegram is the queue: https://core.telegram.org/bots/api#getupdates. Updates are fetched as raw JSON,
    since one that the library cannot parse must not keep the others away. Of several processes one polls.
    """

    def __init__(self, database: Database, bot: Bot, request: BaseRequest, intake: Intake, *, holder: str) -> None:
        self._database = database
        self._bot = bot
        self._request = request
        self._intake = intake
        self._holder = holder
        self._lease = f"poller:{intake.bot_id}"
        self._offset: int | None = None
        self._task: asyncio.Task[None] | None = None
        self._webhook_is_gone = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="poller")

    async def stop(self) -> None:
        """Asks for nothing more. What was fetched and is not saved yet, Telegram gives again."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            async with self._database.transaction() as session:
                await give_back_lease(session, self._lease, self._holder)

    async def _run(self) -> None:
        wait = 0.0
        while True:
            await asyncio.sleep(wait)
            try:
                wait = await self._poll()
            except RetryAfter as error:
                after = error.retry_after
                wait = after if isinstance(after, int) else after.total_seconds()
            except Conflict:
                _log.warning("somebody else polls with this token, or has set a webhook; trying again")
                self._webhook_is_gone = False
                wait = 3.0
            except Exception as error:  # noqa: BLE001 - the poller outlives whatever happens
                level = _log.warning if isinstance(error, TelegramError) else _log.exception
                level("polling failed, trying again", reason=f"{type(error).__name__}: {error}")
                wait = min(max(wait * 2, 0.5), 15.0)

    async def _poll(self) -> float:
        """One long poll; returns how many seconds to wait before the next."""
        async with self._database.transaction() as session:
            if not await take_lease(session, self._lease, self._holder, seconds=LEASE_SECONDS):
                return 5.0
        if not self._webhook_is_gone:
            # while one is set, Telegram hands nothing to polls
            await self._bot.delete_webhook()
            self._webhook_is_gone = True
        updates = await self._fetch()
        # each is saved in its lane, and the ones behind a slow or bad one are not held up by it
        saved = [self._intake.submit(_as_bytes(update)) for update in updates]
        results = await asyncio.gather(*saved, return_exceptions=True)
        for update, result in zip(updates, results, strict=True):
            if isinstance(result, Draining):
                return 0.0
            if isinstance(result, BaseException):
                # from this one on Telegram gives them again; those already saved are known by their number
                raise result
            self._offset = update["update_id"] + 1
        return 0.0

    async def _fetch(self) -> list[dict[str, int]]:
        query: dict[str, object] = {
            "timeout": POLL_SECONDS,
            "allowed_updates": orjson.dumps(ALLOWED_UPDATES).decode(),
        }
        if self._offset is not None:
            query["offset"] = self._offset
        result = await self._request.post(
            f"{self._bot.base_url}/getUpdates?{urlencode(query)}", read_timeout=POLL_SECONDS + 10
        )
        return result if isinstance(result, list) else []


def _as_bytes(update: dict[str, int]) -> bytes:
    """As Telegram sent it, also where that is no text: half a surrogate pair is no UTF-8, and is kept as rubbish."""
    try:
        return orjson.dumps(update)
    except TypeError:
        return json.dumps(update).encode()
