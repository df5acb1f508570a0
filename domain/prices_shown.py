"""A product's price in words, as it stands in a list or on its card."""

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import say
from domain.pricing import STARS, can_sell
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import Product, ProductVariant, Stocked
from store.queries.catalogue import variants_of_each


async def prices_in_list(session: AsyncSession, products: Sequence[Product], language: str) -> Mapping[int, str]:
    """What each costs, by its number, as it stands in a list."""
    variants = await variants_of_each(session, [each.id for each in products])
    return {each.id: price_of(each, language, variants.get(each.id, ())) for each in products}


def price_of(product: Product, language: str, variants: Sequence[ProductVariant] = ()) -> str:
    """What it costs at least, as it stands in a list."""
    goods, several = least_price(product, variants)
    if product.pay_what_you_want:
        return say("price-own", language) if goods.price_minor == 0 else price_from(product, goods, language)
    if goods.price_minor == 0:
        return say("price-free", language)
    return price_from(product, goods, language) if several else money_told(product, goods, language)


def least_price(product: Product, variants: Sequence[ProductVariant]) -> tuple[Stocked, bool]:
    """Whose price is the least of those that are left, and whether there are others."""
    left = [each for each in variants if each.stock != 0] or variants
    if not left:
        return product, False
    return min(left, key=lambda each: each.price_minor), len({each.price_minor for each in left}) > 1


def price_from(product: Product, goods: Stocked, language: str) -> str:
    return say("price-from", language, price=money_told(product, goods, language))


def stars_asked(product: Product, setup: CreatorSetup) -> int:
    """Its own price in Stars, 0 where it has none or is not sold for them."""
    return product.price_stars or 0 if can_sell(product, STARS, setup) else 0


def money_told(product: Product, goods: Stocked, language: str) -> str:
    return Money(goods.price_minor, product.currency).format(language)
