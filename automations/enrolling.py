"""The funnels that events begin."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from automations.asking import who_meets
from automations.stops import Ends, Follow, Follows
from domain.definitions import Published
from domain.enrollments import Current, Entry, begin_each, subject_of
from domain.funnels.definition import EventTrigger, Funnel
from kit.log import get_logger
from store.models import Event
from store.segments.question import BadSegment

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
    triggers: Triggers,
    follows: Follows,
    published: Published,
    *,
    now: datetime,
) -> None:
    """Begins each funnel that these events start, for the leads to whom they happened, no two to one lead.

    Where the trigger says `when`, the lead must be in that segment at this moment. What has begun is among the
    `follows` from then on.
    """
    for wanted in _wanted(events, triggers):
        current = wanted.current
        met = {
            question: await _meet(session, current, question, lead_ids, published, now=now)
            for question, lead_ids in wanted.questions().items()
        }
        entries = []
        for event, whens in wanted.events.values():
            lead_id = event.lead_id or 0
            if None in whens or any(lead_id in met[when] for when in whens if when is not None):
                entries.append(Entry(lead_id, event.occurred_at, subject_of(event.subject), f"event:{event.id}"))
        begun = await begin_each(session, current, entries, now=now)
        ends = ends_of(current.funnel)
        for (lead_id, subject), enrollment_id in begun.items():
            follows.setdefault(lead_id, []).append(Follow(enrollment_id, subject, ends))


def _wanted(events: Sequence[Event], triggers: Triggers) -> Iterator[_Wanted]:
    found: dict[tuple[int, str], _Wanted] = {}
    for event in events:
        for each in triggers.get((event.creator_id, event.name), ()):
            if each.trigger.fits(event.name, event.data):
                wanted = found.setdefault((event.creator_id, each.current.key), _Wanted(each.current))
                wanted.events.setdefault(event.id, (event, set()))[1].add(each.trigger.when)
    yield from found.values()


async def _meet(
    session: AsyncSession, current: Current, question: str, lead_ids: set[int], published: Published, *, now: datetime
) -> set[int]:
    """A question that cannot be asked, of a product that is gone, holds for nobody."""
    setup = published.setup(current.creator_id)
    try:
        return await who_meets(session, current.creator_id, question, lead_ids, setup, now=now)
    except BadSegment:
        _log.warning("segment cannot be asked", funnel=current.key, creator_id=current.creator_id)
        return set()


def ends_of(funnel: Funnel) -> Ends:
    return Ends(frozenset(funnel.stop), None if funnel.goal is None else funnel.goal.event)
