"""What can be walked and yet would not do what it is there for: events that never happen, texts that cannot be said."""

import re
from collections.abc import Iterable, Sequence

from domain.events import FOR_SEGMENTS, KNOWN_EVENTS, LEADLESS
from domain.flows.nodes import FlowButton
from domain.funnels.definition import EventTrigger, Funnel, SendStep, WaitStep
from domain.grounds import Found
from domain.messages.local import by_language
from domain.setups import CreatorSetup
from domain.text_checks import check_texts
from kit.yaml_text import KeyPath, did_you_mean

# what Telegram opens from a button: https://core.telegram.org/bots/api#inlinekeyboardbutton
_LINK = re.compile(r"(https?|tg)://|\{\{")
# whoever calls the API gives these their names
_OWN = "custom."
_OF_LEADS = KNOWN_EVENTS - LEADLESS
# all of them end alike, so only what is this near is likely to be meant
_NEAR = 0.75


def doubts(funnel: Funnel, setup: CreatorSetup, name: str | None) -> Found:
    """All of them; `name` is what the creator is called."""
    yield from unknown_events(_events(funnel))
    for number, trigger in enumerate(funnel.triggers):
        if isinstance(trigger, EventTrigger) and trigger.event in FOR_SEGMENTS and trigger.when is None:
            said = f"“{trigger.event}” happens to no lead: say by a `when` who begins then"
            yield ("trigger", number, "event"), said
    for number, step in enumerate(funnel.steps):
        if isinstance(step, SendStep):
            for path, said in bad_addresses(step.buttons):
                yield ("steps", number, *path), said
    yield from check_texts(funnel, setup, name)


def unknown_events(events: Iterable[tuple[KeyPath, str]]) -> Found:
    for path, event in events:
        if event not in KNOWN_EVENTS and not event.startswith(_OWN):
            near = did_you_mean(event, _OF_LEADS, nearness=_NEAR) or f"; known: {', '.join(sorted(_OF_LEADS))}"
            yield path, f"there is no event “{event}”{near}"
        elif event in LEADLESS:
            yield path, f"“{event}” happens to no lead, so it can neither begin nor end anything for one"


def bad_addresses(buttons: Sequence[FlowButton]) -> Found:
    for place, button in enumerate(buttons):
        for inner, wording in by_language(button.url) if button.url is not None else ():
            if not _LINK.match(wording):
                said = "must begin with https://, http:// or tg://, or be filled in by {{ … }}"
                yield ("buttons", place, "url", *inner), said


def _events(funnel: Funnel) -> Iterable[tuple[KeyPath, str]]:
    for number, trigger in enumerate(funnel.triggers):
        if isinstance(trigger, EventTrigger) and trigger.event not in FOR_SEGMENTS:
            yield ("trigger", number, "event"), trigger.event
    for number, event in enumerate(funnel.stop):
        yield ("stop", number), event
    if funnel.goal is not None and funnel.goal.event is not None:
        yield ("goal", "event"), funnel.goal.event
    for number, step in enumerate(funnel.steps):
        if isinstance(step, WaitStep) and step.event is not None:
            yield ("steps", number, "event"), step.event
