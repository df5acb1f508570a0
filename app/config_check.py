from collections.abc import Iterator, Mapping
from pathlib import Path

from app.address_check import warn_of_addresses
from app.config_file import BadConfig
from app.rails_check import warn_of_rails
from app.settings import CreatorConfig, Loaded, load
from domain.flows.definition import (
    CommandTrigger,
    EventTrigger,
    Flow,
    KeywordTrigger,
    SourceTrigger,
    Trigger,
)
from domain.flows.nodes import SayNode, WaitNode
from domain.funnels.doubting import bad_addresses, doubts, unknown_events
from domain.messages.local import LocalText
from domain.text_checks import check_text, check_texts, facts_of
from kit.yaml_text import KeyPath, did_you_mean

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
        for path, message in doubts(funnel, setup, creator.name):
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
                for path, message in bad_addresses(buttons):
                    yield ("nodes", number, *path), message
    yield from unknown_events(events)
