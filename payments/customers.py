"""What a rail calls a buyer, so that they need not type everything again."""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import insert_once
from store.models import Lead, Order, RailCustomer


async def known_customer(session: AsyncSession, order: Order) -> str | None:
    return await session.scalar(
        select(RailCustomer.reference).where(RailCustomer.lead_id == order.lead_id, RailCustomer.rail == order.rail)
    )


async def know_customer(session: AsyncSession, order: Order, reference: str) -> None:
    """The first name that a rail gives a buyer stays; a buyer who is forgotten has none."""
    forgotten = await session.scalar(select(Lead.forgotten_at).where(Lead.id == order.lead_id))
    if forgotten is None:
        values = {"lead_id": order.lead_id, "rail": order.rail, "reference": reference}
        await insert_once(session, RailCustomer, values)


async def forget_customer(session: AsyncSession, order: Order, reference: str) -> None:
    """The rail does not know them by this name any more."""
    known = await session.get(RailCustomer, (order.lead_id, order.rail), with_for_update=True)
    if known is not None and known.reference == reference:
        await session.execute(
            delete(RailCustomer).where(RailCustomer.lead_id == order.lead_id, RailCustomer.rail == order.rail)
        )
