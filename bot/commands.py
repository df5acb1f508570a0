from collections.abc import Sequence

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from domain.messages.catalogue import FALLBACK, LANGUAGES, say
from kit.log import get_logger

EVERYONE = ("shop", "library", "help", "cancel", "stop", "privacy", "terms", "paysupport")
CREATORS = ("product", "idea", "token")
_log = get_logger(__name__)


async def show_menu(bot: Bot) -> None:
    """The command menu that everyone sees, in each language. Raises TelegramError."""
    for language in LANGUAGES - {FALLBACK}:
        await bot.set_my_commands(_commands(EVERYONE, language), scope=BotCommandScopeDefault(), language_code=language)
    await bot.set_my_commands(_commands(EVERYONE, FALLBACK), scope=BotCommandScopeDefault())


async def show_creators_menu(bot: Bot, telegram_id: int, language: str) -> None:
    """Those who act for a creator see their commands too, in their own chat only. Without it all works the same."""
    try:
        await bot.set_my_commands(_commands((*CREATORS, *EVERYONE), language), scope=BotCommandScopeChat(telegram_id))
    except TelegramError as error:
        _log.warning("a creator's command menu was not set", reason=str(error))


def _commands(names: Sequence[str], language: str) -> list[BotCommand]:
    return [BotCommand(name, say(f"command-{name}", language)) for name in names]
