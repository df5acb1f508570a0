"""The statements by which the public shop is searched: one for each shape that a question can have, built once."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal

from store.models import BundleItem, Creator, FileRole, Product, ProductKind, ProductWord, StoredFile

# a word and all that begin with it: no character is larger
LAST = "\U0010ffff"


class ProductSort(StrEnum):
    CREATED_AT = "created_at"
    PRICE = "price"
    TITLE = "title"
    RATING = "rating"
    POPULAR = "popular"


class Way(StrEnum):
    """What is followed through the store: the order until the page is full, or all that one filter lets through."""

    ORDER = "order"
    WORDS = "words"
    TAGS = "tags"
    CATEGORY = "category"
    PRICE = "price"
    CREATOR = "creator"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which filters a question has, and in what order its answer is."""

    words: int = 0
    tags: bool = False
    category: bool = False
    least: bool = False
    most: bool = False
    creator: bool = False
    sort: ProductSort = ProductSort.CREATED_AT
    descending: bool = True

    @property
    def price(self) -> bool:
        return self.least or self.most

    @property
    def filters(self) -> int:
        return self.words + self.tags + self.category + self.price + self.creator


# tables and not classes: rows are read as they are, without what the mapper would do for each
PRODUCT, CREATOR = Product.__table__, Creator.__table__
_WORD, _INSIDE, _FILE = ProductWord.__table__, BundleItem.__table__, StoredFile.__table__
SORTED_BY: dict[ProductSort, ColumnElement[Any]] = {
    ProductSort.CREATED_AT: PRODUCT.c.created_at,
    ProductSort.PRICE: PRODUCT.c.price_minor,
    ProductSort.TITLE: PRODUCT.c.title,
    ProductSort.RATING: PRODUCT.c.rating_milli,
    ProductSort.POPULAR: PRODUCT.c.sold,
}
# in the words of the indexes, which SQLite compares letter by letter
LISTED = text("product.active AND product.archived_at IS NULL")
CONDITIONED = text("(product.active_from IS NOT NULL OR product.active_until IS NOT NULL OR product.kind = 'bundle')")
_NOW = bindparam("now", type_=PRODUCT.c.active_from.type)
NOW_ON_SALE = and_(
    or_(PRODUCT.c.active_from.is_(None), PRODUCT.c.active_from <= _NOW),
    or_(PRODUCT.c.active_until.is_(None), PRODUCT.c.active_until > _NOW),
    or_(PRODUCT.c.kind != ProductKind.BUNDLE, exists().where(_INSIDE.c.bundle_id == PRODUCT.c.id)),
)
# a handful at most, by an index of their own
CLOSED = select(CREATOR.c.id).where(CREATOR.c.closed_at.is_not(None)).correlate(None)
_COVER = (
    exists()
    .where(_FILE.c.product_id == PRODUCT.c.id, _FILE.c.role == FileRole.COVER)
    .where(_FILE.c.replaced_at.is_(None), _FILE.c.attached_at.is_not(None))
)
CARD = (
    PRODUCT.c.id,
    PRODUCT.c.slug,
    PRODUCT.c.title,
    PRODUCT.c.description,
    PRODUCT.c.kind,
    PRODUCT.c.price_minor,
    PRODUCT.c.currency,
    PRODUCT.c.compare_at_minor,
    PRODUCT.c.pay_what_you_want,
    PRODUCT.c.category,
    PRODUCT.c.tags,
    PRODUCT.c.stock,
    PRODUCT.c.active,
    PRODUCT.c.rating_sum,
    PRODUCT.c.rating_count,
    PRODUCT.c.created_at,
    CREATOR.c.slug.label("creator_slug"),
    CREATOR.c.name.label("creator_name"),
    _COVER.label("has_image"),
)


class _Beside(ColumnElement[Any]):
    """A column of which SQLite is to use no index: https://www.sqlite.org/optoverview.html#disqualifying_where_clause

    PostgreSQL knows by itself how much a filter lets through.
    """

    inherit_cache = True
    _traverse_internals = [("column", InternalTraversal.dp_clauseelement)]  # noqa: RUF012 - SQLAlchemy asks for a list

    def __init__(self, column: ColumnElement[Any]) -> None:
        self.column = column
        self.type = column.type


@compiles(_Beside)
def _as_it_is(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.column, **options)


@compiles(_Beside, "sqlite")
def _without_index(element: _Beside, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.column, **options)}"


class _Gathered(ColumnElement[bool]):
    """A number that is one of a few: gathered first, and each looked up.

    PostgreSQL would else take so many for worth reading the whole table.
    """

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy asks for a list
        ("column", InternalTraversal.dp_clauseelement),
        ("few", InternalTraversal.dp_clauseelement),
    ]

    def __init__(self, column: ColumnElement[Any], few: Select[Any]) -> None:
        self.column, self.few = column, few
        self.type = Boolean()


@compiles(_Gathered)
def _is_in(element: _Gathered, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.column.in_(element.few), **options)


@compiles(_Gathered, "postgresql")
def _is_any(element: _Gathered, compiler: SQLCompiler, **options: Any) -> str:
    few = compiler.process(element.few.scalar_subquery(), **options)
    return f"{compiler.process(element.column, **options)} = ANY (ARRAY{few})"


# beside whatever is followed
SHUT = _Beside(PRODUCT.c.creator_id).in_(CLOSED)


@lru_cache(maxsize=1000)
def page_statement(shape: Shape, way: Way) -> Select[Any]:
    """A page of it. What is narrow is looked at whole, and so tells its `total` too."""
    narrow = way is not Way.ORDER
    column: ColumnElement[Any] = SORTED_BY[shape.sort]
    by, then = (_Beside(column), _Beside(PRODUCT.c.id)) if narrow else (column, PRODUCT.c.id)
    order = (by.desc(), then.desc()) if shape.descending else (by.asc(), then.asc())
    # only the numbers are put in order, and the page's own cards are read then: to sort whole cards takes twice as long
    first = select(PRODUCT.c.id, func.count().over().label("total")) if narrow else select(*CARD).join(CREATOR)
    page = (
        first.where(LISTED, NOW_ON_SALE, ~SHUT, *_filters(shape, way))
        .order_by(*order)
        .limit(bindparam("limit", type_=BigInteger))
        .offset(bindparam("offset", type_=BigInteger))
    )
    if not narrow:
        return page
    found = page.subquery("page")
    return select(*CARD, found.c.total).join(CREATOR).join(found, found.c.id == PRODUCT.c.id).order_by(*order)


@lru_cache(maxsize=1000)
def count_statement(shape: Shape, way: Way) -> Select[Any]:
    """How many there are: whatever is listed, which an index knows, without the few that are not on sale today."""
    filters = _filters(shape, way, _Use.COUNT)
    listed = select(func.count()).select_from(PRODUCT).where(LISTED, *filters).scalar_subquery()
    if way is not Way.ORDER:
        return select(func.count()).select_from(PRODUCT).where(LISTED, NOW_ON_SALE, ~SHUT, *filters)
    off_sale = (
        select(func.count())
        .select_from(PRODUCT)
        .where(LISTED, CONDITIONED, not_(NOW_ON_SALE), *_filters(shape, way, _Use.CHECK))
        .scalar_subquery()
    )
    shut = (
        select(func.count())
        .select_from(PRODUCT)
        .where(LISTED, NOW_ON_SALE, PRODUCT.c.creator_id.in_(CLOSED), *_filters(shape, way, _Use.CHECK))
        .scalar_subquery()
    )
    return select(listed - off_sale - shut)


@lru_cache(maxsize=100)
def breadth(way: Way, shape: Shape, most: int) -> Select[Any]:
    """How many that filter lets through, up to `most`, by its index alone; a word is `word` to `word_end`."""
    match way:
        case Way.WORDS:
            entries = select(literal(1)).where(_begins_with("word"))
        case Way.TAGS:
            entries = select(literal(1)).where(_has_tag())
        case Way.CATEGORY:
            entries = select(literal(1)).select_from(PRODUCT).where(LISTED, PRODUCT.c.category == bindparam("category"))
        case Way.PRICE:
            in_category = [PRODUCT.c.category == bindparam("category")] if shape.category else []
            prices = _prices(shape, PRODUCT.c.price_minor)
            entries = select(literal(1)).select_from(PRODUCT).where(LISTED, *in_category, *prices)
        case _:
            of_creator = PRODUCT.c.creator_id == bindparam("creator_id")
            entries = select(literal(1)).select_from(PRODUCT).where(LISTED, of_creator)
    return select(func.count()).select_from(entries.limit(most).subquery())


class _Use(StrEnum):
    """What indexes the filters may use: those that fit the order, any, or none where few rows are looked at."""

    PAGE = "page"
    COUNT = "count"
    CHECK = "check"


def _filters(shape: Shape, way: Way, use: _Use = _Use.PAGE) -> list[ColumnElement[bool]]:
    """The one that is followed by its index, and the others beside it; the first word is the rarest."""
    table = PRODUCT.c
    freely = use is _Use.COUNT and way is Way.ORDER
    in_order = use is _Use.PAGE and way is Way.ORDER
    found: list[ColumnElement[bool]] = []

    def column(of: Sequence[Way], name: str, *sorts: ProductSort) -> ColumnElement[Any]:
        plain = (way in of and use is not _Use.CHECK) or freely or (in_order and shape.sort in sorts)
        return table[name] if plain else _Beside(table[name])

    if shape.category:
        # two indexes have its products in an order of their own, one of them by price
        category = column((Way.CATEGORY, Way.PRICE), "category", ProductSort.CREATED_AT, ProductSort.PRICE)
        found.append(category == bindparam("category"))
    if shape.price:
        found += _prices(shape, column((Way.PRICE,), "price_minor", ProductSort.PRICE))
    if shape.creator:
        found.append(column((Way.CREATOR,), "creator_id") == bindparam("creator_id"))
    for number in range(shape.words):
        by_word = _begins_with(f"word_{number}")
        follow = number == 0 and use is not _Use.CHECK and (way is Way.WORDS or freely)
        found.append(_among(select(_WORD.c.product_id).where(by_word), way) if follow else _has(by_word))
    if shape.tags:
        follow = use is not _Use.CHECK and (way is Way.TAGS or (freely and not shape.words))
        found.append(_among(select(_WORD.c.product_id).where(_has_tag()), way) if follow else _has(_has_tag()))
    return found


def _among(numbers: Select[Any], way: Way) -> ColumnElement[bool]:
    return PRODUCT.c.id.in_(numbers) if way is Way.ORDER else _Gathered(PRODUCT.c.id, numbers)


def _has(word: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_WORD.c.product_id == PRODUCT.c.id, word)


def _begins_with(name: str) -> ColumnElement[bool]:
    return and_(_WORD.c.word >= bindparam(name), _WORD.c.word < bindparam(f"{name}_end"))


def _has_tag() -> ColumnElement[bool]:
    return _WORD.c.word.in_(bindparam("tags", expanding=True))


def _prices(shape: Shape, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if shape.least:
        found.append(column >= bindparam("least"))
    if shape.most:
        found.append(column <= bindparam("most"))
    return found
