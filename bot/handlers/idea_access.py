"""Whose ideas a person may name, and from which list a card was opened."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from bot.numbers import read_id
from bot.turn import Turn
from domain.idea_days import zone_of
from domain.idea_parts import no_such_idea
from domain.ideas import find_idea, hold_idea
from store.models import Creator, Idea


@dataclass(frozen=True, slots=True)
class Place:
    """The page of a list to which a card leads back."""

    view: int = 0
    page: int = 0

    def data(self, act: str, idea: Idea, extra: str | int = "") -> str:
        """Behind a button. The number is never given to another idea, as the row's id may be."""
        told = f"idea:{idea.creator_id}:{idea.number}:{act}:{self.view}:{self.page}"
        return f"{told}:{extra}" if extra != "" else told

    @classmethod
    def read(cls, words: list[str]) -> "Place":
        """Raises ValueError."""
        return cls(read_id(words[0]), read_id(words[1])) if len(words) > 1 else cls()


NOWHERE = Place()


async def own_idea(turn: Turn, creator_id: int, number: int) -> tuple[Creator, Idea]:
    """An idea of a creator that this person acts for. Raises NoSuchIdea, and NoSuchRight."""
    await turn.some_creator()
    if not await turn.allowed(creator_id):
        raise no_such_idea(number)
    idea = await find_idea(turn.session, creator_id, number)
    if idea is None:
        raise no_such_idea(number)
    return await turn.session.get_one(Creator, creator_id), idea


async def held_idea(turn: Turn, creator_id: int, number: int) -> tuple[Creator, Idea]:
    """The same, to be changed: whoever else changes it waits. Raises NoSuchIdea, and NoSuchRight."""
    await turn.some_creator()
    if not await turn.allowed(creator_id):
        raise no_such_idea(number)
    idea = await hold_idea(turn.session, creator_id, number=number)
    return await turn.session.get_one(Creator, creator_id), idea


def zone_of_ideas(turn: Turn, creator_id: int) -> ZoneInfo:
    """Their days are days of this zone."""
    return zone_of(turn.facts.published, creator_id)


def today_of(turn: Turn, creator_id: int) -> date:
    return turn.now.astimezone(zone_of_ideas(turn, creator_id)).date()
