"""What a buyer types after the shop has asked for it."""

from telegram import Message as TelegramMessage

from bot.handlers.buying import name_price
from bot.handlers.shop import search_shop
from bot.turn import Turn
from domain.prompts import Prompted
from store.models import Creator

ACTS = frozenset({"shop-search", "own-price"})


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    match asked.act:
        case "shop-search":
            await search_shop(turn, await turn.session.get_one(Creator, int(asked.data["creator"])), text)
        case "own-price":
            await name_price(turn, asked.data, text)
