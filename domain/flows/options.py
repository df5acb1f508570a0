"""What a choice may be, where its field leaves that to the flows."""

from collections.abc import Iterable, Mapping

from domain.fields import Choice
from domain.flows.definition import Flow
from domain.flows.nodes import ChooseNode, SetNode


def options_by_flows(flows: Iterable[Flow]) -> Mapping[str, tuple[Choice, ...]]:
    """For each field, the choices that these flows offer or set, by the labels that come first.

    A field that one of them fills in from a template is not there: it may come to be anything.
    """
    offered: dict[str, dict[str, Choice]] = {}
    anything: set[str] = set()
    for flow in flows:
        for node in flow.nodes:
            match node:
                case ChooseNode(field=key, options=options):
                    for option in options:
                        choice = Choice(value=option.value, label=option.label)
                        offered.setdefault(key, {}).setdefault(option.value, choice)
                case SetNode(field=str(key), value=str(value)) if "{{" in value or "{%" in value:
                    anything.add(key)
                case SetNode(field=str(key), value=str(value)) if value.strip():
                    # as `read_value` keeps a word that is no option
                    word = " ".join(value.split()).casefold()
                    offered.setdefault(key, {}).setdefault(word, Choice.model_construct(value=word, label=value))
    return {key: tuple(choices.values()) for key, choices in offered.items() if key not in anything}
