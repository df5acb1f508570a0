"""What Telegram says about Stars, kept once whether its update or its list told it, and what it means."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.paying import Received, pay_order
from domain.pricing import STARS
from domain.refunds import note_refund
from kit.money import Money
from payments.provider_events import Applied, UnknownOrder, UnknownPayment, keep_words
from payments.rail import Word
from payments.standings import Mismatch, find_payment
from store.models import Order, ProviderEventState, RefundState


class StarsWord(BaseModel):
    """`charge` is Telegram's name of the payment, `payload` what stood in the invoice, `payer` a Telegram id."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["successful_payment", "refunded_payment"]
    charge: str
    payload: str
    stars: int
    currency: str
    payer: int

    def told(self) -> Word:
        return Word(f"{self.kind}:{self.charge}", self.kind, self.model_dump_json())


async def keep_stars(session: AsyncSession, word: StarsWord, *, now: datetime) -> None:
    """Kept in the transaction of the update that told it, and applied soon after. Twice is a no-op."""
    await keep_words(session, STARS, [word.told()], now=now)


class StarsApplier:
    async def apply(self, session: AsyncSession, body: str, *, now: datetime) -> Applied:
        """Twice is a no-op. Raises UnknownOrder, UnknownPayment or Mismatch."""
        word = StarsWord.model_validate_json(body)
        match word.kind:
            case "successful_payment":
                return await _paid(session, word, now=now)
            case "refunded_payment":
                return await _refunded(session, word, now=now)


async def _paid(session: AsyncSession, word: StarsWord, *, now: datetime) -> Applied:
    order = await session.scalar(select(Order).where(Order.reference == word.payload))
    if order is None:
        raise UnknownOrder(f"no order with the reference {word.payload!r} is known here")
    came, asked = Money(word.stars, word.currency), Money(order.total_minor, order.currency)
    if order.rail != STARS or came != asked:
        told = f"order {order.id} expects {asked.amount_minor} {asked.currency} by {order.rail}"
        raise Mismatch(
            f"{told}, {STARS} says {came.amount_minor} {came.currency}",
            creator_id=order.creator_id,
            order_id=order.id,
            rail="Telegram",
        )
    await pay_order(session, order, Received(STARS, word.charge, came), now=now)
    return Applied(ProviderEventState.APPLIED, order.id)


async def _refunded(session: AsyncSession, word: StarsWord, *, now: datetime) -> Applied:
    payment = await find_payment(session, STARS, word.charge)
    if payment is None:
        raise UnknownPayment(f"no payment with the reference {word.charge!r} is known here")
    await note_refund(
        session,
        payment,
        reference=word.charge,
        amount_minor=payment.amount_minor,
        state=RefundState.DONE,
        refund_id=None,
        now=now,
    )
    return Applied(ProviderEventState.APPLIED, payment.order_id)
