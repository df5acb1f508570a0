"""How a broadcast stands, as one message with its buttons: the creator's card, and what its progress is shown in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta

from domain.broadcasts.definition import BadBroadcast, content_of, variant_number
from domain.messages.catalogue import plain, say, word_for_reason
from domain.messages.plain import Button, Message, Rows
from kit.money import language_of
from kit.text import shorten
from store.models import Broadcast, BroadcastState
from store.queries.broadcasts import Counts, Outcome

# in the order in which they are shown
_COUNTED = ("sent", "sending", "queued", "waiting", "blocked", "failed", "uncertain", "cancelled", "dropped")
_MEASURED = ("clicked", "replied", "blocked", "left")
_ENDED = frozenset({BroadcastState.DONE, BroadcastState.CANCELLED})
# a rate says nothing before
_LEAST_TIME = timedelta(seconds=2)
_BAR = 12
_REASON_SHOWN = 120
_QUESTION_SHOWN = 200
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a broadcast at one moment."""

    broadcast: Broadcast
    counts: Counts
    # by variant; and why messages were not sent
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    reasons: tuple[tuple[str, int], ...] = ()


def standing_screen(standing: Standing, zone: ZoneInfo, language: str, *, now: datetime) -> Message:
    """Of one that is not a draft any more."""
    broadcast = standing.broadcast
    state = plain(f"broadcast-is-{broadcast.state}", language)
    lines = [
        say("broadcast-title", language, number=broadcast.id, title=broadcast.title, state=state),
        to_whom(broadcast, language),
    ]
    match broadcast.state:
        case BroadcastState.SCHEDULED:
            lines += _when(broadcast, zone, language)
        case BroadcastState.STARTING:
            lines.append(say("broadcast-starting", language))
        case _:
            lines += _progress(standing, language, now=now)
            lines += _counts(standing.counts, language)
    if broadcast.state in _ENDED:
        lines += _results(standing, language)
    return Message(text="\n".join(lines), buttons=_buttons(broadcast, language))


def to_whom(broadcast: Broadcast, language: str) -> str:
    if not broadcast.segment:
        return say("broadcast-to-all", language)
    return say("broadcast-to", language, question=shorten(broadcast.segment, _QUESTION_SHOWN))


def told_moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Day and time as people of this language write them, in that zone."""
    local, locale = at.astimezone(zone), language_of(language)
    return f"{format_date(local, 'medium', locale=locale)}, {format_time(local, 'short', locale=locale)}"


def _when(broadcast: Broadcast, zone: ZoneInfo, language: str) -> Iterator[str]:
    if broadcast.local_at is not None:
        there = datetime.fromisoformat(broadcast.local_at).replace(tzinfo=zone)
        yield say("broadcast-when-local", language, at=told_moment(there, zone, language))
    elif broadcast.starts_at is not None:
        yield say("broadcast-when", language, at=told_moment(broadcast.starts_at, zone, language))


def _progress(standing: Standing, language: str, *, now: datetime) -> Iterator[str]:
    broadcast, counts = standing.broadcast, standing.counts
    audience = broadcast.audience or counts.total
    if not audience:
        yield say("broadcast-nobody", language)
        return
    done = audience - counts.left
    if broadcast.state is BroadcastState.CANCELLED:
        # whom it was taken back from has nothing of it
        done -= counts.cancelled + counts.dropped
    percent = done * _PERCENT // audience
    if broadcast.state is BroadcastState.DONE:
        percent = _PERCENT
    elif broadcast.state is not BroadcastState.CANCELLED:
        percent = min(percent, _PERCENT - 1)
    filled = percent * _BAR // _PERCENT
    bar = "▰" * filled + "▱" * (_BAR - filled)
    yield say("broadcast-progress", language, bar=bar, percent=percent, done=done, audience=audience)
    if broadcast.state is BroadcastState.RUNNING and broadcast.resumed_at is not None:
        taken = now - broadcast.resumed_at
        said = counts.sent - broadcast.sent_before
        if said > 0 and taken >= _LEAST_TIME:
            rate = said / taken.total_seconds()
            yield say("broadcast-rate", language, rate=round(rate, 1 if rate < 10 else None))  # noqa: PLR2004
            # whose turn comes by their own clock waits for that, and for no rate
            if broadcast.local_at is None:
                left = timedelta(seconds=counts.left / rate)
                yield say("broadcast-time-left", language, time=format_timedelta(left, locale=language_of(language)))


def _counts(counts: Counts, language: str) -> Iterator[str]:
    by_name = {
        "sent": counts.sent,
        "sending": counts.sending,
        "queued": counts.queued,
        "waiting": counts.waiting,
        "blocked": counts.blocked,
        "failed": counts.failed,
        "uncertain": counts.uncertain,
        "cancelled": counts.cancelled,
        "dropped": counts.dropped,
    }
    for name in _COUNTED:
        if by_name[name] or name == "sent":
            yield say(f"broadcast-count-{name}", language, count=by_name[name])


def _results(standing: Standing, language: str) -> Iterator[str]:
    for reason, times in standing.reasons:
        told = shorten(word_for_reason(reason, language), _REASON_SHOWN)
        yield say("broadcast-reason", language, reason=told, times=times)
    outcomes = standing.outcomes
    whole = Outcome()
    for each in outcomes.values():
        whole.add(each)
    yield say("broadcast-results", language)
    yield _told(whole, language)
    weights = _weights(standing.broadcast)
    if len(weights) > 1:
        for name, outcome in sorted(outcomes.items()):
            sent = outcome.counts.get("sent", 0)
            weight = weights[variant_number(name)]
            told = _told(outcome, language)
            yield say("broadcast-variant-result", language, name=name.upper(), weight=weight, sent=sent) + f"\n{told}"


def _weights(broadcast: Broadcast) -> tuple[int, ...]:
    """None of one that was called off since it could not be read."""
    try:
        return content_of(broadcast).weights
    except BadBroadcast:
        return ()


def _told(outcome: Outcome, language: str) -> str:
    parts = [
        say(f"broadcast-measure-{name}", language, count=count)
        for name in _MEASURED
        if (count := outcome.measures.get(name, 0))
    ]
    money = " + ".join(each.format(language) for each in outcome.earned)
    parts.append(say("broadcast-sales", language, orders=outcome.orders, money=money or "—"))
    return " · ".join(parts)


def _buttons(broadcast: Broadcast, language: str) -> Rows:
    def button(what: str) -> Button:
        return Button(text=plain(f"broadcast-button-{what}", language), data=f"bc:{broadcast.id}:{what}")

    back = (Button(text=plain("broadcast-button-list", language), data=f"bc:list:{broadcast.creator_id}"),)
    match broadcast.state:
        case BroadcastState.SCHEDULED:
            return (button("go"), button("unschedule")), (button("discard"),), back
        case BroadcastState.STARTING | BroadcastState.RUNNING:
            return (button("pause"), button("cancel")), (button("refresh"),)
        case BroadcastState.PAUSED:
            return (button("resume"), button("cancel")), (button("refresh"),)
        case _:
            return (button("refresh"), button("copy")), back
