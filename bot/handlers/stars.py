"""What Telegram says while somebody pays in Stars: https://core.telegram.org/bots/payments-stars"""

from sqlalchemy import select
from telegram import Message, PreCheckoutQuery

from bot.handlers.shop import send_card
from bot.refusals import refusal_text
from bot.replies import PreCheckoutReply
from bot.stars import word_of_payment, word_of_refund
from bot.turn import Turn
from domain.link_orders import wish_again
from domain.product_card import Choice
from domain.stars import PriceChanged, agree_to_pay
from kit.errors import Refusal
from kit.money import Money
from kit.text import shorten, unmarked
from payments.stars_words import keep_stars
from store.models import Order

_LONGEST_REFUSAL = 200


async def pre_checkout(turn: Turn, query: PreCheckoutQuery) -> None:
    """Telegram waits 10 s for this answer; a refusal says why, and no Star has moved.

    Whoever is asked for a price of before gets the card with today's.
    """
    refused, changed = None, False
    try:
        # refused without a second transaction: somebody is waiting
        async with turn.session.begin_nested():
            money = Money(query.total_amount, query.currency)
            published = turn.facts.published
            await agree_to_pay(
                turn.session, turn.person, query.invoice_payload, money, published=published, now=turn.now
            )
    except Refusal as refusal:
        changed = isinstance(refusal, PriceChanged)
        refused = shorten(unmarked(refusal_text(refusal, turn.person.speaks)), _LONGEST_REFUSAL)
    turn.replies.append(PreCheckoutReply(query_id=query.id, text=refused))
    if changed:
        await _offer_again(turn, query.invoice_payload)


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


async def _offer_again(turn: Turn, reference: str) -> None:
    order = (await turn.session.scalars(select(Order).where(Order.reference == reference))).one()
    wish = await wish_again(turn.session, order)
    choice = Choice(wish.variant.id if wish.variant else 0, wish.quantity, wish.code)
    await send_card(turn, wish.product, choice, above=turn.words("stars-price-now"))
