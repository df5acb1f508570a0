"""People and creators who want to be found, and how they are found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from kit.text import search_words
from store.models import Account, AccountState, Creator, CreatorPlatform, CreatorProfile, Product, Profile
from store.queries.accounts import are_called
from store.queries.product_shapes import LISTED

_MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class FoundPerson:
    account: Account
    profile: Profile


async def find_people(session: AsyncSession, text: str, paging: Paging) -> Page[FoundPerson]:
    """Those whose profile is public, by how words of their name or company begin; all of them without words."""
    which: list[ColumnElement[bool]] = [Profile.public.is_(True), Account.state == AccountState.ACTIVE]
    words = search_words(text)[:_MOST_WORDS]
    if text.strip() and not words:
        return Page([], 0, paging)
    which += are_called(words)
    found = select(Account, Profile).join(Profile, Profile.account_id == Account.id).where(*which)
    total = await session.scalar(select(func.count()).select_from(found.subquery()))
    rows = await session.execute(found.order_by(Profile.account_id).limit(paging.limit).offset(paging.offset))
    return Page([FoundPerson(account, profile) for account, profile in rows], total or 0, paging)


class CreatorSort(StrEnum):
    NEWEST = "newest"
    # what one piece of work costs, the lowest first; those who do not say come last
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class CreatorFilter:
    """Each as far as it is given. `max_rate` is in minor units of `currency`; `min_rating` in stars."""

    platform: str | None = None
    category: str | None = None
    location: str | None = None
    max_rate: int | None = None
    currency: str | None = None
    available: bool | None = None
    min_rating: float | None = None
    sort: CreatorSort = CreatorSort.NEWEST


@dataclass(slots=True)
class FoundCreator:
    """`stars` of all reviews together, and how many reviews; `products` are those in the shop."""

    creator: Creator
    page: CreatorProfile
    platforms: list[CreatorPlatform] = field(default_factory=list)
    stars: int = 0
    reviews: int = 0
    products: int = 0


async def find_creators(session: AsyncSession, wanted: CreatorFilter, paging: Paging) -> Page[FoundCreator]:
    """Those whose page is public, and whose business is not closed."""
    found = (
        select(Creator, CreatorProfile)
        .join(CreatorProfile, CreatorProfile.creator_id == Creator.id)
        .where(CreatorProfile.public.is_(True), Creator.closed_at.is_(None), *_conditions(wanted))
    )
    total = await session.scalar(select(func.count()).select_from(found.subquery()))
    if wanted.sort is CreatorSort.RATE:
        found = found.order_by(CreatorProfile.rate_minor.is_(None), CreatorProfile.rate_minor)
    rows = await session.execute(
        found.order_by(CreatorProfile.creator_id.desc()).limit(paging.limit).offset(paging.offset)
    )
    return Page(await _furnished(session, [FoundCreator(*row) for row in rows]), total or 0, paging)


async def find_page(session: AsyncSession, slug: str) -> FoundCreator | None:
    """The public page of the creator of that slug, whose business is not closed."""
    return await _one(session, Creator.slug == slug, CreatorProfile.public.is_(True), Creator.closed_at.is_(None))


async def own_page(session: AsyncSession, creator_id: int) -> FoundCreator | None:
    """Public or not; None before anything was said on it."""
    return await _one(session, Creator.id == creator_id)


async def _one(session: AsyncSession, *which: ColumnElement[bool]) -> FoundCreator | None:
    found = select(Creator, CreatorProfile).join(CreatorProfile, CreatorProfile.creator_id == Creator.id).where(*which)
    rows = await _furnished(session, [FoundCreator(*row) for row in await session.execute(found)])
    return rows[0] if rows else None


async def _furnished(session: AsyncSession, found: list[FoundCreator]) -> list[FoundCreator]:
    """With where they publish, and what is said of their products."""
    by_id = {each.creator.id: each for each in found}
    for platform in await _platforms(session, by_id):
        by_id[platform.creator_id].platforms.append(platform)
    sums = select(Product.creator_id, func.sum(Product.rating_sum), func.sum(Product.rating_count), func.count()).where(
        Product.creator_id.in_(by_id), LISTED
    )
    for creator_id, stars, reviews, products in await session.execute(sums.group_by(Product.creator_id)):
        each = by_id[creator_id]
        each.stars, each.reviews, each.products = int(stars), int(reviews), products
    return found


async def _platforms(session: AsyncSession, creator_ids: Collection[int]) -> Sequence[CreatorPlatform]:
    theirs = select(CreatorPlatform).where(CreatorPlatform.creator_id.in_(creator_ids))
    return (await session.scalars(theirs.order_by(CreatorPlatform.followers.desc(), CreatorPlatform.platform))).all()


def _conditions(wanted: CreatorFilter) -> list[ColumnElement[bool]]:
    which: list[ColumnElement[bool]] = []
    if wanted.platform is not None:
        theirs = CreatorPlatform.creator_id == CreatorProfile.creator_id
        which.append(exists().where(theirs, CreatorPlatform.platform == wanted.platform))
    if wanted.category is not None:
        which.append(CreatorProfile.category == wanted.category)
    if wanted.location is not None:
        which.append(_lies_in(wanted.location))
    if wanted.max_rate is not None:
        which.append(CreatorProfile.rate_minor <= wanted.max_rate)
    if wanted.currency is not None:
        which.append(CreatorProfile.currency == wanted.currency)
    if wanted.available is not None:
        which.append(CreatorProfile.available.is_(wanted.available))
    if wanted.min_rating is not None:
        stars, count = func.sum(Product.rating_sum), func.sum(Product.rating_count)
        good = (
            select(Product.creator_id)
            .where(LISTED, Product.rating_count > 0)
            .group_by(Product.creator_id)
            .having(stars * 1000 >= count * round(wanted.min_rating * 1000))
        )
        which.append(CreatorProfile.creator_id.in_(good))
    return which


def _lies_in(text: str) -> ColumnElement[bool]:
    """In any case of letters; the store alone would know only those of English."""
    place = CreatorProfile.location
    return or_(
        func.lower(place).contains(text.casefold(), autoescape=True),
        place.contains(text, autoescape=True),
        place.contains(text.title(), autoescape=True),
    )
