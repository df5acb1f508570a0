"""Whose products a creator may name."""

from sqlalchemy import select

from bot.turn import Turn
from domain.products import NoSuchProduct
from kit.errors import Reason
from store.models import Creator, Product, ProductVariant


async def own_product(turn: Turn, number: int) -> tuple[Creator, Product]:
    """A product of a creator that this person acts for. Raises NoSuchProduct, and NoSuchRight."""
    await turn.some_creator()
    product = await turn.session.get(Product, number)
    if product is None or not await turn.allowed(product.creator_id):
        raise NoSuchProduct("there is no such product here", why=Reason("refused-no-product"))
    return await turn.session.get_one(Creator, product.creator_id), product


async def own_variant(turn: Turn, product: Product, number: int) -> ProductVariant:
    """Raises Said for one of another product, or none."""
    query = select(ProductVariant).where(ProductVariant.id == number, ProductVariant.product_id == product.id)
    variant = await turn.session.scalar(query)
    if variant is None:
        raise turn.refusal("refused-no-variant", title=str(number))
    return variant
