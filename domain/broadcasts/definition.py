"""What a broadcast says: variants by weight, each with its wordings by language."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, ValidationError, model_validator

from domain.fields import Strict
from domain.funnels.steps import FunnelButton
from domain.messages.as_typed import plain_fillings
from domain.messages.templates import check_template, names_in
from domain.messages.way_out import room_for_way_out
from domain.messages.wording import Language
from kit.errors import Invalid, Reason
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, check_markup, shorten, unmarked, visible_length
from store.models import Broadcast

MOST_VARIANTS = 5
MOST_BUTTONS = 8
HEAVIEST = 100
_TITLE = 40
# what the variants are called, by their place
_NAMES = ("a", "b", "c", "d", "e")
# what can be filled in: it is about no order
_KNOWN = frozenset({"lead", "creator"})


class BadBroadcast(Invalid):
    """It cannot be said like that."""

    code = "bad_broadcast"


class BroadcastButton(FunnelButton):
    KNOWN: ClassVar[str] = "url, product, pay and flow"

    @model_validator(mode="after")
    def _is_about_no_order(self) -> Self:
        if self.review is not None:
            raise ValueError("a broadcast is about no order, so nothing of it can be reviewed")
        return self


class Wording(Strict):
    """In one language: Telegram HTML with {{ … }}, alone or under a stored file, and buttons."""

    text: str = ""
    file: int | None = None
    buttons: Annotated[tuple[BroadcastButton, ...], Field(max_length=MOST_BUTTONS)] = ()


class Variant(Strict):
    weight: Annotated[int, Field(ge=1, le=HEAVIEST)] = 1
    wordings: Annotated[dict[Language, Wording], Field(min_length=1)]

    def wording(self, language: str, fallback: str) -> Wording:
        """In that language (`de-AT` reads `de`), else in the creator's own, else in the first one given."""
        return self.wordings[language_of(self.wordings, language, fallback)]


class Content(Strict):
    variants: Annotated[tuple[Variant, ...], Field(min_length=1, max_length=MOST_VARIANTS)]
    # without a sound
    silent: bool = False

    @property
    def weights(self) -> tuple[int, ...]:
        return tuple(each.weight for each in self.variants)

    @property
    def wordings(self) -> list[Wording]:
        """Of all its variants, in all their languages."""
        return [each for variant in self.variants for each in variant.wordings.values()]

    def with_variant(self, number: int, variant: Variant) -> "Content":
        variants = list(self.variants)
        variants[number] = variant
        return self.model_copy(update={"variants": tuple(variants)})


def content_of(broadcast: Broadcast) -> Content:
    """As it is kept. Raises BadBroadcast where that cannot be read any more."""
    try:
        return Content.model_validate(broadcast.content)
    except ValidationError as error:
        raise BadBroadcast("its content cannot be read any more", why=Reason("refused-broadcast-unreadable")) from error


def kept(content: Content) -> dict[str, object]:
    """As it is written into the store. Raises ValueError for what could not be read again."""
    told = content.model_dump(mode="json", exclude_defaults=True)
    # what was put together by copying has not been looked at yet
    Content.model_validate(told)
    return told


def title_of(content: Content) -> str:
    """Its first words, by which creators know it."""
    words = [plain_fillings(each.text) for each in content.wordings]
    told = next((unmarked(each).strip() for each in words if each.strip()), "")
    return shorten(" ".join(told.split()), _TITLE) or "…"


def variant_name(number: int) -> str:
    """`a` for the first."""
    return _NAMES[number]


def variant_number(name: str) -> int:
    """Raises ValueError for a name that no variant has."""
    return _NAMES.index(name)


def language_of(given: Mapping[str, object], language: str, fallback: str) -> str:
    """Which of the languages somebody reads who speaks `language`."""
    for wanted in (language.lower(), language.partition("-")[0].lower(), fallback):
        if wanted in given:
            return wanted
    return next(iter(given))


def check_wording(wording: Wording) -> Wording:
    """Returns it unchanged. Raises BadBroadcast for what cannot be filled in, or what Telegram would not take."""
    if not wording.text.strip() and wording.file is None:
        raise BadBroadcast("a broadcast needs words or a file", why=Reason("refused-broadcast-empty"))
    shown = plain_fillings(wording.text)
    try:
        check_template(wording.text)
        check_markup(shown)
    except ValueError as error:
        raise BadBroadcast(str(error), why=Reason("refused-broadcast-text", error=str(error))) from error
    for about, name in names_in(wording.text):
        if about not in _KNOWN:
            told = about if name is None else f"{about}.{name}"
            raise BadBroadcast(f"“{told}” cannot be filled in", why=Reason("refused-broadcast-name", name=told))
    most = (TEXT_LIMIT if wording.file is None else CAPTION_LIMIT) - room_for_way_out()
    length = visible_length(shown)
    if length > most:
        raise BadBroadcast(
            f"it may have {most} characters, and this has {length}",
            why=Reason("refused-broadcast-long", most=most, length=length),
        )
    return wording
