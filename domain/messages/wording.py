"""Texts as creators write them: how they may look, and how long Telegram lets them be."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, StringConstraints, Tag, ValidationInfo

from domain.messages.templates import check_template
from kit.text import CAPTION_LIMIT, TEXT_LIMIT, check_markup, utf16_length, visible_length

# https://core.telegram.org/bots/api#inlinekeyboardbutton gives none; longer labels are cut on a phone
LABEL_LIMIT = 64
# with what a definition is read that was checked before it was kept, so that it is told from a new one
KEPT: dict[str, Any] = {"kept": True}
# two letters, and no more: catalogues and Telegram's language_code begin with them
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]


def _by_language(given: object) -> str:
    return "languages" if isinstance(given, Mapping) else "text"


def check_length(wording: str, limit: int) -> None:
    """Raises ValueError where it shows more than Telegram takes, in UTF-16 units."""
    if visible_length(wording) > limit:
        what = "caption" if limit == CAPTION_LIMIT else "message"
        raise ValueError(f"a Telegram {what} holds {limit} characters, this has {visible_length(wording)}")


def _in_some_language(text: dict[str, str]) -> dict[str, str]:
    if not text:
        raise ValueError("a text must be given in one language at least")
    return text


def _fits_a_message(wording: str, info: ValidationInfo) -> str:
    if info.context is KEPT:
        return wording
    if not wording.strip():
        raise ValueError("a text must not be empty")
    check_markup(check_template(wording))
    check_length(wording, TEXT_LIMIT)
    return wording


def _fits_a_button(wording: str) -> str:
    if not 1 <= utf16_length(wording.strip()) <= LABEL_LIMIT:
        raise ValueError(f"a button takes 1 to {LABEL_LIMIT} characters, this has {utf16_length(wording)}")
    if "{{" in wording or "{%" in wording:
        raise ValueError("nothing is filled in on a button; write its words without {{ … }}")
    return wording


# the same for everybody or by language; told apart beforehand, so that a mistake is told once, and for its language
_Message = Annotated[str, AfterValidator(_fits_a_message)]
_Button = Annotated[str, AfterValidator(_fits_a_button)]
# Telegram HTML with {{ … }}
Text = Annotated[
    Annotated[_Message, Tag("text")]
    | Annotated[dict[Language, _Message], AfterValidator(_in_some_language), Tag("languages")],
    Discriminator(_by_language),
]
# plain words on a button
Label = Annotated[
    Annotated[_Button, Tag("text")]
    | Annotated[dict[Language, _Button], AfterValidator(_in_some_language), Tag("languages")],
    Discriminator(_by_language),
]
