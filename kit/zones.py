"""Time zones by their IANA names, as the machine at work knows them."""

from functools import cache
from zoneinfo import ZoneInfo

UTC_ZONE = ZoneInfo("UTC")


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
