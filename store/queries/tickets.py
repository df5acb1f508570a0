from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Ticket, TicketState


async def list_tickets(session: AsyncSession, creator_id: int, state: TicketState, paging: Paging) -> Page[Ticket]:
    """Those of one creator that stand so. Of the open ones the longest waiting come first, of the solved the newest."""
    held = (Ticket.creator_id == creator_id, Ticket.state == state)
    total = await session.scalar(select(func.count()).select_from(Ticket).where(*held))
    order = Ticket.id if state == TicketState.OPEN else Ticket.id.desc()
    rows = await session.scalars(select(Ticket).where(*held).order_by(order).limit(paging.limit).offset(paging.offset))
    return Page(rows.all(), total or 0, paging)


async def find_ticket(session: AsyncSession, creator_id: int, number: int) -> Ticket | None:
    """By the number that people call it by."""
    return await session.scalar(select(Ticket).where(Ticket.creator_id == creator_id, Ticket.number == number))
