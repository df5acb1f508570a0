"""Every list of the API: as many statements for thirty rows as for three, along an index that has their order."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from api_rows import Rows, address, rows_of
from lead_world import Counted
from sqlalchemy import Table, UniqueConstraint, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from web_world import NOON, Client, Site

from store.models import (
    Account,
    ApiKey,
    Base,
    Broadcast,
    BundleItem,
    Channel,
    CreatorProfile,
    Decision,
    DiscountCode,
    Enrollment,
    Event,
    FlowHead,
    FlowVersion,
    FunnelHead,
    FunnelVersion,
    Hook,
    HookMessage,
    Idea,
    IdeaMove,
    Invitation,
    Lead,
    LeadNote,
    Link,
    Membership,
    Order,
    OrderLine,
    OutboxMessage,
    Person,
    Product,
    ProductVariant,
    Profile,
    Review,
    ReviewState,
    Role,
    Segment,
    SignIn,
    StoredFile,
    Upsell,
)
from web.api.lists import ListAnswer
from web.api.route import Route
from web.api.table import ROUTES

MANY, FEW = 30, 3
LISTS = [
    route
    for route in ROUTES
    if isinstance(answer := route.answers[route.usual], type) and issubclass(answer, ListAnswer)
]


@dataclass(frozen=True)
class Of:
    """Of which rows a list is: copies of the first one, and of what it points at by `other` columns.

    A copy has values of its own in these, and in whatever has to be unique.
    """

    model: type[Base]
    other: tuple[str, ...] = ()
    # the first one for which this column says so
    where: tuple[str, Any] | None = None


SHOWN: Mapping[str, Of] = {
    "/auth/sessions": Of(SignIn),
    "/profile/search/users": Of(Profile, ("account_id",)),
    "/profile/creators": Of(CreatorProfile, ("creator_id",)),
    "/api-keys": Of(ApiKey),
    "/team": Of(Membership, ("account_id",)),
    "/invitations": Of(Invitation),
    "/admin/invitations": Of(Invitation, where=("creator_id", None)),
    "/admin/accounts": Of(Account),
    "/leads": Of(Lead),
    "/leads/{lead_id}/notes": Of(LeadNote),
    "/leads/{lead_id}/timeline": Of(Event, where=("name", "lead.added")),
    "/leads/{lead_id}/decisions": Of(Decision),
    "/leads/{lead_id}/messages": Of(OutboxMessage),
    "/{user_id}/ideas": Of(Idea),
    "/{user_id}/ideas/{idea_id}/history": Of(IdeaMove),
    "/{user_id}/ideas/results": Of(Idea),
    "/channels": Of(Channel),
    "/events": Of(Event, where=("name", "lead.added")),
    "/funnels": Of(FunnelHead),
    "/segments": Of(Segment),
    "/orders": Of(Order),
    "/purchase/mypurchases": Of(Order),
    "/purchase/mypurchases/all": Of(Order),
    "/customers": Of(Order, ("lead_id",)),
    "/analytics/products": Of(OrderLine, ("product_id",)),
    "/analytics/sources": Of(Lead, ("source",), where=("source", "fair")),
    "/analytics/funnels": Of(Enrollment),
    "/links": Of(Link),
    "/flows": Of(FlowHead),
    "/broadcasts": Of(Broadcast),
    "/webhooks": Of(Hook),
    "/webhooks/{hook_id}/deliveries": Of(HookMessage, ("event_id",)),
    "/products/{product_id}/files": Of(StoredFile, ("file_name",)),
    "/products": Of(Product),
    "/products/categories": Of(Product, ("category",)),
    "/products/category/{category}": Of(Product),
    "/creator/products": Of(Product),
    "/products/{product_id}/variants": Of(ProductVariant),
    "/products/{product_id}/bundle": Of(BundleItem, ("product_id",)),
    "/products/{product_id}/upsells": Of(Upsell, ("offered_id",)),
    "/codes": Of(DiscountCode),
    "/platform/popular": Of(Product),
    "/platform/recent": Of(Product),
    "/platform/categories/stats": Of(Product, ("category",)),
    "/products/{product_id}/reviews": Of(Review, ("lead_id",)),
    "/reviews/mine": Of(Review, ("product_id",)),
    "/reviews/reported": Of(Review, ("lead_id",)),
    "/reviews": Of(Review, ("lead_id",)),
}


# what is put in order by hand, since there is little of it
LITTLE: Mapping[str, str] = {
    "/team": "a team",
    "/leads/{lead_id}/timeline": "what became of one lead",
    "/leads/{lead_id}/decisions": "what became of one lead",
    "/purchase/mypurchases": "what one person bought",
    "/purchase/mypurchases/all": "what one person bought",
    "/reviews/mine": "what one person said",
    "/products/{product_id}/variants": "of one product",
    "/profile/creators?sort=rate": "creators of one instance",
    "/analytics/products": "sums, kept for a minute",
    "/{user_id}/ideas?sort=due_date": "two pages, of those with a day and of those without one",
    **{
        f"/products/category/{{category}}?sort_by={sort}": "of a wide category the order's own index is followed"
        for sort in ("title", "rating", "popular")
    },
}


async def test_every_list_costs_as_many_statements_with_thirty_rows_as_with_three(site: Site, client: Client):
    assert {route.path for route in LISTS} == set(SHOWN)
    rows = await _furnished(site, client)
    async with site.database.transaction() as session:
        for shown in dict.fromkeys(SHOWN.values()):
            first = await _first(session, shown)
            for _ in range(MANY):
                await _copy(session, shown.model.__table__, first, shown.other)
    site.clock.pass_time(minutes=1)
    wrong = []
    sorting = set()
    for route in LISTS:
        for order in _orders(route):
            at = f"{address(route, rows)}?{order}"
            few, many = [await _ask(site, client, f"{at}&limit={limit}", rows) for limit in (FEW, MANY)]
            # the first to ask may count what is kept for the next
            if (few.items, many.items) != (FEW, MANY) or many.statements > few.statements:
                wrong.append((at, few, many))
            if many.sorts:
                sorting.add(f"{route.path}?{order}".removesuffix("?"))
    assert not wrong, "\n".join(map(str, wrong))
    assert sorting == set(LITTLE)


def _orders(route: Route[Any, Any]) -> list[str]:
    """Each that it can be asked for, and without one."""
    found = [""]
    for name in ("sort", "sort_by"):
        if (part := route.query.model_fields.get(name)) is not None:
            kind = part.annotation
            assert isinstance(kind, type)
            assert issubclass(kind, StrEnum)
            found += [f"{name}={each}" for each in kind]
    return found


@dataclass(frozen=True)
class Told:
    items: int
    statements: int
    # whether a page was put in order by hand, along no index
    sorts: bool


async def _ask(site: Site, client: Client, at: str, rows: Rows) -> Told:
    headers = site.bearer(rows.account_id)
    with Counted(site.database) as counted:
        response = await client.get(at, headers=headers)
    assert response.status == 200, (at, await response.text())
    async with site.database.reading() as session:
        sorts = [await _sorts(session, *each) for each in counted.asked]
    return Told(len((await response.json())["items"]), len(counted.statements), any(sorts))


async def _sorts(session: AsyncSession, statement: str, parameters: Any) -> bool:
    if "ORDER BY" not in statement or "LIMIT" not in statement:
        return False
    plan = await (await session.connection()).exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    return any("TEMP B-TREE FOR ORDER BY" in step.detail for step in plan)


async def _furnished(site: Site, client: Client) -> Rows:
    """With what lists tell of besides; whoever asks owns the business, looks after the instance, and has bought."""
    rows = await rows_of(site, client, "ada")
    ada, account = rows.creator_id, rows.account_id
    async with site.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == account).values(role=Role.ADMIN))
        order = (await session.scalars(select(Order))).one()
        await session.execute(update(Lead).where(Lead.id == order.lead_id).values(account_id=account))
        await session.execute(update(Review).values(state=ReviewState.REPORTED, reported_at=NOON))
        session.add_all(
            [
                Profile(account_id=account, public=True, updated_at=NOON),
                CreatorProfile(creator_id=ada, public=True, currency="usd", updated_at=NOON),
                Decision(creator_id=ada, lead_id=rows.values["lead_id"], at=NOON, about="funnel:care"),
                OrderLine(order_id=order.id, product_id=rows.values["product_id"], title="Pack", price_minor=1900),
                BundleItem(bundle_id=rows.values["product_id"], product_id=rows.values["item_id"]),
                Upsell(product_id=rows.values["product_id"], offered_id=rows.values["offered_id"]),
            ]
        )
        person = Person(bot_id=1, telegram_id=1, first_name="Lena", language="en", created_at=NOON, seen_at=NOON)
        session.add(person)
        await session.flush()
        came_by = {"source": "fair", "link_id": rows.values["link_id"]}
        await session.execute(
            update(Lead).where(Lead.id == rows.values["lead_id"]).values(person_id=person.id, **came_by)
        )
        await session.execute(update(Idea).values(link_id=rows.values["link_id"]))
        message = {"message": {"kind": "text", "text": "Hi"}, "due_at": NOON, "created_at": NOON}
        session.add(
            OutboxMessage(key="hi", creator_id=ada, person_id=person.id, lead_id=rows.values["lead_id"], **message)
        )
        funnel = (await session.scalars(select(FunnelVersion))).one()
        begun = {"creator_id": ada, "funnel_key": "care", "version_id": funnel.id, "subject": "", "step": "hi"}
        session.add(Enrollment(**begun, lead_id=rows.values["lead_id"], started_at=NOON))
        flow = FlowVersion(creator_id=ada, key="welcome", digest="d", definition={}, created_at=NOON)
        session.add(flow)
        await session.flush()
        session.add(FlowHead(creator_id=ada, key="welcome", version_id=flow.id, changed_at=NOON))
    return rows


async def _first(session: AsyncSession, shown: Of) -> Mapping[str, Any]:
    table = shown.model.__table__
    first = select(table).order_by(*table.primary_key).limit(1)
    if shown.where is not None:
        name, value = shown.where
        first = first.where(table.c[name].is_not_distinct_from(value))
    row = (await session.execute(first)).mappings().one_or_none()
    assert row is not None, f"there is no {table.name} to copy"
    return row


async def _copy(session: AsyncSession, table: Table, row: Mapping[str, Any], other: tuple[str, ...] = ()) -> Any:
    """Answers the copy's primary key."""
    unique = {
        column.name
        for each in (*table.constraints, *table.indexes)
        if isinstance(each, UniqueConstraint) or getattr(each, "unique", False)
        for column in each.columns
    }
    values = dict(row)
    values.pop("id", None)
    for name in {*unique, *other, *table.primary_key.columns.keys()} & values.keys():
        column, value = table.c[name], values[name]
        if column.foreign_keys:
            if name in other:
                target = next(iter(column.foreign_keys)).column.table
                theirs = select(target).where(target.c.id == value)
                values[name] = await _copy(session, target, (await session.execute(theirs)).mappings().one())
            elif column.nullable:
                values[name] = None
        elif isinstance(value, UUID):
            values[name] = uuid4()
        elif isinstance(value, str):
            values[name] = f"{value[:40]}-{uuid4().hex}"
        elif isinstance(value, int):
            values[name] = uuid4().int >> 90
    return (await session.execute(insert(table).values(values))).inserted_primary_key[0]
