"""The peer's ideas: the same addresses as Spark's, on the same tables."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID, uuid4

import jwt
from fastapi import Header, HTTPException, Query
from sqlalchemy import JSON, Column, func, or_
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel, col, select

from bench.api_peer import Event, Reading, Writing, app, creator_of
from store.models.base import Instant

STAGES = ("idea", "outline", "draft", "published")
PRIORITIES = ("high", "medium", "low")


class Creator(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)


class Idea(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    creator_id: int
    public_id: UUID
    number: int
    title: str
    title_key: str
    notes: str
    stage: str
    stage_place: int
    stage_at: datetime = Field(sa_column=Column(Instant()))
    priority: str
    priority_place: int
    tags: list[str] = Field(sa_column=Column(JSON().with_variant(JSONB(), "postgresql")))
    due_date: date | None = None
    created_at: datetime = Field(sa_column=Column(Instant()))
    updated_at: datetime = Field(sa_column=Column(Instant()))


class IdeaTag(SQLModel, table=True):
    __tablename__ = "idea_tag"
    idea_id: int = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    creator_id: int


class NewIdea(SQLModel):
    title: str = Field(min_length=1, max_length=200)
    notes: str = Field(default="", max_length=5000)
    stage: str = "idea"
    priority: str = "medium"
    tags: list[str] = Field(default_factory=list)
    due_date: date | None = None


class IdeaOut(SQLModel):
    public_id: UUID
    number: int
    title: str
    notes: str
    stage: str
    priority: str
    tags: list[str]
    due_date: date | None
    created_at: datetime
    updated_at: datetime


class IdeaPage(SQLModel):
    items: list[IdeaOut]
    total: int
    limit: int
    offset: int
    has_more: bool


class IdeaQuery(SQLModel):
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0)
    stage: str = ""
    priority: str = ""
    tags: str = ""
    search: str = ""
    sort: str = "created_at"
    order: str = "desc"


_SORTS = {
    "created_at": Idea.created_at,
    "updated_at": Idea.updated_at,
    "title": Idea.title_key,
    "priority": Idea.priority_place,
    "stage": Idea.stage_place,
    "due_date": Idea.due_date,
}


def _must_be(user_id: str, authorization: str) -> None:
    # checked by `creator_of` already
    claims = jwt.decode(authorization.removeprefix("Bearer "), options={"verify_signature": False})
    if claims["sub"] != user_id:
        raise HTTPException(403)


@app.get("/api/v1/{user_id}/ideas")
async def list_ideas(
    user_id: str, session: Reading, authorization: Annotated[str, Header()], given: Annotated[IdeaQuery, Query()]
) -> IdeaPage:
    creator_id = await creator_of(session, authorization)
    _must_be(user_id, authorization)
    asked = select(Idea).where(Idea.creator_id == creator_id)
    if given.stage:
        asked = asked.where(Idea.stage == given.stage)
    if given.priority:
        asked = asked.where(Idea.priority == given.priority)
    if given.tags:
        tagged = select(IdeaTag.idea_id).where(
            IdeaTag.creator_id == creator_id, col(IdeaTag.tag).in_(given.tags.split(","))
        )
        asked = asked.where(col(Idea.id).in_(tagged))
    for word in given.search.split():
        asked = asked.where(or_(col(Idea.title).icontains(word), col(Idea.notes).icontains(word)))
    total = await session.scalar(select(func.count()).select_from(asked.subquery())) or 0
    sort, key = col(_SORTS[given.sort]), col(Idea.id)
    order = (sort.desc().nulls_last(), key.desc()) if given.order == "desc" else (sort.asc().nulls_last(), key)
    rows = list(await session.scalars(asked.order_by(*order).limit(given.limit).offset(given.offset)))
    return IdeaPage(
        items=[IdeaOut.model_validate(row) for row in rows],
        total=total,
        limit=given.limit,
        offset=given.offset,
        has_more=given.offset + len(rows) < total,
    )


@app.post("/api/v1/{user_id}/ideas", status_code=201)
async def create_idea(user_id: str, new: NewIdea, session: Writing, authorization: Annotated[str, Header()]) -> IdeaOut:
    creator_id, now = await creator_of(session, authorization), datetime.now(UTC)
    _must_be(user_id, authorization)
    # those who add at once take turns
    await session.execute(select(Creator.id).where(Creator.id == creator_id).with_for_update())
    last = await session.scalar(select(func.max(Idea.number)).where(Idea.creator_id == creator_id)) or 0
    idea = Idea(
        **new.model_dump(),
        creator_id=creator_id,
        public_id=uuid4(),
        number=last + 1,
        title_key=new.title.casefold(),
        stage_place=STAGES.index(new.stage),
        priority_place=PRIORITIES.index(new.priority),
        stage_at=now,
        created_at=now,
        updated_at=now,
    )
    session.add(idea)
    await session.flush()
    session.add_all(IdeaTag(idea_id=idea.id or 0, tag=tag, creator_id=creator_id) for tag in set(new.tags))
    session.add(Event(creator_id=creator_id, lead_id=None, name="idea.added", occurred_at=now))
    answer = IdeaOut.model_validate(idea)
    await session.commit()
    return answer
