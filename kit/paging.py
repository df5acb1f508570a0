from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from kit.errors import Invalid

T = TypeVar("T")
MOST = 100
USUAL = 20


@dataclass(frozen=True, slots=True)
class Paging:
    """A window on a list: `limit` rows (1 to 100) from `offset`, both checked when made."""

    limit: int = USUAL
    offset: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST:
            raise Invalid(f"limit is a number from 1 to {MOST}", fields={"limit": str(self.limit)})
        if not 0 <= self.offset < 2**63:
            raise Invalid("offset is a number of 0 or more", fields={"offset": str(self.offset)})


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    items: Sequence[T]
    total: int
    paging: Paging

    @property
    def has_more(self) -> bool:
        return self.paging.offset + len(self.items) < self.total
