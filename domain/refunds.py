"""Money that goes back: asked for here, sent by the rail, and noted when the rail says so."""

from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.order_standing import TAKEN, settle_order
from domain.order_words import give_back_one, tell_buyer, tell_seller
from domain.pricing import STARS
from kit.errors import Conflict, Invalid, Reason
from kit.money import Money, check_exact
from store.database import count_changed, insert_once, wake
from store.models import REFUND_MOVES, Order, OrderState, Payment, Refund, RefundState

TOPIC = "refunds"
# Telegram knows no part refund: https://core.telegram.org/bots/api#refundstarpayment
_IN_FULL_ONLY = frozenset({STARS})
_ENDS = (RefundState.DONE, RefundState.FAILED)
_UNDER_WAY = (RefundState.ASKED, RefundState.SENT)


class NotRefundable(Conflict):
    """Nothing is left to give back, or less than was asked for, or a bank has the matter in hand."""

    code = "not_refundable"


class BadRefund(Invalid):
    code = "bad_refund"


async def ask_refund(
    session: AsyncSession,
    order: Order,
    *,
    amount_minor: int | None,
    reason: str,
    revokes: bool,
    now: datetime,
    payment_id: int | None = None,
) -> list[Refund]:
    """Promises to give back so much, or all that is left; the rail is asked soon after. Never more than was paid.

    With `payment_id` only that payment's money. `revokes`: the rights go with a part of the money too. What was paid
    last goes back first. Raises NotRefundable, or Invalid for an amount that cannot be.
    """
    await session.refresh(order, with_for_update=True)
    if order.state == OrderState.DISPUTED:
        raise NotRefundable("the buyer's bank has this in hand", why=Reason("refused-refund-disputed"))
    found = await session.scalars(
        select(Payment).where(Payment.order_id == order.id).order_by(Payment.id.desc()),
        execution_options={"populate_existing": True},
    )
    payments = [each for each in found if payment_id in {None, each.id} and each.left_minor]
    left = sum(each.left_minor for each in payments)
    if not left:
        raise NotRefundable("nothing is left to give back", why=Reason("refused-refund-nothing"))
    wanted = left if amount_minor is None else amount_minor
    if wanted < 1:
        raise BadRefund("give back more than nothing", why=Reason("refused-refund-amount"))
    if wanted > left:
        rest = Money(left, order.currency).format()
        raise NotRefundable(f"only {rest} are left to give back", why=Reason("refused-refund-more", left=rest))
    if wanted < left:
        check_exact(Money(wanted, order.currency), "amount_minor")
    refunds = []
    for payment in payments:
        part = min(wanted, payment.left_minor)
        if not part:
            break
        if payment.rail in _IN_FULL_ONLY and part < payment.amount_minor:
            raise NotRefundable("Stars go back in full only", why=Reason("refused-refund-part"))
        refunds.append(await _ask(session, payment, part, reason=reason, revokes=revokes, now=now))
        wanted -= part
    return refunds


async def is_going_back(session: AsyncSession, order: Order) -> bool:
    """All that is left has been asked for, and some of it is still on its way. The caller holds the order."""
    left = exists().where(Payment.order_id == order.id, Payment.refunded_minor < Payment.amount_minor)
    under_way = exists().where(Refund.order_id == order.id, Refund.state.in_(_UNDER_WAY))
    return bool(await session.scalar(select(under_way & ~left)))


async def ask_back(session: AsyncSession, order: Order, payment_id: int, money: Money, *, now: datetime) -> None:
    """The same for money that has bought nothing, by ourselves; the caller holds the order."""
    payment = await session.get_one(Payment, payment_id)
    await _ask(session, payment, money.amount_minor, reason="", revokes=False, now=now)


async def note_refund(
    session: AsyncSession,
    payment: Payment,
    *,
    reference: str,
    amount_minor: int,
    state: RefundState,
    refund_id: int | None,
    now: datetime,
    error: str | None = None,
) -> None:
    """The rail's own word: it has taken the refund, paid it, or could not. Twice, or late, is a no-op.

    `refund_id` is ours where the rail repeats it; one made at the rail's dashboard becomes a row of its own.
    """
    order = await session.get_one(Order, payment.order_id)
    await session.refresh(order, with_for_update=True)
    refund = await _known(session, payment, reference, amount_minor, refund_id)
    if refund is None:
        refund = await _made_elsewhere(session, payment, reference, amount_minor, now=now)
    elif refund.reference is None:
        await session.execute(update(Refund).where(Refund.id == refund.id).values(reference=reference))
    await _move(session, order, refund, state, error=error, now=now)


async def fail_refund(session: AsyncSession, refund: Refund, error: str, *, now: datetime) -> None:
    """The rail will not give this back: the creator is told, and may ask again. Twice is a no-op."""
    order = await session.get_one(Order, refund.order_id)
    await session.refresh(order, with_for_update=True)
    await _move(session, order, refund, RefundState.FAILED, error=error, now=now)


async def _ask(
    session: AsyncSession, payment: Payment, amount_minor: int, *, reason: str, revokes: bool, now: datetime
) -> Refund:
    spend = (
        update(Payment)
        .where(Payment.id == payment.id, Payment.refunded_minor + amount_minor <= Payment.amount_minor)
        .values(refunded_minor=Payment.refunded_minor + amount_minor)
    )
    if not await count_changed(session, spend):
        raise NotRefundable("nothing is left to give back", why=Reason("refused-refund-nothing"))
    refund = Refund(
        order_id=payment.order_id,
        payment_id=payment.id,
        rail=payment.rail,
        amount_minor=amount_minor,
        currency=payment.currency,
        reason=reason,
        revokes=revokes,
        retry_at=now,
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    wake(session, TOPIC)
    return refund


async def _known(
    session: AsyncSession, payment: Payment, reference: str, amount_minor: int, refund_id: int | None
) -> Refund | None:
    latest = {"populate_existing": True}
    of_payment = select(Refund).where(Refund.payment_id == payment.id)
    if refund_id is not None:
        ours = await session.scalar(of_payment.where(Refund.id == refund_id), execution_options=latest)
        if ours is not None:
            return ours
    by_name = await session.scalar(of_payment.where(Refund.reference == reference), execution_options=latest)
    if by_name is not None or amount_minor < payment.amount_minor:
        return by_name
    # nobody gives the whole of a payment back twice: it is the one that was asked for here
    nameless = of_payment.where(
        Refund.reference.is_(None), Refund.amount_minor == amount_minor, Refund.state != RefundState.FAILED
    )
    return await session.scalar(nameless.order_by(Refund.id).limit(1), execution_options=latest)


async def _made_elsewhere(
    session: AsyncSession, payment: Payment, reference: str, amount_minor: int, *, now: datetime
) -> Refund:
    values = {
        "order_id": payment.order_id,
        "payment_id": payment.id,
        "rail": payment.rail,
        "reference": reference,
        "amount_minor": amount_minor,
        "currency": payment.currency,
        "state": RefundState.ASKED,
        "retry_at": now,
        "created_at": now,
    }
    refund_id = await insert_once(session, Refund, values)
    if refund_id is None:
        raise RuntimeError("a refund of that name belongs to another payment")
    await session.execute(
        update(Payment).where(Payment.id == payment.id).values(refunded_minor=Payment.refunded_minor + amount_minor)
    )
    return await session.get_one(Refund, refund_id)


async def _move(
    session: AsyncSession, order: Order, refund: Refund, state: RefundState, *, error: str | None, now: datetime
) -> None:
    """A step of the refund, with what it means for the order's money, state and rights."""
    await session.refresh(refund)
    before = refund.state
    values = {"state": state, "error": error, "closed_at": now if state in _ENDS else None}
    step = update(Refund).where(Refund.id == refund.id, Refund.state == before)
    if before not in REFUND_MOVES.sources(state) or not await count_changed(session, step.values(**values)):
        return
    was_taken, is_taken = before in TAKEN, state in TAKEN
    if state == RefundState.FAILED:
        await session.execute(
            update(Payment)
            .where(Payment.id == refund.payment_id)
            .values(refunded_minor=Payment.refunded_minor - refund.amount_minor)
        )
    if was_taken != is_taken:
        change = refund.amount_minor if is_taken else -refund.amount_minor
        await session.execute(
            update(Order).where(Order.id == order.id).values(refunded_minor=Order.refunded_minor + change)
        )
        # what a bank sends back cannot go back: whoever has bought the piece meanwhile keeps it, and so do they
        standing = await settle_order(session, order, now=now, beyond=was_taken)
        if is_taken:
            await _tell(session, order, refund, whole=standing.returned, in_part=standing.in_part, now=now)
    if state == RefundState.FAILED:
        await tell_seller(
            session,
            "refund-failed-told",
            order,
            key=f"refund-failed:{refund.id}",
            amount=Money(refund.amount_minor, refund.currency),
            why=error or "",
            ways_out=(give_back_one(refund.payment_id),),
            now=now,
        )


async def _tell(
    session: AsyncSession, order: Order, refund: Refund, *, whole: bool, in_part: bool, now: datetime
) -> None:
    amount = Money(refund.amount_minor, refund.currency)
    await tell_buyer(session, "refund-made-buyer", order, key=f"refund-made:{refund.id}", amount=amount, now=now)
    await tell_seller(session, "refund-made-told", order, key=f"refund-told:{refund.id}", amount=amount, now=now)
    if whole or in_part:
        await record_event(
            session,
            "order.refunded" if whole else "order.partly_refunded",
            creator_id=order.creator_id,
            lead_id=order.lead_id,
            subject=f"order:{order.id}",
            now=now,
        )
