"""Numbers that buttons carry: anybody can make up what stands behind one."""

import re

# more digits than any number of ours has, and few enough for every store
_NUMBER = re.compile(r"[0-9]{1,15}")


def is_id(text: str) -> bool:
    """Whether it can be the number of a row of ours."""
    return _NUMBER.fullmatch(text) is not None


def read_id(text: str) -> int:
    """The number of a row, or a place in a list, as our buttons write it. Raises ValueError for anything else."""
    if not is_id(text):
        raise ValueError("no number of ours")
    return int(text)
