from datetime import datetime

from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.orders import await_payment, expire_order, note_failure
from domain.outbox import tell_creator
from payments.rail import Bill, Rail, RailDown, RailRefused
from store.database import Database
from store.models import Order, OrderState
from store.queries.orders import describe_order


async def begin_checkout(database: Database, rail: Rail, order_id: int, *, now: datetime) -> str | None:
    """The address where the order can be paid; None when it is paid, pending or over. Raises RailDown or RailRefused.

    The order is saved before the rail is asked and the answer is saved after, so that a crash in between is
    mended by asking again. Nothing is held open meanwhile.
    """
    async with database.reading() as session:
        order = await session.get_one(Order, order_id)
        if order.state not in {OrderState.OPEN, OrderState.AWAITING_PAYMENT} or order.pending_at is not None:
            return None
        if order.checkout_url is not None:
            return order.checkout_url
        described = await describe_order(session, order_id)
    bill = Bill(order_id, order.reference, order.failures, described.title, described.total, order.expires_at)
    try:
        checkout = await rail.make_checkout(bill)
    except RailDown as down:
        if down.answered:
            async with database.transaction() as session:
                await note_failure(session, order_id)
        raise
    except RailRefused as refusal:
        # this order will never have a page: the next wish opens a new one
        reason = str(refusal.__cause__ or refusal)

        def told(language: str) -> Message:
            return Message(text=say("checkout-refused", language, order=order_id, title=bill.title, reason=reason))

        async with database.transaction() as session:
            await expire_order(session, order, now=now)
            await tell_creator(
                session,
                told,
                key=f"checkout-refused:{order_id}",
                creator_id=order.creator_id,
                now=now,
            )
        raise
    async with database.transaction() as session:
        await await_payment(session, order_id, checkout.session_id, checkout.url)
    return checkout.url
