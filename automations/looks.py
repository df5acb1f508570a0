"""What the triggers that go by the clock have in common: each looks, when its time has come, for whoever begins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.definitions import Published
from domain.enrollments import Current, Entry
from domain.funnels.definition import CronTrigger, DateTrigger, InactiveTrigger
from domain.setups import CreatorSetup

# how many leads are looked at in one transaction
AT_ONCE = 500
Timed = CronTrigger | DateTrigger | InactiveTrigger


@dataclass(frozen=True, slots=True)
class Schedule:
    """A trigger that goes by the clock, and the funnel that it begins."""

    name: str
    current: Current
    trigger: Timed
    setup: CreatorSetup


@dataclass(frozen=True, slots=True)
class Look:
    """One look: about what lies after `since` and not after `until`, at the leads behind `reached`."""

    since: datetime
    until: datetime
    reached: int


@dataclass(frozen=True, slots=True)
class Found:
    """Who begins, and the last lead that was looked at; None when there are no more."""

    entries: tuple[Entry, ...] = ()
    reached: int | None = None


# by creator and name
Schedules = Mapping[tuple[int, str], Schedule]


def schedules_of(published: Published) -> Schedules:
    """All that runs. A schedule's name holds whatever its times depend on, so that a changed one begins anew."""
    found = {}
    for creator_id, funnels in published.funnels.items():
        setup = published.setup(creator_id)
        for key, (version_id, funnel) in funnels.items():
            for place, trigger in enumerate(funnel.triggers):
                match trigger:
                    case CronTrigger(cron=cron):
                        times = f"cron:{cron}@{setup.time_zone}"
                    case DateTrigger(date=field, days=days, at=at, every=every):
                        times = f"date:{field}:{days}:{at:%H:%M}:{every}"
                    case InactiveTrigger(inactive=silence):
                        times = f"inactive:{int(silence.total_seconds())}s"
                    case _:
                        continue
                name = f"funnel:{key}:{place}:{times}"
                found[creator_id, name] = Schedule(name, Current(creator_id, key, version_id, funnel), trigger, setup)
    return found
