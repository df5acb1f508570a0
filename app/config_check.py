import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

from app.config_file import BadConfig, KeyPath, did_you_mean
from app.config_types import Slug
from app.settings import CreatorConfig, Loaded, load
from domain.flows.definition import Flow
from domain.flows.nodes import AskNode, ChooseNode, GiveNode
from domain.funnels.definition import Funnel, SendStep
from domain.messages.local import LocalText, wordings
from domain.messages.templates import BadTemplate, render

KNOWN_EVENTS = frozenset(
    {
        "flow.finished",
        "idea.added",
        "lead.added",
        "lead.answered",
        "lead.banned",
        "lead.blocked",
        "lead.captured",
        "lead.duplicate",
        "lead.field_changed",
        "lead.given_back",
        "lead.merged",
        "lead.noted",
        "lead.score_changed",
        "lead.stage_changed",
        "lead.subscribed",
        "lead.tagged",
        "lead.taken_over",
        "lead.unbanned",
        "lead.unsubscribed",
        "lead.untagged",
        "lead.written_to",
        "lead.wrote",
        "order.expired",
        "order.fulfilled",
        "order.opened",
        "order.oversold",
        "order.paid",
        "order.pending",
        "product.added",
    }
)
_SLUG = re.compile(get_args(Slug)[1].pattern)
# what Telegram opens from a button: https://core.telegram.org/bots/api#inlinekeyboardbutton
_LINK = re.compile(r"(https?|tg)://|\{\{")
Found = Iterator[tuple[KeyPath, str]]
Facts = Mapping[str, Mapping[str, object]]
# what texts are filled in with to see whether they can be
_LEAD = {"first_name": "Ada", "name": "Ada Example", "email": "ada@example.com", "phone": "+4930123456"}
_ORDER = {"title": "Preset pack", "total": "$19.00", "checkout_url": "https://checkout.example.com/1"}


def report(config: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[int, list[str]]:
    """What `spark check` says: its exit code, 0 or 2, and its lines."""
    try:
        loaded = load(config, environ)
    except BadConfig as bad:
        return 2, [str(problem) for problem in bad.problems]
    problems = [problem for each in loaded.disabled for problem in each.problems]
    problems += [loaded.places.problem(path, message) for path, message in _check(loaded)]
    if problems or loaded.problems:
        return 2, [str(problem) for problem in BadConfig([*problems, *loaded.problems]).problems]
    creators = loaded.settings.creators.values()
    flows = _count(sum(len(each.flows) for each in creators), "flow")
    funnels = _count(sum(len(each.funnels) for each in creators), "funnel")
    file = loaded.places.file
    read = file.name if file.root is not None else f"no settings in {file.name}, so the defaults"
    return 0, [f"{read}: {flows}, {funnels}: all well"]


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
    first, *others = creator.flows or ("",)
    for key in others:  # a start is the only trigger that there is
        yield ("flows", key), f"a start begins “{first}” already, so this one would never run"
    for key, flow in creator.flows.items():
        for path, message in _check_flow(flow):
            yield ("flows", key, *path), message
    for key, funnel in creator.funnels.items():
        for path, message in _check_funnel(funnel, creator):
            yield ("funnels", key, *path), message


def _answers(*flows: Flow) -> dict[str, str]:
    """What a lead may have told by then."""
    asked = {node.field: "an answer" for flow in flows for node in flow.nodes if isinstance(node, AskNode | ChooseNode)}
    return asked | _LEAD


def _check_text(path: KeyPath, text: LocalText, facts: Facts) -> Found:
    for wording in wordings(text):
        try:
            render(wording, facts)
        except BadTemplate as bad:
            yield path, str(bad)


def _check_flow(flow: Flow) -> Found:
    facts = {"lead": _answers(flow)}
    for number, node in enumerate(flow.nodes):
        text = getattr(node, "text", None)
        if text is not None:
            yield from _check_text(("nodes", number, "text"), text, facts)
        match node:
            case GiveNode(product=product) if not _SLUG.fullmatch(product):
                yield ("nodes", number, "product"), "must be the slug of a product, like starter-guide"
            case ChooseNode(options=options):
                for place, option in enumerate(options):
                    path = ("nodes", number, "options", place)
                    earlier = options[:place]
                    if option.value in {each.value for each in earlier}:
                        yield (*path, "value"), f"two options have the value “{option.value}”"
                    if option.label in {each.label for each in earlier}:
                        yield (*path, "label"), f"two options are labelled “{option.label}”"


def _check_funnel(funnel: Funnel, creator: CreatorConfig) -> Found:
    facts: dict[str, Mapping[str, object]] = {
        "lead": _answers(*creator.flows.values()),
        "creator": {"name": creator.name or "Studio"},
    }
    if funnel.trigger.event.startswith("order."):
        facts["order"] = _ORDER
    events: list[tuple[KeyPath, str]] = [(("trigger", "event"), funnel.trigger.event)]
    events += [(("stop", number), event) for number, event in enumerate(funnel.stop)]
    for path, event in events:
        if event not in KNOWN_EVENTS:
            near = did_you_mean(event, KNOWN_EVENTS) or f"; known: {', '.join(sorted(KNOWN_EVENTS))}"
            yield path, f"there is no event “{event}”{near}"
    for number, step in enumerate(funnel.steps):
        if isinstance(step, SendStep):
            yield from _check_text(("steps", number, "text"), step.text, facts)
            for place, button in enumerate(step.buttons):
                yield from _check_text(("steps", number, "buttons", place, "url"), button.url, facts)
                if not all(_LINK.match(wording) for wording in wordings(button.url)):
                    yield (
                        ("steps", number, "buttons", place, "url"),
                        "must begin with https://, http:// or tg://, or be filled in by {{ … }}",
                    )
