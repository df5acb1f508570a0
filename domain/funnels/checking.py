"""Whether a follow-up can be walked: where each step leads, what nothing leads to, what would go round for ever.

What it names of its creator's (fields, tags, other follow-ups, products) is checked in naming.py, where that is known.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from domain.flows.checking import Slip
from domain.funnels.steps import AnyStep, BranchStep, EndStep, SendStep, SplitStep, Step, WaitStep
from domain.funnels.triggers import EventTrigger, Trigger
from domain.messages.local import by_language
from domain.messages.way_out import room_for_way_out
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, visible_length

# what goes round in a circle rests at least so long each time
_LEAST_REST = timedelta(minutes=1)
_LEAST_WAIT = timedelta(seconds=1)


def slips(steps: Sequence[Step], triggers: Sequence[Trigger]) -> Iterator[Slip]:
    """Everything that keeps these steps from being walked; nothing when they can be."""
    names = [step.key for step in steps]
    for number, step in enumerate(steps):
        if step.key in names[:number]:
            yield ("steps", number, "key"), f"two steps are called “{step.key}”"
        for path, said in _of_step(step):
            yield ("steps", number, *path), said
        if isinstance(step, SendStep) and step.asks_for_review and not about_orders(triggers):
            said = "a review is asked for in a funnel that an order's event begins, such as order.fulfilled"
            yield ("steps", number, "buttons"), said
    lost = [
        (("steps", number, *path), f"step “{step.key}” goes to “{name}”, which is not there")
        for number, step in enumerate(steps)
        for path, name in _named(step)
        if name not in names
    ]
    yield from lost
    # a graph with holes or twins tells nothing more
    if not lost and len(set(names)) == len(names):
        yield from _of_the_way(steps)


def about_orders(triggers: Sequence[Trigger]) -> bool:
    """Whether each of them is an event about an order, so that there is one to speak of."""
    return bool(triggers) and all(
        isinstance(trigger, EventTrigger) and trigger.event.startswith("order.") for trigger in triggers
    )


def ways(steps: Sequence[Step], number: int) -> list[str]:
    """Where a walk can go on to from that step."""
    step = steps[number]
    below = [step.next] if step.next else [each.key for each in steps[number + 1 : number + 2]]
    named = [name for path, name in _named(step) if path != ("next",)]
    if step.only_if is not None:
        # those whom it is not for pass it by
        return [*below, *named]
    match step:
        case EndStep():
            return []
        case SplitStep(arms=arms) if all(arm.to for arm in arms.values()):
            return named
    return [*below, *named]


def _named(step: AnyStep) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Which other steps it names, and by which path of keys."""
    if step.next is not None:
        yield ("next",), step.next
    match step:
        case BranchStep(cases=cases):
            for place, case in enumerate(cases):
                yield ("cases", place, "to"), case.to
        case SplitStep(arms=arms):
            for name, arm in arms.items():
                if arm.to is not None:
                    yield ("arms", name, "to"), arm.to
        case WaitStep(otherwise=str(otherwise)):
            yield ("otherwise",), otherwise


def _of_step(step: Step) -> Iterator[Slip]:
    match step:
        case SendStep(text=text) if text is not None:
            most = (TEXT_LIMIT if step.media is None else CAPTION_LIMIT) - room_for_way_out()
            for inner, wording in by_language(text):
                length = visible_length(wording)
                if length > most:
                    said = f"has {length} characters; {most} fit with the line on how to stop these messages"
                    yield ("text", *inner), said
        case WaitStep(time=time) if time is not None and time < _LEAST_WAIT:
            yield ("time",), "a wait takes a second at least"
        case SplitStep(arms=arms) if not any(arm.weight for arm in arms.values()):
            yield ("arms",), "every weight is 0, so nobody would go anywhere"
        case EndStep(next=str()) if step.only_if is None:
            yield ("next",), "leads nowhere from here; take it out"


def _of_the_way(steps: Sequence[Step]) -> Iterator[Slip]:
    ahead = {step.key: ways(steps, number) for number, step in enumerate(steps)}
    place = {step.key: number for number, step in enumerate(steps)}
    reached = {steps[0].key} | _reached_after(steps[0].key, ahead)
    for step in steps:
        if step.key not in reached:
            yield ("steps", place[step.key], "key"), f"nothing leads to the step “{step.key}”"
    moving = {
        step.key: [each for each in ahead[step.key] if not rests(steps[place[each]])]
        for step in steps
        if not rests(step)
    }
    told: set[str] = set()
    for step in steps:
        circle = _reached_after(step.key, moving)
        if step.key in circle and not told & circle:
            told |= circle
            said = f"from “{step.key}” the way leads back to it with no wait of a minute: it would go round for ever"
            yield ("steps", place[step.key], "key"), said


def rests(step: Step) -> bool:
    """Whether everybody who comes by stays for a while. A date may be over already, and then nobody does."""
    if not isinstance(step, WaitStep) or step.only_if is not None or step.date is not None:
        return False
    return step.time is None or step.time >= _LEAST_REST


def _reached_after(start: str, ahead: Mapping[str, Sequence[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(ahead.get(start, ()))
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += ahead.get(key, ())
    return found
