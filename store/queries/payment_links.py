"""Pages of a rail's where a product is sold, as its creator sees them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.money import Money
from store.models import PaymentLink, Product, ProductVariant


@dataclass(frozen=True, slots=True)
class LinkShown:
    """`title` tells the variant too; without `url` it is promised and not made yet."""

    id: int
    creator_id: int
    product_id: int
    variant_id: int | None
    title: str
    price: Money
    url: str | None


async def describe_link(session: AsyncSession, link_id: int) -> LinkShown:
    """Raises NoResultFound for one that is not there."""
    link, title, variant = (await session.execute(_links().where(PaymentLink.id == link_id))).one()
    return _shown(link, title, variant)


async def living_links(session: AsyncSession, product_id: int) -> Sequence[LinkShown]:
    """Those of a product that nobody has switched off, oldest first."""
    living = _links().where(PaymentLink.product_id == product_id, PaymentLink.ended_at.is_(None))
    rows = await session.execute(living.order_by(PaymentLink.id))
    return [_shown(link, title, variant) for link, title, variant in rows]


def _links() -> Select[PaymentLink, str, str]:
    return (
        select(PaymentLink, Product.title, ProductVariant.title)
        .join(Product, Product.id == PaymentLink.product_id)
        .outerjoin(ProductVariant, ProductVariant.id == PaymentLink.variant_id)
    )


def _shown(link: PaymentLink, title: str, variant: str | None) -> LinkShown:
    return LinkShown(
        id=link.id,
        creator_id=link.creator_id,
        product_id=link.product_id,
        variant_id=link.variant_id,
        title=title if variant is None else f"{title} ({variant})",
        price=Money(link.price_minor, link.currency),
        url=link.url,
    )
