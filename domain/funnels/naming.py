"""What a follow-up names of its creator's, of the store and of the disk, and whether it can ever say anything."""

from collections.abc import Mapping

from domain.funnels.checking import rests, ways
from domain.funnels.definition import Funnel
from domain.funnels.steps import (
    BranchStep,
    EnrollStep,
    LeaveStep,
    SendStep,
    SetStep,
    Step,
    TagStep,
    WaitStep,
    WebhookStep,
)
from domain.funnels.triggers import DateTrigger, EntersTrigger, LeavesTrigger, Trigger
from domain.grounds import (
    Found,
    Ground,
    button_slips,
    case_slips,
    declared,
    media_slips,
    setting_slips,
    tag_slips,
)
from domain.windows import WEEK, Window
from store.models import FieldKind

# in the chat they stand for every funnel together, so none can be asked for by such a name
EVERY_ONE = frozenset({"all", "everything", "alle", "alles"})
_DAY = 24 * 60


def funnel_slips(funnel: Funnel, ground: Ground) -> Found:
    """Everything that a walk through it would stumble over."""
    for number, trigger in enumerate(funnel.triggers):
        for path, said in _of_trigger(trigger, ground):
            yield ("trigger", number, *path), said
    if funnel.stop_when is not None:
        for said in ground.asked(funnel.stop_when):
            yield ("stop_when",), said
    if funnel.goal is not None and funnel.goal.when is not None:
        for said in ground.asked(funnel.goal.when):
            yield ("goal", "when"), said
    yield from _of_window(("window",), funnel.window, ground)
    for number, step in enumerate(funnel.steps):
        for path, said in _of_step(step, ground):
            yield ("steps", number, *path), said


def slips_between(funnels: Mapping[str, Funnel]) -> Found:
    """What is wrong with their names, and with how they begin one another."""
    for key in sorted(EVERY_ONE & funnels.keys()):
        yield (key,), f"“{key}” stands for all funnels together, so none can be called that; choose another name"
    yield from _circles(funnels)
    for key, funnel in funnels.items():
        for number, step in enumerate(funnel.steps):
            if not isinstance(step, EnrollStep) or step.funnel not in funnels:
                continue
            if funnels[step.funnel].names_order and not funnel.has_order:
                said = f"“{step.funnel}” speaks of an order, and what begins this one brings none"
                yield (key, "steps", number, "funnel"), said


def _circles(funnels: Mapping[str, Funnel]) -> Found:
    """Funnels that begin one another for ever, with no wait in between.

    Only those let everybody in again whom a walk can bring back at once.
    """
    begins = {key: _at_once(funnel) for key, funnel in funnels.items()}
    again = {key for key, funnel in funnels.items() if funnel.again in {"always", "finished"}}
    for key in sorted(again):
        seen: set[str] = set()
        ahead = list(begins[key])
        while ahead:
            other = ahead.pop()
            if other in again and other not in seen:
                seen.add(other)
                ahead += begins[other]
        if key in seen:
            yield (key,), f"“{key}” begins anew by its own steps with no wait of a minute: it would go round for ever"


def _at_once(funnel: Funnel) -> list[str]:
    """Which funnels it begins before its first real wait."""
    place = {step.key: number for number, step in enumerate(funnel.steps)}
    found: list[str] = []
    seen: set[str] = set()
    ahead = [funnel.steps[0].key]
    while ahead:
        key = ahead.pop()
        if key in seen or key not in place:
            continue
        seen.add(key)
        step = funnel.steps[place[key]]
        if isinstance(step, EnrollStep):
            found.append(step.funnel)
        if not rests(step):
            ahead += ways(funnel.steps, place[key])
    return found


def _of_trigger(trigger: Trigger, ground: Ground) -> Found:
    match trigger:
        case EntersTrigger(enters=question):
            yield from ((("enters",), said) for said in ground.asked(question))
        case LeavesTrigger(leaves=question):
            yield from ((("leaves",), said) for said in ground.asked(question))
        case _ if trigger.when is not None:
            yield from ((("when",), said) for said in ground.asked(trigger.when))
    if isinstance(trigger, DateTrigger):
        yield from _of_date(trigger.date, ground)


def _of_step(step: Step, ground: Ground) -> Found:
    if step.only_if is not None:
        yield from ((("only_if",), said) for said in ground.asked(step.only_if))
    match step:
        case SendStep():
            yield from media_slips(step, ground.folder)
            yield from button_slips(step.buttons, ground)
            yield from _of_codes(step, ground)
            yield from ((("product",), said) for said in ground.product(step.product))
            yield from _of_window(("window",), step.window, ground)
        case WaitStep(date=str(field)):
            yield from _of_date(field, ground)
        case BranchStep(cases=cases):
            yield from case_slips(cases, ground)
        case TagStep():
            yield from tag_slips(step, ground)
        case SetStep():
            yield from setting_slips(step, ground)
        case EnrollStep(funnel=funnel) | LeaveStep(funnel=funnel):
            yield from ((("funnel",), said) for said in ground.named("funnel", funnel, ground.setup.funnels))
        case WebhookStep(webhook=name):
            for said in ground.named("webhook", name, ground.setup.webhooks):
                yield ("webhook",), f"{said}; addresses stand under webhooks:"


def _of_codes(step: SendStep, ground: Ground) -> Found:
    for place, button in enumerate(step.buttons):
        yield from ((("buttons", place, "code"), said) for said in ground.code(button.code))


def _of_date(field: str, ground: Ground) -> Found:
    spec, unknown = declared(field, ground)
    if spec is None:
        yield ("date",), unknown
    elif spec.kind != FieldKind.DATE:
        yield ("date",), f"“{field}” is declared as {spec.kind}, and this needs a date"


def _of_window(path: tuple[str, ...], window: Window | None, ground: Ground) -> Found:
    quiet = ground.setup.messages.window
    if window is not None and quiet is not None and not _minutes(window) & _minutes(quiet):
        yield path, "is never open while messages: window is, so nothing would ever be said"


def _minutes(window: Window) -> set[int]:
    """Those of a week that lie in it."""
    opens, closes = (each.hour * 60 + each.minute for each in (window.opens, window.closes))
    length = (closes - opens) % _DAY or _DAY
    starts = (WEEK.index(day) * _DAY + opens for day in window.days)
    return {minute % (7 * _DAY) for start in starts for minute in range(start, start + length)}
