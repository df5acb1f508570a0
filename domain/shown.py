"""Answers as people read them: a choice by its label, dates, numbers, yes and no as their language writes them.

Segments, exports and files of one's own data keep what stands in the store.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.fields import BUILT_IN
from domain.flows.definition import Flow
from domain.flows.nodes import AskNode, ChooseNode
from domain.messages.catalogue import plain
from domain.messages.local import LocalText, pick
from domain.messages.values import Shown
from domain.setups import CreatorSetup
from kit.money import language_of
from store.models import FieldKind, StoredFile

# between the values of a choice of several, which are single words
_BETWEEN = ", "
_ASKED = {
    "yes_no": FieldKind.YES_NO,
    "date": FieldKind.DATE,
    "number": FieldKind.NUMBER,
    "rating": FieldKind.NUMBER,
    "file": FieldKind.FILE,
    "photo": FieldKind.FILE,
}


@dataclass(frozen=True, slots=True)
class Showing:
    """One creator's fields, and the flows whose questions have labels that the fields lack."""

    setup: CreatorSetup
    flows: Sequence[Flow] = ()

    def name(self, key: str, language: str) -> str:
        """What a field is called."""
        spec = self.setup.fields.get(key)
        if key in BUILT_IN:
            return plain(f"field-{key.replace('_', '-')}", language)
        return key if spec is None or spec.label is None else pick(spec.label, language, self.setup.language)

    def value(self, key: str, kept: str | float, language: str, files: Mapping[str, str] | None = None) -> str:
        """A value as it is kept, several of a choice with commas between; `files` are their names by number."""
        match self.kind(key), kept:
            case FieldKind.CHOICE | FieldKind.CHOICES, str():
                labels = self._labels(key)
                return _BETWEEN.join(
                    pick(labels[each], language, self.setup.language) if each in labels else each
                    for each in kept.split(_BETWEEN)
                )
            case FieldKind.YES_NO, "yes" | "no":
                return plain("card-yes" if kept == "yes" else "card-no", language)
            case FieldKind.DATE, str():
                return _day(kept, language)
            case FieldKind.FILE, str():
                return "📎 " + (files or {}).get(kept, kept)
            case FieldKind.NUMBER, _:
                return _number(kept, language)
        return str(kept) if isinstance(kept, str) else _number(kept, language)

    def kind(self, key: str) -> FieldKind:
        """As it is declared; of a field that is not, as a flow asks for it."""
        spec = self.setup.fields.get(key)
        if spec is not None or key in BUILT_IN:
            return FieldKind.TEXT if spec is None else spec.kind
        node = next(self._questions(key), None)
        if isinstance(node, ChooseNode):
            return FieldKind.CHOICES if node.many else FieldKind.CHOICE
        return FieldKind.TEXT if node is None else _ASKED.get(node.kind, FieldKind.TEXT)

    def _labels(self, key: str) -> Mapping[str, LocalText]:
        """The field's own before those of a flow."""
        spec = self.setup.fields.get(key)
        labels: dict[str, LocalText] = {} if spec is None else {each.value: each.label for each in spec.options}
        for node in self._questions(key):
            if isinstance(node, ChooseNode):
                for option in node.options:
                    labels.setdefault(option.value, option.label)
        return labels

    def _questions(self, key: str) -> Iterator[AskNode | ChooseNode]:
        for flow in self.flows:
            for node in flow.nodes:
                if isinstance(node, AskNode | ChooseNode) and node.field == key:
                    yield node


def showing(published: Published, creator_id: int, *first: Flow) -> Showing:
    """By what a creator has set up now; the wording of `first` goes before that of the flows as they are."""
    flows = [flow for _, flow in published.flows.get(creator_id, {}).values()]
    return Showing(published.setup(creator_id), [*first, *flows])


async def shown_answers(
    session: AsyncSession, lead_id: int, answers: Mapping[str, str], by: Showing, language: str
) -> dict[str, str]:
    """All of a lead's answers for a text in that language."""
    files = await file_names(session, lead_id, answers, by)
    return {key: Shown(kept, by.value(key, kept, language, files)) for key, kept in answers.items()}


async def file_names(session: AsyncSession, lead_id: int, answers: Mapping[str, str], by: Showing) -> Mapping[str, str]:
    """Of the files among the answers, by their numbers."""
    if not any(by.kind(key) == FieldKind.FILE for key in answers):
        return {}
    files = select(StoredFile.id, StoredFile.file_name).where(StoredFile.lead_id == lead_id)
    return {str(row.id): row.file_name for row in await session.execute(files)}


def _day(kept: str, language: str) -> str:
    try:
        return format_date(date.fromisoformat(kept), "long", locale=language_of(language))
    except ValueError:
        return kept


def _number(kept: str | float, language: str) -> str:
    """All of its digits, not grouped: it may be a year."""
    try:
        number = float(kept)
    except ValueError:
        return str(kept)
    told = int(number) if number.is_integer() else number
    return format_decimal(told, locale=language_of(language), group_separator=False, decimal_quantization=False)
