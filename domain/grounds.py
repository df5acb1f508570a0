"""What a flow or funnel names of its creator's and of the disk. A name that leads nowhere would break it later."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from domain.fields import BUILT_IN, LeadFieldSpec
from domain.flows.nodes import Case, FlowButton, Media, Setting, Tagging
from domain.messages.templates import check_template
from domain.setups import CreatorSetup
from kit.yaml_text import KeyPath, did_you_mean, either
from kit.zones import zone_names
from store.models import FieldKind, Shape
from store.segments.checking import check_question
from store.segments.question import BadSegment

Found = Iterator[tuple[KeyPath, str]]
_BUILT_IN = LeadFieldSpec()
_MEGABYTE = 1024 * 1024
# https://core.telegram.org/bots/api#sending-files
_PHOTO_LIMIT, _FILE_LIMIT = 10 * _MEGABYTE, 50 * _MEGABYTE
_ENDINGS: dict[Shape, tuple[str, ...]] = {
    Shape.PHOTO: (".jpg", ".jpeg", ".png", ".webp"),
    Shape.VIDEO: (".mp4",),
    Shape.ANIMATION: (".gif", ".mp4"),
    Shape.AUDIO: (".mp3", ".m4a"),
    Shape.VOICE: (".ogg", ".mp3", ".m4a"),
    Shape.DOCUMENT: (),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """What stands around a flow or funnel: what its creator has set up, and the folder that its media paths begin at.

    `left_out` are flows and funnels with mistakes of their own. Of what stands in the store alone, None where that is
    not at hand: then any name may be right.
    """

    setup: CreatorSetup
    # None where there are no files: what is sent by chat or API brings none
    folder: Path | None
    left_out: Collection[str] = ()
    products: Collection[str] | None = None
    codes: Collection[str] | None = None
    # segments that were saved by chat or API
    saved: Mapping[str, str] = field(default_factory=dict)

    def named(self, what: str, name: str, known: Collection[str]) -> Iterator[str]:
        """What is wrong with naming that one."""
        if name in known:
            return
        if name in self.left_out:
            yield f"the {what} “{name}” is left out for a mistake of its own"
        else:
            yield f"there is no {what} “{name}”{did_you_mean(name, known)}"

    def asked(self, question: str) -> Iterator[str]:
        """What keeps it from being asked about this creator's leads."""
        try:
            check_question(question, self.setup.known(self.saved))
        except BadSegment as bad:
            yield str(bad)

    def product(self, slug: str | None) -> Iterator[str]:
        if slug is not None and self.products is not None:
            yield from self.named("product", slug, self.products)

    def code(self, code: str | None) -> Iterator[str]:
        if code is not None and self.codes is not None:
            yield from self.named("discount code", code, self.codes)


def tag_slips(node: Tagging, ground: Ground) -> Found:
    """What the file gives must be declared there; what is sent by chat or API gives any tag, as `/tag` does."""
    if ground.folder is None:
        return
    for key, tags in (("add", node.add), ("remove", node.remove)):
        for place, tag in enumerate(tags):
            for said in ground.named("tag", tag, ground.setup.tags):
                yield (key, place), f"{said}; tags stand under tags:"


def case_slips(cases: Sequence[Case], ground: Ground) -> Found:
    for place, case in enumerate(cases):
        for said in ground.asked(case.when):
            yield ("cases", place, "when"), said


def button_slips(buttons: Sequence[FlowButton], ground: Ground) -> Found:
    for place, button in enumerate(buttons):
        if button.flow is not None:
            for said in ground.named("flow", button.flow, ground.setup.flows):
                yield ("buttons", place, "flow"), said
        for key, slug in (("product", button.product), ("pay", button.pay)):
            for said in ground.product(slug):
                yield ("buttons", place, key), said


def declared(name: str, ground: Ground) -> tuple[LeadFieldSpec | None, str]:
    """The field as its creator has declared it, or what to say where there is none."""
    near = did_you_mean(name, {*ground.setup.fields, *BUILT_IN})
    said = f"there is no field “{name}”{near or '; declare it under fields:, like “' + name + ': {kind: text}”'}"
    return ground.setup.fields.get(name), said


def setting_slips(node: Setting, ground: Ground) -> Found:
    if node.stage is not None:
        for said in ground.named("stage", node.stage, ground.setup.all_stages):
            yield ("stage",), f"{said}; stages of your own stand under stages:"
    if node.field is None:
        return
    if node.field in {"email", "phone"}:
        yield ("field",), f"“{node.field}” is asked for, never set"
        return
    spec, unknown = (_BUILT_IN, "") if node.field in BUILT_IN else declared(node.field, ground)
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
        case _ if field == "time_zone" and value not in zone_names():
            yield f"“{value}” is not a time zone{did_you_mean(str(value), zone_names())}"
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


def media_slips(node: Media, folder: Path | None) -> Found:
    if node.sha256 is not None:
        yield ("sha256",), "is Spark's own; take it out"
    for key, path in node.shown.items():
        endings, limit = _ENDINGS[key], _PHOTO_LIMIT if key == Shape.PHOTO else _FILE_LIMIT
        if folder is None:
            yield (key,), "files stand beside config.yaml, so only what is written there can show them"
            continue
        if endings and not path.lower().endswith(endings):
            yield (key,), f"{key} takes a file that ends in {either(endings)}"
            continue
        file = folder / path
        size = file.stat().st_size if file.is_file() else None
        if size is None:
            yield (key,), f"there is no file {file}"
        elif not 0 < size <= limit:
            yield (key,), f"{file} has {size} bytes; Telegram takes 1 byte to {limit // _MEGABYTE} MB as {key}"
