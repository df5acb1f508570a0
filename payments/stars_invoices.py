"""An order that is paid in Stars becomes an invoice in its buyer's chat."""

from datetime import datetime

from domain.orders import UNDER_WAY, note_asked
from domain.pricing import STARS
from domain.stars import Invoice, invoice_of
from kit.money import MOST_STARS
from store.database import Database
from store.models import Order


async def begin_invoice(database: Database, order_id: int, *, now: datetime) -> Invoice | None:
    """What to send into the buyer's chat, each time they ask; None for what is paid by no invoice, or no more.

    That it is sent is saved first. Two invoices of one order are no harm: Spark agrees to one payment.
    """
    async with database.reading() as session:
        order = await session.get_one(Order, order_id)
        payable = order.state in UNDER_WAY and now < order.expires_at
        if order.rail != STARS or not payable or order.total_minor > MOST_STARS:
            return None
        invoice = await invoice_of(session, order)
    async with database.transaction() as session:
        return invoice if await note_asked(session, order_id) else None
