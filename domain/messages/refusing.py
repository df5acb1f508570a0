from domain.messages.catalogue import keys, say, say_why
from kit.errors import Refusal
from kit.text import escape

_SPOKEN = frozenset(key for key in keys() if key.startswith("refused-"))


def say_refusal(refusal: Refusal, language: str) -> str:
    """Why not, as Telegram HTML: in the reader's language, but for what no chat is meant to meet."""
    if refusal.why is not None:
        return say_why(refusal.why, language)
    if f"refused-{refusal.code}" in _SPOKEN:
        return say(f"refused-{refusal.code}", language)
    return escape(refusal)
