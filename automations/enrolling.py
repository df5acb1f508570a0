"""The funnels that events begin."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from automations.happenings import Tellings, tell, tell_products
from automations.stops import Ends, Follow, Follows
from domain.consent import may_market
from domain.definitions import Published
from domain.durations import write_duration
from domain.enrollments import Current, Entry, begin_each, begin_for_segment, subject_of
from domain.entering import Entered, Entering, note_entering
from domain.events import FOR_SEGMENTS
from domain.funnels.definition import AgainAfter, EventTrigger, Funnel
from domain.funnels.heads import FunnelStands
from domain.setups import CreatorSetup
from kit.log import get_logger
from store.models import Event, Lead
from store.segments.question import BadSegment

_ANYBODY = CreatorSetup()
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger of a funnel, and the funnel that it begins."""

    current: Current
    trigger: EventTrigger


# by creator and the event's name
Triggers = Mapping[tuple[int, str], Sequence[Trigger]]


def triggers_of(published: Published, creators: Collection[int]) -> Triggers:
    """What events of these creators begin, the funnels in the order of their names."""
    found: dict[tuple[int, str], list[Trigger]] = defaultdict(list)
    for creator_id in creators:
        for key, (version_id, funnel) in sorted(published.funnels.get(creator_id, {}).items()):
            for trigger in funnel.triggers:
                if isinstance(trigger, EventTrigger):
                    current = Current(creator_id, key, version_id, funnel)
                    found[creator_id, trigger.event].append(Trigger(current, trigger))
    return found


@dataclass(slots=True)
class _Wanted:
    """The events that may begin one funnel, each with the questions of its triggers; None asks nothing."""

    current: Current
    events: dict[int, tuple[Event, set[str | None]]] = field(default_factory=dict)

    def questions(self) -> dict[str, set[int]]:
        """Which leads are asked what."""
        asked: dict[str, set[int]] = defaultdict(set)
        for event, whens in self.events.values():
            for when in whens:
                # one of its triggers that asks nothing lets the event begin it anyway
                if when is not None and None not in whens:
                    asked[when].add(event.lead_id or 0)
        return asked


async def begin_by_events(
    session: AsyncSession,
    events: Sequence[Event],
    leads: Mapping[int, Lead],
    follows: Follows,
    published: Published,
    *,
    triggers: Triggers,
    now: datetime,
) -> None:
    """Begins each funnel that these events start, for the leads to whom they happened, no two to one lead.

    Where the trigger says `when`, the lead must be in that segment at this moment. What has begun is among the
    `follows` from then on.
    """
    notes: list[Entered] = []
    for wanted in _wanted(events, triggers, await _products_told(session, events, triggers)):
        current = wanted.current
        met = {
            question: await _meet(session, current, question, lead_ids, published, now=now)
            for question, lead_ids in wanted.questions().items()
        }
        entries = []
        for event, whens in wanted.events.values():
            lead_id, begun_by = event.lead_id or 0, f"event:{event.id}"
            asked = sorted(when for when in whens if when is not None)
            if None in whens or any(lead_id in (met[when] or ()) for when in asked):
                entries.append(Entry(lead_id, event.occurred_at, subject_of(event.subject), begun_by))
            else:
                answered = [when for when in asked if met[when] is not None]
                why = Entering.NOT_IN_SEGMENT if answered else Entering.CANNOT_ASK
                notes.append(current.entered(lead_id, why, begun_by, (answered or asked)[0]))
        begun = await begin_each(session, current, entries, now=now)
        ends = ends_of(current.funnel)
        for (lead_id, subject), enrollment_id in begun.items():
            follows.setdefault(lead_id, []).append(Follow(enrollment_id, subject, ends))
        notes += [
            _not_let_in(current, entry, leads[entry.lead_id])
            for entry in entries
            if (entry.lead_id, entry.subject) not in begun
        ]
    await note_entering(session, notes, now=now)


async def begin_for_segments(
    session: AsyncSession, events: Sequence[Event], triggers: Triggers, *, now: datetime
) -> None:
    """What happens to no lead begins a funnel for everybody who is in its trigger's `when`: a wish, soon fulfilled."""
    for event in events:
        if event.name not in FOR_SEGMENTS:
            continue
        for each in triggers.get((event.creator_id, event.name), ()):
            question = each.trigger.when
            if question is None or not each.trigger.fits(event.name, tell(event)):
                continue
            begun_by = f"event:{event.id}"
            try:
                await begin_for_segment(
                    session, event.creator_id, each.current.key, question, now=now, begun_by=begun_by
                )
            except FunnelStands:
                # it was stopped a moment ago
                continue


def _not_let_in(current: Current, entry: Entry, lead: Lead) -> Entered:
    if may_market(lead, _ANYBODY):
        again = current.funnel.again
        told = f"after {write_duration(again.after)}" if isinstance(again, AgainAfter) else again
        return current.entered(lead.id, Entering.NOT_AGAIN, entry.begun_by, told)
    return current.entered(lead.id, Entering.UNREACHABLE, entry.begun_by)


async def _products_told(session: AsyncSession, events: Sequence[Event], triggers: Triggers) -> Mapping[int, Tellings]:
    """Only of those of which a trigger asks for it."""
    asking = {key for key, found in triggers.items() if any("product" in each.trigger.data for each in found)}
    asked = [event for event in events if (event.creator_id, event.name) in asking]
    return await tell_products(session, asked) if asked else {}


def _wanted(events: Sequence[Event], triggers: Triggers, told: Mapping[int, Tellings]) -> Iterator[_Wanted]:
    found: dict[tuple[int, str], _Wanted] = {}
    for event in events:
        for each in triggers.get((event.creator_id, event.name), ()):
            tellings = told.get(event.id) or [tell(event)]
            if any(each.trigger.fits(event.name, telling) for telling in tellings):
                wanted = found.setdefault((event.creator_id, each.current.key), _Wanted(each.current))
                wanted.events.setdefault(event.id, (event, set()))[1].add(each.trigger.when)
    yield from found.values()


async def _meet(
    session: AsyncSession, current: Current, question: str, lead_ids: set[int], published: Published, *, now: datetime
) -> set[int] | None:
    """None for a question that cannot be asked, of a product that is gone: it holds for nobody."""
    setup = published.setup(current.creator_id)
    try:
        return await who_meets(session, current.creator_id, question, lead_ids, setup, now=now)
    except BadSegment:
        _log.warning("segment cannot be asked", funnel=current.key, creator_id=current.creator_id)
        return None


def ends_of(funnel: Funnel) -> Ends:
    return Ends(frozenset(funnel.stop), None if funnel.goal is None else funnel.goal.event)
