"""Everything that hangs on one idea, as programs are told of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Idea, IdeaAttachment, IdeaCheck, IdeaMove, IdeaPost, IdeaProduct

# of a history, the last ones; all of them are a list of their own
MOVES_TOLD = 50


@dataclass(frozen=True, slots=True)
class WholeIdea:
    """`moves` are the last ones, newest first; `post` is the latest of them."""

    idea: Idea
    products: Sequence[int]
    checks: Sequence[Any]
    attachments: Sequence[Any]
    moves: Sequence[Any]
    post: Any


async def whole_idea(session: AsyncSession, idea: Idea) -> WholeIdea:
    asked = {"idea_id": idea.id}
    return WholeIdea(
        idea=idea,
        products=(await session.scalars(_PRODUCTS, asked)).all(),
        checks=(await session.execute(_CHECKS, asked)).all(),
        attachments=(await session.execute(_ATTACHMENTS, asked)).all(),
        moves=(await session.execute(_MOVES.limit(MOVES_TOLD), asked)).all(),
        post=(await session.execute(_POST, asked)).one_or_none(),
    )


async def page_of_moves(session: AsyncSession, idea: Idea, paging: Paging) -> Page[Any]:
    """The history of an idea, newest first."""
    asked = {"idea_id": idea.id}
    rows = (await session.execute(_MOVES.limit(paging.limit).offset(paging.offset), asked)).all()
    total = await session.scalar(select(func.count()).select_from(IdeaMove).where(_of(IdeaMove)), asked)
    return Page(rows, total or 0, paging)


def _of(model: type[IdeaCheck | IdeaAttachment | IdeaMove | IdeaPost | IdeaProduct]) -> Any:
    return model.idea_id == bindparam("idea_id")


_PRODUCTS = select(IdeaProduct.product_id).where(_of(IdeaProduct)).order_by(IdeaProduct.product_id)
_CHECKS: Select[*tuple[Any, ...]] = (
    select(IdeaCheck.id, IdeaCheck.what, IdeaCheck.done_at).where(_of(IdeaCheck)).order_by(IdeaCheck.id)
)
_ATTACHMENTS: Select[*tuple[Any, ...]] = (
    select(
        IdeaAttachment.id,
        IdeaAttachment.kind,
        IdeaAttachment.file_name,
        IdeaAttachment.words,
        IdeaAttachment.forwarded_from,
        IdeaAttachment.created_at,
    )
    .where(_of(IdeaAttachment))
    .order_by(IdeaAttachment.id)
)
_MOVES: Select[*tuple[Any, ...]] = (
    select(IdeaMove.before, IdeaMove.stage, IdeaMove.moved_at).where(_of(IdeaMove)).order_by(IdeaMove.id.desc())
)
_POST: Select[*tuple[Any, ...]] = (
    select(IdeaPost.state, IdeaPost.silent, IdeaPost.due_at, IdeaPost.posted_at, IdeaPost.error)
    .where(_of(IdeaPost))
    .order_by(IdeaPost.id.desc())
    .limit(1)
)
