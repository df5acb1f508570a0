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


def wordings(text: LocalText) -> list[str]:
    """Every wording of it, whatever the language."""
    return [text] if isinstance(text, str) else list(text.values())
