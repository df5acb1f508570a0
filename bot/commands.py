from collections.abc import Mapping, Sequence
from typing import Literal

from telegram import Bot, BotCommand, BotCommandScopeChat, BotCommandScopeDefault
from telegram.error import TelegramError

from domain.flows.commands import SPARKS_OWN
from domain.messages.catalogue import FALLBACK, LANGUAGES, plain
from domain.messages.local import LocalText, pick
from kit.log import get_logger
from kit.text import shorten, unmarked

EVERYONE = (
    "shop",
    "library",
    "orders",
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
CREATORS = (
    "product",
    "refund",
    "coupon",
    "idea",
    "tickets",
    "leads",
    "lead",
    "tag",
    "link",
    "funnels",
    "broadcast",
    "stats",
    "export",
    "team",
    "token",
)
ADMINS = ("admin", "tickets")
# https://core.telegram.org/bots/api#setmycommands
MOST_COMMANDS = 100
# longer titles are cut on a phone
TITLE_LENGTH = 64
_TAKEN = frozenset({*EVERYONE, *CREATORS, *ADMINS}) | SPARKS_OWN
_log = get_logger(__name__)


class Menu:
    """The commands that Telegram shows beside the text field: Spark's, and those of a creator's own flows."""

    def __init__(self) -> None:
        self._own: Mapping[str, LocalText | None] = {}
        self._creator = ""
        self._fallback = FALLBACK
        # as it is now, to everyone
        self.is_shown = False

    def offer(self, own: Mapping[str, LocalText | None], *, creator: str, fallback: str) -> None:
        """The commands of that creator's flows, with their titles, are shown from the next time on."""
        before = self._own, self._creator, self._fallback
        self._own = {name: title for name, title in own.items() if name not in _TAKEN}
        self._creator, self._fallback = creator, fallback
        self.is_shown &= before == (self._own, creator, fallback)

    async def show(self, bot: Bot) -> None:
        """What everyone sees, in each language. Raises TelegramError."""
        scope = BotCommandScopeDefault()
        # what is offered meanwhile is shown the next time
        self.is_shown = True
        try:
            for language in LANGUAGES - {FALLBACK}:
                await bot.set_my_commands(self._commands(EVERYONE, language), scope=scope, language_code=language)
            await bot.set_my_commands(self._commands(EVERYONE, FALLBACK), scope=scope)
        except TelegramError:
            self.is_shown = False
            raise

    async def show_own(
        self,
        bot: Bot,
        telegram_id: int,
        whose: Literal["creator", "everyone", "automatic"],
        language: str,
        *,
        admin: bool = False,
    ) -> None:
        """One chat's menu: a creator's commands too, or everyone's in a language that was chosen, or as Telegram's is.

        An administrator has theirs besides. Without it all works the same.
        """
        scope = BotCommandScopeChat(telegram_id)
        theirs = (*(CREATORS if whose == "creator" else ()), *(ADMINS if admin else ()), *EVERYONE)
        # some are of creators and administrators both
        names = tuple(dict.fromkeys(theirs))
        try:
            if whose == "automatic" and not admin:
                await bot.delete_my_commands(scope=scope)
            else:
                await bot.set_my_commands(self._commands(names, language), scope=scope)
        except TelegramError as error:
            _log.warning("a chat's command menu was not set", reason=str(error))

    def _commands(self, names: Sequence[str], language: str) -> list[BotCommand]:
        sparks = [BotCommand(name, plain(f"command-{name}", language)) for name in names]
        own = [BotCommand(name, self._told(title, language)) for name, title in self._own.items()]
        return [*sparks, *own[: MOST_COMMANDS - len(sparks)]]

    def _told(self, title: LocalText | None, language: str) -> str:
        """The flow's title where it is short and the same for everybody, else whose command it is."""
        told = "" if title is None else unmarked(pick(title, language, self._fallback)).strip()
        fits = 0 < len(told) <= TITLE_LENGTH and "{{" not in told and "{%" not in told
        return told if fits else plain("menu-own-command", language, creator=shorten(self._creator, TITLE_LENGTH))
