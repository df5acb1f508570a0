"""Licence keys that come as a file: fetched in the background, read, and gone."""

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_waiting
from domain.licence_keys import add_keys, read_keys
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.products import FETCHING
from kit.errors import Invalid, Reason
from store.database import wake
from store.models import FileHandle, FileRole, Product, StoredFile

# of the largest list of the longest keys
MOST_BYTES = 12 * 1024 * 1024


async def take_key_file(session: AsyncSession, product: Product, stored: StoredFile, *, now: datetime) -> None:
    """The file that was sent is a list of keys for this product; it is fetched soon. Raises Invalid for a large one."""
    if stored.size is not None and stored.size > MOST_BYTES:
        raise Invalid(
            f"a list of keys has up to {MOST_BYTES >> 20} MB", why=Reason("refused-key-file", most=MOST_BYTES >> 20)
        )
    stored.product_id, stored.role, stored.fetch_at = product.id, FileRole.KEYS, now
    await session.flush()
    wake(session, FETCHING)


async def add_key_file(session: AsyncSession, file_id: int, content: bytes, *, now: datetime) -> None:
    """Its keys are the product's, and those who waited get theirs; the file is kept nowhere. Twice is a no-op."""
    try:
        keys = read_keys(content.decode("utf-8"))
    except UnicodeDecodeError:
        await refuse_key_file(session, file_id, Reason("refused-key-file-text"), now=now)
        return
    except Invalid as refusal:
        await refuse_key_file(session, file_id, refusal.why or Reason("refused-key-file-text"), now=now)
        return
    product = await _take_away(session, file_id)
    if product is None:
        return
    added = await add_keys(session, product, keys, now=now)
    await deliver_waiting(session, product, now=now)

    def told(language: str) -> Message:
        values = {"title": product.title, "added": added.added, "doubled": added.doubled}
        return Message(text=say("keys-read", language, **values))

    await tell_creator(session, told, key=f"keys:{file_id}", creator_id=product.creator_id, now=now)


async def refuse_key_file(session: AsyncSession, file_id: int, why: Reason, *, now: datetime) -> None:
    """No key of it was taken, and the creator reads why. Twice is a no-op."""
    product = await _take_away(session, file_id)
    if product is None:
        return

    def told(language: str) -> Message:
        return Message(text=say("keys-refused", language, title=product.title, why=plain_why(why, language)))

    await tell_creator(session, told, key=f"keys:{file_id}", creator_id=product.creator_id, now=now)


async def _take_away(session: AsyncSession, file_id: int) -> Product | None:
    """The product that the file is for; None when somebody has dealt with it already."""
    stored = await session.get(StoredFile, file_id, with_for_update=True, populate_existing=True)
    if stored is None or stored.product_id is None or stored.role is not FileRole.KEYS:
        return None
    product = await session.get_one(Product, stored.product_id)
    await session.execute(delete(FileHandle).where(FileHandle.file_id == file_id))
    await session.delete(stored)
    await session.flush()
    return product
