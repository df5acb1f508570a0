"""The files that buyers of a product get: attached, replaced by a later version, taken away."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_file
from domain.products import FETCHING, GOODS, MOST_FETCHED, NoSuchProduct, find_product, hold_product
from kit.errors import Reason
from store.database import wake
from store.models import FileRole, Product, StoredFile


async def attach_file(
    session: AsyncSession, creator_id: int, file_id: int, product_id: int, *, now: datetime
) -> Product:
    """Buyers of the product get this file too from now on, and at once those who have had none yet.

    Where one of that name is there already, this is its next version and takes its place.
    """
    product = await find_product(session, creator_id, product_id)
    await hold_product(session, product_id)
    stored = await session.scalar(
        select(StoredFile).where(
            StoredFile.id == file_id,
            StoredFile.creator_id == creator_id,
            StoredFile.lead_id.is_(None),
            StoredFile.role == FileRole.GOODS,
            StoredFile.forgetting_at.is_(None),
        )
    )
    if stored is None:
        raise NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))
    of_that_name = (
        StoredFile.product_id == product_id,
        StoredFile.file_name == stored.file_name,
        StoredFile.role == FileRole.GOODS,
        StoredFile.id != file_id,
    )
    before = await session.scalar(select(func.max(StoredFile.version)).where(*of_that_name)) or 0
    await session.execute(
        update(StoredFile).where(*of_that_name, StoredFile.replaced_at.is_(None)).values(replaced_at=now)
    )
    stored.product_id, stored.attached_at, stored.replaced_at = product_id, now, None
    stored.version = before + 1
    if can_fetch(stored):
        stored.fetch_at = now
        wake(session, FETCHING)
    await session.flush()
    await deliver_file(session, product, stored, now=now)
    return product


def can_fetch(stored: StoredFile) -> bool:
    """Whether the bytes of what was sent are still to be had: Telegram hands out nothing larger to a bot."""
    return stored.blob is None and (stored.size is None or stored.size <= MOST_FETCHED)


async def remove_file(session: AsyncSession, product: Product, file_id: int, *, now: datetime) -> StoredFile:
    """Nobody gets it from now on. Raises NoSuchProduct for a file that buyers do not get."""
    await hold_product(session, product.id)
    stored = await session.scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.product_id == product.id, *GOODS)
    )
    if stored is None:
        raise NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))
    stored.replaced_at = now
    await session.flush()
    return stored
