"""The conditions of a list of leads: taken apart, and compared however each is written."""

import re
from dataclasses import replace
from functools import lru_cache

from store.segments.question import AllOf, AnyOf, BadSegment, Not, Said, Tree, read_question

# a list is narrowed by so many at most
MOST_PARTS = 20
_AND = re.compile(r"\s+and\s*$", re.IGNORECASE)
# their values mean the same in capitals
_ANY_CASE = frozenset({"tag", "stage", "segment"})


def parts_of(question: str) -> tuple[str, ...]:
    """`tag:vip and stage:new` as its two conditions; any other question stays whole. Raises BadSegment."""
    tree = read_question(question)
    if not isinstance(tree, AllOf) or "(" in question or len(tree.parts) > MOST_PARTS:
        return (question,)
    begins = [part.at - 1 for part in tree.parts if isinstance(part, Said)]
    if len(begins) < len(tree.parts):
        return (question,)
    ends = begins[1:]
    return (*(_AND.sub("", question[a:b]) for a, b in zip(begins, ends, strict=False)), question[begins[-1] :])


def means_same(one: str, other: str) -> bool:
    """Whether two conditions ask for the same: `tag:VIP` and `tag="vip"` do."""
    return one == other or _meant(one) == _meant(other)


@lru_cache(maxsize=512)
def _meant(condition: str) -> Tree[Said] | str:
    try:
        return _plain(read_question(condition))
    except BadSegment:
        return condition


def _plain(tree: Tree[Said]) -> Tree[Said]:
    """Without the places at which its words stand."""
    match tree:
        case AllOf(parts):
            return AllOf(tuple(_plain(each) for each in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_plain(each) for each in parts))
        case Not(part):
            return Not(_plain(part))
    value = tree.value
    if value is not None and tree.name in _ANY_CASE:
        value = value.strip().removeprefix("#").casefold()
    return replace(tree, at=0, value_at=0, value=value)
