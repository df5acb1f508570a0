from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import TransferProblem


async def problems_of(session: AsyncSession, transfer_id: int, paging: Paging) -> Page[TransferProblem]:
    """The rows of a file that were not taken, in the order of the file."""
    of_file = TransferProblem.transfer_id == transfer_id
    total = await session.scalar(select(func.count()).select_from(TransferProblem).where(of_file))
    found = select(TransferProblem).where(of_file).order_by(TransferProblem.row)
    return Page((await session.scalars(found.limit(paging.limit).offset(paging.offset))).all(), total or 0, paging)
