"""All that belongs to one idea, as its card shows it, and which tags a creator's ideas have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    AttachmentKind,
    Idea,
    IdeaAttachment,
    IdeaCheck,
    IdeaMove,
    IdeaPost,
    IdeaProduct,
    IdeaStage,
    IdeaTag,
    Link,
    Product,
)
from store.queries.idea_results import Brought, brought_by_few

MOVES_SHOWN = 4
FEW = 200


@dataclass(frozen=True, slots=True)
class Move:
    """A move, and when it was."""

    before: IdeaStage
    stage: IdeaStage
    at: datetime


@dataclass(frozen=True, slots=True)
class IdeaCard:
    """One idea with what hangs on it; `moves` are the last ones, oldest first."""

    idea: Idea
    products: Sequence[Product]
    link: Link | None
    checks: int
    checked: int
    attached: Mapping[AttachmentKind, int]
    post: IdeaPost | None
    moves: Sequence[Move]
    # of one that is published, where few came by its links: the card is made while others wait to write
    brought: Brought | None


async def idea_card(session: AsyncSession, idea: Idea) -> IdeaCard:
    checks = (
        await session.execute(
            select(func.count(), func.count(IdeaCheck.done_at)).where(IdeaCheck.idea_id == idea.id),
        )
    ).one()
    kinds = select(IdeaAttachment.kind, func.count()).where(IdeaAttachment.idea_id == idea.id)
    attached = await session.execute(kinds.group_by(IdeaAttachment.kind).order_by(IdeaAttachment.kind))
    moves = select(IdeaMove.before, IdeaMove.stage, IdeaMove.moved_at).where(IdeaMove.idea_id == idea.id)
    latest = (await session.execute(moves.order_by(IdeaMove.id.desc()).limit(MOVES_SHOWN))).all()
    post = select(IdeaPost).where(IdeaPost.idea_id == idea.id).order_by(IdeaPost.id.desc()).limit(1)
    return IdeaCard(
        idea=idea,
        products=await products_of(session, idea.id),
        link=await session.get(Link, idea.link_id) if idea.link_id is not None else None,
        checks=checks[0],
        checked=checks[1],
        attached={row[0]: row[1] for row in attached},
        post=await session.scalar(post),
        moves=[Move(row.before, row.stage, row.moved_at) for row in reversed(latest)],
        brought=await brought_by_few(session, idea.creator_id, idea.id, most=FEW)
        if idea.stage == IdeaStage.PUBLISHED
        else None,
    )


async def products_of(session: AsyncSession, idea_id: int, *are: ColumnElement[bool]) -> Sequence[Product]:
    """What an idea is to sell; with conditions, those of it that meet them."""
    theirs = select(Product).join(IdeaProduct, IdeaProduct.product_id == Product.id)
    return (await session.scalars(theirs.where(IdeaProduct.idea_id == idea_id, *are).order_by(Product.id))).all()


async def count_idea_tags(session: AsyncSession, creator_id: int, *, limit: int) -> Mapping[str, int]:
    """The most frequent first."""
    count = func.count().label("count")
    tags = select(IdeaTag.tag, count).where(IdeaTag.creator_id == creator_id).group_by(IdeaTag.tag)
    rows = await session.execute(tags.order_by(count.desc(), IdeaTag.tag).limit(limit))
    return {row[0]: row[1] for row in rows}


async def count_stages(session: AsyncSession, creator_id: int) -> Mapping[IdeaStage, int]:
    """How many of a creator's ideas are at each stage, all of them in order."""
    counts = select(Idea.stage_place, func.count()).where(Idea.creator_id == creator_id).group_by(Idea.stage_place)
    found = {row[0]: row[1] for row in await session.execute(counts)}
    return {stage: found.get(place, 0) for place, stage in enumerate(IdeaStage)}
