from typing import Any

from playground.state import Document, State


def room_of(bot_id: int, chat_id: int) -> str:
    """A private chat is between one bot and one person; a group or channel is everyone's."""
    return f"{bot_id}.{chat_id}" if chat_id > 0 else str(chat_id)


class Rooms:
    """Messages, each a document of its own: `message` is what the Bot API shows of it.

    Beside it stand `by_bot`, `edited`, `deleted`, `markup` (any reply markup, also those that messages do not
    carry) and `invoice` (what paying it needs).
    """

    def __init__(self, state: State) -> None:
        self._state = state

    def new_id(self, bot_id: int, chat_id: int) -> int:
        # a bot's private chats share one sequence, as everyone's own chats do at Telegram
        return self._state.next_number(f"message.{bot_id if chat_id > 0 else chat_id}")

    def get(self, room: str, message_id: int) -> Document | None:
        """The message, None when there is none or it was deleted."""
        record = self._state.get(f"room.{room}", message_id)
        return None if record is None or record["deleted"] else record

    def put(self, room: str, record: Document) -> None:
        self._state.put(f"room.{room}", record["message"]["message_id"], record)

    def add(self, room: str, message: dict[str, Any], *, by_bot: bool, **more: Any) -> Document:
        record = {"message": message, "by_bot": by_bot, "edited": False, "deleted": False, **more}
        self.put(room, record)
        return record

    def all(self, room: str) -> list[Document]:
        """Everything that was ever said there, the deleted too, oldest first."""
        return self._state.all(f"room.{room}")
