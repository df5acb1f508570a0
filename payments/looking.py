"""When a rail is asked next how it stands with an order."""

from datetime import datetime, timedelta

# a rail ends a checkout on time, and tells of it a moment later
LATE = timedelta(seconds=30)
_SOONEST = timedelta(minutes=2)
_LATEST = timedelta(hours=6)


def first_look(now: datetime) -> datetime:
    return now + _SOONEST


def next_look(now: datetime, *, created_at: datetime, expires_at: datetime) -> datetime:
    """Later and later, and once more right after its time is over."""
    at = now + min(max((now - created_at) / 2, _SOONEST), _LATEST)
    over = expires_at + LATE
    return over if now < over < at else at
