"""Personal data at rest: the columns that are sealed."""

from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Dialect, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from kit.keyring import Keyring
from store.models.base import Base

# a column's type is shared by all stores of a process and sees only the dialect, of which each store has its own
_KEYRINGS: WeakKeyDictionary[Dialect, Keyring] = WeakKeyDictionary()
_NONE = Keyring(())
LOOKUP = "lookup"
# what a data key has sealed to show that it is in use; its name follows
PROBE = "used-"


def use_keyring(dialect: Dialect, keyring: Keyring) -> None:
    """What this store seals and unseals with from now on."""
    _KEYRINGS[dialect] = keyring


def keyring_of(dialect: Dialect) -> Keyring:
    return _KEYRINGS.get(dialect, _NONE)


class Sealed(TypeDecorator[str]):
    """Text that stands in the store encrypted; `place` is bound to it, so that it cannot be moved elsewhere."""

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring_of(dialect).seal(value, self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else keyring_of(dialect).unseal(value, self.place)


class SealedJson(TypeDecorator[Any]):
    """JSON that stands in the store encrypted."""

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else keyring_of(dialect).seal(orjson.dumps(value).decode(), self.place)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(keyring_of(dialect).unseal(value, self.place))


class LookupKey(Base):
    """`lookup` is the one key of the digests, made with the schema and sealed under the data keys.

    Beside it stands a word for each data key that has sealed anything here, sealed under that one.
    """

    __tablename__ = "lookup_key"
    name: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(Sealed("lookup_key.key"))
