"""Every text tried out, in every language: can it be filled in, and is there what it names?"""

from collections.abc import Iterator, Mapping

from domain.flows.definition import Flow
from domain.flows.nodes import AnyNode, AskNode, FlowButton, SayNode, SetNode
from domain.funnels.definition import Funnel
from domain.messages.local import LocalText, by_language
from domain.messages.templates import BadTemplate, names_in, render
from domain.setups import CreatorSetup
from kit.yaml_text import KeyPath, did_you_mean

Found = Iterator[tuple[KeyPath, str]]
Facts = Mapping[str, Mapping[str, object]]
# what a text can say of every lead, beside the fields that the creator declares
_LEAD = {
    "first_name": "Ada",
    "username": "ada",
    "language": "en",
    "source": "ad42",
    "stage": "new",
    "score": 5,
    "name": "Ada Example",
    "email": "ada@example.com",
    "phone": "+4930123456",
    "time_zone": "Europe/Berlin",
}
# who has told nothing has a score all the same
_SILENT = {"score": 0}
_ORDER = {"title": "Preset pack", "total": "$19.00", "checkout_url": "https://checkout.example.com/1"}


def check_texts(flow: Flow | Funnel, setup: CreatorSetup, name: str | None) -> Found:
    """What is wrong with the texts of a flow or a funnel, by their places in it."""
    facts = facts_of(setup, name)
    if isinstance(flow, Funnel) and flow.has_order:
        facts["order"] = _ORDER
    for path, text in flow.texts() if isinstance(flow, Funnel) else _of_flow(flow):
        for inner, said in check_text(text, facts):
            yield (*path, *inner), said


def facts_of(setup: CreatorSetup, name: str | None) -> dict[str, Mapping[str, object]]:
    """What a text of this creator's may name, filled with examples."""
    own = dict.fromkeys(setup.fields, "an answer")
    return {"lead": {**own, **_LEAD}, "creator": setup.words(name or "Studio", setup.language)}


def check_text(text: LocalText, facts: Facts) -> Found:
    """Of each wording what cannot be, told once, by its language where there are several."""
    for path, wording in by_language(text):
        for said in dict.fromkeys(_check_wording(wording, facts)):
            yield path, said


def _check_wording(wording: str, facts: Facts) -> Iterator[str]:
    try:
        unknown = [_unknown(base, key, facts) for base, key in names_in(wording)]
    except BadTemplate as bad:
        yield str(bad)
        return
    if any(unknown):
        yield from (each for each in unknown if each)
        return
    # of a lead that has told all, and of one that has told nothing
    for lead in (facts["lead"], _SILENT):
        try:
            render(wording, {**facts, "lead": lead})
        except BadTemplate as bad:
            yield str(bad)


def _unknown(base: str, key: str | None, facts: Facts) -> str | None:
    if base not in facts:
        said = f"a text here can name {', '.join(sorted(facts))}, and no “{base}”"
        return f"the text cannot be filled in: {said}{did_you_mean(base, facts)}"
    known = facts[base]
    if key is None or key in known:
        return None
    near = did_you_mean(key, known) or f"; known: {', '.join(sorted(known))}"
    return f"the text cannot be filled in: there is no “{base}.{key}”{near}"


def _of_flow(flow: Flow) -> Iterator[tuple[KeyPath, LocalText]]:
    if flow.idle is not None and flow.idle.reminder is not None:
        yield ("idle", "reminder"), flow.idle.reminder
    if flow.idle is not None and flow.idle.goodbye is not None:
        yield ("idle", "goodbye"), flow.idle.goodbye
    for number, node in enumerate(flow.nodes):
        for path, text in _of_node(node):
            yield ("nodes", number, *path), text


def _of_node(node: AnyNode) -> Iterator[tuple[KeyPath, LocalText]]:
    text = node.model_dump(include={"text"}).get("text")
    if text is not None:
        yield ("text",), text
    match node:
        case AskNode(hint=hint) if hint is not None:
            yield ("hint",), hint
        case SayNode(buttons=buttons):
            yield from _of_buttons(buttons)
        case SetNode(value=str(value)):
            yield ("value",), value


def _of_buttons(buttons: tuple[FlowButton, ...]) -> Iterator[tuple[KeyPath, LocalText]]:
    for place, button in enumerate(buttons):
        if button.url is not None:
            yield ("buttons", place, "url"), button.url
