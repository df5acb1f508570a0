from collections.abc import Callable
from functools import wraps
from typing import Any, Self

from kit.text import escape


class Shown(str):
    """A value in a creator's text: compared as it is kept, and read as people read it."""

    __slots__ = ("read",)
    read: str

    def __new__(cls, kept: str, read: str) -> Self:
        self = super().__new__(cls, kept)
        self.read = read
        return self

    def __html__(self) -> str:
        return escape(self.read)

    @property
    def kept(self) -> str:
        return str.__str__(self)

    def upper(self) -> "Shown":
        return Shown(self.kept.upper(), self.read.upper())

    def lower(self) -> "Shown":
        return Shown(self.kept.lower(), self.read.lower())

    def capitalize(self) -> "Shown":
        return Shown(self.kept.capitalize(), self.read.capitalize())

    def title(self) -> "Shown":
        return Shown(self.kept.title(), self.read.title())


def on_both(filtering: Callable[..., Any]) -> Callable[..., Any]:
    """A filter of a template's that changes both what is kept and what is read."""

    @wraps(filtering)
    def filtered(*given: Any, **named: Any) -> Any:
        shown = next((each for each in given if isinstance(each, Shown)), None)
        if shown is None:
            return filtering(*given, **named)
        kept, read = (
            filtering(*(value if each is shown else each for each in given), **named)
            for value in (shown.kept, shown.read)
        )
        return Shown(str(kept), str(read))

    return filtered
