"""What a rail's word about a checkout, a refund or a dispute comes to, whether it was told or asked for."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.disputes import close_dispute, open_dispute
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.orders import expire_order, fail_payment, note_pending
from domain.outbox import tell_creator
from domain.paying import Received, pay_order, take_free
from domain.refunds import note_refund
from kit.money import Money
from payments.customers import know_customer
from payments.rail import CheckoutState, DisputeTold, RefundTold, Standing
from store.models import DisputeState, Order, Payment


class Mismatch(Exception):
    """What a rail says does not fit what was asked for; nothing is handed over. `order_id` None: no order yet."""

    def __init__(self, message: str, *, creator_id: int, order_id: int | None, rail: str = "Stripe") -> None:
        super().__init__(message)
        # as people know it
        self.rail = rail
        # plain numbers: the rows themselves are gone with the transaction that this ends
        self.creator_id, self.order_id = creator_id, order_id


async def apply_standing(
    session: AsyncSession, order: Order, standing: Standing, *, livemode: bool, now: datetime
) -> bool:
    """Twice is a no-op, in whatever order they come. False for the end of another checkout than the order's.

    Raises Mismatch for money that is not what the order says, of this checkout, and as real as ours.
    """
    of_another = standing.livemode != livemode or standing.session_id != (order.session_id or standing.session_id)
    received = standing.received
    if of_another and received is None:
        return False
    match standing.state:
        case CheckoutState.PAID if received is not None:
            asked = Money(order.total_minor, order.currency)
            wrong = misfit(standing, asked, livemode=livemode, session_id=order.session_id, whose=f"order {order.id}")
            if wrong is not None:
                raise Mismatch(wrong, creator_id=order.creator_id, order_id=order.id)
            await _take(session, order, received, now=now)
            if standing.customer is not None:
                await know_customer(session, order, standing.customer)
            payment = await find_payment(session, received.rail, received.reference)
            if payment is not None:
                await note_refunds(session, payment, standing.refunds, now=now)
                for dispute in standing.disputes:
                    await note_dispute(session, payment, dispute, now=now)
        case CheckoutState.PENDING:
            await note_pending(session, order, now=now)
        case CheckoutState.FAILED:
            await fail_payment(session, order, now=now)
        case CheckoutState.EXPIRED:
            await expire_order(session, order, now=now)
        case _:
            pass
    return True


async def _take(session: AsyncSession, order: Order, received: Received, *, now: datetime) -> None:
    if received.money.amount_minor:
        await pay_order(session, order, received, now=now)
    else:
        # a code has paid it all, and the rail has asked where it shall go
        await take_free(session, order, received.details, now=now)


def misfit(
    standing: Standing, asked: Money, *, livemode: bool, session_id: str | None = None, whose: str = "the order"
) -> str | None:
    """Money counts only as it was asked for: these lines, this currency, session, and mode. None when it fits.

    What the rail adds on top is tax and shipping, and never less than nothing.
    """
    received = standing.received
    if received is None:
        return None
    expected = (asked.amount_minor, asked.currency, session_id or standing.session_id, livemode)
    given = (standing.asked_minor, standing.currency, standing.session_id, standing.livemode)
    if expected != given:
        return f"{whose} expects {expected}, {received.rail} says {given}"
    on_top = received.tax_minor, received.shipping_minor
    came = received.money
    if min(on_top) < 0 or came != Money(standing.asked_minor + sum(on_top), asked.currency):
        return f"{whose} expects {expected}, {received.rail} says {(came.amount_minor, *on_top, came.currency)}"
    return None


async def find_payment(session: AsyncSession, rail: str, reference: str) -> Payment | None:
    return await session.scalar(select(Payment).where(Payment.rail == rail, Payment.reference == reference))


async def note_refunds(session: AsyncSession, payment: Payment, told: Iterable[RefundTold], *, now: datetime) -> None:
    """One that Spark asked for is known by its own number, once the order is its own too."""
    reference = await session.scalar(select(Order.reference).where(Order.id == payment.order_id))
    for each in told:
        await note_refund(
            session,
            payment,
            reference=each.reference,
            amount_minor=each.amount_minor,
            state=each.state,
            refund_id=each.refund_id if each.order_reference == reference else None,
            error=each.error,
            now=now,
        )


async def note_dispute(session: AsyncSession, payment: Payment, told: DisputeTold, *, now: datetime) -> None:
    """The end may be told before the beginning, which then changes nothing any more."""
    await open_dispute(session, payment, reference=told.reference, amount=told.amount, reason=told.reason, now=now)
    if told.state is not DisputeState.OPEN:
        won = told.state is DisputeState.WON
        await close_dispute(session, payment, reference=told.reference, won=won, now=now)


async def tell_of_mismatch(session: AsyncSession, mismatch: Mismatch, *, key: str, now: datetime) -> None:
    """Nothing is handed over, and the creator is told: money may have moved that fits no order."""

    def told(language: str) -> Message:
        if mismatch.order_id is None:
            return Message(text=say("link-mismatch", language))
        return Message(text=say("payment-mismatch", language, order=mismatch.order_id, rail=mismatch.rail))

    await tell_creator(session, told, key=f"mismatch:{key}", creator_id=mismatch.creator_id, now=now)
