"""A simulation as people read it: line by line, what would be sent when, and why not."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from automations.planner import HOLDOUT
from automations.simulated import Simulation, Spoken
from automations.step_results import taken_arms
from domain.decisions import Decided
from domain.messages.catalogue import plain
from domain.step_counts import Measure
from domain.why import told_at, why
from kit.errors import Reason
from kit.text import shorten, unmarked
from store.models import OutboxKind

TEXT_LENGTH = 120
MOST_REFUSED = 20
# of some leads each moment is told, of many what came of it all
MOST_LEADS = 3
_FUNNEL = "funnel:"
_SHOWN = (Measure.REACHED, Measure.SENT, Measure.GOAL, Measure.LEFT)


def timeline(simulation: Simulation, language: str, zone: ZoneInfo) -> list[Reason]:
    """A heading, then each moment in its order, or with more than a few leads what came of each step."""
    since, until = told_at(simulation.since, zone), told_at(simulation.until, zone)
    of_all = {"what": _what(simulation), "whom": _whom(simulation), "said": simulation.said, "zone": zone.key}
    lines = [Reason("foreseen-title", since=since, until=until, **of_all), *_refused(simulation)]
    if len(simulation.leads) > MOST_LEADS:
        lines += _numbers(simulation, language)
    else:
        lines += _moments(simulation, language, zone)
    if len(lines) == 1:
        lines.append(Reason("foreseen-nothing"))
    if simulation.cut_at is not None:
        lines.append(Reason("foreseen-cut", at=told_at(simulation.cut_at, zone)))
    return lines


def _what(simulation: Simulation) -> Reason:
    key = simulation.wish.funnel_key
    return Reason("foreseen-all") if key is None else Reason("foreseen-one", name=key)


def _whom(simulation: Simulation) -> Reason:
    """As it was asked for: one of theirs, some of them, or nobody yet."""
    wish = simulation.wish
    if wish.lead_id is not None:
        return Reason("foreseen-for-lead", lead=wish.lead_id)
    if not simulation.newcomer:
        return Reason("foreseen-for-sample", leads=len(simulation.leads))
    return Reason("foreseen-for-nobody-yet") if wish.sample else Reason("foreseen-for-newcomer")


def _refused(simulation: Simulation) -> Iterator[Reason]:
    for lead_id, why_not in list(simulation.refused.items())[:MOST_REFUSED]:
        yield Reason("foreseen-refused", lead=lead_id, why=why_not)
    left = len(simulation.refused) - MOST_REFUSED
    if left > 0:
        yield Reason("foreseen-refused-more", count=left)


def _moments(simulation: Simulation, language: str, zone: ZoneInfo) -> Iterator[Reason]:
    several = len(simulation.leads) > 1
    for each in simulation.moments:
        match each:
            case Decided():
                if several:
                    yield Reason("foreseen-lead", lead=each.lead_id)
                yield from why(each, language, zone)
            case Spoken():
                text = shorten(" ".join(unmarked(each.message.text).split()) or "📎", TEXT_LENGTH)
                values = {"at": told_at(each.at, zone), "text": text}
                if each.kind is OutboxKind.NOTICE:
                    yield Reason("foreseen-notice", **values)
                elif each.about is None or each.step is None:
                    yield Reason("foreseen-sent", kind=Reason(f"message-of-{each.kind}"), **values)
                else:
                    yield Reason("foreseen-sent-by", name=each.about.partition(":")[2], step=each.step, **values)


def _numbers(simulation: Simulation, language: str) -> Iterator[Reason]:
    steps: defaultdict[tuple[str, str, str], dict[Measure, int]] = defaultdict(dict)
    for counted, count in simulation.counts.items():
        if counted.measure in _SHOWN and counted.step and counted.about.startswith(_FUNNEL):
            steps[counted.about, counted.step, counted.arm][counted.measure] = count
    for (about, step, arm), measures in steps.items():
        values = {"name": about.removeprefix(_FUNNEL), "step": step, "told": _told(measures, language)}
        if arm:
            yield Reason("foreseen-step-by", way=_way(arm, language), **values)
        else:
            yield Reason("foreseen-step", **values)
    for kind, count in sorted(simulation.beside.items()):
        yield Reason("foreseen-beside", kind=Reason(f"message-of-{kind}"), count=count)


def _way(label: str, language: str) -> str:
    """Which arms of which splits led there."""
    return ", ".join(
        plain("foreseen-holdout", language, split=split)
        if arm == HOLDOUT
        else plain("foreseen-arm", language, split=split, arm=arm)
        for split, arm in taken_arms(label).items()
    )


def _told(measures: Mapping[Measure, int], language: str) -> str:
    return ", ".join(
        f"{plain(f'foreseen-measure-{measure}', language)} {measures[measure]}"
        for measure in _SHOWN
        if measure in measures
    )
