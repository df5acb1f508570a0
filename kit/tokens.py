import base64
import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from kit.errors import NotSignedIn

LEAST_KEY_BYTES = 32
ISSUER = "spark"
AUDIENCE = "spark-api"
_ALGORITHM = "HS256"
_LETTERS = string.ascii_letters + string.digits
_HEADER = {"alg": _ALGORITHM, "typ": "JWT"}
_REQUIRED = ["sub", "sid", "iss", "aud", "iat", "exp", "typ", "jti"]
_SKEW = timedelta(seconds=30)
# ours has some 300 characters, an outside issuer's rarely over 2,000
MOST_TOKEN = 8192
_MOST_DIGITS = 19


def derive_key(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that a token made for one place opens no other.

    HKDF-Expand of RFC 5869, one block.
    """
    return hmac.new(secret.encode(), f"spark:{purpose}\x01".encode(), hashlib.sha256).digest()


def new_secret() -> str:
    """43 characters of `[A-Za-z0-9_-]` with 256 random bits."""
    return secrets.token_urlsafe(32)


def new_reference() -> str:
    """16 characters of `[A-Za-z0-9_-]` that nobody else comes by."""
    return secrets.token_urlsafe(12)


def new_key() -> str:
    """12 letters and digits, 71 random bits: short in an address, and nobody guesses another's."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12))


def digest_of(token: str) -> str:
    """What the store keeps of a one-time token, so that reading the store opens no door."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a good access token says: whose it is, and which session it lives and ends with."""

    account_id: int
    sign_in_id: int
    expires_at: datetime


def sign_access_token(
    key: bytes, *, account_id: int, sign_in_id: int, issuer: str, audience: str, now: datetime, lifetime: timedelta
) -> str:
    claims = {
        "sub": str(account_id),
        "sid": str(sign_in_id),
        "iss": issuer,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "typ": "access",
        "jti": base64.urlsafe_b64encode(secrets.token_bytes(12)).decode(),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def issuer_of(token: str) -> str | None:
    """Who the token says that it is of, before anybody has checked that: by it the one verifier is chosen."""
    if len(token) > MOST_TOKEN:
        return None
    try:
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return issuer if isinstance(issuer, str) else None


def read_access_token(key: bytes, token: str, *, issuer: str, audience: str, now: datetime) -> AccessToken:
    """Raises NotSignedIn for any token that is not ours, not for this, or out of its time.

    Its header is to the letter what we write: one that names a key, an algorithm of its own or what must be
    understood (`crit`, RFC 7515, 4.1.11) is none of ours. The library's own time checks read the wall clock and are
    off; `iat` and `exp` are held against `now`.
    """
    try:
        if len(token) > MOST_TOKEN or jwt.get_unverified_header(token) != _HEADER:
            raise ValueError("no token of ours")  # noqa: TRY301 - refused in the same words as the rest
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=issuer,
            audience=audience,
            options={
                "require": _REQUIRED,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "strict_aud": True,
                "enforce_minimum_key_length": True,
            },
        )
        issued = datetime.fromtimestamp(int(claims["iat"]), UTC)
        expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        read = AccessToken(_number(claims["sub"]), _number(claims["sid"]), expires)
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError, RecursionError):
        raise NotSignedIn("the access token is not valid; sign in again") from None
    if claims["typ"] != "access" or not issued - _SKEW <= now < expires:
        raise NotSignedIn("the access token is no longer valid; refresh it, or sign in again")
    return read


def _number(text: Any) -> int:
    if not (isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS):
        raise ValueError("no number of ours")
    return int(text)
