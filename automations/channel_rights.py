"""Whether the bot may post in a channel that was known before anybody could ask for that."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select

from automations.gateway import NotNow, SendFailure, SlowDown, Uncertain
from domain.channels import note_posting
from kit.log import get_logger
from store.database import Database
from store.models import Channel

AT_ONCE = 20
_log = get_logger(__name__)


class ChannelRights(Protocol):
    async def may_post(self, chat_id: int) -> bool:
        """Raises a SendFailure."""


@dataclass
class AskingForRights:
    database: Database
    rights: ChannelRights
    bot_id: int

    async def work(self) -> int:
        """Returns of how many it is known by now; where Telegram cannot be reached, they are asked for later."""
        async with self.database.reading() as session:
            unasked = select(Channel.id, Channel.chat_id).where(
                Channel.bot_id == self.bot_id, Channel.may_post.is_(None)
            )
            channels = (await session.execute(unasked.order_by(Channel.id).limit(AT_ONCE))).all()
        for asked, channel in enumerate(channels):
            try:
                may_post = await self.rights.may_post(channel.chat_id)
            except (NotNow, SlowDown, Uncertain):
                return asked
            except SendFailure as failure:
                # it is not in there any more
                _log.info("a channel tells nothing", channel=channel.id, reason=str(failure))
                may_post = False
            async with self.database.transaction() as session:
                await note_posting(session, channel.id, may_post=may_post)
        return len(channels)
