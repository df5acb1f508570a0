import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kit.tokens import derive_key

# how a sealed text begins; what follows is the key's name, and base64 of the nonce and what AES-GCM made
_MARK = "s1"
_NONCE_BYTES = 12


class CannotUnseal(Exception):
    """The text was sealed under a key that is not here, or in another place, or was changed."""


class Keyring:
    """Seals text with AES-256-GCM (NIST SP 800-38D): the first key seals, all of them unseal.

    `place` says what the text is, `lead.email`: what was sealed for one place cannot be read in another.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._ciphers: dict[str, AESGCM] = {}
        for key in keys:
            raw = derive_key(key, "data")
            self._ciphers.setdefault(hashlib.sha256(raw).hexdigest()[:8], AESGCM(raw))
        self._first = next(iter(self._ciphers), None)
        # what equality is looked up with; it stands in the store, sealed, so that it stays when keys change
        self.lookup_key: bytes | None = None

    def seal(self, text: str, place: str) -> str:
        """Raises CannotUnseal when there is no key at all."""
        first = self.first
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[first].encrypt(nonce, text.encode("utf-8", "surrogatepass"), place.encode())
        return f"{_MARK}.{first}.{base64.b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, place: str) -> str:
        """Raises CannotUnseal when no key of ours opens it."""
        mark, _, rest = sealed.partition(".")
        name, _, encoded = rest.partition(".")
        cipher = self._ciphers.get(name)
        if mark != _MARK or cipher is None:
            raise CannotUnseal(f"{place}: sealed with a key that SPARK_DATA_KEYS does not have")
        try:
            raw = base64.b64decode(encoded)
            text = cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise CannotUnseal(f"{place}: the sealed text was changed, or moved from elsewhere") from None
        return text.decode("utf-8", "surrogatepass")

    @property
    def first(self) -> str:
        """The name of the key that seals, which tells nothing of the key. Raises CannotUnseal without any."""
        if self._first is None:
            raise CannotUnseal("there are no data keys here")
        return self._first

    @property
    def beginning(self) -> str:
        """How everything begins that is sealed under the first key."""
        return f"{_MARK}.{self.first}."

    def digest(self, value: str, place: str) -> str:
        """Equal for equal values and telling nothing else: HMAC-SHA-256 under the lookup key, 32 hex characters."""
        if self.lookup_key is None:
            raise CannotUnseal("the lookup key has not been read")
        told = f"{place}\x00{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self.lookup_key, told, hashlib.sha256).hexdigest()[:32]
