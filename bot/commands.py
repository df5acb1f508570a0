from collections.abc import Sequence
from typing import Literal

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from domain.messages.catalogue import FALLBACK, LANGUAGES, say
from kit.log import get_logger

EVERYONE = (
    "shop",
    "library",
    "help",
    "language",
    "cancel",
    "stop",
    "privacy",
    "my_data",
    "forget_me",
    "terms",
    "paysupport",
)
CREATORS = ("product", "idea", "leads", "lead", "tag", "link", "export", "token")
_log = get_logger(__name__)


async def show_menu(bot: Bot) -> None:
    """The command menu that everyone sees, in each language. Raises TelegramError."""
    for language in LANGUAGES - {FALLBACK}:
        await bot.set_my_commands(_commands(EVERYONE, language), scope=BotCommandScopeDefault(), language_code=language)
    await bot.set_my_commands(_commands(EVERYONE, FALLBACK), scope=BotCommandScopeDefault())


async def show_own_menu(
    bot: Bot, telegram_id: int, whose: Literal["creator", "everyone", "automatic"], language: str
) -> None:
    """One chat's menu: a creator's commands too, or everyone's in a language that was chosen, or as Telegram's is.

    Without it all works the same.
    """
    scope = BotCommandScopeChat(telegram_id)
    try:
        match whose:
            case "creator":
                await bot.set_my_commands(_commands((*CREATORS, *EVERYONE), language), scope=scope)
            case "everyone":
                await bot.set_my_commands(_commands(EVERYONE, language), scope=scope)
            case "automatic":
                await bot.delete_my_commands(scope=scope)
    except TelegramError as error:
        _log.warning("a chat's command menu was not set", reason=str(error))


def _commands(names: Sequence[str], language: str) -> list[BotCommand]:
    return [BotCommand(name, say(f"command-{name}", language)) for name in names]
