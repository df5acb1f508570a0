from contextlib import suppress
from dataclasses import dataclass

from telegram import Bot

from automations.gateway import Refused
from bot.calling import calling


@dataclass
class TelegramDoors:
    """Out of channels and groups: https://core.telegram.org/bots/api#banchatmember"""

    bot: Bot

    async def put_out(self, chat_id: int, telegram_id: int) -> None:
        """Out, and free to come in again by an invitation. Raises a SendFailure."""
        await calling(lambda: self.bot.ban_chat_member(chat_id, telegram_id))
        await calling(lambda: self.bot.unban_chat_member(chat_id, telegram_id, only_if_banned=True))

    async def close(self, chat_id: int, invite_link: str) -> None:
        """The link lets nobody in any more; one that is gone already is a no-op. Raises a SendFailure."""
        with suppress(Refused):
            await calling(lambda: self.bot.revoke_chat_invite_link(chat_id, invite_link))
