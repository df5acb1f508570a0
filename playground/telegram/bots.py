import re
from typing import Any

from playground.state import Document, State
from playground.telegram.errors import Refused

_TOKEN = re.compile(r"(\d+):([A-Za-z0-9_-]{10,})")


class Bots:
    """The bots that ever called; the first secret seen for a bot is the one that counts."""

    def __init__(self, state: State) -> None:
        self._state = state

    def by_token(self, token: str) -> Document:
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise Refused(404, "Not Found")
        bot_id = int(match[1])
        bot = self._state.get("bot", bot_id)
        if bot is None:
            bot = {
                "id": bot_id,
                "token": token,
                "name": "Playground bot",
                "username": f"playground_{bot_id}_bot",
                "webhook": None,
                "allowed_updates": None,
                "texts": {},
                "commands": {},
                "menu_buttons": {},
            }
            self.save(bot)
        if bot["token"] != token:
            raise Refused(401, "Unauthorized")
        return bot

    def save(self, bot: Document) -> None:
        self._state.put("bot", bot["id"], bot)

    def get(self, bot_id: int) -> Document | None:
        return self._state.get("bot", bot_id)

    def all(self) -> list[Document]:
        return self._state.all("bot")

    def called(self, bot: Document) -> None:
        """Remembers whom the control API means when it names no bot."""
        latest = self._state.get("bots", "latest")
        if latest is None or latest["id"] != bot["id"]:
            self._state.put("bots", "latest", {"id": bot["id"]})

    def latest(self) -> Document | None:
        latest = self._state.get("bots", "latest")
        return None if latest is None else self.get(latest["id"])


def bot_user(bot: Document) -> dict[str, Any]:
    return {"id": bot["id"], "is_bot": True, "first_name": bot["name"], "username": bot["username"]}


def bot_itself(bot: Document) -> dict[str, Any]:
    """What getMe tells, and nothing else does."""
    return {
        **bot_user(bot),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }
