"""The files of posts: which may be one's, kept for as long as it is, and let go of after that."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.products import LOOSE_FOR
from domain.shown_files import MAY_BE_SHOWN
from kit.errors import NotFound, Reason
from store.database import count_changed
from store.models import IdeaPost, Shape, StoredFile

_OF_POST = exists().where(IdeaPost.file_id == StoredFile.id)


class NoSuchFile(NotFound):
    code = "no_such_file"


async def put_file(
    session: AsyncSession, post: IdeaPost, file_id: int | None, *, of_products: bool, now: datetime
) -> None:
    """The post has this file from now on, and lets go of the one before. The caller holds the post.

    It is one that was sent for something to take it, or that another post has, or, with `of_products`, one of a
    product: whatever else is stored is not for a channel. Raises NoSuchFile.
    """
    before = post.file_id
    if file_id == before:
        return
    await _hold(session, [each for each in (before, file_id) if each is not None])
    if file_id is not None:
        loose = StoredFile.product_id.is_(None) & (StoredFile.loose_until.is_not(None) | _OF_POST)
        may = (loose | StoredFile.product_id.is_not(None)) if of_products else loose
        theirs = (StoredFile.id == file_id, StoredFile.creator_id == post.creator_id, *MAY_BE_SHOWN, may)
        if not await count_changed(session, update(StoredFile).where(*theirs).values(loose_until=None)):
            raise NoSuchFile("there is no such file of yours", why=Reason("refused-post-no-file"))
    post.file_id = file_id
    await session.flush()
    if before is not None:
        await _loosen(session, [before], now=now)


async def let_files_go(session: AsyncSession, posts: Collection[IdeaPost], *, now: datetime) -> None:
    """Of posts that say nothing any more: what nothing else has goes after a day. The caller holds them."""
    files = {post.file_id for post in posts if post.file_id is not None}
    if not files:
        return
    await _hold(session, files)
    for post in posts:
        post.file_id = None
    await session.flush()
    await _loosen(session, files, now=now)


async def are_voices(session: AsyncSession, *file_ids: int | None) -> bool:
    """Whether any of them is a voice note, which Telegram lets nobody put into another's place."""
    voices = (StoredFile.id.in_([each for each in file_ids if each is not None]), StoredFile.shape == Shape.VOICE)
    return bool(await session.scalar(select(exists().where(*voices))))


async def _hold(session: AsyncSession, files: Collection[int]) -> None:
    """Whoever takes a file and whoever lets go of it take turns, in the order of their numbers."""
    held = select(StoredFile.id).where(StoredFile.id.in_(files)).order_by(StoredFile.id).with_for_update()
    await session.execute(held)


async def _loosen(session: AsyncSession, files: Collection[int], *, now: datetime) -> None:
    own = (StoredFile.id.in_(files), StoredFile.product_id.is_(None), StoredFile.forgetting_at.is_(None), ~_OF_POST)
    await session.execute(update(StoredFile).where(*own).values(loose_until=now + LOOSE_FOR))
