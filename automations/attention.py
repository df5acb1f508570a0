"""How often, and at what hours, a creator's leads may be spoken to unasked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.message_rules import AtMost
from domain.windows import NeverOpen, Window, next_open_of_all


def budget_free_at(at_most: AtMost, told: Sequence[datetime], *, now: datetime) -> datetime:
    """When there is room for one more: now, or once the oldest of too many is long enough ago.

    `told`: when the lead was told something, the first at first.
    """
    counted = [at for at in told if at > now - at_most.per]
    return now if len(counted) < at_most.messages else counted[-at_most.messages] + at_most.per


def may_be_told_at(
    quiet: Window | None,
    own: Window | None,
    at_most: AtMost | None,
    told: Sequence[datetime],
    *,
    zone: ZoneInfo,
    now: datetime,
) -> datetime:
    """Now, or the first instant at which hours and budget allow it: what is put off is not dropped.

    `quiet` is the creator's window over everything, `own` the funnel's or the step's.
    """
    free = now if at_most is None else budget_free_at(at_most, told, now=now)
    try:
        return next_open_of_all(_given(quiet, own), free, zone)
    except NeverOpen:
        # the creator has changed their hours since it was decided, and theirs go over a funnel's
        return next_open_of_all(_given(quiet), free, zone)


def _given(*windows: Window | None) -> Iterable[Window]:
    return [each for each in windows if each is not None]
