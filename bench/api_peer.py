"""The peer of Spark's API: a FastAPI and SQLModel app on the same tables and data, written as their guides do.

It promises the same: who calls is read from the store at each request, a create or update is one transaction with its
event, a lead's e-mail is unique per creator, and SQLite is as durable (WAL, `synchronous=FULL`, `BEGIN IMMEDIATE`).
bench.api_peer_server runs it.
"""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from sqlalchemy import JSON, Column, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import Field, SQLModel, col, select

from store.models.base import Instant

_JSON = JSON().with_variant(JSONB(), "postgresql")


class Account(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    state: str


class Membership(SQLModel, table=True):
    account_id: int = Field(primary_key=True)
    creator_id: int = Field(primary_key=True)


class SignIn(SQLModel, table=True):
    __tablename__ = "sign_in"
    id: int | None = Field(default=None, primary_key=True)
    account_id: int
    revoked_at: datetime | None = Field(sa_column=Column(Instant()))


class Lead(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    creator_id: int
    name: str
    email: str | None = None
    email_digest: str | None = None
    email_proof: str = "entered"
    phone_proof: str = "typed"
    source: str | None = None
    stage: str = "new"
    score: int = 0
    dice: int = 0
    merged_into_id: int | None = None
    forgotten_at: datetime | None = Field(default=None, sa_column=Column(Instant()))
    created_at: datetime = Field(sa_column=Column(Instant()))


class LeadWord(SQLModel, table=True):
    __tablename__ = "lead_word"
    lead_id: int = Field(primary_key=True)
    word: str = Field(primary_key=True)
    creator_id: int


class LeadTag(SQLModel, table=True):
    __tablename__ = "lead_tag"
    lead_id: int = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    creator_id: int


class LeadField(SQLModel, table=True):
    __tablename__ = "lead_field"
    lead_id: int = Field(primary_key=True)
    key: str = Field(primary_key=True)
    item: int = Field(primary_key=True)
    value: str | None
    number: float | None


class Order(SQLModel, table=True):
    __tablename__ = "order"
    id: int | None = Field(default=None, primary_key=True)
    lead_id: int
    total_minor: int
    currency: str
    paid_at: datetime | None = Field(sa_column=Column(Instant()))


class Event(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    creator_id: int
    lead_id: int | None
    name: str
    subject: str = ""
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(_JSON))
    occurred_at: datetime = Field(sa_column=Column(Instant()))


class Product(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    creator_id: int
    title: str
    description: str
    kind: str
    price_minor: int
    currency: str
    category: str
    tags: list[str] = Field(sa_column=Column(_JSON))
    stock: int | None
    active: bool
    archived_at: datetime | None = Field(sa_column=Column(Instant()))
    rating_sum: int
    rating_count: int
    created_at: datetime = Field(sa_column=Column(Instant()))


class ProductWord(SQLModel, table=True):
    __tablename__ = "product_word"
    product_id: int = Field(primary_key=True)
    word: str = Field(primary_key=True)


class NewLead(SQLModel):
    name: str = Field(default="", max_length=200)
    email: str | None = Field(default=None, max_length=200)


class LeadPatch(SQLModel):
    name: str | None = Field(default=None, max_length=200)
    stage: str | None = Field(default=None, max_length=60)


class LeadOut(SQLModel):
    id: int
    name: str
    email: str | None
    source: str | None
    stage: str
    score: int
    tags: list[str]
    fields: dict[str, Any]
    orders: int
    spent: dict[str, int]
    captured_at: datetime


class LeadPage(SQLModel):
    items: list[LeadOut]
    total: int
    limit: int
    offset: int
    has_more: bool


class ProductOut(SQLModel):
    id: int
    title: str
    description: str
    kind: str
    price_minor: int
    currency: str
    category: str
    tags: list[str]
    stock: int | None
    active: bool
    rating_count: int
    created_at: datetime


class ProductPage(SQLModel):
    items: list[ProductOut]
    total: int
    limit: int
    offset: int
    has_more: bool


app = FastAPI()
_engines: dict[str, AsyncEngine] = {}
_keys: list[bytes] = []


def configure(engines: dict[str, AsyncEngine], key: str) -> None:
    """The engines to "read" and "write" with, and the key of access tokens in hex."""
    _engines.update(engines)
    _keys.append(bytes.fromhex(key))


async def reading() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(_engines["read"], expire_on_commit=False) as session:
        yield session


async def writing() -> AsyncIterator[AsyncSession]:
    async with AsyncSession(_engines["write"], expire_on_commit=False) as session:
        yield session


Reading = Annotated[AsyncSession, Depends(reading)]
Writing = Annotated[AsyncSession, Depends(writing)]


async def creator_of(session: AsyncSession, authorization: str) -> int:
    try:
        claims = jwt.decode(
            authorization.removeprefix("Bearer "),
            _keys[0],
            algorithms=["HS256"],
            audience="spark-api",
            issuer="spark",
            options={"require": ["sub", "exp", "iat", "aud", "iss"]},
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None
    query = (
        select(Membership.creator_id)
        .join(Account, col(Account.id) == Membership.account_id)
        .join(SignIn, col(SignIn.account_id) == Account.id)
        .where(
            Account.id == int(claims["sub"]),
            Account.state == "active",
            SignIn.id == int(claims["sid"]),
            col(SignIn.revoked_at).is_(None),
        )
    )
    found = (await session.scalars(query)).first()
    if found is None:
        raise HTTPException(403)
    return found


async def as_leads(session: AsyncSession, leads: list[Lead]) -> list[LeadOut]:
    ids = [lead.id for lead in leads]
    tags: dict[int, list[str]] = {}
    for tag in await session.scalars(select(LeadTag).where(col(LeadTag.lead_id).in_(ids)).order_by(LeadTag.tag)):
        tags.setdefault(tag.lead_id, []).append(tag.tag)
    fields: dict[int, dict[str, Any]] = {}
    for one in await session.scalars(select(LeadField).where(col(LeadField.lead_id).in_(ids))):
        fields.setdefault(one.lead_id, {})[one.key] = one.value if one.number is None else one.number
    spent: dict[int, tuple[int, dict[str, int]]] = {}
    paid = (
        select(Order.lead_id, Order.currency, func.count(), func.sum(Order.total_minor))
        .where(col(Order.lead_id).in_(ids), col(Order.paid_at).is_not(None))
        .group_by(Order.lead_id, Order.currency)
    )
    for lead_id, currency, orders, total in await session.execute(paid):
        spent[lead_id] = (orders, {currency: int(total)})
    return [
        LeadOut(
            **lead.model_dump(),
            tags=tags.get(lead.id or 0, []),
            fields=fields.get(lead.id or 0, {}),
            orders=spent.get(lead.id or 0, (0, {}))[0],
            spent=spent.get(lead.id or 0, (0, {}))[1],
            captured_at=lead.created_at,
        )
        for lead in leads
    ]


class LeadQuery(SQLModel):
    limit: int = Field(default=20, ge=1, le=100)
    offset: int = Field(default=0, ge=0)
    tag: str = ""
    search: str = ""


@app.get("/api/v1/leads")
async def list_leads(
    session: Reading, authorization: Annotated[str, Header()], asked: Annotated[LeadQuery, Query()]
) -> LeadPage:
    creator_id = await creator_of(session, authorization)
    query = select(Lead).where(
        Lead.creator_id == creator_id, col(Lead.merged_into_id).is_(None), col(Lead.forgotten_at).is_(None)
    )
    if asked.tag:
        query = query.join(LeadTag, col(LeadTag.lead_id) == Lead.id).where(
            LeadTag.creator_id == creator_id, LeadTag.tag == asked.tag
        )
    if asked.search:
        word = asked.search.casefold()
        found = select(LeadWord.lead_id).where(
            LeadWord.creator_id == creator_id, LeadWord.word >= word, LeadWord.word < word + "\U0010ffff"
        )
        query = query.where(col(Lead.id).in_(found))
    total = await session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = list(await session.scalars(query.order_by(col(Lead.id).desc()).limit(asked.limit).offset(asked.offset)))
    items = await as_leads(session, rows)
    more = asked.offset + len(items) < total
    return LeadPage(items=items, total=total, limit=asked.limit, offset=asked.offset, has_more=more)


@app.get("/api/v1/leads/{lead_id}")
async def read_lead(lead_id: int, session: Reading, authorization: Annotated[str, Header()]) -> LeadOut:
    creator_id = await creator_of(session, authorization)
    lead = await session.get(Lead, lead_id)
    if lead is None or lead.creator_id != creator_id:
        raise HTTPException(404)
    return (await as_leads(session, [lead]))[0]


@app.post("/api/v1/leads", status_code=201)
async def create_lead(new: NewLead, session: Writing, authorization: Annotated[str, Header()]) -> LeadOut:
    creator_id, now = await creator_of(session, authorization), datetime.now(UTC)
    lead = Lead(
        creator_id=creator_id, name=new.name, email=new.email, email_digest=new.email, source="api", created_at=now
    )
    session.add(lead)
    try:
        await session.flush()
    except IntegrityError:
        raise HTTPException(409) from None
    lead_id = lead.id or 0
    session.add_all(
        LeadWord(lead_id=lead_id, word=word, creator_id=creator_id) for word in set(new.name.casefold().split())
    )
    session.add(Event(creator_id=creator_id, lead_id=lead_id, name="lead.added", occurred_at=now))
    answer = (await as_leads(session, [lead]))[0]
    await session.commit()
    return answer


@app.patch("/api/v1/leads/{lead_id}")
async def change_lead(
    lead_id: int, patch: LeadPatch, session: Writing, authorization: Annotated[str, Header()]
) -> LeadOut:
    creator_id, now = await creator_of(session, authorization), datetime.now(UTC)
    lead = await session.get(Lead, lead_id)
    if lead is None or lead.creator_id != creator_id:
        raise HTTPException(404)
    lead.sqlmodel_update(patch.model_dump(exclude_unset=True))
    session.add(Event(creator_id=creator_id, lead_id=lead_id, name="lead.stage_changed", occurred_at=now))
    answer = (await as_leads(session, [lead]))[0]
    await session.commit()
    return answer
