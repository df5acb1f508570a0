"""What ideas are found by: the words of title and notes, in the full-text index of the database."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from kit.search_text import kept_words
from store.database import is_postgresql
from store.models import Idea

# the tables of migration 0006: an idea that is deleted takes its row along on either database
_FORGET = text("DELETE FROM idea_search WHERE rowid = :id")
_KEEP = text("INSERT INTO idea_search (rowid, words) VALUES (:id, :words)")
_KEEP_OR_CHANGE = text(
    "INSERT INTO idea_search (idea_id, words) VALUES (:id, array_to_tsvector(string_to_array(:words, ' '))) "
    "ON CONFLICT (idea_id) DO UPDATE SET words = excluded.words"
)


async def keep_search(session: AsyncSession, idea: Idea, *, new: bool = False) -> None:
    """In the transaction that gives the idea its title and notes; again is harmless, unless it is called `new`.

    Each word has the creator's number before it, so that what others write costs nothing.
    """
    words = " ".join(sorted(f"{idea.creator_id}x{word}" for word in kept_words(idea.title, idea.notes)))
    if is_postgresql(session):
        await session.execute(_KEEP_OR_CHANGE, {"id": idea.id, "words": words})
        return
    if not new:
        await session.execute(_FORGET, {"id": idea.id})
    await session.execute(_KEEP, {"id": idea.id, "words": words})
