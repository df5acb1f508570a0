"""Patterns that creators ask of a typed text. Matching one takes a moment at most, whatever somebody types."""

from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

# characters of a text that is held against a pattern, and of the pattern
LONGEST_TEXT = 200
_LONGEST_PATTERN = 200
# in plain words, what the engine does not do, and some that it says in a way of its own
_REFUSED = {
    "look-around": "looks ahead or behind, which cannot be done; say in the pattern itself what may stand there",
    "backreferences": "refers back to a group, which cannot be done; write it out",
    "size limit": "repeats too much; ask for fewer repeats, or for smaller ones",
    "expects a valid decimal": "is no regular expression: a repeat is written like {2}, {2,} or {0,5}; a bracket, \\{",
}


def check_pattern(pattern: str) -> str:
    """Returns it unchanged. Raises ValueError when it is none, or has what would take more than a moment."""
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"a pattern has {_LONGEST_PATTERN} characters at most, this has {len(pattern)}")
    try:
        # by itself too: `a)|(b` must not find its brackets in ours
        _compiled(pattern)
        _compiled(_whole(pattern))
    except SchemaError as error:
        raise ValueError(_in_words(str(error))) from None
    return pattern


def fits(pattern: str, text: str) -> bool:
    """Whether all of `text`, and no more than LONGEST_TEXT of it, is as a checked pattern wants it."""
    return len(text) <= LONGEST_TEXT and _compiled(_whole(pattern)).isinstance_python(text)


def _whole(pattern: str) -> str:
    return rf"\A(?:{pattern})\z"


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> SchemaValidator:
    """Of pydantic's own engine, whose time grows with the text and never doubles with a letter, as Python's can.

    https://docs.rs/regex/latest/regex/#untrusted-input
    """
    return SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))


def _in_words(error: str) -> str:
    refused = next((said for sign, said in _REFUSED.items() if sign in error), None)
    return refused or f"is no regular expression: {error.rpartition('error: ')[2].strip()}"
