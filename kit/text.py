import html
import re
import unicodedata
from html.parser import HTMLParser

# Telegram counts text in UTF-16 code units: https://core.telegram.org/api/entities#entity-length
TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_TAG = re.compile(r"<[^>]*>")
_WORD = re.compile(r"\w+")
_NAME = re.compile(r"[\d_]")
# longer words are looked for by how they begin
WORD_LIMIT = 40


def escape(text: object) -> str:
    """What a person typed, made safe to stand inside Telegram's HTML."""
    return html.escape(str(text), quote=True)


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units, as Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def visible_length(marked_up: str) -> int:
    """Length in UTF-16 code units once HTML tags and entities are parsed away."""
    return utf16_length(unmarked(marked_up))


def unmarked(marked_up: str) -> str:
    """The text without its HTML tags and entities."""
    return html.unescape(_TAG.sub("", marked_up))


def shorten(text: str, limit: int) -> str:
    """Plain text cut to `limit` UTF-16 units, with an ellipsis where something was cut."""
    if utf16_length(text) <= limit:
        return text
    kept = text.encode("utf-16-le", "surrogatepass")[: (limit - 1) * 2].decode("utf-16-le", "ignore")
    return kept.rstrip() + "…"


def pages(marked_up: str, limit: int = TEXT_LIMIT) -> list[str]:
    """The text as one message or, where it is too long for one, cut between its lines into several.

    A line that is too long by itself stays whole.
    """
    found: list[str] = []
    for line in marked_up.split("\n"):
        if found and visible_length(f"{found[-1]}\n{line}") <= limit:
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return [page for page in found if page.strip()] or [marked_up]


def sentence(text: object) -> str:
    """A refusal's line as it stands in a message by itself: its first letter is a capital.

    A first word such as `utm_id` or `size2` is the name of something, and stays as it is written.
    """
    line = str(text)
    first = line.partition(" ")[0]
    return line if _NAME.search(first) else line[:1].upper() + line[1:]


def printable(text: str) -> str:
    """Without what no screen shows and no store keeps: NUL and other signs of control, halves of characters."""
    return "".join(each for each in text if each.isprintable() or each.isspace())


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens; empty when nothing of `text` survives."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60].strip("-")


def name_words(*names: str | None) -> set[str]:
    """The words of names as they are looked for: casefolded, and without accents for whoever types none."""
    words: set[str] = set()
    for name in names:
        for word in _WORD.findall((name or "").casefold()):
            bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
            words |= {word[:WORD_LIMIT], bare[:WORD_LIMIT]}
    return words - {""}


def search_words(text: str) -> list[str]:
    """The beginnings to look for among `name_words`: without accents, so that whoever types none finds all."""
    found = []
    for word in _WORD.findall(text.casefold()):
        bare = "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
        found.append((bare or word)[:WORD_LIMIT])
    return found


def plain_number(number: float) -> str:
    """All of its digits, and no point where there is nothing behind it."""
    return str(int(number)) if float(number).is_integer() else repr(float(number))


# https://core.telegram.org/bots/api#html-style
_KNOWN_TAGS = frozenset(
    {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "blockquote", "span"}
    | {"tg-spoiler", "tg-emoji"}
)


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _KNOWN_TAGS:
            raise ValueError(f"Telegram knows no <{tag}>; write &lt; for a plain <")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            raise ValueError(f"</{tag}> closes what is not open")
        self.open.pop()


def check_markup(text: str) -> str:
    """Returns it unchanged. Raises ValueError for what Telegram's HTML would refuse: an unknown or unclosed tag."""
    parser = _Markup()
    parser.feed(text)
    parser.close()
    if parser.open:
        raise ValueError(f"<{parser.open[-1]}> is never closed")
    return text
