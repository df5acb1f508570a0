from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, distinct, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.kept_money import BOUGHT, KEPT_MINOR
from store.models import Idea, Lead, Link, LinkTarget, Order, Payment, Touch


async def list_links(
    session: AsyncSession, creator_id: int, *, limit: int, offset: int = 0, archived: bool = False
) -> Sequence[Link]:
    """The newest first; either those in use or those put away."""
    query = select(Link).where(_listed(creator_id, archived=archived))
    return (await session.scalars(query.order_by(Link.id.desc()).limit(limit).offset(offset))).all()


async def count_links(session: AsyncSession, creator_id: int, *, archived: bool = False) -> int:
    """So many are listed."""
    return await session.scalar(select(func.count()).where(_listed(creator_id, archived=archived))) or 0


def _listed(creator_id: int, *, archived: bool) -> ColumnElement[bool]:
    put_away = Link.archived_at.is_not(None) if archived else Link.archived_at.is_(None)
    return and_(Link.creator_id == creator_id, put_away)


async def idea_of(session: AsyncSession, link: Link) -> str | None:
    """The title of the idea that the link leads to; None for a link to anything else."""
    if link.target != LinkTarget.IDEA or not link.name.isdecimal():
        return None
    query = select(Idea.title).where(Idea.creator_id == link.creator_id, Idea.number == int(link.name))
    return await session.scalar(query)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What a link has brought: leads of whom it was the first touch, all touches, and who of all touched bought."""

    first_leads: int
    touches: int
    touched_leads: int
    orders: int
    # paid by leads of whom it was the first touch: minor units by currency
    revenue: dict[str, int]


async def link_result(session: AsyncSession, link_id: int) -> LinkResult:
    firsts = await session.scalar(select(func.count()).select_from(Lead).where(Lead.link_id == link_id))
    touched = (
        await session.execute(select(func.count(), func.count(distinct(Touch.lead_id))).where(Touch.link_id == link_id))
    ).one()
    sales = await session.execute(
        select(Payment.currency, func.count(distinct(Order.id)), func.sum(KEPT_MINOR))
        .join(Order, Order.id == Payment.order_id)
        .join(Lead, Lead.id == Order.lead_id)
        .where(Lead.link_id == link_id, BOUGHT, KEPT_MINOR > 0)
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    rows = sales.all()
    return LinkResult(
        first_leads=firsts or 0,
        touches=touched[0],
        touched_leads=touched[1],
        orders=sum(row[1] for row in rows),
        revenue={row[0]: int(row[2]) for row in rows},
    )
