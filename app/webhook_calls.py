"""Calls to creators' own services, over HTTP."""

from collections.abc import Mapping

import aiohttp

from automations.outgoing_calls import CallFailed

SECONDS = 10


class HttpCaller:
    """Follows no redirect, since the address was chosen by name, and reads nothing of what is answered."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Spark"},
            )
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except TimeoutError:
            raise CallFailed(f"no answer within {SECONDS} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise CallFailed(f"cannot be reached ({type(error).__name__})") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
