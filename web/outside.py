"""Tokens of outside issuers: RS256 and nothing else, checked against the issuer's own keys, by our clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from domain.outside_identity import Subject, account_of_subject, known_subject
from kit.clock import Clock
from kit.errors import NotSignedIn
from kit.tokens import MOST_TOKEN, issuer_of
from store.database import Database
from store.models import Role
from web.issuer_keys import Keys
from web.tools import Vouched

_ALGORITHM = "RS256"
_REQUIRED = ["sub", "iss", "aud", "exp", "iat"]
# between an issuer's clock and ours, in seconds
LEEWAY = 60
# OpenID Connect Core, section 2, has 255; some use an address
_MOST_SUBJECT = 512


@dataclass(frozen=True)
class Issuer:
    """`registers`: a subject that nobody knows gets an account, as the setting allows."""

    name: str
    audience: str
    keys: Keys
    registers: bool = True


class OutsideIssuers:
    """Those of the settings; see `web.tools.Outside`."""

    def __init__(
        self, issuers: Iterable[Issuer], database: Database, clock: Clock, *, open_to: frozenset[Role]
    ) -> None:
        self._issuers: Mapping[str, Issuer] = {each.name: each for each in issuers}
        self._database = database
        self._clock = clock
        self._open_to = open_to

    def issues(self, issuer: str | None) -> bool:
        return issuer in self._issuers

    async def vouched(self, token: str) -> Vouched:
        issuer = self._issuers.get(issuer_of(token) or "")
        header = _header(token)
        if issuer is None or header is None:
            raise _bad()
        now = self._clock()
        key = await issuer.keys.key(header.get("kid"), now=now)
        if key is None:
            raise _bad()
        subject = _subject(_claims(token, key, issuer, now), issuer)
        async with self._database.reading() as session:
            known = await known_subject(session, subject)
        if known is None:
            async with self._database.transaction() as session:
                open_to = self._open_to if issuer.registers else frozenset[Role]()
                known = await account_of_subject(session, subject, open_to=open_to, now=now)
        return Vouched(known, subject.subject)


def _header(token: str) -> Mapping[str, Any] | None:
    """What chooses the key, and no more: no token names its own algorithm, or brings its key along."""
    if len(token) > MOST_TOKEN:
        return None
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    kid = header.get("kid")
    good = header.get("alg") == _ALGORITHM and "crit" not in header and (kid is None or isinstance(kid, str))
    return header if good else None


def _claims(token: str, key: RSAPublicKey, issuer: Issuer, now: datetime) -> Mapping[str, Any]:
    """The library's own time checks read the wall clock and are off."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=issuer.name,
            audience=issuer.audience,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise _bad() from None
    at = now.timestamp()
    issued, expires, begins = (_seconds(claims.get(each, 0)) for each in ("iat", "exp", "nbf"))
    if not max(issued, begins) - LEEWAY <= at < expires + LEEWAY:
        raise NotSignedIn("this token is not valid at this time; ask its issuer for a new one")
    return claims


def _seconds(given: object) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not isfinite(given):
        raise _bad()
    return given


def _subject(claims: Mapping[str, Any], issuer: Issuer) -> Subject:
    told, name, email = claims["sub"], claims.get("name"), claims.get("email")
    if not isinstance(told, str) or not 0 < len(told) <= _MOST_SUBJECT or not told.isprintable():
        raise _bad()
    return Subject(
        issuer=issuer.name,
        subject=told,
        name=name if isinstance(name, str) else "",
        email=email if isinstance(email, str) and claims.get("email_verified") is True else None,
    )


def _bad() -> NotSignedIn:
    return NotSignedIn("this token is not valid; ask its issuer for a new one")
