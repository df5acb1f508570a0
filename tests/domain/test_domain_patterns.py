import re
import time

import pytest

from domain.flows.patterns import LONGEST_TEXT, check_pattern


@pytest.mark.parametrize(
    "pattern",
    [
        r"[A-Z]{2}\d+",
        r"\d{5}",
        r"@?[A-Za-z0-9._]{1,30}",
        r"\w+@\w+\.\w+",
        r"(?:Mo|Di|Mi)\b",
        r"\d+(-\d+)?",
        r"[^]]+",
        r"[]\]]*x",
        r"(ab)+",
        r"\(\d+\)",
        r"a{,5}",
        r"{}",
        r"(?P<year>\d{4})",
    ],
)
def test_a_pattern_that_ends_soon_is_taken(pattern: str):
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[", "no regular expression"),
        ("a{2}{3}", "no regular expression"),
        ("x" * 201, "200 characters at most"),
        (r"(a+)+$", "inside a repeat"),
        (r"(a|aa)+$", "inside a repeat"),
        (r"((a?)b)*", "inside a repeat"),
        (r"(?:\d+,){3}", "inside a repeat"),
        (r".*.*.*.*x", "too many ways"),
        (r"(a|b)" * 30, "too many ways"),
        (r"(a)\1", "refers back"),
        (r"(?=a)b", "looks ahead"),
        (r"(?i)abc", "looks ahead"),
        (r"(?P<a>x)(?P=a)", "looks ahead"),
    ],
)
def test_a_pattern_that_could_take_for_ever_is_refused(pattern: str, why: str):
    with pytest.raises(ValueError, match=re.escape(why)):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"\w*\w*\w*x", r"\d+\d*\d*x", r".{0,200}.{0,200}.{0,190}x"])
def test_the_worst_that_is_taken_ends_in_a_moment(pattern: str):
    compiled = re.compile(check_pattern(pattern))
    began = time.process_time()
    assert compiled.fullmatch("1" * LONGEST_TEXT) is None
    assert time.process_time() - began < 1.0


def test_one_repeat_inside_another_really_takes_for_ever():
    text = "a" * 22 + "!"
    began = time.process_time()
    assert re.fullmatch(r"(a+)+", text) is None
    bad = time.process_time() - began
    began = time.process_time()
    assert re.fullmatch(check_pattern(r"a+a*"), text) is None
    assert bad > 20 * (time.process_time() - began)
