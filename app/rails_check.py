"""Warns of digital goods that are sold in chat by Stripe alone."""

from collections.abc import Iterator, Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.config_creator import CreatorConfig
from domain.pricing import STARS, rails_of
from domain.setups import CreatorSetup
from domain.shop_setup import DIGITAL
from kit.yaml_text import KeyPath
from store.models import Creator, Product, ProductVariant

RULE = (
    "Telegram wants digital goods and services that are sold in a bot to be paid in Stars "
    "(https://telegram.org/tos/bot-developers, 6.2), and may hide a bot that does otherwise from phones"
)
_STRIPE = "stripe"
_NOTHING_SET_UP = CreatorSetup()


def warn_of_rails(creators: Mapping[str, CreatorConfig]) -> Iterator[tuple[KeyPath, str]]:
    """Kinds of digital goods that the settings sell by Stripe alone."""
    for slug, creator in creators.items():
        for kind, rails in creator.shop.rails.items():
            if kind in DIGITAL and STARS not in rails:
                yield ("creators", slug, "shop", "rails", kind), f"sold in chat without Stars: {RULE}"


async def sold_without_stars(session: AsyncSession, creators: Mapping[str, CreatorConfig]) -> list[str]:
    """Titles of digital products, or variants of them, for which nobody can pay in Stars."""
    rows = await session.execute(
        select(Creator.slug, Product, ProductVariant)
        .join(Product, Product.creator_id == Creator.id)
        .outerjoin(ProductVariant, (ProductVariant.product_id == Product.id) & ProductVariant.archived_at.is_(None))
        .where(Product.active, Product.archived_at.is_(None), Product.kind.in_(DIGITAL))
        .order_by(Product.id, ProductVariant.id)
    )
    found = []
    for slug, product, variant in rows:
        config = creators.get(slug)
        setup = _NOTHING_SET_UP if config is None else config.setup()
        rails = rails_of(product, setup, offered=(STARS, _STRIPE), variant=variant)
        if rails == (_STRIPE,) and product.title not in found:
            found.append(product.title)
    return found
