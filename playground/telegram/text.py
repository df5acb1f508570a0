import html
import re
from typing import Any

from kit.text import CAPTION_LIMIT, TEXT_LIMIT, utf16_length
from playground.telegram.errors import bad
from playground.telegram.html import Entity, parse_html
from playground.telegram.links import checked_link

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_FOUND = re.compile(
    r"""
      (?P<bot_command>(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/]))
    | (?P<email>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<url>(?<!\w)(?:https?://[^\s<>"]+|www\.[^\s<>"]+\.[^\s<>"]+))
    | (?P<mention>(?<!\w)@[A-Za-z0-9_]{3,32}(?!\w))
    | (?P<hashtag>(?<!\w)\#[^\W\d]\w*)
    | (?P<phone_number>(?<![\w+])\+\d[\d ()-]{5,16}\d(?!\w))
    """,
    re.VERBOSE,
)
_KNOWN_TYPES = {
    "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "text_link", "text_mention",
    "custom_emoji", "blockquote", "expandable_blockquote", "date_time",
}  # fmt: skip
_DETECTED_TYPES = {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bank_card_number"}
_OPAQUE = {"code", "pre", "text_link", "text_mention", "custom_emoji"}
_MARKDOWN = {"markdown", "markdownv2"}
_BYTES_LIMIT = 1 << 15


def formatted(text: str, parse_mode: str | None, entities: list[Any] | None) -> tuple[str, list[Entity]]:
    """What the bot wrote as plain text with entities, trimmed as Telegram trims it."""
    if len(text.encode("utf-8", "replace")) > _BYTES_LIMIT:
        raise bad("text is too long")
    mode = (parse_mode or "").lower()
    if text and mode and mode != "none":
        if mode in _MARKDOWN:
            raise bad(f"can't parse entities: {parse_mode} is not supported by this stand-in; use HTML")
        if mode != "html":
            raise bad("unsupported parse_mode")
        plain, found = parse_html(text)
    else:
        plain, found = text, [kept for entity in entities or [] if (kept := _entity(entity)) is not None]
    return with_detected(*tidied(plain, found))


def text_of(params: dict[str, Any]) -> tuple[str, list[Entity]]:
    """The text of a message, neither empty nor too long."""
    if not params.get("text"):
        raise bad("message text is empty")
    text, entities = formatted(params["text"], params.get("parse_mode"), params.get("entities"))
    if not text:
        raise bad("text must be non-empty")
    if utf16_length(text) > TEXT_LIMIT:
        raise bad("message is too long")
    return text, entities


def caption_of(params: dict[str, Any]) -> tuple[str, list[Entity]]:
    text, entities = formatted(params.get("caption", ""), params.get("parse_mode"), params.get("caption_entities"))
    if utf16_length(text) > CAPTION_LIMIT:
        raise bad("message caption is too long")
    return text, entities


def _entity(given: Any) -> Entity | None:
    problem = "can't parse MessageEntity: "
    if not isinstance(given, dict):
        raise bad(f"{problem}expected an Object")
    for name in ("offset", "length"):
        if not isinstance(given.get(name), int):
            raise bad(f'{problem}can\'t find field "{name}"')
    kind = str(given.get("type"))
    if kind in _DETECTED_TYPES:
        return None
    if kind not in _KNOWN_TYPES:
        raise bad(f"{problem}unsupported type specified")
    names = ("type", "offset", "length", "url", "user", "language", "custom_emoji_id")
    return {name: given[name] for name in names if name in given}


def tidied(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Without control characters and the space around; entities are moved and cut with it."""
    if "\r" in text:
        for match in reversed(list(re.finditer("\r", text))):
            entities = _without(entities, utf16_length(text[: match.start()]))
        text = text.replace("\r", "")
    text = _CONTROL.sub(" ", text)
    trimmed = text.rstrip()
    end = utf16_length(trimmed)
    start = len(trimmed) - len(trimmed.lstrip())
    kept = []
    for entity in entities:
        first = max(entity["offset"], start)
        last = min(entity["offset"] + entity["length"], end)
        if last > first:
            kept.append({**entity, "offset": first - start, "length": last - first})
    return trimmed.lstrip(), kept


def _without(entities: list[Entity], at: int) -> list[Entity]:
    return [
        {
            **entity,
            "offset": entity["offset"] - (entity["offset"] > at),
            "length": entity["length"] - (entity["offset"] <= at < entity["offset"] + entity["length"]),
        }
        for entity in entities
    ]


def with_detected(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Adds the commands, links, addresses and mentions that Telegram finds by itself."""
    taken = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] in _OPAQUE]
    found = list(entities)
    for match in _FOUND.finditer(text):
        matched = match.group()
        if match.lastgroup == "url":
            matched = matched.rstrip(".,:;!?)'\"")
        first = utf16_length(text[: match.start()])
        last = first + utf16_length(matched)
        if not any(begin < last and first < end for begin, end in taken):
            found.append({"type": match.lastgroup, "offset": first, "length": last - first})
    return text, sorted(found, key=lambda entity: (entity["offset"], -entity["length"]))


_TAGS = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
_SAFE = ("http://", "https://", "tg://", "mailto:", "tel:")


def render(text: str, entities: list[Entity]) -> str:
    """Safe HTML for the chat page: every character escaped, tags from a short list, links of safe schemes."""
    data = text.encode("utf-16-le", "surrogatepass")
    edges = sorted(
        {0, len(data) // 2}
        | {min(edge, len(data) // 2) for one in entities for edge in (one["offset"], one["offset"] + one["length"])}
    )
    pieces: list[str] = []
    opened: list[tuple[Entity, str]] = []
    for position, upto in zip(edges, [*edges[1:], edges[-1]], strict=True):
        reopen: list[Entity] = []
        while any(one["offset"] + one["length"] <= position for one, _ in opened):
            entity, closing = opened.pop()
            pieces.append(closing)
            if entity["offset"] + entity["length"] > position:
                reopen.insert(0, entity)
        starting = [one for one in entities if one["offset"] == position and one["length"] > 0]
        for entity in [*reopen, *starting]:
            if entity["offset"] + entity["length"] > position:
                tag, closing = _tag(entity, data)
                pieces.append(tag)
                opened.append((entity, closing))
        pieces.append(html.escape(data[position * 2 : upto * 2].decode("utf-16-le", "replace")))
    pieces.extend(closing for _, closing in reversed(opened))
    return "".join(pieces)


def _tag(entity: Entity, data: bytes) -> tuple[str, str]:
    kind = entity["type"]
    if kind in _TAGS:
        return f"<{_TAGS[kind]}>", f"</{_TAGS[kind]}>"
    if kind in {"text_link", "url", "email"}:
        first = entity["offset"] * 2
        written = data[first : first + entity["length"] * 2].decode("utf-16-le", "replace")
        url = entity.get("url") or (f"mailto:{written}" if kind == "email" else checked_link(written))
        if str(url).lower().startswith(_SAFE):
            return f'<a href="{html.escape(str(url))}" target="_blank" rel="noopener noreferrer">', "</a>"
    return f'<span class="{html.escape(str(kind))}">', "</span>"
