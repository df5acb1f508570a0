"""What each part of an idea may be, checked and made as it is kept."""

import re
from collections.abc import Iterable, Sequence

from kit.errors import Invalid, NotFound, Reason
from kit.text import printable
from store.models import IdeaStage, Priority

TITLE_LENGTH = 200
NOTES_LENGTH = 5_000
MOST_TAGS = 20
TAG_LENGTH = 64
CHECK_LENGTH = 200
MOST_CHECKS = 100
MOST_PRODUCTS = 50
STAGE_PLACE = {stage: place for place, stage in enumerate(IdeaStage)}
PRIORITY_PLACE = {priority: place for place, priority in enumerate(Priority)}
_NOT_IN_TAGS = re.compile(r"[^\w-]+")


class NoSuchIdea(NotFound):
    code = "no_such_idea"


def no_such_idea(number: int | str) -> NoSuchIdea:
    return NoSuchIdea(f"you have no idea {number}", why=Reason("refused-no-idea", idea=str(number)))


def checked_title(title: str) -> str:
    """On one line. Raises Invalid."""
    title = " ".join(printable(title).split())
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Invalid(
            f"an idea's title has 1 to {TITLE_LENGTH} characters",
            fields={"title": f"1 to {TITLE_LENGTH} characters"},
            why=Reason("refused-idea-title", most=TITLE_LENGTH),
        )
    return title


def checked_notes(notes: str) -> str:
    """Raises Invalid."""
    notes = printable(notes).strip()
    if len(notes) > NOTES_LENGTH:
        raise Invalid(
            f"an idea's notes have at most {NOTES_LENGTH} characters",
            fields={"notes": f"at most {NOTES_LENGTH} characters"},
            why=Reason("refused-idea-notes", most=NOTES_LENGTH),
        )
    return notes


def normal_tag(tag: str) -> str:
    """As it is kept and looked for; empty when nothing of it is left."""
    return _NOT_IN_TAGS.sub("", tag.casefold())[:TAG_LENGTH]


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Sorted, each once. Raises Invalid."""
    normal = sorted({tag for each in tags if (tag := normal_tag(each))})
    if len(normal) > MOST_TAGS:
        raise Invalid(
            f"an idea has at most {MOST_TAGS} tags",
            fields={"tags": f"at most {MOST_TAGS}"},
            why=Reason("refused-idea-tags", most=MOST_TAGS),
        )
    return normal


def checked_check(what: str) -> str:
    """A line of a checklist. Raises Invalid."""
    what = " ".join(printable(what).split())
    if not 1 <= len(what) <= CHECK_LENGTH:
        raise Invalid(
            f"a line of a checklist has 1 to {CHECK_LENGTH} characters",
            fields={"what": f"1 to {CHECK_LENGTH} characters"},
            why=Reason("refused-idea-check", most=CHECK_LENGTH),
        )
    return what


def checked_products(product_ids: Sequence[int]) -> list[int]:
    """Each once. Raises Invalid."""
    each_once = sorted(set(product_ids))
    if len(each_once) > MOST_PRODUCTS:
        raise Invalid(
            f"an idea has at most {MOST_PRODUCTS} products",
            fields={"products": f"at most {MOST_PRODUCTS}"},
            why=Reason("refused-idea-products", most=MOST_PRODUCTS),
        )
    return each_once
