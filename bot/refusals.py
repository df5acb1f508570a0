from bot.turn import Said
from domain.messages.catalogue import keys, say
from kit.errors import Refusal
from kit.text import escape, sentence

_SPOKEN = frozenset(key for key in keys() if key.startswith("refused-"))


def refusal_text(refusal: Refusal, language: str) -> str:
    """Why not, as Telegram HTML: in the person's language where the catalogue knows the refusal by its code.

    One that names what somebody typed says so in its own line.
    """
    if isinstance(refusal, Said):
        return str(refusal)
    if f"refused-{refusal.code}" in _SPOKEN:
        return say(f"refused-{refusal.code}", language)
    return escape(sentence(refusal))
