"""Lists of leads that creators look at in the chat: what the buttons under one mean."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import NotFound
from store.database import count_changed
from store.models import LeadView
from store.segments.parts import means_same

# a list older than this says how to open a new one
KEPT_FOR = timedelta(days=30)


class ViewGone(NotFound):
    code = "view_gone"


class Wanted(BaseModel):
    """What a list shows: leads found by `search` who meet each of `conditions`, in the segment language."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    search: str = ""
    conditions: Annotated[tuple[str, ...], Field(max_length=50)] = ()

    @property
    def question(self) -> str:
        """The conditions as one segment; empty when everybody meets them."""
        if len(self.conditions) == 1:
            return self.conditions[0]
        return " and ".join(each if _is_plain(each) else f"({each})" for each in self.conditions)

    def asks(self, condition: str) -> bool:
        """Whether that is one of its conditions, typed or tapped."""
        return any(means_same(each, condition) for each in self.conditions)

    def toggled(self, condition: str) -> "Wanted":
        """With that condition, or without it when it was there."""
        if self.asks(condition):
            others = tuple(each for each in self.conditions if not means_same(each, condition))
            return self.model_copy(update={"conditions": others})
        return self.model_copy(update={"conditions": (*self.conditions, condition)})


def _is_plain(condition: str) -> bool:
    """Whether it stays one condition where `and` joins it to others."""
    words = condition.casefold().replace("(", " ").replace(")", " ").split()
    return "or" not in words


async def open_view(
    session: AsyncSession, creator_id: int, person_id: int, wanted: Wanted, *, now: datetime
) -> LeadView:
    """A new list. Lists that are too old go."""
    view = LeadView(
        creator_id=creator_id,
        person_id=person_id,
        question=wanted.model_dump_json(exclude_defaults=True),
        created_at=now,
    )
    session.add(view)
    await session.flush()
    # not before: SQLite would give the new one a number that the buttons of an old one carry
    await session.execute(delete(LeadView).where(LeadView.created_at < now - KEPT_FOR))
    return view


async def find_view(session: AsyncSession, view_id: int, person_id: int) -> LeadView:
    """Raises ViewGone for one that is too old, or somebody else's."""
    view = await session.scalar(select(LeadView).where(LeadView.id == view_id, LeadView.person_id == person_id))
    if view is None:
        raise ViewGone("this list is too old; /leads shows a new one")
    return view


async def newest_view(session: AsyncSession, creator_id: int, person_id: int) -> LeadView | None:
    """The list that this person opened last."""
    query = select(LeadView).where(LeadView.creator_id == creator_id, LeadView.person_id == person_id)
    return await session.scalar(query.order_by(LeadView.id.desc()).limit(1))


async def change_view(session: AsyncSession, view: LeadView, wanted: Wanted) -> None:
    """From now on the list shows these."""
    told = wanted.model_dump_json(exclude_defaults=True)
    await session.execute(update(LeadView).where(LeadView.id == view.id).values(question=told))


async def close_view(session: AsyncSession, view: LeadView) -> None:
    """Its buttons do nothing any more. Raises ViewGone when somebody was first."""
    if not await count_changed(session, delete(LeadView).where(LeadView.id == view.id)):
        raise ViewGone("this has been dealt with already")


def wanted_by(view: LeadView) -> Wanted:
    return Wanted.model_validate_json(view.question)
