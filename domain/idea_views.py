"""Lists of ideas that people look at in the chat: what the buttons under one mean."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Invalid, NotFound, Reason
from store.models import IdeaStage, IdeaView, Priority
from store.queries.ideas import IdeaFilter, IdeaSort

SEARCH_LENGTH = 200
MOST_TAGS = 20
# a list older than this says how to open a new one
KEPT_FOR = timedelta(days=30)
# instants begin with the newest, everything else with the first
_NEWEST_FIRST = frozenset({IdeaSort.CREATED_AT, IdeaSort.UPDATED_AT})


class IdeaViewGone(NotFound):
    code = "idea_view_gone"


class WantedIdeas(BaseModel):
    """What a list shows, and in which order; `turned` is the other way round than that order usually goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: IdeaStage | None = None
    priority: Priority | None = None
    tags: Annotated[tuple[str, ...], Field(max_length=MOST_TAGS)] = ()
    search: Annotated[str, Field(max_length=SEARCH_LENGTH)] = ""
    sort: IdeaSort = IdeaSort.CREATED_AT
    turned: bool = False
    # the newest idea when its first page was shown: the pages after that stand still while more are added
    up_to: int | None = None

    @property
    def descending(self) -> bool:
        return (self.sort in _NEWEST_FIRST) != self.turned

    @property
    def narrowed(self) -> bool:
        """Whether some of a stage's ideas are not shown."""
        return bool(self.priority or self.tags or self.search)

    def filter(self) -> IdeaFilter:
        return IdeaFilter(
            stage=self.stage,
            priority=self.priority,
            tags=self.tags,
            search=self.search,
            sort=self.sort,
            descending=self.descending,
            up_to=self.up_to,
        )

    def cleared(self) -> "WantedIdeas":
        """All of the stage, in the same order."""
        return WantedIdeas(stage=self.stage, sort=self.sort, turned=self.turned)

    def searching(self, text: str) -> "WantedIdeas":
        return self.model_copy(update={"search": " ".join(text.split())[:SEARCH_LENGTH]})

    def of_stage(self, stage: IdeaStage | None) -> "WantedIdeas":
        return self.model_copy(update={"stage": stage})

    def of_priority(self, priority: Priority) -> "WantedIdeas":
        """Of that priority alone, or of any when it was that one."""
        return self.model_copy(update={"priority": None if self.priority is priority else priority})

    def with_tag(self, tag: str) -> "WantedIdeas":
        """With that tag among those of which any will do, or without it when it was there. Raises Invalid."""
        if tag in self.tags:
            return self.model_copy(update={"tags": tuple(each for each in self.tags if each != tag)})
        if len(self.tags) >= MOST_TAGS:
            raise Invalid(
                f"a list is narrowed down to at most {MOST_TAGS} tags",
                why=Reason("refused-idea-list-tags", most=MOST_TAGS),
            )
        return self.model_copy(update={"tags": (*self.tags, tag)})

    def sorted_by(self, sort: IdeaSort) -> "WantedIdeas":
        """In that order; when it is in it already, the other way round."""
        return self.model_copy(update={"sort": sort, "turned": self.sort is sort and not self.turned})


async def open_idea_view(
    session: AsyncSession, creator_id: int, person_id: int, wanted: WantedIdeas, *, now: datetime
) -> IdeaView:
    """A new list. Lists that are too old go."""
    view = IdeaView(creator_id=creator_id, person_id=person_id, wanted=_told(wanted), created_at=now)
    session.add(view)
    await session.flush()
    # not before: SQLite would give the new one a number that the buttons of an old one carry
    await session.execute(delete(IdeaView).where(IdeaView.created_at < now - KEPT_FOR))
    return view


async def find_idea_view(session: AsyncSession, view_id: int, person_id: int) -> IdeaView:
    """Raises IdeaViewGone for one that is too old, or somebody else's."""
    view = await session.scalar(select(IdeaView).where(IdeaView.id == view_id, IdeaView.person_id == person_id))
    if view is None:
        raise IdeaViewGone("this list is too old; /idea shows a new one")
    return view


async def change_idea_view(session: AsyncSession, view: IdeaView, wanted: WantedIdeas) -> None:
    """From now on the list shows these."""
    await session.execute(update(IdeaView).where(IdeaView.id == view.id).values(wanted=_told(wanted)))


def wanted_ideas(view: IdeaView) -> WantedIdeas:
    return WantedIdeas.model_validate_json(view.wanted)


def _told(wanted: WantedIdeas) -> str:
    return wanted.model_dump_json(exclude_defaults=True)
