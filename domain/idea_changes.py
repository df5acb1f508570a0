"""Changing what stands in an idea: only what is named, each part checked by itself."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, TypedDict

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.idea_events import record_of_idea
from domain.idea_parts import PRIORITY_PLACE, checked_notes, checked_products, checked_tags, checked_title
from domain.idea_search import keep_search
from domain.ideas import hold_again, keep_tags
from domain.setups import CreatorSetup
from kit.errors import Invalid, Reason
from store.database import insert_each_once
from store.models import FunnelHead, FunnelState, Idea, IdeaProduct, IdeaTag, Link, Priority, Product

_FOUND_BY = frozenset({"title", "notes"})


class IdeaChanges(TypedDict, total=False):
    """What can be changed of an idea, and only what is named is; None takes a part away. Its stage: `move_idea`."""

    title: str
    notes: str
    tags: Iterable[str]
    priority: Priority
    due_date: date | None
    # a funnel of the creator's, by its name
    funnel_key: str | None
    link_id: int | None


async def change_idea(session: AsyncSession, idea: Idea, changes: IdeaChanges, *, now: datetime) -> None:
    """What says the same as before is no change, and without any nothing is done. Raises Invalid."""
    await hold_again(session, idea)
    changed = {name: value for name, value in _checked(changes).items() if getattr(idea, name) != value}
    if not changed:
        return
    if changed.get("funnel_key") is not None:
        await _check_runs(session, idea.creator_id, changed["funnel_key"])
    if changed.get("link_id") is not None:
        await _check_own(session, idea.creator_id, changed["link_id"])
    for name, value in changed.items():
        setattr(idea, name, value)
    if "title" in changed:
        idea.title_key = idea.title.casefold()
    if "priority" in changed:
        idea.priority_place = PRIORITY_PLACE[idea.priority]
    if "due_date" in changed:
        # another day is told anew
        idea.due_noted_at = None
    idea.updated_at = now
    await session.flush()
    if "tags" in changed:
        gone = delete(IdeaTag).where(IdeaTag.idea_id == idea.id, IdeaTag.tag.not_in(idea.tags))
        await session.execute(gone.execution_options(synchronize_session=False))
        await keep_tags(session, idea)
    if _FOUND_BY & changed.keys():
        await keep_search(session, idea)
    await record_of_idea(session, "idea.changed", idea, now=now, fields=sorted(changed))


async def set_products(session: AsyncSession, idea: Idea, product_ids: Sequence[int], *, now: datetime) -> None:
    """These and no others are what it is to sell. Raises Invalid for one that is not this creator's."""
    await hold_again(session, idea)
    wanted = checked_products(product_ids)
    known = await session.scalars(
        select(Product.id).where(Product.id.in_(wanted), Product.creator_id == idea.creator_id)
    )
    if strange := set(wanted) - set(known):
        first = min(strange)
        raise Invalid(
            f"you have no product {first}",
            fields={"products": f"there is no product {first}"},
            why=Reason("refused-idea-no-product", product=first),
        )
    before = set(await session.scalars(select(IdeaProduct.product_id).where(IdeaProduct.idea_id == idea.id)))
    if before == set(wanted):
        return
    gone = delete(IdeaProduct).where(IdeaProduct.idea_id == idea.id, IdeaProduct.product_id.not_in(wanted))
    await session.execute(gone.execution_options(synchronize_session=False))
    await insert_each_once(session, IdeaProduct, [{"idea_id": idea.id, "product_id": each} for each in wanted])
    idea.updated_at = now
    await session.flush()
    await record_of_idea(session, "idea.changed", idea, now=now, fields=["products"])


def check_funnel(setup: CreatorSetup, name: str) -> str:
    """As `change_idea` does, for who has the names at hand. Raises Invalid."""
    if name not in setup.funnels:
        raise _no_funnel(name)
    return name


async def _check_runs(session: AsyncSession, creator_id: int, name: str) -> None:
    """Raises Invalid for a funnel that the creator does not have."""
    theirs = select(FunnelHead.state).where(FunnelHead.creator_id == creator_id, FunnelHead.key == name)
    state = await session.scalar(theirs)
    if state is None or state == FunnelState.ARCHIVED:
        raise _no_funnel(name)


async def _check_own(session: AsyncSession, creator_id: int, link_id: int) -> None:
    """Raises Invalid for a link that is not this creator's."""
    theirs = select(Link.id).where(Link.id == link_id, Link.creator_id == creator_id)
    if await session.scalar(theirs) is None:
        raise Invalid(
            f"you have no link {link_id}",
            fields={"link": "there is no such link"},
            why=Reason("refused-no-link", link=link_id),
        )


def _no_funnel(name: str) -> Invalid:
    return Invalid(
        f"there is no funnel “{name[:50]}”",
        fields={"funnel": "there is no such funnel"},
        why=Reason("refused-idea-no-funnel", funnel=name[:50]),
    )


def _checked(changes: IdeaChanges) -> dict[str, Any]:
    values: dict[str, Any] = dict(changes)
    if "title" in changes:
        values["title"] = checked_title(changes["title"])
    if "notes" in changes:
        values["notes"] = checked_notes(changes["notes"])
    if "tags" in changes:
        values["tags"] = checked_tags(changes["tags"])
    return values
