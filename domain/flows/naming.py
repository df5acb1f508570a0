"""What a flow names of its creator's and of the disk."""

from collections.abc import Collection

from domain.fields import BUILT_IN
from domain.flows.definition import Flow
from domain.flows.nodes import AnyNode, AskNode, BranchNode, ChooseNode, EnrollNode, SayNode, SetNode, TagNode
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
from kit.yaml_text import either
from store.models import FieldKind

# which kinds of field each kind of question can fill, and which of every lead's own
_FITS = {
    "text": {FieldKind.TEXT},
    "email": {FieldKind.TEXT},
    "phone": {FieldKind.TEXT},
    "number": {FieldKind.NUMBER},
    "rating": {FieldKind.NUMBER},
    "date": {FieldKind.DATE},
    "yes_no": {FieldKind.YES_NO},
    "file": {FieldKind.FILE},
    "photo": {FieldKind.FILE},
    "location": {FieldKind.LOCATION},
    "time_zone": set[FieldKind](),
}
_FITS_BUILT_IN = {"text": "name", "email": "email", "phone": "phone", "time_zone": "time_zone"}


def flow_slips(flow: Flow, ground: Ground) -> Found:
    """Everything that a walk through it would stumble over."""
    for number, node in enumerate(flow.nodes):
        for path, said in _of_node(node, ground):
            yield ("nodes", number, *path), said


def _of_node(node: AnyNode, ground: Ground) -> Found:
    match node:
        case SayNode():
            yield from media_slips(node, ground.folder)
            yield from button_slips(node.buttons, ground)
        case AskNode(field=field, kind=kind):
            yield from _of_field(field, kind, _FITS[kind], _FITS_BUILT_IN.get(kind), ground)
        case ChooseNode(field=field, many=many):
            kinds = {FieldKind.CHOICES if many else FieldKind.CHOICE}
            what = "a choice of several" if many else "a choice"
            yield from _of_field(field, what, kinds, None, ground)
        case SetNode():
            yield from setting_slips(node, ground)
        case TagNode():
            yield from tag_slips(node, ground)
        case BranchNode(cases=cases):
            yield from case_slips(cases, ground)
        case EnrollNode(funnel=funnel):
            for said in ground.named("funnel", funnel, ground.setup.funnels):
                yield ("funnel",), said


def _of_field(field: str, what: str, kinds: Collection[FieldKind], built_in: str | None, ground: Ground) -> Found:
    """Whether an answer of one of these kinds has a place in that field."""
    if field in BUILT_IN:
        if field != built_in:
            fitting = next((kind for kind, name in _FITS_BUILT_IN.items() if name == field), field)
            yield ("field",), f"“{field}” is asked for with kind {fitting}, not with {what}"
        return
    spec, unknown = declared(field, ground)
    if spec is None:
        yield ("field",), unknown
    elif not kinds:
        yield ("field",), f"{what} is kept in the field {built_in} alone"
    elif spec.kind not in kinds:
        wanted = either([str(kind) for kind in sorted(kinds)])
        yield ("field",), f"“{field}” is declared as {spec.kind}, and {what} needs {wanted}"
