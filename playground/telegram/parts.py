from dataclasses import dataclass
from datetime import datetime
from typing import Any

from playground.core import Core
from playground.state import Document
from playground.telegram.bots import Bots, bot_user
from playground.telegram.chats import Chats
from playground.telegram.files import Files
from playground.telegram.people import People, person_user
from playground.telegram.queries import Queries
from playground.telegram.rooms import Rooms
from playground.telegram.updates import Mail


class Parts:
    """What the stand-in's methods and the control API work on."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.bots = Bots(core.state)
        self.people = People(core.state)
        self.chats = Chats(core.state)
        self.rooms = Rooms(core.state)
        self.files = Files(core.state)
        self.queries = Queries(core)
        self.mail = Mail(core)

    def user(self, user_id: int) -> dict[str, Any] | None:
        """A person or a bot as a User."""
        person = self.people.get(user_id)
        if person is not None:
            return person_user(person)
        bot = self.bots.get(user_id)
        return None if bot is None else bot_user(bot)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a bot, its parameters checked."""

    parts: Parts
    bot: Document
    params: dict[str, Any]
    now: datetime

    @property
    def date(self) -> int:
        return int(self.now.timestamp())
