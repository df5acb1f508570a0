import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from playground.stripe.book import Book, Cause, Json
from playground.stripe.params import Fields


@dataclass(frozen=True)
class Call:
    """One API call, authenticated and with its parameters checked."""

    book: Book
    params: dict[str, Any]
    cause: Cause
    path: str  # without the host and the mount point: /v1/customers/cus_1
    id: str = ""


@dataclass(frozen=True)
class Route:
    """`act` never awaits: what one call changes is one step for everyone else."""

    method: str
    template: str
    params: Fields
    act: Callable[[Call], Json]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(self.template.replace("{id}", "(?P<id>[^/]+)"))

    def match(self, method: str, path: str) -> str | None:
        """The id in the path (empty for a path without one), None when this is another route's call."""
        found = self._pattern.fullmatch(path) if method == self.method else None
        return None if found is None else found.groupdict().get("id", "")
