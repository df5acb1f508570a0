"""Stars on Telegram's wire, and what its updates say of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from telegram import (
    Bot,
    LabeledPrice,
    RefundedPayment,
    StarTransaction,
    SuccessfulPayment,
    TransactionPartner,
    TransactionPartnerUser,
)

from automations.gateway import Blocked, NotNow, Refused, SendFailure
from bot.calling import calling
from domain.pricing import STARS_CURRENCY
from domain.stars import Invoice
from kit.errors import Reason
from payments.rail import RailDown, RailRefused
from payments.stars_rail import StarsMove
from payments.stars_words import StarsWord

T = TypeVar("T")
# an invoice in Stars names no provider: https://core.telegram.org/bots/api#sendinvoice
_NO_PROVIDER = ""
_CURRENCY = STARS_CURRENCY.upper()
_GONE_BACK = "charge_already_refunded"


@dataclass
class TelegramStars:
    bot: Bot

    async def make_link(self, invoice: Invoice) -> str:
        return await _on_the_rail(
            lambda: self.bot.create_invoice_link(
                invoice.title, invoice.description, invoice.payload, _CURRENCY, _prices(invoice), _NO_PROVIDER
            )
        )

    async def send_invoice(self, telegram_id: int, invoice: Invoice) -> int:
        """An invoice in the chat, with Telegram's own Pay button. Raises a SendFailure."""
        sent = await calling(
            lambda: self.bot.send_invoice(
                telegram_id,
                invoice.title,
                invoice.description,
                invoice.payload,
                _CURRENCY,
                _prices(invoice),
                _NO_PROVIDER,
                start_parameter=invoice.start,
            )
        )
        return sent.message_id

    async def answer_pre_checkout(self, query_id: str, refusal: str | None) -> None:
        """Agrees, or says why not. One that Telegram has given up on is left alone."""
        try:
            await calling(
                lambda: self.bot.answer_pre_checkout_query(query_id, ok=refusal is None, error_message=refusal)
            )
        except Refused:
            return

    async def give_back(self, payer: int, charge: str) -> None:
        try:
            await _on_the_rail(lambda: self.bot.refund_star_payment(payer, charge))
        except RailRefused as refusal:
            if _GONE_BACK not in str(refusal.__cause__).casefold():
                raise

    async def moves(self, offset: int, limit: int) -> Sequence[StarsMove]:
        found = await _on_the_rail(lambda: self.bot.get_star_transactions(offset=offset, limit=limit))
        return [StarsMove(each.date, _word_of(each)) for each in found.transactions]


def word_of_payment(payment: SuccessfulPayment, payer: int) -> StarsWord | None:
    """None for what was not paid in Stars."""
    if payment.currency != _CURRENCY:
        return None
    return StarsWord(
        kind="successful_payment",
        charge=payment.telegram_payment_charge_id,
        payload=payment.invoice_payload,
        stars=payment.total_amount,
        currency=STARS_CURRENCY,
        payer=payer,
    )


def word_of_refund(payment: RefundedPayment, payer: int) -> StarsWord | None:
    if payment.currency != _CURRENCY:
        return None
    return StarsWord(
        kind="refunded_payment",
        charge=payment.telegram_payment_charge_id,
        payload=payment.invoice_payload,
        stars=payment.total_amount,
        currency=STARS_CURRENCY,
        payer=payer,
    )


def _word_of(move: StarTransaction) -> StarsWord | None:
    """In the words of the update that tells the same: https://core.telegram.org/bots/api#startransaction"""
    partner: TransactionPartner | None = move.source or move.receiver
    if not isinstance(partner, TransactionPartnerUser) or partner.invoice_payload is None:
        return None
    stars = _whole(move.amount, move.nanostar_amount)
    if partner.affiliate is not None:
        # what a partner program took was paid by the buyer all the same
        stars += abs(_whole(partner.affiliate.amount, partner.affiliate.nanostar_amount))
    return StarsWord(
        kind="successful_payment" if move.source is not None else "refunded_payment",
        charge=move.id,
        payload=partner.invoice_payload,
        stars=round(stars),
        currency=STARS_CURRENCY,
        payer=partner.user.id,
    )


def _whole(stars: int, nanostars: int | None) -> Fraction:
    return stars + Fraction(nanostars or 0, 1_000_000_000)


def _prices(invoice: Invoice) -> list[LabeledPrice]:
    return [LabeledPrice(invoice.title, invoice.stars)]


async def _on_the_rail(call: Callable[[], Awaitable[T]]) -> T:
    """What can go wrong, in the words of payments."""
    try:
        return await calling(call)
    except (Refused, Blocked) as failure:
        raise RailRefused(
            f"Telegram refuses this: {failure}", why=Reason("refused-by-rail", rail="Telegram", reason=str(failure))
        ) from failure
    except NotNow as failure:
        raise RailDown("Telegram is not available right now", answered=False) from failure
    except SendFailure as failure:
        # too fast, or no answer came
        raise RailDown("Telegram did not answer in time", answered=False) from failure
