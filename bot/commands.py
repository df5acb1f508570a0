from collections.abc import Sequence

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from domain.messages.catalogue import LANGUAGES, say
from kit.log import get_logger

EVERYONE = ("shop", "library", "help", "cancel", "stop", "privacy", "terms", "paysupport")
CREATORS = ("product", "idea", "token")
_log = get_logger(__name__)


async def show_menu(bot: Bot) -> None:
    """The command menu that everyone sees. Without it everything works the same, so a failure is only logged."""
    try:
        for language in LANGUAGES:
            await bot.set_my_commands(
                _commands(EVERYONE, language), scope=BotCommandScopeDefault(), language_code=language
            )
        await bot.set_my_commands(_commands(EVERYONE, "en"), scope=BotCommandScopeDefault())
    except TelegramError as error:
        _log.warning("the command menu was not set", reason=str(error))


async def show_creators_menu(bot: Bot, telegram_ids: Sequence[int]) -> None:
    """Those who act for a creator see their commands too, in their own chat only."""
    for telegram_id in telegram_ids:
        try:
            await bot.set_my_commands(_commands((*CREATORS, *EVERYONE), "en"), scope=BotCommandScopeChat(telegram_id))
        except TelegramError as error:
            # whoever has never written to the bot has no chat yet
            _log.info("a creator's command menu was not set", reason=str(error))


def _commands(names: Sequence[str], language: str) -> list[BotCommand]:
    return [BotCommand(name, say(f"command-{name}", language)) for name in names]
