"""The words and tags that products are found by, a row for each."""

from collections.abc import Iterable

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import insert_each_once
from store.models import ProductWord


async def note_words(session: AsyncSession, product_id: int, words: str, tags: Iterable[str]) -> None:
    """Of a product that had none: `words` as `domain.products.found_by` writes them."""
    found = sorted(_all(words, tags))
    await insert_each_once(session, ProductWord, [{"product_id": product_id, "word": word} for word in found])


async def keep_words(session: AsyncSession, product_id: int, words: str, tags: Iterable[str]) -> None:
    """From now on the product is found by these and by no others."""
    gone = delete(ProductWord).where(
        ProductWord.product_id == product_id, ProductWord.word.not_in(sorted(_all(words, tags)))
    )
    await session.execute(gone, execution_options={"synchronize_session": False})
    await note_words(session, product_id, words, tags)


def _all(words: str, tags: Iterable[str]) -> set[str]:
    return {*words.split(), *(f"#{tag}" for tag in tags)}
