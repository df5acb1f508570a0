"""Conditions on the creator's own fields."""

from kit.errors import Reason
from kit.text import plain_number
from store.models import FieldKind
from store.segments import values
from store.segments.conditions import Condition, FieldIs, FieldKnown, SealedIs, Sign
from store.segments.forms import FORMS, equal, only_equal, unknown
from store.segments.known import Known, KnownField
from store.segments.question import BadSegment, Said, cut, listed, listed_why, near, near_why, shown


def read_field(said: Said, known: Known) -> Condition:
    if said.about is None:
        # `field:city` asks whether it was answered
        key = equal(said).casefold()
        _known_field(key, said, known)
        return FieldKnown(key)
    key = said.about.casefold()
    field = _known_field(key, said, known)
    if field.kind is FieldKind.FILE:
        raise BadSegment(
            f"a file has no value to compare; field:{key} asks whether there is one",
            why=Reason("segment-file", name=key),
            at=said.at,
        )
    if field.sealed:
        if said.sign != "=":
            raise _only_whole(said, key, field)
        return SealedIs(key, _sealed_text(said, field))
    match field.kind:
        case FieldKind.NUMBER:
            return FieldIs(key, Sign(said.sign), values.read_number(said))
        case FieldKind.DATE:
            return FieldIs(key, Sign(said.sign), values.read_day(said).isoformat())
        case FieldKind.YES_NO:
            return FieldIs(key, Sign.EQUAL, values.read_yes_no(only_equal(said)))
        case _:
            return FieldIs(key, Sign.EQUAL, _option(only_equal(said), key, field))


def _only_whole(said: Said, key: str, field: KnownField) -> BadSegment:
    match field.kind:
        case FieldKind.TEXT:
            because, why = "is a text, and texts stand encrypted", "segment-sealed-text"
        case FieldKind.LOCATION:
            because, why = "is a place, and places stand encrypted", "segment-sealed-place"
        case _:
            because, why = "is private, so it stands encrypted", "segment-private"
    return BadSegment(
        f"field {shown(key)} {because}: it can only be asked for equality, field:{key}=… or field:{key}!=…",
        why=Reason(why, name=cut(key)),
        at=said.at,
    )


def _known_field(key: str, said: Said, known: Known) -> KnownField:
    found = known.fields.get(key)
    if found is None:
        if key in {"name", "email", "phone"}:
            raise BadSegment(
                f"{key} is no field of your own: write {FORMS[key]}",
                why=Reason("segment-built-in", name=key, form=FORMS[key]),
                at=said.at,
            )
        raise unknown(said, "field", key, known.fields)
    return found


def _sealed_text(said: Said, field: KnownField) -> str:
    """As the answer was written when it was sealed."""
    match field.kind:
        case FieldKind.NUMBER:
            return plain_number(values.read_number(said))
        case FieldKind.DATE:
            return values.read_day(said).isoformat()
        case FieldKind.YES_NO:
            return values.read_yes_no(said)
        case _:
            return " ".join(values.told(said).split())


def _option(said: Said, key: str, field: KnownField) -> str:
    value = values.told(said).strip()
    if field.options and value not in field.options:
        lowered = value.casefold()
        if lowered in field.options:
            return lowered
        hint = near(value, field.options) or f"; it is {listed(field.options)}"
        hint_why = near_why(value, field.options) or Reason("segment-it-is", words=listed_why(field.options))
        raise BadSegment(
            f"field {shown(key)} is never {shown(value)}{hint}",
            why=Reason("segment-never", name=cut(key), value=cut(value), hint=hint_why),
            at=said.value_at,
        )
    return value
