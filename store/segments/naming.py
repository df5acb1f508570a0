"""What a question names that only the store knows: products, links, and the digests of what stands sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Reason
from store.models import Link, Product, TrackedUrl
from store.sealing import digest
from store.segments.conditions import (
    CameBy,
    Clicked,
    Condition,
    Mailed,
    Phoned,
    Question,
    SealedIs,
    WithProduct,
)
from store.segments.question import AllOf, AnyOf, BadSegment, Not, cut, near, near_why, shown

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Names:
    """What each condition that names something means by it."""

    digests: dict[Condition, str] = field(default_factory=dict)
    # a title can be several products'
    products: dict[WithProduct, Sequence[int]] = field(default_factory=dict)
    links: dict[CameBy | Clicked, int] = field(default_factory=dict)
    # addresses in the creator's texts whose clicks are counted
    urls: dict[Clicked, int] = field(default_factory=dict)


async def look_up(session: AsyncSession, creator_id: int, question: Question) -> Names:
    """Raises BadSegment for a product or link that this creator does not have."""
    names = Names()
    for condition in _conditions(question):
        match condition:
            case Mailed(email):
                names.digests[condition] = await digest(session, email, "email")
            case Phoned(phone):
                names.digests[condition] = await digest(session, phone, "phone")
            case SealedIs(key, value):
                names.digests[condition] = await digest(session, value.casefold(), f"field:{key}")
            case WithProduct(product=product, at=at):
                names.products[condition] = await _products(session, creator_id, product, at)
            case Clicked(link, at) if link.startswith("https://"):
                names.urls[condition] = await _url(session, creator_id, link, at)
            case CameBy(link, at) | Clicked(link, at):
                names.links[condition] = await _link(session, creator_id, link, at)
            case _:
                pass
    return names


def _conditions(question: Question) -> Iterator[Condition]:
    match question:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _conditions(part)
        case Not(part):
            yield from _conditions(part)
        case _:
            yield question


async def _products(session: AsyncSession, creator_id: int, name: str, at: int) -> Sequence[int]:
    theirs = Product.creator_id == creator_id
    exact = (Product.slug == name.strip().lower()) | (Product.title == name.strip())
    found = (await session.scalars(select(Product.id).where(theirs, exact).order_by(Product.id))).all()
    if found:
        return found
    # in any case, as people type it; no database folds all of Unicode alike
    titles = (await session.execute(select(Product.id, Product.title, Product.slug).where(theirs))).all()
    wanted = " ".join(name.casefold().split())
    found = [row.id for row in titles if " ".join(row.title.casefold().split()) == wanted]
    if not found:
        named = {row.title.casefold() for row in titles} | {row.slug for row in titles}
        raise BadSegment(
            f"there is no product {shown(name)}{near(name, named) or '; /product lists them'}",
            why=Reason(
                "segment-no-product", name=cut(name), hint=near_why(name, named) or Reason("segment-see-products")
            ),
            at=at,
        )
    return found


async def _link(session: AsyncSession, creator_id: int, name: str, at: int) -> int:
    theirs = select(Link.id).where(Link.creator_id == creator_id)
    found = await session.scalar(theirs.where(Link.key == name.strip()))
    number = name.strip().removeprefix("#")
    if found is None and number.isascii() and number.isdecimal() and int(number) <= _LARGEST_ID:
        found = await session.scalar(theirs.where(Link.id == int(number)))
    if found is None:
        raise BadSegment(
            f"there is no link {shown(name)}; /link lists them", why=Reason("segment-no-link", name=cut(name)), at=at
        )
    return found


async def _url(session: AsyncSession, creator_id: int, url: str, at: int) -> int:
    digest_of_url = sha256(url.strip().encode()).hexdigest()
    theirs = select(TrackedUrl.id).where(TrackedUrl.creator_id == creator_id, TrackedUrl.digest == digest_of_url)
    found = await session.scalar(theirs)
    if found is None:
        raise BadSegment(
            f"clicks on {shown(url)} are not counted here", why=Reason("segment-no-clicks", url=cut(url)), at=at
        )
    return found
