"""Which bytes of a file a request asks for: https://www.rfc-editor.org/rfc/rfc9110#section-14"""

import re
from dataclasses import dataclass

# longer numbers are no place in a file
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` up to but not including `end`; `whole` is the answer to a request for no part."""

    start: int
    end: int
    whole: bool = False

    @property
    def length(self) -> int:
        return self.end - self.start


def read_range(asked: str | None, size: int) -> Stretch | None:
    """None for a part that the file does not have (416). What cannot be read, or asks for several, gets the whole."""
    found = None if asked is None else _RANGE.fullmatch(asked.strip())
    if found is None or found.groups() == ("", ""):
        return Stretch(0, size, whole=True)
    first, last = found.groups()
    if not first:
        # the last so many bytes
        wanted = min(int(last), size)
        return Stretch(size - wanted, size) if wanted else None
    start = int(first)
    end = min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return Stretch(0, size, whole=True)
    return Stretch(start, end) if start < size else None
