"""A creator's own page, by which brands and buyers find them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import check_currency
from store.database import insert_once
from store.models import Creator, CreatorPlatform, CreatorProfile


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where else a creator publishes, under which name, and how many follow them there."""

    platform: str
    handle: str
    followers: int


async def change_page(
    session: AsyncSession,
    creator_id: int,
    changes: Mapping[str, str | bool | int | None],
    platforms: Sequence[Elsewhere] | None,
    *,
    now: datetime,
) -> None:
    """Each part only where it is given; `platforms` all at once. Raises Invalid for a currency that is none."""
    page = await _hold(session, creator_id, now=now)
    for name, value in changes.items():
        match name:
            case "public":
                page.public = bool(value)
            case "available":
                page.available = bool(value)
            case "bio":
                page.bio = str(value).strip()
            case "category":
                page.category = as_category(str(value))
            case "location":
                page.location = " ".join(str(value).split())
            case "rate_minor":
                page.rate_minor = None if value is None else int(value)
            case "currency":
                page.currency = check_currency(str(value))
    page.updated_at = now
    await session.flush()
    if platforms is not None:
        await session.execute(delete(CreatorPlatform).where(CreatorPlatform.creator_id == creator_id))
        session.add_all(
            CreatorPlatform(
                creator_id=creator_id, platform=each.platform.casefold(), handle=each.handle, followers=each.followers
            )
            for each in platforms
        )
        await session.flush()


def as_category(text: str) -> str:
    """As it is kept and looked for."""
    return " ".join(text.split()).casefold()


async def _hold(session: AsyncSession, creator_id: int, *, now: datetime) -> CreatorProfile:
    creator = await session.get_one(Creator, creator_id)
    await insert_once(
        session, CreatorProfile, {"creator_id": creator_id, "currency": creator.currency, "updated_at": now}
    )
    held = select(CreatorProfile).where(CreatorProfile.creator_id == creator_id).with_for_update()
    return (await session.scalars(held, execution_options={"populate_existing": True})).one()
