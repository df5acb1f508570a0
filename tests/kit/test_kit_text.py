import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.text import escape, sentence, shorten, slugify, utf16_length, visible_length


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_never_passes_the_limit_and_never_splits_a_character(text: str, limit: int):
    short = shorten(text, limit)
    assert utf16_length(short) <= limit
    short.encode("utf-8")
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.text(alphabet="a😀é\n "), st.integers(1, 10))
def test_a_text_of_odd_widths_is_cut_between_characters(text: str, limit: int):
    assert utf16_length(shorten(text, limit)) <= limit
    assert set(shorten(text, limit)) <= set(text) | {"…"}


def test_a_text_that_fits_is_left_alone():
    assert shorten("😀😀", 4) == "😀😀"
    assert shorten("😀😀", 3) == "😀…"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("there is no flow", "There is no flow"),
        ("utm_foo is none of them", "utm_foo is none of them"),
        ("size2 is a number", "size2 is a number"),
        ("<code>size</code> is a number", "<code>size</code> is a number"),
        ("“x” is no tag", "“x” is no tag"),
        ("ärgerlich", "Ärgerlich"),
        ("", ""),
    ],
)
def test_a_line_begins_with_a_capital_but_for_the_name_of_something(line: str, told: str):
    assert sentence(line) == told


def test_lone_surrogates_do_no_harm():
    assert utf16_length("\ud800") == 1
    assert shorten("\ud800" * 9, 3) == "…"


@given(st.text())
def test_a_slug_is_plain_and_making_it_again_changes_nothing(text: str):
    slug = slugify(text)
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug)
    assert len(slug) <= 60
    assert slugify(slug) == slug


@pytest.mark.parametrize(
    ("text", "slug"), [("Preset pack", "preset-pack"), ("  A/B -- test! ", "a-b-test"), ("写真", ""), ("", "")]
)
def test_a_title_becomes_a_slug(text: str, slug: str):
    assert slugify(text) == slug


@given(st.text())
def test_whatever_a_person_typed_is_text_and_no_markup(text: str):
    safe = escape(text)
    assert not set(safe) & set("<>\"'")
    assert html.unescape(safe) == text or "&" in text
    assert re.sub(r"&(amp|lt|gt|quot|#x27);", "", safe).count("&") == 0


def test_tags_and_entities_do_not_count_as_length():
    assert visible_length("<b>Tom &amp; 😀</b>") == len("Tom & ") + 2
