import pytest

from playground.telegram.errors import Refused
from playground.telegram.html import parse_html
from playground.telegram.text import render, text_of


@pytest.mark.parametrize(
    ("source", "refusal"),
    [
        ("é<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<b>a", 'Can\'t find end tag corresponding to start tag "b"'),
        ("a</b>", "Unexpected end tag at byte offset 1"),
        ("<b>a</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("a <b", "Unclosed start tag at byte offset 2"),
        ("<b>a</b", "Unclosed end tag at byte offset 4"),
        ("<span>a</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("<a href=http://x>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<a =x>y</a>", 'Empty attribute name in the tag "a" at byte offset 0'),
        (
            "&#xd83d;",
            "Text contains invalid Unicode characters after decoding HTML entities, "
            "check for unmatched surrogate code units",
        ),
        ("5 < 6", 'Unsupported start tag "" at byte offset 2'),
    ],
)
def test_broken_html_is_refused_in_telegrams_words(source, refusal):
    with pytest.raises(Refused) as refused:
        parse_html(source)
    assert refused.value.description == f"Bad Request: can't parse entities: {refusal}"


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("<b>x</b>", "x", [("bold", 0, 1)]),
        ("😀<i>x<u>y</u></i>", "😀xy", [("italic", 2, 2), ("underline", 3, 1)]),
        ("<strong>a</strong><em>b</em><ins>c</ins><del>d</del>", "abcd",
         [("bold", 0, 1), ("italic", 1, 1), ("underline", 2, 1), ("strikethrough", 3, 1)]),
        ('<span class="tg-spoiler">s</span><tg-spoiler>t</tg-spoiler>', "st", [("spoiler", 0, 1), ("spoiler", 1, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [("expandable_blockquote", 0, 1)]),
        ("&lt;&#65;&#x42;&quot;&nbsp;", '<AB"&nbsp;', []),
        ("<b></b>x", "x", []),
        ('<a href="localhost">x</a>', "x", []),
        ("<B>x</>", "x", [("bold", 0, 1)]),
    ],
)  # fmt: skip
def test_html_becomes_plain_text_and_entities_in_utf16_units(source, text, entities):
    plain, found = parse_html(source)
    assert plain == text
    assert [(one["type"], one["offset"], one["length"]) for one in found] == entities


def test_a_link_keeps_its_address_and_code_its_language():
    _, [link] = parse_html('<a href="https://e.com/?a=1&amp;b=2">x</a>')
    assert link["url"] == "https://e.com/?a=1&b=2"
    _, [code] = parse_html('<pre><code class="language-py">x</code></pre>')
    assert code == {"type": "pre", "offset": 0, "length": 1, "language": "py"}


def test_text_is_trimmed_with_its_entities_and_commands_and_links_are_found():
    text, entities = text_of({"text": " \n<b> a </b> /start https://x.y/z.\n", "parse_mode": "html"})
    assert text == "a  /start https://x.y/z."
    assert [(one["type"], one["offset"], one["length"]) for one in entities] == [
        ("bold", 0, 2),
        ("bot_command", 3, 6),
        ("url", 10, 13),
    ]


def test_what_is_shown_on_the_page_is_escaped_and_links_are_safe():
    entities = [
        {"type": "bold", "offset": 0, "length": 4},
        {"type": "italic", "offset": 2, "length": 4},
        {"type": "text_link", "offset": 8, "length": 1, "url": "javascript:alert(1)"},
    ]
    shown = render("<a>&b 😀x", entities)
    assert shown == '<b>&lt;a<i>&gt;&amp;</i></b><i>b </i>😀<span class="text_link">x</span>'
