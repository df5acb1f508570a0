"""The files that buyers of a product get: attached, replaced by a later version, taken away."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.deliveries import deliver_file
from domain.products import FETCHING, GOODS, MOST_FETCHED, NoSuchProduct, find_product, hold_product
from kit.errors import Conflict, Reason
from store.database import count_changed, wake
from store.models import FileRole, Product, StoredFile


class FileTaken(Conflict):
    """Another product has it."""

    code = "file_taken"


async def attach_file(
    session: AsyncSession, creator_id: int, file_id: int, product_id: int, *, now: datetime
) -> Product:
    """Buyers of the product get this file too from now on, and at once those who wait for files.

    Where one of that name is there already, this is its next version and takes its place. Raises NoSuchProduct, or
    FileTaken for one that another product has had: its buyers keep it.
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
        raise _none()
    # of two products tapped at once one has it
    own = update(StoredFile).where(
        StoredFile.id == file_id,
        StoredFile.product_id.is_(None) | (StoredFile.product_id == product_id),
        # one that came up by the API and waited too long may be going at this moment
        StoredFile.forgetting_at.is_(None),
    )
    if not await count_changed(session, own.values(product_id=product_id, loose_until=None)):
        await session.refresh(stored)
        if stored.forgetting_at is not None:
            raise _none()
        raise await _taken(session, stored)
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
    await session.refresh(stored)
    if stored.attached_at is None or stored.replaced_at is not None:
        stored.attached_at = now
    stored.replaced_at, stored.removed_at = None, None
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
    """Nobody gets it from now on, in no version: not what is on its way, nor by a link that is there.

    Raises NoSuchProduct for a file that buyers do not get.
    """
    await hold_product(session, product.id)
    stored = await session.scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.product_id == product.id, *GOODS)
    )
    if stored is None:
        raise _none()
    stored.replaced_at = now
    await session.flush()
    of_that_name = (
        StoredFile.product_id == product.id,
        StoredFile.file_name == stored.file_name,
        StoredFile.role == FileRole.GOODS,
    )
    await session.execute(
        update(StoredFile).where(*of_that_name, StoredFile.removed_at.is_(None)).values(removed_at=now)
    )
    await session.refresh(stored)
    return stored


def _none() -> NoSuchProduct:
    return NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))


async def _taken(session: AsyncSession, stored: StoredFile) -> FileTaken:
    title = await session.scalar(select(Product.title).where(Product.id == stored.product_id)) or ""
    return FileTaken(
        f"“{stored.file_name}” belongs to “{title}”; send it again for another product",
        why=Reason("refused-file-taken", name=stored.file_name, title=title),
    )
