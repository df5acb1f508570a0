"""What became of the last days, as one message."""

from collections.abc import Iterator, Mapping

from domain.messages.catalogue import plain, say
from domain.messages.plain import Button, Message
from kit.money import Money
from kit.text import shorten
from store.models import Creator, EnrollmentState, OutboxKind, OutboxState
from store.queries.stats import Stats

PERIODS = (1, 7, 30)
MOST_FUNNELS = 12
TITLE_LENGTH = 40
# in the order in which they are shown
_STATES = (
    OutboxState.SENT,
    OutboxState.QUEUED,
    OutboxState.SENDING,
    OutboxState.BLOCKED,
    OutboxState.CANCELLED,
    OutboxState.FAILED,
    OutboxState.UNCERTAIN,
)
_KINDS = (OutboxKind.DELIVERY, OutboxKind.FLOW, OutboxKind.FUNNEL, OutboxKind.BROADCAST)
_MEASURED = ("clicked", "replied", "blocked", "left")


def stats_screen(creator: Creator, stats: Stats, language: str) -> Message:
    lines = [
        say("stats-title", language, creator=creator.name, days=stats.days),
        say("stats-leads", language, new=stats.new_leads, all=stats.leads),
        _orders(stats, language),
        *_messages(stats, language),
        *_funnels(stats, language),
        *_broadcasts(stats, language),
        *_to_look_at(stats, language),
    ]
    periods = tuple(
        Button(text=plain("stats-button-days", language, days=days), data=f"stats:{creator.id}:{days}")
        for days in PERIODS
        if days != stats.days
    )
    rows = [periods]
    if any(stats.unclear.values()):
        rows.append((Button(text=plain("stats-button-unclear", language), data=f"settle:list:{creator.id}:0"),))
    if stats.parked:
        rows.append((Button(text=plain("stats-button-parked", language), data=f"fn:parked:{creator.id}:0"),))
    rows.append((Button(text=plain("funnels-button-list", language), data=f"fn:list:{creator.id}:0"),))
    return Message(text="\n".join(lines), buttons=tuple(rows))


def _orders(stats: Stats, language: str) -> str:
    sums = ", ".join(Money(amount, currency).format(language) for currency, amount in stats.earned.items())
    return say("stats-orders", language, count=stats.orders, sums=sums or "–")


def _messages(stats: Stats, language: str) -> Iterator[str]:
    if not stats.messages:
        return
    yield ""
    yield say("stats-messages", language)
    for kind in _KINDS:
        counts = stats.messages.get(kind)
        if counts:
            yield say(
                "stats-line",
                language,
                name=plain(f"message-of-{kind}", language),
                told=_told("message-is", {state: counts.get(state, 0) for state in _STATES}, language),
            )


def _funnels(stats: Stats, language: str) -> Iterator[str]:
    if not stats.funnels:
        return
    yield ""
    yield say("stats-funnels", language)
    for key, counts in list(stats.funnels.items())[:MOST_FUNNELS]:
        told = _told("funnel-is", {state: counts.get(state, 0) for state in EnrollmentState}, language)
        yield say("stats-funnel", language, name=key, begun=sum(counts.values()), told=told)
    if len(stats.funnels) > MOST_FUNNELS:
        yield say("stats-more", language, count=len(stats.funnels) - MOST_FUNNELS)


def _broadcasts(stats: Stats, language: str) -> Iterator[str]:
    if not stats.broadcasts:
        return
    yield ""
    yield say("stats-broadcasts", language)
    for each in stats.broadcasts:
        outcome = each.outcome
        sums = ", ".join(money.format(language) for money in outcome.earned)
        parts = [f"{plain('message-is-sent', language)} {outcome.counts.get(OutboxState.SENT, 0)}"]
        parts += [
            plain(f"broadcast-measure-{measure}", language, count=outcome.measures[measure])
            for measure in _MEASURED
            if outcome.measures.get(measure)
        ]
        if outcome.orders:
            parts.append(plain("broadcast-sales", language, orders=outcome.orders, money=sums or "–"))
        title = shorten(each.title, TITLE_LENGTH)
        yield say("stats-broadcast", language, number=each.id, title=title, told=" · ".join(parts))


def _to_look_at(stats: Stats, language: str) -> Iterator[str]:
    """What waits for a person to say what is to become of it."""
    uncertain, failed = (stats.unclear.get(state, 0) for state in (OutboxState.UNCERTAIN, OutboxState.FAILED))
    if uncertain or failed or stats.parked:
        yield ""
    if uncertain or failed:
        yield say("stats-unclear", language, uncertain=uncertain, failed=failed)
    if stats.parked:
        yield say("stats-parked", language, count=stats.parked)


def _told(kind: str, counts: Mapping[OutboxState, int] | Mapping[EnrollmentState, int], language: str) -> str:
    """Only what there is any of."""
    return " · ".join(f"{plain(f'{kind}-{state}', language)} {count}" for state, count in counts.items() if count)
