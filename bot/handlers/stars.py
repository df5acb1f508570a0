"""What Telegram says while somebody pays in Stars: https://core.telegram.org/bots/payments-stars"""

from telegram import Message, PreCheckoutQuery

from bot.refusals import refusal_text
from bot.replies import PreCheckoutReply
from bot.stars import word_of_payment, word_of_refund
from bot.turn import Turn
from domain.stars import agree_to_pay
from kit.errors import Refusal
from kit.money import Money
from kit.text import shorten, unmarked
from payments.stars_words import keep_stars

_LONGEST_REFUSAL = 200


async def pre_checkout(turn: Turn, query: PreCheckoutQuery) -> None:
    """Telegram waits 10 s for this answer; a refusal says why, and no Star has moved."""
    refused = None
    try:
        # refused without a second transaction: somebody is waiting
        async with turn.session.begin_nested():
            money = Money(query.total_amount, query.currency)
            await agree_to_pay(turn.session, turn.person, query.invoice_payload, money, now=turn.now)
    except Refusal as refusal:
        refused = shorten(unmarked(refusal_text(refusal, turn.person.speaks)), _LONGEST_REFUSAL)
    turn.replies.append(PreCheckoutReply(query_id=query.id, text=refused))


async def money_told(turn: Turn, message: Message) -> bool:
    """True for a payment or a refund: Telegram's words are kept, and applied soon after."""
    payer, word = turn.person.telegram_id, None
    if message.successful_payment is not None:
        word = word_of_payment(message.successful_payment, payer)
    elif message.refunded_payment is not None:
        word = word_of_refund(message.refunded_payment, payer)
    else:
        return False
    if word is not None:
        await keep_stars(turn.session, word, now=turn.now)
    return True
