"""Patterns that creators ask of a typed text. Matching one takes a moment at most, whatever somebody types."""

import re

# characters of a text that is held against a pattern, and of the pattern
LONGEST_TEXT = 200
_LONGEST_PATTERN = 200
# ways in which a pattern can be tried on one text: under a tenth of a second
_MOST_WAYS = 10_000_000
_REPEATS = {"*": (0, LONGEST_TEXT), "+": (1, LONGEST_TEXT), "?": (0, 1)}
_PLAIN_GROUP = re.compile(r"\((\?:|\?P<\w+>|(?!\?))")
_COUNTED = re.compile(r"\{(\d*)(,?)(\d*)\}")


def check_pattern(pattern: str) -> str:
    """Returns it unchanged. Raises ValueError when it is none, or one that could be tried in too many ways.

    Python's own matcher goes back over every way to read a text; with repeats inside repeats their number doubles
    with each letter, so those are refused, with back references and what looks ahead or behind.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern has {_LONGEST_PATTERN} characters at most, this has {len(pattern)}")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if _ways(pattern) > _MOST_WAYS:
        raise ValueError("could be tried in too many ways; three open repeats (* or +) are the most")
    return pattern


def _ways(pattern: str) -> int:
    """In how many ways a text could be read, at most. Raises ValueError where that cannot be said."""
    # of each open bracket, the whole pattern first: whether what stands in it fits in several ways
    varies, last, ways, position = [False], False, 1, 0
    while position < len(pattern):
        repeat, length = _repeat(pattern, position)
        if repeat is not None:
            least, most = repeat
            if most > 1 and last:
                raise ValueError("has a repeat or a choice inside a repeat, which can take for ever; write it out")
            ways *= max(min(most, LONGEST_TEXT) - least, 0) + 1
            last = last or most > least
        else:
            length = _length(pattern, position)
            last = pattern[position] == ")" and varies.pop()
            if pattern[position] == "(":
                varies.append(False)
        varies[-1] = varies[-1] or last or pattern[position] == "|"
        ways *= 2 if pattern[position] == "|" else 1
        position += length
    return ways


def _repeat(pattern: str, position: int) -> tuple[tuple[int, int] | None, int]:
    """How often what stands before may come, and how long that is written; none where no repeat is."""
    counted = _COUNTED.match(pattern, position)
    if counted is not None and (counted[1] or counted[3]):
        least = int(counted[1] or 0)
        repeat = (least, int(counted[3] or LONGEST_TEXT) if counted[2] else least)
        length = len(counted[0])
    elif pattern[position] in _REPEATS:
        repeat, length = _REPEATS[pattern[position]], 1
    else:
        return None, 1
    # a lazy or a possessive one
    return repeat, length + (pattern[position + length : position + length + 1] in {"?", "+"})


def _length(pattern: str, position: int) -> int:
    """Of what stands there, were it a letter, a class or the opening of a group."""
    match pattern[position]:
        case "\\":
            if pattern[position + 1] in "123456789":
                raise ValueError("refers back to a group, which can take for ever")
            return 2
        case "[":
            return _class_length(pattern, position)
        case "(":
            opening = _PLAIN_GROUP.match(pattern, position)
            if opening is None:
                raise ValueError("looks ahead, behind or back; only plain groups ( … ) and (?: … ) can be used")
            return len(opening[0])
    return 1


def _class_length(pattern: str, position: int) -> int:
    """Of `[…]`, in which a bracket that comes first stands for itself."""
    end = position + 1 + (pattern[position + 1] == "^")
    end += pattern[end] == "]"
    while pattern[end] != "]":
        end += 1 + (pattern[end] == "\\")
    return end + 1 - position
