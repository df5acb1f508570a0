import base64
import hashlib
import hmac
import secrets
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from kit.errors import NotSignedIn

LEAST_KEY_BYTES = 32
ISSUER = "spark"
AUDIENCE = "spark-api"
_ALGORITHM = "HS256"
_LETTERS = string.ascii_letters + string.digits
_REQUIRED = ["sub", "iss", "aud", "iat", "exp", "typ", "jti"]


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


def sign_access_token(
    key: bytes, *, account_id: int, issuer: str, audience: str, now: datetime, lifetime: timedelta
) -> str:
    claims = {
        "sub": str(account_id),
        "iss": issuer,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
        "typ": "access",
        "jti": base64.urlsafe_b64encode(secrets.token_bytes(12)).decode(),
    }
    return jwt.encode(claims, key, algorithm=_ALGORITHM)


def read_access_token(key: bytes, token: str, *, issuer: str, audience: str, now: datetime) -> int:
    """The account's id. Raises NotSignedIn for any token that is not ours, not for this, or out of its time.

    The library's own time checks read the wall clock and are off; `iat` and `exp` are held against `now`.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[_ALGORITHM],
            issuer=issuer,
            audience=audience,
            options={"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        issued = datetime.fromtimestamp(int(claims["iat"]), UTC)
        expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        account_id = int(claims["sub"])
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError):
        raise NotSignedIn("the access token is not valid; ask the bot for a new one with /token") from None
    if claims["typ"] != "access" or not issued - timedelta(seconds=30) <= now < expires:
        raise NotSignedIn("the access token is no longer valid; ask the bot for a new one with /token")
    return account_id
