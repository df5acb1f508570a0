"""Warns of what goes by post and is sold without anybody being asked where to."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config_creator import CreatorConfig
from domain.pricing import asks_address
from domain.setups import CreatorSetup
from kit.yaml_text import KeyPath
from store.models import Creator, Product, ProductKind
from store.queries.catalogue import goes_by_post

MEND = "name creators.SLUG.shop.shipping_countries, and sell what goes by post by Stripe alone"
_BY_POST = (ProductKind.PHYSICAL, ProductKind.BUNDLE)
_NOTHING_SET_UP = CreatorSetup()


def warn_of_addresses(creators: Mapping[str, CreatorConfig]) -> Iterator[tuple[KeyPath, str]]:
    """Settings that say how things that go by post are sold, and leave out the address; products are the doctor's."""
    for slug, creator in creators.items():
        named = ProductKind.PHYSICAL in creator.shop.rails
        if named and not asks_address(ProductKind.PHYSICAL, creator.setup()):
            yield ("creators", slug, "shop", "rails", "physical"), f"not everybody is asked for an address: {MEND}"


async def sold_without_address(session: AsyncSession, creators: Mapping[str, CreatorConfig]) -> list[str]:
    """Titles of products on sale that go by post, in a bundle or alone, and whose buyers may not be asked where to."""
    rows = await session.execute(
        select(Creator.slug, Product)
        .join(Product, Product.creator_id == Creator.id)
        .where(Product.active, Product.archived_at.is_(None), Product.kind.in_(_BY_POST))
        .order_by(Product.id)
    )
    found = []
    for slug, product in rows.all():
        config = creators.get(slug)
        setup = _NOTHING_SET_UP if config is None else config.setup()
        if not asks_address(product.kind, setup) and await goes_by_post(session, product):
            found.append(product.title)
    return found
