"""What begins a follow-up by itself, and who may come back to it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from domain.durations import Duration
from domain.fields import Key, Strict, check_numbers
from domain.windows import TimeOfDay

# what is recorded, and `custom.NAME`, which comes by the API
HappeningName = Annotated[
    str, StringConstraints(pattern=r"^(?:custom\.[a-z][a-z0-9_]{0,59}|[a-z]+(?:_[a-z]+)*\.[a-z]+(?:_[a-z]+)*)$")
]
DataKey = Annotated[str, StringConstraints(max_length=40)]
# in the segment language
Question = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
_FIELDS = 5
# Monday is 1 to cron and 0 to others, so days go by their names
_WEEKDAYS = re.compile(r"[a-z*,/-]+|\*/[1-7]")
# whether a schedule ever comes does not hang on when it is asked
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_SHORTEST_REST = timedelta(hours=1)


def _is_same(told: object, wanted: bool | float | str) -> bool:  # noqa: FBT001 - one of the values that data has
    """A yes is no 1, though Python takes the two for equal."""
    return told == wanted and isinstance(told, bool) == isinstance(wanted, bool)


class EventTrigger(Strict):
    """Something happens to a lead. With `data`, only where the event's own data has just these values."""

    event: HappeningName
    when: Question | None = None
    data: Annotated[dict[DataKey, bool | int | float | str], Field(max_length=10), AfterValidator(check_numbers)] = {}  # noqa: RUF012 - pydantic copies it

    def fits(self, name: str, data: Mapping[str, object]) -> bool:
        """Whether the event is the one that is meant, whoever it happens to."""
        return self.event == name and all(_is_same(data.get(key), value) for key, value in self.data.items())


class EntersTrigger(Strict):
    """A lead comes into the segment. Those who are in it when the funnel begins to run have not come."""

    enters: Question


class LeavesTrigger(Strict):
    """A lead is in the segment no more."""

    leaves: Question


class DateTrigger(Strict):
    """So many days after (less than 0: before) the day in a field of the lead's, at that time of their own clock."""

    date: Key
    days: Annotated[int, Field(ge=-3650, le=3650)] = 0
    at: TimeOfDay = time(9, 0)
    every: Literal["year", "once"] = "once"
    when: Question | None = None


def _is_cron(given: str) -> str:
    from apscheduler.triggers.cron import CronTrigger as Schedule  # slow to load, and seldom wanted

    fields = given.split()
    if len(fields) != _FIELDS:
        raise ValueError('write five fields: minute, hour, day, month and weekday, like "0 9 * * mon"')
    if not _WEEKDAYS.fullmatch(fields[-1]):
        raise ValueError("name the days of the week: mon, tue, wed, thu, fri, sat, sun")
    try:
        schedule = Schedule.from_crontab(given, timezone="UTC")
    except ValueError as error:
        raise ValueError(f"cannot be read: {error}") from None
    if schedule.get_next_fire_time(None, _ANY_TIME) is None:
        raise ValueError("never comes: there is no such day")
    return given


Cron = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True, to_lower=True), AfterValidator(_is_cron)]


class CronTrigger(Strict):
    """At the times of a schedule by the creator's clock, everybody who is in `when` then."""

    cron: Cron
    when: Question | None = None


class InactiveTrigger(Strict):
    """A lead was not heard of for so long."""

    inactive: Duration
    when: Question | None = None

    @model_validator(mode="after")
    def _is_a_rest(self) -> Self:
        if self.inactive < _SHORTEST_REST:
            raise ValueError("an hour at least")
        return self


Trigger = EventTrigger | EntersTrigger | LeavesTrigger | DateTrigger | CronTrigger | InactiveTrigger
_KINDS = ("event", "enters", "leaves", "date", "cron", "inactive")


def _kind(given: object) -> str | None:
    if isinstance(given, Mapping):
        return next((name for name in _KINDS if name in given), None)
    return next((name for name in _KINDS if name in getattr(given, "model_fields_set", ())), None)


# told apart beforehand, so that a mistake is told once
AnyTrigger = Annotated[
    Annotated[EventTrigger, Tag("event")]
    | Annotated[EntersTrigger, Tag("enters")]
    | Annotated[LeavesTrigger, Tag("leaves")]
    | Annotated[DateTrigger, Tag("date")]
    | Annotated[CronTrigger, Tag("cron")]
    | Annotated[InactiveTrigger, Tag("inactive")],
    Discriminator(
        _kind,
        custom_error_type="no_such_trigger",
        custom_error_message="must be one of event, enters, leaves, date, cron and inactive, each with what it means",
    ),
]


class AgainAfter(Strict):
    """Whoever was in it begins anew once that has been over for so long."""

    after: Duration


def _again_kind(given: object) -> str:
    return "word" if isinstance(given, str) else "pause"


# who has been in it begins anew never, once they are through, whenever it is begun, or after a time
Again = Annotated[
    Annotated[Literal["never", "finished", "always"], Tag("word")] | Annotated[AgainAfter, Tag("pause")],
    Discriminator(_again_kind),
]


class Goal(Strict):
    """What the follow-up is for: once it is reached, it is over."""

    event: HappeningName | None = None
    when: Question | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.event is None) == (self.when is None):
            raise ValueError("a goal has an event or a when")
        return self
