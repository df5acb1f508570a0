"""What is typed after a discount code was asked for: a new one by its creator, one that somebody has by a buyer."""

from telegram import Message as TelegramMessage

from bot.handlers.coupon_typed import take_code
from bot.handlers.coupons import take_new
from bot.turn import Turn
from domain.prompts import Prompted

ACTS = frozenset({"code", "coupon-new"})


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    match asked.act:
        case "code":
            await take_code(turn, asked.data, text)
        case "coupon-new":
            await take_new(turn, text)
