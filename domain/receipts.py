from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Creator, Order


async def number_receipt(session: AsyncSession, order: Order) -> None:
    """Gives a paid order its creator's next number, without a gap. Twice is a no-op.

    Whoever comes second waits for the first one's transaction, so it stands last among what a payment does.
    """
    await session.execute(select(Creator.id).where(Creator.id == order.creator_id).with_for_update(key_share=True))
    last = select(func.max(Order.receipt_number)).where(Order.creator_id == order.creator_id)
    number = (await session.scalar(last) or 0) + 1
    await session.execute(
        update(Order).where(Order.id == order.id, Order.receipt_number.is_(None)).values(receipt_number=number)
    )
