import html
import re

# Telegram counts text in UTF-16 code units: https://core.telegram.org/api/entities#entity-length
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_TAG = re.compile(r"<[^>]*>")


def escape(text: object) -> str:
    """What a person typed, made safe to stand inside Telegram's HTML."""
    return html.escape(str(text), quote=True)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def visible_length(marked_up: str) -> int:
    """Length in UTF-16 code units once HTML tags and entities are parsed away."""
    return utf16_length(html.unescape(_TAG.sub("", marked_up)))


def shorten(text: str, limit: int) -> str:
    """Plain text cut to `limit` UTF-16 units, with an ellipsis where something was cut."""
    if utf16_length(text) <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: (limit - 1) * 2].decode("utf-16-le", "ignore")
    return kept.rstrip() + "…"


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; empty when nothing of `text` survives."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")
