"""However many products there are, a page of the shop is read along an index."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, insert, select, text

from kit.kept import Kept
from kit.paging import Paging
from store.database import Database
from store.models import Creator, Product, ProductWord
from store.queries.product_search import ProductFilter, search_products
from store.queries.product_shapes import ProductSort, Shape, Way, count_statement, page_statement

DAY = timedelta(days=1)
NOON = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
MANY = 3000
INDEXES = {
    ProductSort.CREATED_AT: "ix_product_listed_new",
    ProductSort.PRICE: "ix_product_listed_price",
    ProductSort.TITLE: "ix_product_listed_title",
    ProductSort.RATING: "ix_product_listed_rating",
    ProductSort.POPULAR: "ix_product_listed_sold",
}


async def _fill(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Creator(slug="ada", name="Ada", currency="usd", time_zone="UTC", created_at=NOON))
        await session.flush()
        rows = [
            {
                "creator_id": 1,
                "slug": f"p-{number}",
                "title": f"P {number * 7919 % MANY}",
                "description": "",
                "currency": "usd",
                "price_minor": number * 31 % 5000,
                "category": f"cat{number % 10}",
                "rating_milli": number * 17 % 5000,
                "sold": number * 13 % 1000,
                "created_at": NOON,
            }
            for number in range(MANY)
        ]
        await session.execute(insert(Product), rows)
        words = [
            {"product_id": number + 1, "word": word} for number in range(MANY) for word in ("all", f"w{number // 3}")
        ]
        await session.execute(insert(ProductWord), words)
    async with database.engine.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))


async def _plan(database: Database, statement: Select[Any], **values: Any) -> str:
    async with database.reading() as session:
        dialect = session.get_bind().dialect
        given = {"now": NOON, "limit": 20, "offset": 0, **values}
        asked = statement.params(
            {name: given[name] for name in statement.compile(dialect=dialect).params if name in given}
        )
        words = str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
        way = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
        connection = await session.connection()
        return "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(f"{way} {words}"))


def _sorted_by_hand(plan: str) -> bool:
    return "TEMP B-TREE" in plan or "Sort" in plan


async def test_a_page_is_read_along_an_index_and_nothing_is_put_in_order(database: Database):
    await _fill(database)
    for sort, index in INDEXES.items():
        for descending in (True, False):
            plan = await _plan(database, page_statement(Shape(sort=sort, descending=descending), Way.ORDER))
            assert index in plan, (sort, plan)
            assert not _sorted_by_hand(plan), (sort, plan)
    for sort, index in (
        (ProductSort.CREATED_AT, "ix_product_listed_category"),
        (ProductSort.PRICE, "ix_product_listed_category_price"),
    ):
        shape = Shape(category=True, sort=sort)
        plan = await _plan(database, page_statement(shape, Way.ORDER), category="cat3")
        assert index in plan, plan
        assert not _sorted_by_hand(plan), plan
    own = select(Product.id).where(Product.creator_id == 1, Product.archived_at.is_(None))
    plan = await _plan(database, own.order_by(Product.id.desc()).limit(20))
    assert not _sorted_by_hand(plan), plan


async def test_what_is_narrow_is_found_by_its_own_index(database: Database):
    await _fill(database)
    word = {"word_0": "w5", "word_0_end": "w5\U0010ffff"}
    shape = Shape(words=1, category=True, sort=ProductSort.RATING)
    plan = await _plan(database, page_statement(shape, Way.WORDS), category="cat3", **word)
    assert "ix_product_word_word" in plan, plan
    assert not database.is_sqlite or "ix_product_listed_category" not in plan, plan
    shape = Shape(least=True, most=True, sort=ProductSort.TITLE)
    plan = await _plan(database, page_statement(shape, Way.PRICE), least=100, most=110)
    assert "ix_product_listed_price" in plan, plan
    # what broad filters let through is met along the order, whatever SQLite would guess of them
    shape = Shape(words=1, category=True, sort=ProductSort.TITLE)
    if database.is_sqlite:
        plan = await _plan(database, page_statement(shape, Way.ORDER), category="cat3", **word)
        assert "ix_product_listed_title" in plan, plan
        assert not _sorted_by_hand(plan), plan
        counted = await _plan(database, count_statement(Shape(category=True), Way.ORDER), category="cat3")
        assert "ix_product_conditioned" in counted, counted


async def test_what_is_narrow_is_measured_once_a_minute(database: Database):
    await _fill(database)
    kept, asked = Kept(), ProductFilter(search="w5 all", category="cat3")
    counted = 0

    async def totals(_key: Hashable, count: Callable[[], Awaitable[int]]) -> int:
        nonlocal counted
        counted += 1
        return await count()

    async with database.reading() as session:
        by_words = await search_products(session, asked, Paging(2), kept=kept, totals=totals, now=NOON)
        assert by_words.total > 2
        assert counted == 0
        assert kept.find(("breadth", Way.WORDS, ("word", "w5"), ("word_end", "w5\U0010ffff")), good_for=DAY, now=NOON)
        everything = await search_products(session, ProductFilter(), Paging(2), kept=kept, totals=totals, now=NOON)
        assert (everything.total, counted) == (MANY, 1)


def test_what_is_kept_goes_by_age_and_by_number():
    kept = Kept(most=2)
    for number in range(3):
        kept.keep(number, f"value {number}", now=NOON)
    assert [kept.find(number, good_for=DAY, now=NOON) for number in range(3)] == [None, "value 1", "value 2"]
    assert kept.find(2, good_for=DAY, now=NOON + DAY) is None
    assert kept.find(2, good_for=DAY, now=NOON - timedelta(seconds=1)) is None
