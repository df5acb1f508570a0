"""Licence keys that come as a file: fetched in the background, read, and gone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_waiting
from domain.licence_keys import Added, add_keys, read_keys
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.products import FETCHING, hold_product
from kit.errors import Invalid, Reason
from kit.tokens import new_reference
from store.database import wake
from store.models import FileHandle, FileRole, Product, StoredFile

# of the largest list of the longest keys
MOST_BYTES = 12 * 1024 * 1024
# in one transaction
MOST_IN_ONE = 500
_NO_TEXT = Reason("refused-key-file-text")


async def take_key_file(session: AsyncSession, product: Product, stored: StoredFile, *, now: datetime) -> None:
    """The file that was sent is a list of keys for this product; it is fetched soon. Raises Invalid for a large one."""
    if stored.size is not None and stored.size > MOST_BYTES:
        raise Invalid(
            f"a list of keys has up to {MOST_BYTES >> 20} MB", why=Reason("refused-key-file", most=MOST_BYTES >> 20)
        )
    stored.product_id, stored.role, stored.fetch_at, stored.loose_until = product.id, FileRole.KEYS, now, None
    await session.flush()
    wake(session, FETCHING)


def keys_of_file(content: bytes) -> list[str]:
    """The keys that stand in it. Raises Invalid."""
    try:
        return read_keys(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise Invalid("a list of keys is a text file", why=_NO_TEXT) from None


async def add_some_keys(session: AsyncSession, file_id: int, keys: Sequence[str], *, now: datetime) -> Added | None:
    """Some of the file's keys are the product's, and those who waited get theirs. Twice is a no-op.

    A list is taken in by parts of up to MOST_IN_ONE, since whoever pays meanwhile waits for each of them. None when
    somebody has dealt with the file already.
    """
    product = await _product_of(session, file_id)
    if product is None:
        return None
    added = await add_keys(session, product, keys, now=now)
    await deliver_waiting(session, product, now=now)
    return added


async def close_key_file(session: AsyncSession, file_id: int, added: Added, *, now: datetime) -> None:
    """All its keys are there: the file is kept nowhere, and the creator reads what came of it. Twice is a no-op."""
    product = await _take_away(session, file_id)
    if product is None:
        return

    def told(language: str) -> Message:
        values = {"title": product.title, "added": added.added, "doubled": added.doubled}
        return Message(text=say("keys-read", language, **values))

    await tell_creator(session, told, key=_told_once(), creator_id=product.creator_id, now=now)


async def refuse_key_file(session: AsyncSession, file_id: int, why: Reason, *, now: datetime) -> None:
    """No key of it was taken, and the creator reads why. Twice is a no-op."""
    product = await _take_away(session, file_id)
    if product is None:
        return

    def told(language: str) -> Message:
        return Message(text=say("keys-refused", language, title=product.title, why=plain_why(why, language)))

    await tell_creator(session, told, key=_told_once(), creator_id=product.creator_id, now=now)


def _told_once() -> str:
    """Whoever has taken the file away tells of it. Its number is another file's later: SQLite gives it out again."""
    return f"keys:{new_reference()}"


async def _take_away(session: AsyncSession, file_id: int) -> Product | None:
    """The product that the file is for; None when somebody has dealt with it already."""
    product = await _product_of(session, file_id)
    if product is not None:
        await session.execute(delete(FileHandle).where(FileHandle.file_id == file_id))
        await session.execute(delete(StoredFile).where(StoredFile.id == file_id))
    return product


async def _product_of(session: AsyncSession, file_id: int) -> Product | None:
    product_id = await session.scalar(select(StoredFile.product_id).where(StoredFile.id == file_id))
    if product_id is None:
        return None
    # products first, as everywhere
    await hold_product(session, product_id)
    stored = await session.get(StoredFile, file_id, with_for_update=True, populate_existing=True)
    if stored is None or stored.role is not FileRole.KEYS:
        return None
    return await session.get_one(Product, product_id)
