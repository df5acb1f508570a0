from bot.turn import Said
from domain.messages.refusing import say_refusal
from kit.errors import Refusal
from kit.text import sentence


def refusal_text(refusal: Refusal, language: str) -> str:
    """Why not, as Telegram HTML and a message by itself: in the person's language."""
    return str(refusal) if isinstance(refusal, Said) else sentence(say_refusal(refusal, language))
