"""The public shop: products by words, tags, category, price and creator, in any of five orders, however many there are.

Each filter is a range of an index. A few entries of each are counted first, which is kept a while, as only speed hangs
on it: the narrowest filter is followed when it is narrow, and otherwise the order itself is, row by row, until the page
is full. A narrow answer tells its total with the page; other totals are counted in the indexes.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, and_, bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.kept import Kept
from kit.paging import Page, Paging
from kit.text import search_words
from store.models import Creator, ProductVariant
from store.queries.product_shapes import (
    CARD,
    CREATOR,
    LAST,
    LISTED,
    NOW_ON_SALE,
    PRODUCT,
    ProductSort,
    Shape,
    Way,
    breadth,
    count_statement,
    page_statement,
)

MOST_WORDS = 5
# of so many rows each can be looked at
NARROW = 2000
_BREADTH_GOOD_FOR = timedelta(minutes=1)
_LARGEST_ID = 2**63 - 1
Totals = Callable[[Hashable, Callable[[], Awaitable[int]]], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """All that is given must hold; of `tags` any. Prices are in minor units; `creator` is a slug or a number."""

    search: str = ""
    category: str | None = None
    least: int | None = None
    most: int | None = None
    creator: str | None = None
    tags: Sequence[str] = ()
    sort: ProductSort = ProductSort.CREATED_AT
    descending: bool = True


async def search_products(
    session: AsyncSession, wanted: ProductFilter, paging: Paging, *, kept: Kept, totals: Totals, now: datetime
) -> Page[Row[Any]]:
    """Rows of `CARD` that anybody may see now. Ties end in the number, so that pages neither overlap nor leave out.

    `totals` counts by key, or knows how many there were a moment ago; in `kept` stands how narrow filters are.
    """
    words: Sequence[str] = search_words(wanted.search)[:MOST_WORDS]
    creator_id = None if wanted.creator is None else await _creator_of(session, wanted.creator)
    if (wanted.search and not words) or (wanted.creator is not None and creator_id is None):
        return Page([], 0, paging)
    shape = Shape(
        words=len(words),
        tags=bool(wanted.tags),
        category=wanted.category is not None,
        least=wanted.least is not None,
        most=wanted.most is not None,
        creator=creator_id is not None,
        sort=wanted.sort,
        descending=wanted.descending,
    )
    asked = {
        "category": wanted.category,
        "least": wanted.least,
        "most": wanted.most,
        "creator_id": creator_id,
        "tags": tuple(f"#{tag}" for tag in wanted.tags),
    }
    given = {name: value for name, value in asked.items() if value is not None and value != ()}
    way, words = await _way(session, shape, given, words, kept=kept, now=now)
    for number, word in enumerate(words):
        given |= {f"word_{number}": word, f"word_{number}_end": word + LAST}
    values = {**given, "now": now}
    rows = (
        await session.execute(page_statement(shape, way), {**values, "limit": paging.limit, "offset": paging.offset})
    ).all()
    seen = paging.offset + len(rows)
    if rows and way is not Way.ORDER:
        total = int(rows[0].total)
    elif len(rows) < paging.limit and (rows or not paging.offset):
        total = seen
    else:
        total = max(await totals(_key(given), lambda: _count(session, shape, way, values)), seen if rows else 0)
    return Page(rows, total, paging)


async def find_shown(session: AsyncSession, product_id: int, *, now: datetime) -> Row[Any] | None:
    """What the public sees of it, with `creator_id`, and in `shown` whether anybody may see it at present."""
    found: Row[Any] | None = (await session.execute(_ONE, {"product_id": product_id, "now": now})).one_or_none()
    return found


_VARIANT = ProductVariant.__table__.c
_ONE: Select[Any] = (
    select(
        *CARD,
        PRODUCT.c.creator_id,
        PRODUCT.c.active_until,
        exists().where(_VARIANT.product_id == PRODUCT.c.id, _VARIANT.archived_at.is_(None)).label("has_variants"),
        and_(LISTED, CREATOR.c.closed_at.is_(None), NOW_ON_SALE).label("shown"),
    )
    .join(CREATOR, CREATOR.c.id == PRODUCT.c.creator_id)
    .where(PRODUCT.c.id == bindparam("product_id"))
)


async def _creator_of(session: AsyncSession, text: str) -> int | None:
    """By slug, or else by number."""
    if (known := await session.scalar(_BY_SLUG, {"slug": text})) is not None:
        return known
    if text.isascii() and text.isdigit() and int(text) <= _LARGEST_ID:
        return await session.scalar(select(Creator.id).where(Creator.id == int(text)))
    return None


_BY_SLUG = select(Creator.id).where(Creator.slug == bindparam("slug"))


async def _way(
    session: AsyncSession,
    shape: Shape,
    given: Mapping[str, Any],
    words: Sequence[str],
    *,
    kept: Kept,
    now: datetime,
) -> tuple[Way, Sequence[str]]:
    """What to follow, and the words with the rarest first."""
    ordered_by_index = shape.category and shape.sort in {ProductSort.CREATED_AT, ProductSort.PRICE}
    if not shape.filters or (shape.filters == 1 and ordered_by_index):
        return Way.ORDER, words
    broad: dict[Way, int] = {}

    async def measure(way: Way, *names: str) -> None:
        values = {name: given[name] for name in names if name in given}
        broad[way] = await _breadth(session, shape, way, values, kept=kept, now=now)

    by_word = {
        word: await _breadth(session, shape, Way.WORDS, {"word": word, "word_end": word + LAST}, kept=kept, now=now)
        for word in words
    }
    words = sorted(words, key=lambda word: (by_word[word], word))
    if words:
        broad[Way.WORDS] = by_word[words[0]]
    if shape.tags:
        await measure(Way.TAGS, "tags")
    if shape.price:
        # one index has the prices of each category
        await measure(Way.PRICE, "least", "most", "category")
    elif shape.category:
        await measure(Way.CATEGORY, "category")
    if shape.creator:
        await measure(Way.CREATOR, "creator_id")
    way = min(broad, key=lambda each: broad[each])
    return (way if broad[way] < NARROW else Way.ORDER), words


async def _breadth(
    session: AsyncSession, shape: Shape, way: Way, values: Mapping[str, Any], *, kept: Kept, now: datetime
) -> int:
    key: Hashable = ("breadth", way, *sorted(values.items()))
    known = kept.find(key, good_for=_BREADTH_GOOD_FOR, now=now)
    if known is None:
        only = Shape(category="category" in values, least="least" in values, most="most" in values)
        known = await session.scalar(breadth(way, only, NARROW), values) or 0
        kept.keep(key, known, now=now)
    return int(known)


def _key(given: Mapping[str, Any]) -> Hashable:
    """Which of the shop is meant."""
    return ("products", *sorted(given.items()))


async def _count(session: AsyncSession, shape: Shape, way: Way, values: Mapping[str, Any]) -> int:
    """However it is sorted."""
    unsorted = Shape(shape.words, shape.tags, shape.category, shape.least, shape.most, shape.creator)
    return await session.scalar(count_statement(unsorted, way), values) or 0
