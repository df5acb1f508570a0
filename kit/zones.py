"""Time zones by their IANA names, as the machine at work knows them."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

UTC_ZONE = ZoneInfo("UTC")


# what the machine's own zone is called in its files, and what one is that nobody has set
_NO_NAMES = frozenset({"localtime", "Factory"})


@cache
def zone_names() -> frozenset[str]:
    """All that may be chosen; to look for them on the disk takes 25 ms, and is done once."""
    return frozenset(available_timezones()) - _NO_NAMES


def zone_named(*names: str | None) -> ZoneInfo:
    """The first of the names that this machine knows, else UTC.

    What was saved on a machine with more names, or came in a file, is no reason to say nothing.
    """
    return next((zone for name in names if name and (zone := _known(name)) is not None), UTC_ZONE)


@cache
def _known(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        return None
