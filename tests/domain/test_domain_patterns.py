import re
import time

import pytest

from domain.flows.patterns import LONGEST_TEXT, check_pattern, fits


@pytest.mark.parametrize(
    ("pattern", "fitting", "other"),
    [
        (r"[A-Z]{2}\d+", "AB1", "AB1x"),
        (r"\d{5}", "12345", "123456"),
        (r"@?[A-Za-z0-9._]{1,30}", "@ada.l", "@"),
        (r"\w+@\w+\.\w+", "ä@ö.ü", "ä@ö"),
        (r"(?:Mo|Di|Mi)\b", "Di", "Do"),
        (r"\d+(-\d+)?", "1-2", "1-"),
        (r"[^]]+", "a", "]"),
        (r"[]\]]*x", "]]x", "]]"),
        (r"(ab)+", "abab", "aba"),
        (r"\(\d+\)", "(1)", "1"),
        (r"a{0,5}", "aaaaa", "aaaaaa"),
        (r"\{\}", "{}", "{"),
        (r"(?P<year>\d{4})", "2026", "226"),
        (r"(?i)abc", "ABC", "ABD"),
        (r"a|bc", "bc", "abc"),
        (r"^ab$", "ab", "ab\n"),
        (r"(?m)^ab$", "ab", "x\nab"),
        (r"\d+", "٣", "x"),
        (r"(a+)+", "aaa", "aab"),
    ],
)
def test_a_pattern_is_for_the_whole_text(pattern: str, fitting: str, other: str):
    assert check_pattern(pattern) == pattern
    assert fits(pattern, fitting)
    assert not fits(pattern, other)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[", "is no regular expression: unclosed character class"),
        ("a)|(b", "is no regular expression: unopened group"),
        (r"a\Z", "is no regular expression: unrecognized escape sequence"),
        (r"(a{,}){,}b", "a repeat is written like {2}, {2,} or {0,5}"),
        ("x" * 201, "200 characters at most, this has 201"),
        (r"(a)\1", "refers back to a group"),
        (r"(?P<a>x)(?P=a)", "is no regular expression"),
        (r"(?=a)b", "looks ahead or behind"),
        (r"(?<!a)b", "looks ahead or behind"),
        (r"(\w{50}){50}", "repeats too much"),
    ],
)
def test_what_cannot_be_matched_in_a_moment_is_refused_in_one_line(pattern: str, why: str):
    with pytest.raises(ValueError, match=re.escape(why)) as refused:
        check_pattern(pattern)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+b", r"(a|aa)+b", r"(a*)*b", r"((a?)b?)*c", r"\w*\w*\w*x", r"(.*)(.*)(.*)(.*)(.*)x", r"(a{0,}){0,}b"],
)
def test_no_text_keeps_a_pattern_busy(pattern: str):
    text = "a" * LONGEST_TEXT
    began = time.process_time()
    assert not fits(check_pattern(pattern), text)
    assert time.process_time() - began < 0.5


def test_by_pythons_own_engine_one_repeat_inside_another_takes_for_ever():
    text = "a" * 22 + "!"
    began = time.process_time()
    assert re.fullmatch(r"(a{,}){,}", text) is None
    bad = time.process_time() - began
    began = time.process_time()
    assert not fits(check_pattern(r"(a{0,}){0,}"), text)
    assert bad > 20 * (time.process_time() - began)


def test_a_text_longer_than_what_is_looked_at_fits_none():
    assert fits("a+", "a" * LONGEST_TEXT)
    assert not fits("a+", "a" * (LONGEST_TEXT + 1))


def test_half_a_letter_fits_none():
    assert not fits(".*", "a\ud800")
