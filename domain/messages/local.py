from collections.abc import Mapping

# a creator's text: the same for everybody, or by language (`en`, `de`)
LocalText = str | Mapping[str, str]


def pick(text: LocalText, language: str, fallback: str = "en") -> str:
    """The text in that language (`de-AT` reads `de`), else in the creator's own, else in the first one given."""
    if isinstance(text, str):
        return text
    for wanted in (language.lower(), language.partition("-")[0].lower(), fallback):
        if wanted in text:
            return text[wanted]
    return next(iter(text.values()))


def by_language(text: LocalText) -> list[tuple[tuple[str, ...], str]]:
    """Every wording of it, behind its language as a path of keys: none where it is for everybody."""
    return [((), text)] if isinstance(text, str) else [((language,), wording) for language, wording in text.items()]


def wordings(text: LocalText) -> list[str]:
    """Every wording of it, whatever the language."""
    return [text] if isinstance(text, str) else list(text.values())
