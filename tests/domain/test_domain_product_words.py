"""The rows by which products are found say what stands on them."""

from folk import NOW, some_folk
from sqlalchemy import select

from domain.product_edits import edit_product
from domain.product_making import make_product
from domain.products import add_product
from kit.money import Money
from store.database import Database
from store.models import Product, ProductWord


async def found_by(database: Database, product_id: int) -> tuple[set[str], set[str]]:
    """Its words and its tags; the words are those that stand on the product too."""
    async with database.reading() as session:
        product = await session.get_one(Product, product_id)
        rows = set(await session.scalars(select(ProductWord.word).where(ProductWord.product_id == product_id)))
    words = {word for word in rows if not word.startswith("#")}
    assert words == set(product.words.split())
    return words, {word.removeprefix("#") for word in rows - words}


async def test_a_product_is_found_by_what_stands_on_it_at_present(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        price = Money(1900, "usd")
        product = await add_product(session, creator_id=folk.creator, title="Crème brûlée", price=price, now=NOW)
    assert await found_by(database, product.id) == ({"crème", "creme", "brûlée", "brulee"}, set())
    async with database.transaction() as session:
        product = await session.get_one(Product, product.id)
        await edit_product(session, product, {"tags": ["sweet"], "category": "Desserts"}, now=NOW)
    words = {"crème", "creme", "brûlée", "brulee", "sweet", "desserts"}
    assert await found_by(database, product.id) == (words, {"sweet"})
    async with database.transaction() as session:
        product = await session.get_one(Product, product.id)
        await edit_product(session, product, {"title": "Custard", "tags": [], "price_minor": 500}, now=NOW)
    assert await found_by(database, product.id) == ({"custard", "desserts"}, set())
    async with database.transaction() as session:
        product = await session.get_one(Product, product.id)
        await edit_product(session, product, {"description": "Golden, and cold"}, now=NOW)
    assert await found_by(database, product.id) == ({"custard", "desserts", "golden", "and", "cold"}, set())


async def test_one_that_is_made_whole_is_found_by_all_of_it_and_many_may_have_one_title(database: Database):
    folk = await some_folk(database)
    slugs = []
    for _ in range(12):
        async with database.transaction() as session:
            made = await make_product(
                session, folk.creator, {"title": "Same", "price_minor": 500, "tags": ["A-b", "#c"]}, stock=3, now=NOW
            )
            slugs.append(made.slug)
    assert made.currency == "usd"
    assert (made.stock, made.initial, made.tags) == (3, 3, ["a-b", "c"])
    assert await found_by(database, made.id) == ({"same", "a", "b", "c"}, {"a-b", "c"})
    assert len(set(slugs)) == 12
    assert slugs[:3] == ["same", "same-2", "same-3"]
