import asyncio
import ipaddress
import re
import ssl
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from playground.core import Core
from playground.state import Document
from playground.telegram.errors import bad

if TYPE_CHECKING:
    from playground.telegram.updates import Mailbox

_DELAYS = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds, the last one again and again
_ANSWER_WITHIN = 60.0
_PORTS = {80, 88, 443, 8443}
_SECRET = re.compile(r"[A-Za-z0-9_-]*")
_SECRET_LIMIT = 256
_CONNECTIONS = 40
_MOST_CONNECTIONS = 100


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_webhook(params: dict[str, Any]) -> Document:
    """The webhook to keep. Plain http goes to loopback only, as with a Bot API server of one's own."""
    url = params["url"]
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise bad("invalid webhook URL specified") from None
    if not host or parts.scheme not in {"http", "https"}:
        raise bad("invalid webhook URL specified")
    secret = params.get("secret_token", "")
    if len(secret) > _SECRET_LIMIT:
        raise bad("secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    if not is_loopback(host):
        if parts.scheme == "http":
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if (port or 443) not in _PORTS:
            raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    certificate = _certificate(params["certificate"].content) if "certificate" in params else None
    return {
        "url": parts.geturl(),
        "secret_token": secret,
        "max_connections": min(max(params.get("max_connections", _CONNECTIONS), 1), _MOST_CONNECTIONS),
        "certificate": certificate,
        "ip_address": params.get("ip_address"),
    }


def _certificate(content: bytes) -> str:
    certificate = content.decode("ascii", "replace")
    try:
        ssl.create_default_context(cadata=certificate)
    except (ssl.SSLError, ValueError):
        raise bad("bad webhook: Failed to set custom certificate file") from None
    return certificate


class Pusher:
    """Posts a bot's updates to its webhook: begun in order, several at once, each until it is answered 2xx."""

    def __init__(self, core: Core, mailbox: "Mailbox") -> None:
        self._core = core
        self._mailbox = mailbox
        self._webhook: Document = mailbox.bot["webhook"]
        self._unsent: deque[int] = deque(mailbox.pending)
        self._news = asyncio.Event()
        self._free = asyncio.Semaphore(self._webhook["max_connections"])
        self._tasks: set[asyncio.Task[None]] = set()
        self.failing = False

    def start(self) -> None:
        self._spawn(self._run())

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def push(self, update_id: int) -> None:
        self._unsent.append(update_id)
        self._news.set()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, ssl=self._trust())
        timeout = aiohttp.ClientTimeout(total=_ANSWER_WITHIN)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            while True:
                await self._free.acquire()
                while not self._unsent:
                    self._news.clear()
                    await self._news.wait()
                self._spawn(self._deliver(session, self._unsent.popleft()))

    def _trust(self) -> ssl.SSLContext | bool:
        certificate = self._webhook["certificate"]
        return ssl.create_default_context(cadata=certificate) if certificate else True

    async def _deliver(self, session: aiohttp.ClientSession, update_id: int) -> None:
        try:
            attempt = 0
            while (update := self._mailbox.pending.get(update_id)) is not None:
                self._mailbox.handed(update, self._core.clock())
                problem = await self._post(session, update)
                if problem is None:
                    self.failing = False
                    self._mailbox.forget([update_id])
                    return
                self.failing = True
                self._webhook["last_error_message"] = problem
                self._webhook["last_error_date"] = int(self._core.clock().timestamp())
                await asyncio.sleep(_DELAYS[min(attempt, len(_DELAYS) - 1)])
                attempt += 1
        finally:
            self._free.release()

    async def _post(self, session: aiohttp.ClientSession, update: Document) -> str | None:
        """What went wrong, None when the update was acknowledged."""
        headers = {"Content-Type": "application/json"}
        if self._webhook["secret_token"]:
            headers["X-Telegram-Bot-Api-Secret-Token"] = self._webhook["secret_token"]
        try:
            async with session.post(
                self._webhook["url"], data=orjson.dumps(update), headers=headers, allow_redirects=False
            ) as response:
                await response.read()
        except TimeoutError:
            return "Read timeout expired"
        except aiohttp.ClientConnectorError:
            return "Connection refused"
        except (aiohttp.ClientError, OSError):
            return "Connection closed"
        if response.ok and response.status < 300:  # noqa: PLR2004 - a redirect is no acknowledgement
            return None
        return f"Wrong response from the webhook: {response.status} {response.reason}"
