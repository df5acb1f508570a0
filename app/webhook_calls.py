"""Calls to creators' own services, over HTTP."""

import socket
import ssl
from collections.abc import Callable, Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from automations.outgoing_calls import CallFailed
from kit.addresses import is_public

SECONDS = 10
NOT_PUBLIC = "its address is not on the public internet"
Allows = Callable[[str], bool]


class NotAllowed(OSError):
    """The address is none that may be called."""


class CheckedResolver(AbstractResolver):
    """What a name stands for, asked once: one address that may not be called is enough to call none.

    The connection is made to what is answered here and to nothing else, so a name cannot mean another address by then.
    """

    def __init__(self, resolver: AbstractResolver, allows: Allows) -> None:
        self._resolver = resolver
        self._allows = allows

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not found:
            raise OSError("the name stands for no address")
        if not all(self._allows(each["host"]) for each in found):
            raise NotAllowed(NOT_PUBLIC)
        return found

    async def close(self) -> None:
        await self._resolver.close()


class HttpCaller:
    """Follows no redirect, since the address was chosen by name, and reads nothing of what is answered.

    `allows` says which addresses may be called, None: whatever the operator has written into the configuration. The
    resolver and the TLS context are the system's unless they are given.
    """

    def __init__(
        self,
        *,
        allows: Allows | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allows = allows
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def to_anybody(cls, *, resolver: AbstractResolver | None = None, tls: ssl.SSLContext | None = None) -> "HttpCaller":
        """For addresses that anybody may have named: the public internet alone."""
        return cls(allows=is_public, resolver=resolver, tls=tls)

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        if self._session is None:
            self._session = self._open()
        try:
            self._check(url)
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except TimeoutError:
            raise CallFailed(f"no answer within {SECONDS} seconds") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, NotAllowed) or isinstance(getattr(error, "os_error", None), NotAllowed):
                raise CallFailed(NOT_PUBLIC) from error
            raise CallFailed(f"cannot be reached ({type(error).__name__})") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        resolver = self._resolver or aiohttp.ThreadedResolver()
        if self._allows is not None:
            resolver = CheckedResolver(resolver, self._allows)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, ssl=self._tls or True),
            timeout=aiohttp.ClientTimeout(total=SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "Spark"},
        )

    def _check(self, url: str) -> None:
        """An address that stands in the URL itself is resolved by nobody. Raises NotAllowed, ValueError."""
        host = URL(url).host or ""
        is_number = ":" in host or host.replace(".", "").isdecimal()
        if self._allows is not None and is_number and not self._allows(host):
            raise NotAllowed(NOT_PUBLIC)
