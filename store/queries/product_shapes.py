"""The statements by which the public shop is searched: one for each shape that a question can have, built once."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
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


SORTED_BY: dict[ProductSort, ColumnElement[Any]] = {
    ProductSort.CREATED_AT: Product.__table__.c.created_at,
    ProductSort.PRICE: Product.__table__.c.price_minor,
    ProductSort.TITLE: Product.__table__.c.title,
    ProductSort.RATING: Product.__table__.c.rating_milli,
    ProductSort.POPULAR: Product.__table__.c.sold,
}
# in the words of the indexes, which SQLite compares letter by letter
LISTED = text("product.active AND product.archived_at IS NULL")
CONDITIONED = text("(product.active_from IS NOT NULL OR product.active_until IS NOT NULL OR product.kind = 'bundle')")
_NOW = bindparam("now", type_=Product.__table__.c.active_from.type)
NOW_ON_SALE = and_(
    or_(Product.active_from.is_(None), Product.active_from <= _NOW),
    or_(Product.active_until.is_(None), Product.active_until > _NOW),
    or_(Product.kind != ProductKind.BUNDLE, exists().where(BundleItem.bundle_id == Product.id)),
)
_COVER = (
    exists()
    .where(StoredFile.product_id == Product.id, StoredFile.role == FileRole.COVER)
    .where(StoredFile.replaced_at.is_(None), StoredFile.attached_at.is_not(None))
)
CARD = (
    Product.id,
    Product.slug,
    Product.title,
    Product.description,
    Product.kind,
    Product.price_minor,
    Product.currency,
    Product.compare_at_minor,
    Product.pay_what_you_want,
    Product.category,
    Product.tags,
    Product.stock,
    Product.active,
    Product.rating_sum,
    Product.rating_count,
    Product.created_at,
    Creator.slug.label("creator_slug"),
    Creator.name.label("creator_name"),
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


@lru_cache(maxsize=1000)
def page_statement(shape: Shape, way: Way) -> Select[Any]:
    """A page of it. What is narrow is looked at whole, and so tells its `total` too."""
    narrow = way is not Way.ORDER
    columns = (*CARD, func.count().over().label("total")) if narrow else CARD
    column: ColumnElement[Any] = SORTED_BY[shape.sort]
    by, then = (_Beside(column), _Beside(Product.__table__.c.id)) if narrow else (column, Product.__table__.c.id)
    order = (by.desc(), then.desc()) if shape.descending else (by.asc(), then.asc())
    return (
        select(*columns)
        .join(Creator, Creator.id == Product.creator_id)
        .where(LISTED, NOW_ON_SALE, *_filters(shape, way))
        .order_by(*order)
        .limit(bindparam("limit", type_=BigInteger))
        .offset(bindparam("offset", type_=BigInteger))
    )


@lru_cache(maxsize=1000)
def count_statement(shape: Shape, way: Way) -> Select[Any]:
    """How many there are: whatever is listed, which an index knows, without the few that are not on sale today."""
    filters = _filters(shape, way, _Use.COUNT)
    listed = select(func.count()).select_from(Product).where(LISTED, *filters).scalar_subquery()
    if way is not Way.ORDER:
        return select(func.count()).select_from(Product).where(LISTED, NOW_ON_SALE, *filters)
    off_sale = (
        select(func.count())
        .select_from(Product)
        .where(LISTED, CONDITIONED, not_(NOW_ON_SALE), *_filters(shape, way, _Use.CHECK))
        .scalar_subquery()
    )
    return select(listed - off_sale)


@lru_cache(maxsize=100)
def breadth(way: Way, shape: Shape, most: int) -> Select[Any]:
    """How many that filter lets through, up to `most`, by its index alone; a word is `word` to `word_end`."""
    match way:
        case Way.WORDS:
            entries = select(literal(1)).where(_begins_with("word"))
        case Way.TAGS:
            entries = select(literal(1)).where(_has_tag())
        case Way.CATEGORY:
            entries = select(literal(1)).select_from(Product).where(LISTED, Product.category == bindparam("category"))
        case Way.PRICE:
            entries = (
                select(literal(1)).select_from(Product).where(LISTED, *_prices(shape, Product.__table__.c.price_minor))
            )
        case _:
            of_creator = Product.creator_id == bindparam("creator_id")
            entries = select(literal(1)).select_from(Product).where(LISTED, of_creator)
    return select(func.count()).select_from(entries.limit(most).subquery())


class _Use(StrEnum):
    """What indexes the filters may use: those that fit the order, any, or none where few rows are looked at."""

    PAGE = "page"
    COUNT = "count"
    CHECK = "check"


def _filters(shape: Shape, way: Way, use: _Use = _Use.PAGE) -> list[ColumnElement[bool]]:
    """The one that is followed by its index, and the others beside it; the first word is the rarest."""
    table = Product.__table__.c
    freely = use is _Use.COUNT and way is Way.ORDER
    in_order = use is _Use.PAGE and way is Way.ORDER
    found: list[ColumnElement[bool]] = []

    def column(of: Way, name: str, *sorts: ProductSort) -> ColumnElement[Any]:
        plain = (way is of and use is not _Use.CHECK) or freely or (in_order and shape.sort in sorts)
        return table[name] if plain else _Beside(table[name])

    if shape.category:
        # two indexes have its products in an order of their own
        category = column(Way.CATEGORY, "category", ProductSort.CREATED_AT, ProductSort.PRICE)
        found.append(category == bindparam("category"))
    if shape.price:
        found += _prices(shape, column(Way.PRICE, "price_minor", ProductSort.PRICE))
    if shape.creator:
        found.append(column(Way.CREATOR, "creator_id") == bindparam("creator_id"))
    for number in range(shape.words):
        by_word = _begins_with(f"word_{number}")
        follow = number == 0 and use is not _Use.CHECK and (way is Way.WORDS or freely)
        found.append(table.id.in_(select(ProductWord.product_id).where(by_word)) if follow else _has(by_word))
    if shape.tags:
        follow = use is not _Use.CHECK and (way is Way.TAGS or (freely and not shape.words))
        found.append(table.id.in_(select(ProductWord.product_id).where(_has_tag())) if follow else _has(_has_tag()))
    return found


def _has(word: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(ProductWord.product_id == Product.id, word)


def _begins_with(name: str) -> ColumnElement[bool]:
    return and_(ProductWord.word >= bindparam(name), ProductWord.word < bindparam(f"{name}_end"))


def _has_tag() -> ColumnElement[bool]:
    return ProductWord.word.in_(bindparam("tags", expanding=True))


def _prices(shape: Shape, column: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if shape.least:
        found.append(column >= bindparam("least"))
    if shape.most:
        found.append(column <= bindparam("most"))
    return found
