"""The screens of a creator's funnels: the list, one funnel, and what came of its steps."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from automations.planner import HOLDOUT
from automations.step_results import arm_results, by_step
from bot.turn import Turn
from domain.durations import FOR_PEOPLE
from domain.funnels.definition import Funnel
from domain.funnels.moving import wordings
from domain.funnels.steps import EndStep, GoalStep, SendStep, SplitStep, Step
from domain.messages.catalogue import plain
from domain.messages.local import LocalText, pick
from domain.messages.plain import Button, Message
from domain.step_counts import SHOWN, Measure
from kit.money import Money
from kit.paging import Paging
from kit.text import pages, shorten, unmarked
from store.models import RUNS, Creator, EnrollmentState, FunnelHead, FunnelState, Kept
from store.queries.funnel_views import (
    MOST_PLACED,
    StepNumbers,
    count_places,
    count_states,
    page_of_funnels,
    step_numbers,
    version_numbers,
)

ON_A_PAGE = 10
IN_A_ROW = 2
NAME_LENGTH = 28
TOLD_LENGTH = 70
REASON_LENGTH = 300
MOST_TRIGGERS = 5
_MARKS: Mapping[FunnelState, str] = {
    FunnelState.ACTIVE: "▶",
    FunnelState.PAUSED: "⏸",
    FunnelState.RESUMING: "⏩",
    FunnelState.DISABLED: "⚠️",
    FunnelState.ARCHIVED: "🗄",
}
_STATES = (
    EnrollmentState.ACTIVE,
    EnrollmentState.HELD,
    EnrollmentState.DONE,
    EnrollmentState.STOPPED,
    EnrollmentState.PARKED,
)
Row = tuple[Button, ...]


async def list_screen(turn: Turn, creator: Creator, page: int = 0, *, archived: bool = False) -> Message:
    found = await page_of_funnels(turn.session, creator.id, Paging(ON_A_PAGE, page * ON_A_PAGE), archived=archived)
    counts = await count_states(turn.session, creator.id, *(head.key for head in found.items))
    lines = [turn.words("funnels-list", creator=creator.name) if found.items else turn.words("funnels-none")]
    for head in found.items:
        state = turn.word(f"funnel-state-{head.state}", head.state)
        told = _standing(turn, counts[head.key])
        lines.append(turn.words("funnels-line", mark=_MARKS[head.state], name=head.key, state=state, told=told))
    buttons = [
        Button(text=f"{_MARKS[head.state]} {shorten(head.key, NAME_LENGTH)}", data=f"fn:{head.id}:show")
        for head in found.items
    ]
    rows: list[Row] = [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]
    which = "all" if archived else "list"
    turning = [Button(text="◀", data=f"fn:{which}:{creator.id}:{page - 1}")] if page else []
    if found.has_more:
        turning.append(Button(text="▶", data=f"fn:{which}:{creator.id}:{page + 1}"))
    rows += [tuple(turning)] if turning else []
    rows.append((_named(turn, "new", f"fn:new:{creator.id}"), _named(turn, "parked", f"fn:parked:{creator.id}:0")))
    other = "list" if archived else "all"
    rows.append((_named(turn, "yaml-all", f"fn:yaml:{creator.id}"), _named(turn, other, f"fn:{other}:{creator.id}:0")))
    return Message(text="\n".join([*lines, "", turn.words("funnels-form")]), buttons=tuple(rows))


async def card(turn: Turn, head: FunnelHead) -> Message:
    """How it stands, and what can be done about it."""
    funnel = await wording_of(turn, head)
    counts = (await count_states(turn.session, head.creator_id, head.key))[head.key]
    numbers = await version_numbers(turn.session, [head.version_id] if head.version_id else [])
    state = turn.word(f"funnel-state-{head.state}", head.state)
    lines = [turn.words("funnels-title", mark=_MARKS[head.state], name=head.key, state=state)]
    lines.append(turn.words(f"funnels-kept-{head.kept}", number=numbers.get(head.version_id or 0, 0)))
    if head.reason:
        lines.append(turn.words("funnels-reason", reason=shorten(head.reason, REASON_LENGTH)))
    if head.moves_by is not None:
        lines.append(turn.words("funnels-moving", count=head.moved))
    if funnel is not None:
        lines += _described(turn, funnel)
    lines += ["", _standing(turn, counts)]
    if head.stopped_steps:
        lines.append(turn.words("funnels-stopped-steps", steps=", ".join(head.stopped_steps)))
    buttons = _card_buttons(turn, head, funnel, counts[EnrollmentState.PARKED])
    return Message(text="\n".join(lines), buttons=tuple(buttons))


async def steps_screen(turn: Turn, head: FunnelHead, page: int = 0) -> Message:
    """Each step of the present wording with what came of it, beside the arms of its splits and their holdout.

    A long funnel takes several pages.
    """
    funnel = await wording_of(turn, head)
    back: Row = (_to_card(turn, head),)
    if funnel is None:
        return Message(text=turn.words("funnels-no-wording", name=head.key), buttons=(back,))
    numbers = await step_numbers(turn.session, head.creator_id, head.key)
    counts = (await count_states(turn.session, head.creator_id, head.key))[head.key]
    under_way = counts[EnrollmentState.ACTIVE] + counts[EnrollmentState.HELD]
    places = await count_places(turn.session, head.creator_id, head.key) if under_way <= MOST_PLACED else {}
    totals = by_step(numbers)
    lines = [turn.words("funnels-steps", name=head.key)]
    if any(each.money for each in numbers):
        lines.append(turn.words("funnels-sums"))
    if places.get(""):
        lines.append(turn.words("funnels-above", count=places[""]))
    for place, step in enumerate(funnel.steps, start=1):
        lines.append(_step(turn, place, step, head))
        lines += _came_of(turn, totals.get(step.key), places.get(step.key, 0))
        if isinstance(step, SplitStep):
            lines += _arms(turn, step, numbers)
    rows: list[Row] = [
        (Button(text=turn.words("funnels-button-go", step=step), data=f"fn:{head.id}:go:{step}"),)
        for step in head.stopped_steps
    ]
    parts = pages("\n".join(lines))
    page = min(page, len(parts) - 1)
    turning = [Button(text="◀", data=f"fn:{head.id}:steps:{page - 1}")] if page else []
    if page + 1 < len(parts):
        turning.append(Button(text="▶", data=f"fn:{head.id}:steps:{page + 1}"))
    rows += [tuple(turning)] if turning else []
    return Message(text=parts[page], buttons=(*rows, back))


def archive_screen(turn: Turn, head: FunnelHead, under_way: int) -> Message:
    yes = Button(text=turn.words("funnels-button-archive-yes"), data=f"fn:{head.id}:archive-yes")
    return Message(
        text=turn.words("funnels-archive", name=head.key, count=under_way), buttons=((yes,), (_to_card(turn, head),))
    )


async def wording_of(turn: Turn, head: FunnelHead) -> Funnel | None:
    """What those who begin now take; None where there is none, or none that can be read."""
    if head.version_id is None:
        return None
    return (await wordings(turn.session, [head.version_id])).get(head.version_id)


def _card_buttons(turn: Turn, head: FunnelHead, funnel: Funnel | None, parked: int) -> Iterator[Row]:
    def button(what: str) -> Button:
        return _named(turn, what, f"fn:{head.id}:{what}")

    match head.state:
        case FunnelState.ACTIVE | FunnelState.RESUMING:
            yield button("steps"), button("pause")
            # one that speaks of an order is begun by orders alone
            by_hand = funnel is None or not funnel.names_order
            yield (button("start"), button("leave")) if by_hand else (button("leave"),)
        case FunnelState.PAUSED:
            yield button("steps"), button("resume")
            yield (button("leave"),)
        case _:
            yield button("steps"), button("leave")
    yield (button("try"), button("yaml")) if head.state in RUNS or head.holds else (button("yaml"),)
    if parked:
        yield (Button(text=turn.words("funnels-button-parked-here", count=parked), data=f"fn:{head.id}:parked:0"),)
    may_go = head.kept is not Kept.FILE and head.state in {FunnelState.ACTIVE, FunnelState.DISABLED}
    to_list = _named(turn, "list", f"fn:list:{head.creator_id}:0")
    yield (button("archive"), to_list) if may_go else (to_list,)


def _described(turn: Turn, funnel: Funnel) -> Iterator[str]:
    for trigger in funnel.triggers[:MOST_TRIGGERS]:
        told = _pairs(trigger.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE))
        yield turn.words("funnels-begins", told=shorten(told, TOLD_LENGTH * 2))
    if len(funnel.triggers) > MOST_TRIGGERS:
        yield turn.words("funnels-more-triggers", count=len(funnel.triggers) - MOST_TRIGGERS)
    if not funnel.triggers:
        yield turn.words("funnels-by-hand")
    messages = sum(isinstance(step, SendStep) for step in funnel.steps)
    yield turn.words("funnels-size", steps=len(funnel.steps), messages=messages)


def _standing(turn: Turn, counts: Mapping[EnrollmentState, int]) -> str:
    told = [f"{turn.word(f'funnel-is-{state}', state)} {counts[state]}" for state in _STATES if counts.get(state)]
    return " · ".join(told) or turn.words("funnels-nobody")


def _step(turn: Turn, place: int, step: Step, head: FunnelHead) -> str:
    stops = " ⏸" if step.key in head.stopped_steps else ""
    told = _told(turn, step, head)
    return turn.words("funnels-step", place=place, key=f"{step.key}{stops}", do=step.do, told=told)


def _came_of(turn: Turn, numbers: StepNumbers | None, here: int) -> Iterator[str]:
    """In one line; none where nothing has."""
    parts = [] if numbers is None else list(_measures(turn, numbers))
    if here:
        parts.append(turn.words("funnels-here", count=here))
    if parts:
        yield f"    {' · '.join(parts)}"


def _arms(turn: Turn, step: SplitStep, numbers: Iterable[StepNumbers]) -> Iterator[str]:
    """Whoever went down it, and what they did then, so that the arms stand beside whoever got nothing."""
    for arm, result in arm_results(step, numbers).items():
        money = _money(turn, result.money)
        shown = f" ({money})" if money else ""
        values = {"reached": result.reached, "bought": result.bought, "share": result.share}
        if arm == HOLDOUT and arm not in step.arms:
            yield turn.words("funnels-arm-holdout", money=shown, **values)
        else:
            yield turn.words("funnels-arm", arm=arm, money=shown, **values)


def _measures(turn: Turn, numbers: StepNumbers) -> Iterator[str]:
    for measure in SHOWN:
        count = numbers.measures.get(measure, 0)
        if count:
            money = _money(turn, numbers.money) if measure is Measure.BOUGHT else ""
            yield turn.words(f"funnels-measure-{measure}", count=count) + (f" ({money})" if money else "")


def _money(turn: Turn, money: Mapping[str, int]) -> str:
    return ", ".join(Money(amount, currency).format(turn.person.speaks) for currency, amount in sorted(money.items()))


def _told(turn: Turn, step: Step, head: FunnelHead) -> str:
    """What it does, in one line."""
    speaks = turn.person.speaks
    match step:
        case SendStep(text=text) if text is not None:
            return shorten(_picked(turn, text, head), TOLD_LENGTH)
        case SplitStep():
            return shorten(" · ".join(_split(step, speaks)), TOLD_LENGTH)
        case GoalStep():
            return plain("funnels-told-goal", speaks)
        case EndStep():
            return plain("funnels-told-end", speaks)
    dumped = step.model_dump(mode="json", by_alias=True, exclude_defaults=True, context=FOR_PEOPLE)
    return shorten(_pairs({key: value for key, value in dumped.items() if key not in _NOT_TOLD}), TOLD_LENGTH)


def _split(step: SplitStep, language: str) -> Iterator[str]:
    """How many of how many take which arm, and who gets nothing."""
    of = sum(arm.weight for arm in step.arms.values()) + step.holdout
    for name, arm in step.arms.items():
        told = plain("funnels-told-arm", language, arm=name, weight=arm.weight, of=of)
        yield f"{told} → {arm.to}" if arm.to else told
    if step.holdout:
        yield plain("funnels-told-holdout", language, weight=step.holdout, of=of)


def _picked(turn: Turn, text: LocalText, head: FunnelHead) -> str:
    usual = turn.facts.published.setup(head.creator_id).language
    return " ".join(unmarked(pick(text, turn.person.speaks, usual)).split())


def _pairs(given: Any) -> str:
    """Plain data in one line, as it would stand in YAML."""
    match given:
        case dict():
            return ", ".join(f"{key}: {_pairs(value)}" for key, value in given.items())
        case list():
            return f"[{', '.join(_pairs(each) for each in given)}]"
        case _:
            return str(given)


def _named(turn: Turn, what: str, data: str) -> Button:
    return Button(text=turn.words(f"funnels-button-{what}"), data=data)


def _to_card(turn: Turn, head: FunnelHead) -> Button:
    return _named(turn, "card", f"fn:{head.id}:show")


_NOT_TOLD = {"key", "do", "next", "only_if", "sha256"}
