"""The keys that an issuer signs with: one that is known, or those that it publishes (RFC 7517)."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import aiohttp
import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import RSAAlgorithm

from kit.log import get_logger

_log = get_logger(__name__)
LEAST_BITS = 2048
# an unknown key is asked for no more often than this, and known ones are looked at again after that
ASKED_EVERY, TRUSTED_FOR = timedelta(minutes=1), timedelta(hours=1)
_SECONDS = 5.0
_MOST_BYTES = 256 * 1024
_MOST_KEYS = 50


class Keys(Protocol):
    async def key(self, kid: str | None, *, now: datetime) -> RSAPublicKey | None: ...


class KnownKey:
    """One that stands in the settings; whatever a token calls it."""

    def __init__(self, pem: str) -> None:
        """Raises ValueError for what is no RSA public key, or one that is too short."""
        key = load_pem_public_key(pem.encode())
        if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
            raise ValueError(f"must be an RSA public key of at least {LEAST_BITS} bits, in PEM")
        self._key = key

    async def key(self, kid: str | None, *, now: datetime) -> RSAPublicKey | None:
        return self._key


class PublishedKeys:
    """Fetched when they are needed, by one caller for all that wait; while that fails the old ones go on."""

    def __init__(self, url: str, *, seconds: float = _SECONDS) -> None:
        self._url = url
        self._seconds = seconds
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._fetched_at: datetime | None = None
        self._asked_at: datetime | None = None
        self._asking = asyncio.Lock()

    async def key(self, kid: str | None, *, now: datetime) -> RSAPublicKey | None:
        found = self._find(kid)
        if found is not None and not (self._is_old(now) and self._may_ask(now)):
            return found
        async with self._asking:
            # whoever has waited finds what the first was told
            if self._may_ask(now) and (self._is_old(now) or self._find(kid) is None):
                self._asked_at = now
                await self._fetch(now)
        return self._find(kid)

    def _find(self, kid: str | None) -> RSAPublicKey | None:
        if kid is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(kid)

    def _is_old(self, now: datetime) -> bool:
        return self._fetched_at is None or now >= self._fetched_at + TRUSTED_FOR

    def _may_ask(self, now: datetime) -> bool:
        return self._asked_at is None or abs(now - self._asked_at) >= ASKED_EVERY

    async def _fetch(self, now: datetime) -> None:
        try:
            self._keys = read_keys(await self._ask())
            self._fetched_at = now
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            _log.warning("the keys of an issuer cannot be fetched", reason=type(error).__name__)

    async def _ask(self) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self._seconds)
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            client.get(self._url, allow_redirects=False, headers={"Accept": "application/json"}) as answer,
        ):
            if answer.status != 200:  # noqa: PLR2004 - HTTP's own
                raise ValueError("not answered with the keys")
            body = bytearray()
            async for piece in answer.content.iter_any():
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("more than any set of keys")
            return bytes(body)


def read_keys(body: bytes) -> Mapping[str, RSAPublicKey]:
    """Those that RS256 tokens may be signed with, by name; what else stands there is left out. Raises ValueError.

    One without a name is for tokens that name none (RFC 7517, 4.5).
    """
    told: Any = orjson.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise ValueError("no set of keys")  # noqa: TRY004 - whoever sent it is told nothing
    found: dict[str, RSAPublicKey] = {}
    for each in told["keys"][:_MOST_KEYS]:
        if not isinstance(each, dict) or each.get("kty") != "RSA" or not isinstance(each.get("kid", ""), str):
            continue
        if each.get("use", "sig") != "sig" or each.get("alg", "RS256") != "RS256":
            continue
        try:
            key = RSAAlgorithm.from_jwk(each)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_BITS:
            found[each.get("kid", "")] = key
    return found
