import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.address_check import warn_of_addresses
from app.config_file import BadConfig, KeyPath, did_you_mean
from app.config_texts import check_text, check_texts, facts_of
from app.rails_check import warn_of_rails
from app.settings import CreatorConfig, Loaded, load
from domain.events import KNOWN_EVENTS
from domain.flows.definition import (
    CommandTrigger,
    EventTrigger,
    Flow,
    KeywordTrigger,
    SourceTrigger,
    Trigger,
)
from domain.flows.nodes import FlowButton, SayNode, WaitNode
from domain.funnels.definition import Funnel, SendStep
from domain.messages.local import LocalText, by_language

# what Telegram opens from a button: https://core.telegram.org/bots/api#inlinekeyboardbutton
_LINK = re.compile(r"(https?|tg)://|\{\{")
Found = Iterator[tuple[KeyPath, str]]


def report(config: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """What `spark check` says: its exit code, 0 or 2, and its lines."""
    try:
        loaded = load(config, environ)
    except BadConfig as bad:
        return 2, [str(problem) for problem in bad.problems]
    problems = [problem for each in loaded.disabled for problem in each.causes]
    problems += [loaded.places.problem(path, message) for path, message in _check(loaded)]
    if problems or loaded.problems:
        return 2, [str(problem) for problem in BadConfig([*problems, *loaded.problems]).problems]
    creators = loaded.settings.creators.values()
    flows = _count(sum(len(each.flows) for each in creators), "flow")
    funnels = _count(sum(len(each.funnels) for each in creators), "funnel")
    file = loaded.places.file
    read = file.name if file.root is not None else f"no settings in {file.name}, so the defaults"
    named = loaded.settings.creators
    warnings = [
        f"warning: {loaded.places.problem(path, message)}"
        for path, message in (*warn_of_rails(named), *warn_of_addresses(named))
    ]
    return 0, [*warnings, f"{read}: {flows}, {funnels}: all well"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _check(loaded: Loaded) -> Found:
    """What can be read but would not do what it is there for."""
    creators = loaded.settings.creators
    default = loaded.settings.telegram.default_creator
    if creators and default is not None and default not in creators:
        near = did_you_mean(default, creators)
        yield ("telegram", "default_creator"), f"there is no “{default}” under creators{near}"
    for slug, creator in creators.items():
        for path, message in _check_creator(creator):
            yield ("creators", slug, *path), message


def _check_creator(creator: CreatorConfig) -> Found:
    setup = creator.setup()
    facts = facts_of(setup, creator.name)
    for place, text in _own_texts(creator):
        for inner, said in check_text(text, facts):
            yield (*place, *inner), said
    yield from _check_triggers(creator.flows)
    for key, flow in creator.flows.items():
        for path, message in (*_check_flow(flow), *check_texts(flow, setup, creator.name)):
            yield ("flows", key, *path), message
    for key, funnel in creator.funnels.items():
        for path, message in (*_check_funnel(funnel), *check_texts(funnel, setup, creator.name)):
            yield ("funnels", key, *path), message


def _own_texts(creator: CreatorConfig) -> Iterator[tuple[KeyPath, LocalText]]:
    for key, text in creator.values.items():
        yield ("values", key), text
    for page, words in (("privacy", creator.privacy), ("terms", creator.terms)):
        if words is not None:
            yield (page,), words


def _check_triggers(flows: Mapping[str, Flow]) -> Found:
    """What begins two flows begins the first of them, and the second never."""
    first: dict[str, str] = {}
    for key, flow in flows.items():
        for place, trigger in enumerate(flow.trigger):
            # one by itself may stand there without a list
            path: KeyPath = ("flows", key, "trigger", place) if len(flow.trigger) > 1 else ("flows", key, "trigger")
            for beginning in _beginnings(trigger):
                other = first.setdefault(beginning, key)
                if other != key:
                    yield path, f"{beginning} begins “{other}” already, so it would never begin this one"


def _beginnings(trigger: Trigger) -> list[str]:
    match trigger:
        case SourceTrigger(source=source):
            return [f"the source “{source}”"]
        case KeywordTrigger(keyword=words):
            return [f"the keyword “{word.casefold()}”" for word in words]
        case CommandTrigger(command=command):
            return [f"/{command}"]
        case EventTrigger():
            # one event may begin several
            return []
        case "start":
            return ["a start"]
        case _:
            return [trigger]


def _check_events(events: list[tuple[KeyPath, str]]) -> Found:
    for path, event in events:
        if event not in KNOWN_EVENTS:
            near = did_you_mean(event, KNOWN_EVENTS) or f"; known: {', '.join(sorted(KNOWN_EVENTS))}"
            yield path, f"there is no event “{event}”{near}"


def _check_flow(flow: Flow) -> Found:
    events: list[tuple[KeyPath, str]] = []
    for place, trigger in enumerate(flow.trigger):
        if isinstance(trigger, EventTrigger):
            events.append(
                (("trigger", place, "event") if len(flow.trigger) > 1 else ("trigger", "event"), trigger.event)
            )
    for number, node in enumerate(flow.nodes):
        match node:
            case WaitNode(event=event) if event is not None:
                events.append((("nodes", number, "event"), event))
            case SayNode(buttons=buttons):
                for path, message in _check_buttons(buttons):
                    yield ("nodes", number, *path), message
    yield from _check_events(events)


def _check_funnel(funnel: Funnel) -> Found:
    events: list[tuple[KeyPath, str]] = []
    if funnel.trigger is not None:
        events.append((("trigger", "event"), funnel.trigger.event))
    events += [(("stop", number), event) for number, event in enumerate(funnel.stop)]
    yield from _check_events(events)
    for number, step in enumerate(funnel.steps):
        if isinstance(step, SendStep):
            for path, message in _check_buttons(step.buttons):
                yield ("steps", number, *path), message


def _check_buttons(buttons: tuple[FlowButton, ...]) -> Found:
    for place, button in enumerate(buttons):
        for inner, wording in by_language(button.url) if button.url is not None else ():
            if not _LINK.match(wording):
                said = "must begin with https://, http:// or tg://, or be filled in by {{ … }}"
                yield ("buttons", place, "url", *inner), said
