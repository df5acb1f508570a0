"""What no store keeps, whatever it means: told before anything fails over it."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from kit.yaml_text import KeyPath

# JSON's readers and writers go no further, nor do the databases
_LARGEST, _SMALLEST = 2**63 - 1, -(2**63)


def not_keepable(data: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Each value of plain data, and each name in it, that would be refused or come back as something else."""
    match data:
        case Mapping():
            for key, value in data.items():
                yield from not_keepable(key, (*path, key))
                yield from not_keepable(value, (*path, key))
        case list() | tuple():
            for number, each in enumerate(data):
                yield from not_keepable(each, (*path, number))
        case str() if "\0" in data:
            yield path, "holds a character that no text has (NUL)"
        case str() if any("\ud800" <= each <= "\udfff" for each in data):
            yield path, "holds half a character"
        case float() if not math.isfinite(data):
            yield path, "is no number that can be counted with"
        case int() if not _SMALLEST <= data <= _LARGEST:
            yield path, f"is too large a number; whole ones go up to {_LARGEST}"
