"""The command menu shows what begins a flow of the creator whom a bare /start speaks to."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import Menu
from bot.presence import Presence
from domain.creators import default_creator
from domain.definitions import Published
from domain.flows.beginning import own_commands
from store.database import Database


class FlowMenu:
    """`slug` names that creator; without one it is the oldest."""

    def __init__(self, database: Database, menu: Menu, presence: Presence, slug: str | None) -> None:
        self._database = database
        self._menu = menu
        self._presence = presence
        self._slug = slug

    async def offer(self, session: AsyncSession, published: Published) -> None:
        creator = await default_creator(session, self._slug)
        if creator is not None:
            own, language = own_commands(published, creator.id), published.setup(creator.id).language
            self._menu.offer(own, creator=creator.name, fallback=language)

    async def show(self, published: Published) -> None:
        """Once flows have changed: Telegram is told if the menu is another by that."""
        async with self._database.reading() as session:
            await self.offer(session, published)
        await self._presence.tell()
