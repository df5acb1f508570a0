from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import FileRole, StoredFile

# as in domain.products, which this floor does not know
_GOODS = (StoredFile.role == FileRole.GOODS, StoredFile.replaced_at.is_(None), StoredFile.forgetting_at.is_(None))


async def page_of_files(session: AsyncSession, product_id: int, paging: Paging) -> Page[StoredFile]:
    """What buyers of the product get, each in its newest version, as they were first attached."""
    which = (StoredFile.product_id == product_id, *_GOODS)
    total = await session.scalar(select(func.count()).select_from(StoredFile).where(*which))
    query = select(StoredFile).where(*which).order_by(StoredFile.id).limit(paging.limit).offset(paging.offset)
    return Page((await session.scalars(query)).all(), total or 0, paging)
