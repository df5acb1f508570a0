"""What a flow or funnel names of its creator's and of the disk. A name that leads nowhere would break it later."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import available_timezones

from app.config_file import KeyPath, did_you_mean, either
from domain.fields import BUILT_IN, LeadFieldSpec
from domain.flows.definition import Flow
from domain.flows.nodes import (
    AnyNode,
    AskNode,
    BranchNode,
    ChooseNode,
    EnrollNode,
    FlowButton,
    SayNode,
    SetNode,
    TagNode,
)
from domain.funnels.definition import Funnel, SendStep
from domain.messages.templates import check_template
from domain.setups import CreatorSetup
from store.models import FieldKind
from store.segments.checking import check_question
from store.segments.question import BadSegment

__all__ = ["Found", "Ground", "flow_slips", "funnel_slips"]

Found = Iterator[tuple[KeyPath, str]]
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
_BUILT_IN = LeadFieldSpec()
_MEGABYTE = 1024 * 1024
# https://core.telegram.org/bots/api#sending-files
_PHOTO_LIMIT, _FILE_LIMIT = 10 * _MEGABYTE, 50 * _MEGABYTE
_PHOTOS, _VIDEOS = (".jpg", ".jpeg", ".png", ".webp"), (".mp4",)


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands around a flow: what its creator has set up, and the folder that its media paths begin at.

    `left_out` are flows and funnels with mistakes of their own.
    """

    setup: CreatorSetup
    folder: Path
    left_out: Collection[str] = ()

    def named(self, what: str, name: str, known: Collection[str]) -> Iterator[str]:
        """What is wrong with naming that one."""
        if name in known:
            return
        if name in self.left_out:
            yield f"the {what} “{name}” is left out for a mistake of its own"
        else:
            yield f"there is no {what} “{name}”{did_you_mean(name, known)}"


def flow_slips(flow: Flow, ground: Ground) -> Found:
    """Everything that a walk through it would stumble over."""
    for number, node in enumerate(flow.nodes):
        for path, said in _of_node(node, ground):
            yield ("nodes", number, *path), said


def funnel_slips(funnel: Funnel, ground: Ground) -> Found:
    if funnel.trigger is not None and funnel.trigger.when is not None:
        try:
            check_question(funnel.trigger.when, ground.setup.known())
        except BadSegment as bad:
            yield ("trigger", "when"), str(bad)
    for number, step in enumerate(funnel.steps):
        if isinstance(step, SendStep):
            for path, said in _of_buttons(step.buttons, ground):
                yield ("steps", number, *path), said


def _of_node(node: AnyNode, ground: Ground) -> Found:
    match node:
        case SayNode():
            yield from _of_media(node, ground.folder)
            yield from _of_buttons(node.buttons, ground)
        case AskNode(field=field, kind=kind):
            yield from _of_field(field, kind, _FITS[kind], _FITS_BUILT_IN.get(kind), ground)
        case ChooseNode(field=field, many=many):
            kinds = {FieldKind.CHOICES if many else FieldKind.CHOICE}
            what = "a choice of several" if many else "a choice"
            yield from _of_field(field, what, kinds, None, ground)
        case SetNode():
            yield from _of_set(node, ground)
        case TagNode():
            yield from _of_tags(node, ground)
        case BranchNode():
            yield from _of_cases(node, ground)
        case EnrollNode(funnel=funnel):
            for said in ground.named("funnel", funnel, ground.setup.funnels):
                yield ("funnel",), said


def _of_tags(node: TagNode, ground: Ground) -> Found:
    for key, tags in (("add", node.add), ("remove", node.remove)):
        for place, tag in enumerate(tags):
            for said in ground.named("tag", tag, ground.setup.tags):
                yield (key, place), f"{said}; tags stand under tags:"


def _of_cases(node: BranchNode, ground: Ground) -> Found:
    known = ground.setup.known()
    for place, case in enumerate(node.cases):
        try:
            check_question(case.when, known)
        except BadSegment as bad:
            yield ("cases", place, "when"), str(bad)


def _of_buttons(buttons: tuple[FlowButton, ...], ground: Ground) -> Found:
    for place, button in enumerate(buttons):
        if button.flow is not None:
            for said in ground.named("flow", button.flow, ground.setup.flows):
                yield ("buttons", place, "flow"), said


def _of_field(field: str, what: str, kinds: Collection[FieldKind], built_in: str | None, ground: Ground) -> Found:
    """Whether an answer of one of these kinds has a place in that field."""
    if field in BUILT_IN:
        if field != built_in:
            fitting = next((kind for kind, name in _FITS_BUILT_IN.items() if name == field), field)
            yield ("field",), f"“{field}” is asked for with kind {fitting}, not with {what}"
        return
    spec, unknown = _declared(field, ground)
    if spec is None:
        yield ("field",), unknown
    elif not kinds:
        yield ("field",), f"{what} is kept in the field {built_in} alone"
    elif spec.kind not in kinds:
        wanted = either([str(kind) for kind in sorted(kinds)])
        yield ("field",), f"“{field}” is declared as {spec.kind}, and {what} needs {wanted}"


def _declared(field: str, ground: Ground) -> tuple[LeadFieldSpec | None, str]:
    near = did_you_mean(field, {*ground.setup.fields, *BUILT_IN})
    said = f"there is no field “{field}”{near or '; declare it under fields:, like “' + field + ': {kind: text}”'}"
    return ground.setup.fields.get(field), said


def _of_set(node: SetNode, ground: Ground) -> Found:
    if node.stage is not None:
        for said in ground.named("stage", node.stage, ground.setup.all_stages):
            yield ("stage",), f"{said}; stages of your own stand under stages:"
    if node.field is None:
        return
    if node.field in {"email", "phone"}:
        yield ("field",), f"“{node.field}” is asked for, never set"
        return
    spec, unknown = (_BUILT_IN, "") if node.field in BUILT_IN else _declared(node.field, ground)
    if spec is None:
        yield ("field",), unknown
        return
    if isinstance(node.value, str) and ("{{" in node.value or "{%" in node.value):
        try:
            check_template(node.value)
        except ValueError as error:
            yield ("value",), str(error)
    else:
        yield from ((("value",), said) for said in _misfits(node.field, spec, node.value))


def _misfits(field: str, spec: LeadFieldSpec, value: object) -> Iterator[str]:
    """Why a plain value cannot be kept there, if it cannot."""
    match spec.kind:
        case _ if value == "":
            return
        case _ if field == "time_zone" and value not in available_timezones():
            yield f"“{value}” is not a time zone{did_you_mean(str(value), available_timezones())}"
        case FieldKind.FILE | FieldKind.LOCATION:
            yield f"a {spec.kind} is asked for, never set"
        case FieldKind.NUMBER if isinstance(value, bool) or not isinstance(value, int | float):
            yield "must be a number"
        case FieldKind.YES_NO if not isinstance(value, bool):
            yield "must be true or false"
        case FieldKind.DATE if not _is_day(value):
            yield "must be a day like 2026-12-31"
        case FieldKind.CHOICE if spec.options and value not in {option.value for option in spec.options}:
            yield f"must be {either([option.value for option in spec.options])}"


def _is_day(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def _of_media(node: SayNode, folder: Path) -> Found:
    if node.sha256 is not None:
        yield ("sha256",), "is Spark's own; take it out"
    for key, path, endings, limit in (
        ("photo", node.photo, _PHOTOS, _PHOTO_LIMIT),
        ("video", node.video, _VIDEOS, _FILE_LIMIT),
        ("document", node.document, (), _FILE_LIMIT),
    ):
        if path is None:
            continue
        if endings and not path.lower().endswith(endings):
            yield (key,), f"a {key} is a file that ends in {either(endings)}"
            continue
        file = folder / path
        size = file.stat().st_size if file.is_file() else None
        if size is None:
            yield (key,), f"there is no file {file}"
        elif not 0 < size <= limit:
            yield (key,), f"{file} has {size} bytes; Telegram takes a {key} of 1 byte to {limit // _MEGABYTE} MB"
