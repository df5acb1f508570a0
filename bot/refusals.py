from bot.turn import Said
from domain.messages.catalogue import keys, say, say_why
from kit.errors import Refusal
from kit.text import escape, sentence

_SPOKEN = frozenset(key for key in keys() if key.startswith("refused-"))


def refusal_text(refusal: Refusal, language: str) -> str:
    """Why not, as Telegram HTML: in the person's language, but for what no chat is meant to meet."""
    if isinstance(refusal, Said):
        return str(refusal)
    if refusal.why is not None:
        return sentence(say_why(refusal.why, language))
    if f"refused-{refusal.code}" in _SPOKEN:
        return say(f"refused-{refusal.code}", language)
    return escape(sentence(refusal))
