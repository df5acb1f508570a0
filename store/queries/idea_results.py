"""What ideas have brought: who came by their links, and what these have paid.

A link is an idea's when it leads to it by its number, or when the idea names it. Somebody is a lead of the link that
they came by first of all, as sources count (`store.queries.analytics`). An order counts by first touch for the link
that its buyer came by first, and by last touch for the one that they came by last before they paid: whatever else they
came by after that takes it away. Leads stand when they came, orders and money when they were paid, and what went back
since is taken off there.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import CTE, ColumnElement, Select, Text, and_, cast, exists, func, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from store.kept_money import WENT_BACK_MINOR
from store.models import Idea, IdeaTag, Lead, Link, LinkTarget, Order, Payment, Touch
from store.queries.analytics import Sum, became_leads, were_paid
from store.queries.analytics_pieces import number_of_piece

K = TypeVar("K", int, str)
EVER = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
# of what happened at that time: the idea, the tag or the month that it counts for
_Key = Callable[[InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]], ColumnElement[Any]]


@dataclass(slots=True)
class Bought:
    """Who bought, how often, and for how much, before and after what went back."""

    buyers: int = 0
    orders: int = 0
    money: dict[str, Sum] = field(default_factory=dict)


@dataclass(slots=True)
class Brought:
    """`leads` came by it first of all; `touched` came by it at all."""

    leads: int = 0
    touched: int = 0
    first: Bought = field(default_factory=Bought)
    last: Bought = field(default_factory=Bought)


async def brought(
    session: AsyncSession,
    creator_id: int,
    idea_ids: Collection[int],
    since: datetime = EVER,
    until: datetime = NEVER,
) -> dict[int, Brought]:
    """By idea, those too that brought nothing."""
    links = _links(creator_id, Idea.id.in_(idea_ids))
    found = await _count(session, creator_id, links, lambda _: links.c.idea_id, (since, until))
    return {each: found.get(each, Brought()) for each in idea_ids}


async def brought_by_few(session: AsyncSession, creator_id: int, idea_id: int, *, most: int) -> Brought | None:
    """What one idea brought, where that is soon added up: None when people came by its links more often than that."""
    links = _links(creator_id, Idea.id == idea_id)
    leads = select(Lead.id).select_from(links).join(Lead, Lead.link_id == links.c.link_id).limit(most + 1)
    touches = select(Touch.id).select_from(links).join(Touch, Touch.link_id == links.c.link_id).limit(most + 1)
    for each in (leads, touches):
        if (await session.scalar(select(func.count()).select_from(each.subquery())) or 0) > most:
            return None
    return (await brought(session, creator_id, [idea_id]))[idea_id]


async def brought_since(
    session: AsyncSession, creator_id: int, since: datetime = EVER, until: datetime = NEVER
) -> dict[int, Brought]:
    """By idea, for those that brought anything then."""
    links = _links(creator_id)
    return await _count(session, creator_id, links, lambda _: links.c.idea_id, (since, until))


async def brought_by_tag(
    session: AsyncSession, creator_id: int, since: datetime = EVER, until: datetime = NEVER
) -> dict[str, Brought]:
    """An idea counts for each tag that it has, and each buyer and order once for a tag, by however many ideas."""
    of_idea = _links(creator_id)
    tagged = select(IdeaTag.tag, of_idea.c.link_id).join(of_idea, of_idea.c.idea_id == IdeaTag.idea_id)
    # said once more, or PostgreSQL reads the tags of all
    links = tagged.where(IdeaTag.creator_id == creator_id).distinct().cte("tagged_link")
    return await _count(session, creator_id, links, lambda _: links.c.tag, (since, until))


async def brought_by_piece(session: AsyncSession, creator_id: int, edges: Sequence[datetime]) -> list[Brought]:
    """By all ideas together, in each piece of time. `edges` as `kit.buckets.edges` makes them."""
    links = select(_links(creator_id).c.link_id).distinct().cte("ideas_link")
    between = (edges[0], edges[-1])
    found = await _count(session, creator_id, links, lambda at: number_of_piece(at, edges), between)
    return [found.get(number, Brought()) for number in range(len(edges) - 1)]


def most_first(found: Mapping[K, Brought]) -> list[K]:
    """What brought most, whatever that is worth in which currency."""

    def rank(key: K) -> tuple[Any, ...]:
        each = found[key]
        return -each.last.orders, -each.first.orders, -each.leads, -each.touched, key

    return sorted(found, key=rank)


def _links(creator_id: int, *which: ColumnElement[bool]) -> CTE:
    """The idea and the link, each pair once."""
    own = (Idea.creator_id == creator_id, *which)
    leads_to = and_(Link.creator_id == creator_id, Link.target == LinkTarget.IDEA, Link.name == cast(Idea.number, Text))
    by_number = select(Idea.id.label("idea_id"), Link.id.label("link_id")).join(Link, leads_to).where(*own)
    by_name = select(Idea.id, Idea.link_id).where(*own, Idea.link_id.is_not(None))
    return union(by_number, by_name).cte("idea_link")


async def _count(
    session: AsyncSession, creator_id: int, links: CTE, key: _Key, between: tuple[datetime, datetime]
) -> dict[Any, Brought]:
    since, until = between
    found: dict[Any, Brought] = {}
    came = (
        select(key(Lead.created_at).label("key"), func.count())
        .select_from(links)
        .join(Lead, Lead.link_id == links.c.link_id)
        .where(*became_leads(creator_id, since, until))
    )
    for each, leads in await session.execute(came.group_by("key")):
        found.setdefault(each, Brought()).leads = leads
    touched = (
        select(key(Touch.touched_at).label("key"), func.count(Touch.lead_id.distinct()))
        .select_from(links)
        .join(Touch, Touch.link_id == links.c.link_id)
        .join(Lead, Lead.id == Touch.lead_id)
        .where(*became_leads(creator_id, EVER, NEVER), Touch.touched_at >= since, Touch.touched_at < until)
    )
    for each, people in await session.execute(touched.group_by("key")):
        found.setdefault(each, Brought()).touched = people
    paid = were_paid(creator_id, since, until)
    of_first = Select[Any]().select_from(links).join(Lead, Lead.link_id == links.c.link_id)
    of_first = of_first.join(Order, Order.lead_id == Lead.id)
    for each, bought in (await _bought(session, of_first.where(*paid), creator_id, key(Order.paid_at))).items():
        found.setdefault(each, Brought()).first = bought
    of_last = Select[Any]().select_from(links).join(Touch, Touch.link_id == links.c.link_id)
    of_last = of_last.join(Order, and_(Order.lead_id == Touch.lead_id, Order.paid_at >= Touch.touched_at))
    of_last = of_last.join(Lead, Lead.id == Order.lead_id).where(*paid, ~_touched_again())
    for each, bought in (await _bought(session, of_last, creator_id, key(Order.paid_at))).items():
        found.setdefault(each, Brought()).last = bought
    return found


def _touched_again() -> ColumnElement[bool]:
    """Whether they came again, by whatever, before they paid."""
    later = aliased(Touch)
    return exists().where(
        later.lead_id == Touch.lead_id,
        later.touched_at <= Order.paid_at,
        tuple_(later.touched_at, later.id) > tuple_(Touch.touched_at, Touch.id),
    )


async def _bought(
    session: AsyncSession, orders: Select[Any], creator_id: int, key: ColumnElement[Any]
) -> dict[Any, Bought]:
    """Of these orders, of which each stands there once for whatever it counts for."""
    orders = orders.where(*became_leads(creator_id, EVER, NEVER), Order.total_minor > 0)
    found: dict[Any, Bought] = {}
    counted = orders.with_only_columns(
        key.label("key"), func.count(Lead.id.distinct()), func.count(), maintain_column_froms=True
    )
    for each, buyers, count in await session.execute(counted.group_by("key")):
        found[each] = Bought(buyers, count)
    money = (
        orders.join(Payment, Payment.order_id == Order.id)
        .with_only_columns(
            key.label("key"), Payment.currency, func.sum(Payment.amount_minor), func.sum(WENT_BACK_MINOR)
        )
        .group_by("key", Payment.currency)
        .order_by(Payment.currency)
    )
    for each, currency, gross, back in await session.execute(money):
        # one that was paid between the two statements has money alone
        found.setdefault(each, Bought()).money[currency] = Sum(int(gross), int(back))
    return found
