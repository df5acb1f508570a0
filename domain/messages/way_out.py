"""What stands under every message that nobody asked for: how to stop them."""

from functools import cache, lru_cache

from domain.messages.catalogue import LANGUAGES, say
from kit.text import visible_length

# between what is said and the way out of it
_GAP = 2


@lru_cache(maxsize=256)
def way_out(language: str) -> str:
    return say("way-out", language)


@cache
def room_for_way_out() -> int:
    """In UTF-16 units, in whichever language it is longest."""
    return max(visible_length(way_out(language)) for language in LANGUAGES) + _GAP
