from telegram import Bot
from telegram.error import InvalidToken, TelegramError

from bot.commands import Menu
from bot.poller import ALLOWED_UPDATES
from kit.log import get_logger

# https://core.telegram.org/bots/api#setwebhook
MOST_CONNECTIONS = 100
_log = get_logger(__name__)


class Presence:
    """Who the bot is, and what Telegram has to know of this process: the menus, and where updates go."""

    def __init__(self, bot: Bot, menu: Menu, *, webhook: str | None, secret: str) -> None:
        self._bot = bot
        self._menu = menu
        self._webhook = webhook
        self._secret = secret
        self._told = False

    @property
    def link(self) -> str:
        """The address that opens the chat with the bot; known once Telegram has been reached."""
        return f"https://t.me/{self._bot.username}"

    async def reach(self) -> bool:
        """False while Telegram cannot be reached. Raises InvalidToken for a token that it does not know."""
        try:
            await self._bot.initialize()
        except InvalidToken:
            raise
        except TelegramError as error:
            _log.warning("Telegram cannot be reached, trying again", reason=str(error))
            return False
        return True

    async def tell(self) -> int:
        """Done once, and the menu again when it has changed; whatever fails is tried again at the next tick."""
        try:
            if self._webhook is not None and not self._told:
                await self._bot.set_webhook(
                    self._webhook,
                    secret_token=self._secret,
                    allowed_updates=list(ALLOWED_UPDATES),
                    max_connections=MOST_CONNECTIONS,
                )
                self._told = True
            if not self._menu.is_shown:
                await self._menu.show(self._bot)
        except TelegramError as error:
            _log.warning("Telegram was not told where updates go; trying again", reason=str(error))
        return 0

    async def close(self) -> None:
        await self._bot.shutdown()
