"""Telegram's HTML to plain text with entities: https://core.telegram.org/bots/api#html-style

Follows parse_html of td/telegram/MessageEntity.cpp, so that what Telegram refuses is refused in the same words.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from playground.telegram.errors import Refused, bad
from playground.telegram.links import checked_link

Entity = dict[str, Any]

_STYLES = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
}
_TAGS = {*_STYLES, "a", "code", "pre", "blockquote", "tg-emoji"}
_NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
_SPACE = b" \t\r\n\0\v"
_LONGEST_REFERENCE = 10
_LAST_CODE_POINT = 0x10FFFF
_HALF_A_PAIR = re.compile(r"[\ud800-\udfff]")


def _refuse(text: str) -> Refused:
    return bad(f"can't parse entities: {text}")


@dataclass
class _Open:
    tag: str
    argument: str
    offset: int
    begins: int


@dataclass
class _Parser:
    source: bytes
    position: int = 0
    pieces: list[str] = field(default_factory=list)
    offset: int = 0  # in UTF-16 units
    entities: list[Entity] = field(default_factory=list)
    nested: list[_Open] = field(default_factory=list)

    def parse(self) -> tuple[str, list[Entity]]:
        while self.position < len(self.source):
            if self.source[self.position] == ord("<"):
                self._tag()
            else:
                self._text()
        if self.nested:
            raise _refuse(f'Can\'t find end tag corresponding to start tag "{self.nested[-1].tag}"')
        text = "".join(self.pieces)
        if _HALF_A_PAIR.search(text):
            raise _refuse(
                "Text contains invalid Unicode characters after decoding HTML entities, "
                "check for unmatched surrogate code units"
            )
        return text, self.entities

    def _at(self, position: int) -> int:
        return self.source[position] if position < len(self.source) else 0

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self.offset += len(text.encode("utf-16-le", "surrogatepass")) // 2

    def _text(self) -> None:
        if self._at(self.position) == ord("&"):
            character, after = _reference(self.source, self.position)
            if character:
                self.position = after
            else:
                character = "&"
                self.position += 1
            self._add(character)
            return
        ends = [at for at in (self.source.find(b"<", self.position), self.source.find(b"&", self.position)) if at >= 0]
        end = min(ends, default=len(self.source))
        self._add(self.source[self.position : end].decode())
        self.position = end

    def _tag(self) -> None:
        begins = self.position
        if self._at(begins + 1) == ord("/"):
            self._end_tag(begins)
        else:
            self._start_tag(begins)

    def _word_end(self, position: int, stops: bytes) -> int:
        while position < len(self.source) and self.source[position] not in stops:
            position += 1
        return position

    def _skip_space(self, position: int) -> int:
        while position < len(self.source) and self.source[position] in _SPACE:
            position += 1
        return position

    def _start_tag(self, begins: int) -> None:
        end = self._word_end(begins + 1, _SPACE + b">")
        if end >= len(self.source):
            raise _refuse(f"Unclosed start tag at byte offset {begins}")
        tag = self.source[begins + 1 : end].decode().lower()
        if tag not in _TAGS:
            raise _refuse(f'Unsupported start tag "{tag}" at byte offset {begins}')
        argument = ""
        position = self._skip_space(end)
        while self._at(position) != ord(">"):
            name, value, position = self._attribute(tag, begins, position)
            argument = _argument(tag, name, value, argument)
            position = self._skip_space(position)
        if tag == "span" and argument != "spoiler":
            raise _refuse(f'Tag "span" must have class "tg-spoiler" at byte offset {begins}')
        self.nested.append(_Open(tag, argument, self.offset, len(self.pieces)))
        self.position = position + 1

    def _attribute(self, tag: str, begins: int, position: int) -> tuple[str, str | None, int]:
        end = self._word_end(position, _SPACE + b"=>/\"'")
        name = self.source[position:end].decode()
        if not name:
            raise _refuse(f'Empty attribute name in the tag "{tag}" at byte offset {begins}')
        position = self._skip_space(end)
        if position >= len(self.source):
            raise _refuse(f'Unclosed start tag "{tag}" at byte offset {begins}')
        if self._at(position) != ord("="):
            return name, None, position
        position = self._skip_space(position + 1)
        if position >= len(self.source):
            raise _refuse(f'Unclosed start tag "{tag}" at byte offset {begins}')
        value, position = self._value(position)
        if position >= len(self.source):
            raise _refuse(f"Unclosed start tag at byte offset {begins}")
        return name, value, position

    def _value(self, position: int) -> tuple[str, int]:
        quote = self._at(position)
        if quote not in b"'\"":
            end = position
            while chr(self._at(end)).isascii() and (chr(self._at(end)).isalnum() or self._at(end) in b".-"):
                end += 1
            if self._at(end) not in _SPACE + b">":
                raise _refuse(f"Unexpected end of name token at byte offset {position}")
            return self.source[position:end].decode().lower(), end
        end = self.source.find(bytes([quote]), position + 1)
        if end < 0:
            return "", len(self.source)
        return _decoded(self.source[position + 1 : end]), end + 1

    def _end_tag(self, begins: int) -> None:
        if not self.nested:
            raise _refuse(f"Unexpected end tag at byte offset {begins}")
        end = self._word_end(begins + 2, _SPACE + b">")
        found = self.source[begins + 2 : end].decode().lower()
        end = self._skip_space(end)
        if self._at(end) != ord(">"):
            raise _refuse(f"Unclosed end tag at byte offset {begins}")
        opened = self.nested[-1]
        if found and found != opened.tag:
            raise _refuse(f'Unmatched end tag at byte offset {begins}, expected "</{opened.tag}>", found "</{found}>"')
        self.nested.pop()
        self.position = end + 1
        length = self.offset - opened.offset
        if length:
            self._close(opened, {"offset": opened.offset, "length": length})

    def _close(self, opened: _Open, where: Entity) -> None:
        last = self.entities[-1] if self.entities else {}
        same_place = last.get("offset") == where["offset"] and last.get("length") == where["length"]
        match opened.tag:
            case "a":
                url = checked_link(opened.argument or "".join(self.pieces[opened.begins :]))
                if url:
                    self.entities.append({"type": "text_link", **where, "url": url})
            case "pre" if same_place and last.get("type") == "code" and "language" in last:
                last["type"] = "pre"
            case "code" if same_place and last.get("type") == "pre" and opened.argument:
                last["language"] = opened.argument
            case "code" if opened.argument:
                self.entities.append({"type": "code", **where, "language": opened.argument})
            case "pre" | "code":
                self.entities.append({"type": opened.tag, **where})
            case "blockquote":
                kind = "expandable_blockquote" if opened.argument else "blockquote"
                self.entities.append({"type": kind, **where})
            case "tg-emoji":
                if not opened.argument.isdecimal() or not int(opened.argument):
                    raise _refuse("Invalid custom emoji identifier specified")
                self.entities.append({"type": "custom_emoji", **where, "custom_emoji_id": opened.argument})
            case style:
                self.entities.append({"type": _STYLES[style], **where})


def _argument(tag: str, name: str, value: str | None, argument: str) -> str:
    match tag, name:
        case "a", "href":
            return value or ""
        case "code", "class" if value and value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value and value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "tg-emoji", "emoji-id":
            return value or ""
        case "blockquote", "expandable":
            return "1"
        case _:
            return argument


def _reference(source: bytes, position: int) -> tuple[str, int]:
    """The character that `&...;` stands for and where it ends; an empty one when it stands for itself."""
    end = position + 1
    character = ""
    if source[end : end + 1] == b"#":
        hexadecimal = source[end + 1 : end + 2] == b"x"
        digits = b"0123456789abcdefABCDEF" if hexadecimal else b"0123456789"
        begins = end = end + (2 if hexadecimal else 1)
        while end < len(source) and source[end] in digits:
            end += 1
        number = int(source[begins:end] or b"0", 16 if hexadecimal else 10)
        if 0 < number < _LAST_CODE_POINT and end - position < _LONGEST_REFERENCE:
            character = chr(number)
    else:
        while end < len(source) and source[end : end + 1].isalpha():
            end += 1
        character = _NAMED.get(source[position + 1 : end], "")
    return character, end + (source[end : end + 1] == b";")


def _decoded(value: bytes) -> str:
    pieces: list[bytes] = []
    position = 0
    while (at := value.find(b"&", position)) >= 0:
        character, after = _reference(value, at)
        pieces.append(value[position:at])
        pieces.append(character.encode("utf-8", "replace") if character else b"&")
        position = after if character else at + 1
    return (b"".join(pieces) + value[position:]).decode()


def parse_html(marked_up: str) -> tuple[str, list[Entity]]:
    """Plain text and its entities, offsets in UTF-16 units. Raises Refused as Telegram does."""
    text, entities = _Parser(marked_up.encode("utf-8", "replace")).parse()
    for entity in entities:
        if entity["type"] == "code":
            entity.pop("language", None)  # a language counts on <pre> only
    return text, sorted(entities, key=lambda entity: (entity["offset"], -entity["length"]))
