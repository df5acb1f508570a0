import asyncio
import re
from os import SEEK_END
from typing import IO, Any
from urllib.parse import urlencode

import aiohttp
import orjson
from aiohttp.abc import AbstractStreamWriter
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest, RequestData

Timeout = Any  # seconds, None for no limit, or BaseRequest.DEFAULT_NONE: the library's type is private

POOL_TIMEOUT = (
    "Pool timeout: All connections in the connection pool are occupied. Request was *not* sent to "
    "Telegram. Consider adjusting the connection pool size or the pool timeout."
)
FORM = "application/x-www-form-urlencoded"
CHUNK = 65_536  # bytes written at a time, as the default client does

_URL = re.compile(r"\S*(?:://|/bot)\S*")
# Browsers and the default client write file names so: https://html.spec.whatwg.org/#multipart-form-data
_FILE_NAME_ESCAPES = {code: f"%{code:02X}" for code in [*range(0x20), ord('"')]}


# what can go wrong once a connection is there
_BEGUN = (
    aiohttp.ClientOSError,
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
)


class ConnectionLost(NetworkError):
    """It broke after it was made: the call may have been carried out. The default client tells them not apart."""


class NoConnection(NetworkError):
    """It was never made, or did no more than fetch a file: nothing was carried out."""


class PoolFull(NoConnection):
    """So much is being said at once that there was no place for it: our own load, whatever the network does."""


class AiohttpRequest(BaseRequest):
    """Speaks to the Bot API through aiohttp, raising what `HTTPXRequest` would raise for the same answer
    at a fraction of its cost (bench/RESULTS.md). Times are seconds, None for no limit.

    It differs in this: it must be initialized before use, takes a proxy by argument only and never from the
    environment, and its exceptions never show the bot token, which stands in each URL of the Bot API. Waiting in vain
    for a connection is no TimedOut but NoConnection, and for a place in the pool PoolFull: nothing was sent.
    """

    def __init__(
        self,
        *,
        connection_pool_size: int = 256,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 1.0,
        media_write_timeout: float | None = 20.0,
        proxy: str | None = None,
        keepalive: float = 15.0,
    ) -> None:
        self._pool_size = connection_pool_size
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._media_write_timeout = media_write_timeout
        self._proxy = proxy
        self._keepalive = keepalive
        self._session: aiohttp.ClientSession | None = None
        self._pool = asyncio.Semaphore(connection_pool_size)

    @property
    def read_timeout(self) -> float | None:
        return self._read_timeout

    async def initialize(self) -> None:
        """Doing so twice is a no-op; after a shutdown it opens again."""
        if self._session is not None:
            return
        # The semaphore stands for the connector's limit, whose wait cannot be told from connecting.
        self._pool = asyncio.Semaphore(self._pool_size)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=self._keepalive, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self.USER_AGENT},
            proxy=self._proxy,
        )

    async def shutdown(self) -> None:
        """Doing so twice is a no-op."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(  # noqa: PLR0917 - the signature is the library's
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        write_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        connect_timeout: Timeout = BaseRequest.DEFAULT_NONE,
        pool_timeout: Timeout = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """The status and body of the answer.

        Raises NoConnection, PoolFull, TimedOut, ConnectionLost, and RuntimeError unless open.
        """
        session, pool, default = self._session, self._pool, self.DEFAULT_NONE
        if session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        if write_timeout is default:
            uploads = request_data is not None and request_data.contains_files
            write_timeout = self._media_write_timeout if uploads else self._write_timeout
        timeout = aiohttp.ClientTimeout(
            connect=self._connect_timeout if connect_timeout is default else connect_timeout,
            sock_read=self._read_timeout if read_timeout is default else read_timeout,
        )
        try:
            async with asyncio.timeout(self._pool_timeout if pool_timeout is default else pool_timeout):
                await pool.acquire()
        except TimeoutError:
            raise PoolFull(POOL_TIMEOUT) from None
        try:
            body = _encode(request_data, write_timeout)
            async with session.request(method, url, data=body, timeout=timeout, allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except aiohttp.ConnectionTimeoutError:
            # the first of the time-outs, and the one of which it is certain that nothing was said
            failure: NetworkError = NoConnection("Connecting timed out")
        except TimeoutError:
            failure = TimedOut()
        except aiohttp.ClientError as error:
            begun = isinstance(error, _BEGUN) and not isinstance(error, aiohttp.ClientConnectorError)
            failure = (ConnectionLost if begun else NoConnection)(
                f"aiohttp.{type(error).__name__}: {_URL.sub('(URL)', str(error))}"
            )
        finally:
            pool.release()
        # Raised out here it carries no cause or context: their texts hold the URL, and with it the token.
        raise failure

    async def fetch(self, url: str, target: IO[bytes]) -> None:
        """Appends a file of Telegram's to an open one, piece by piece. Raises as `do_request` does."""
        session = self._session
        if session is None:
            raise RuntimeError("This AiohttpRequest is not initialized!")
        timeout = aiohttp.ClientTimeout(connect=self._connect_timeout, sock_read=self._read_timeout)
        try:
            async with session.get(url, timeout=timeout, allow_redirects=False) as answer:
                answer.raise_for_status()
                async for piece in answer.content.iter_chunked(CHUNK):
                    await asyncio.to_thread(target.write, piece)
            return
        except TimeoutError:
            failure: NetworkError = TimedOut()
        except aiohttp.ClientError as error:
            failure = NoConnection(f"aiohttp.{type(error).__name__}: {_URL.sub('(URL)', str(error))}")
        # raised out here for the same reason as above
        raise failure

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library's own, which also takes over whatever is no strict JSON."""
        try:
            parsed: dict[str, Any] = orjson.loads(payload)
        except orjson.JSONDecodeError:
            return BaseRequest.parse_json_payload(payload)
        return parsed


def _encode(request_data: RequestData | None, write_timeout: float | None) -> "_Upload | aiohttp.FormData | None":
    """A plain form, or one of parts when files go along: https://core.telegram.org/bots/api#sending-files"""
    if request_data is None:
        return None
    if not request_data.contains_files:
        return _Upload(urlencode(request_data.json_parameters).encode(), FORM, write_timeout)
    form = aiohttp.FormData(quote_fields=False)  # quoted, "Hülle.pdf" would arrive as H%C3%BClle.pdf
    for name, value in request_data.json_parameters.items():
        form.add_field(name, value)
    for name, (file_name, content, mime_type) in request_data.multipart_data.items():
        upload = _Upload(content, mime_type, write_timeout)
        form.add_field(name, upload, filename=file_name.translate(_FILE_NAME_ESCAPES), content_type=mime_type)
    return form


class _Upload(aiohttp.Payload):
    """Sent piece by piece, each within the write timeout: aiohttp itself sets no limit to writing.

    A file handle is sent from its start and left open, as the default client does.
    """

    def __init__(self, content: bytes | IO[bytes], mime_type: str, write_timeout: float | None) -> None:
        super().__init__(content, content_type=mime_type)
        self._write_timeout = write_timeout
        if isinstance(content, bytes):
            self._size = len(content)
        elif content.seekable():
            self._size = content.seek(0, SEEK_END)
            content.seek(0)

    async def write(self, writer: AbstractStreamWriter) -> None:
        content: bytes | IO[bytes] = self._value
        position = 0
        while piece := (
            content[position : position + CHUNK]
            if isinstance(content, bytes)
            else await asyncio.to_thread(content.read, CHUNK)
        ):
            position += len(piece)
            async with asyncio.timeout(self._write_timeout):
                await writer.write(piece)
                await writer.drain()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("written piece by piece, never read as text")
