from typing import Any

from playground.state import Document, State

_USER_FIELDS = ("id", "first_name", "last_name", "username", "language_code")
_CHAT_FIELDS = ("id", "first_name", "last_name", "username")
_SEEDED = (
    {"id": 1001, "first_name": "Cora", "username": "creator", "language_code": "en"},
    {"id": 2001, "first_name": "Lena", "username": "lena", "language_code": "en"},
)
_FIRST_ID = 3001


class People:
    """The people of the playground, and how each stands to each bot."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._by_username = {
            person["username"].lower(): person["id"] for person in self.all() if person.get("username")
        }
        if not state.all("person"):
            for person in _SEEDED:
                self.add(dict(person))

    def get(self, person_id: int) -> Document | None:
        return self._state.get("person", person_id)

    def all(self) -> list[Document]:
        return self._state.all("person")

    def by_username(self, username: str) -> Document | None:
        person_id = self._by_username.get(username.lower())
        return None if person_id is None else self.get(person_id)

    def add(self, person: Document) -> Document:
        """An id that is given must be free; without one the next free number is taken."""
        if "id" not in person:
            person["id"] = self._state.next_number("person", start=_FIRST_ID)
            while self.get(person["id"]) is not None:
                person["id"] = self._state.next_number("person", start=_FIRST_ID)
        person.setdefault("phone_number", f"+1555{person['id'] % 10_000_000:07d}")
        self._state.put("person", person["id"], person)
        if person.get("username"):
            self._by_username[person["username"].lower()] = person["id"]
        return person

    def tie(self, bot_id: int, person_id: int) -> Document:
        """Has the person started the bot, blocked it, and which reply keyboard is shown: put it back to keep it."""
        return self._state.get("tie", f"{bot_id}.{person_id}") or {
            "started": False,
            "blocked": False,
            "keyboard": None,
        }

    def save_tie(self, bot_id: int, person_id: int, tie: Document) -> None:
        self._state.put("tie", f"{bot_id}.{person_id}", tie)


def person_user(person: Document) -> dict[str, Any]:
    return {"is_bot": False, **{name: person[name] for name in _USER_FIELDS if person.get(name)}}


def private_chat(person: Document) -> dict[str, Any]:
    return {"type": "private", **{name: person[name] for name in _CHAT_FIELDS if person.get(name)}}
