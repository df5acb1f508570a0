"""What a code makes of a price before anything is ordered: by rail on a card, and in one word in a list."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.discounts import Discount, check_code, find_code, take_off
from domain.messages.catalogue import say
from domain.pricing import Wish, price_on, total_of
from domain.setups import CreatorSetup
from kit.errors import Refusal
from kit.money import Money, least_of
from store.models import DiscountCode, Lead, Product

# where nobody knows yet what takes the money: in the product's own currency
_NONE_YET = ("",)


async def discounts_of(
    session: AsyncSession, lead: Lead, wish: Wish, rails: Collection[str], *, now: datetime, setup: CreatorSetup
) -> Mapping[str, Discount]:
    """By rail, what the wish's code takes off all pieces. Raises a Refusal where it is good on none of them."""
    code = await _good_code(session, lead, wish, now=now, setup=setup)
    return {rail: discount for rail, (_, discount) in _by_rail(code, wish, rails, setup).items()}


async def price_by_code(
    session: AsyncSession, lead: Lead, wish: Wish, rails: Collection[str], *, now: datetime, setup: CreatorSetup
) -> Money | None:
    """What it costs by the wish's code, in its own currency if the code takes anything off that.

    None where the code is not good for them, or leaves what no rail takes.
    """
    try:
        code = await _good_code(session, lead, wish, now=now, setup=setup)
        asked = _by_rail(code, wish, rails, setup)
    except Refusal:
        return None
    left = [_left(total, discount) for total, discount in asked.values()]
    if any(each.amount_minor == 0 for each in left):
        return Money(0, wish.product.currency)
    own_price = wish.product.pay_what_you_want
    payable = [each for each in left if own_price or each.amount_minor >= least_of(each.currency)]
    if not payable:
        return None
    own = Money(wish.goods.price_minor * wish.quantity, wish.product.currency)
    try:
        own = _left(own, take_off(code, wish, own))
    except Refusal:
        # so many Stars off, for instance
        return payable[0]
    return own if own.amount_minor else payable[0]


def told_by_code(price: Money, product: Product, language: str) -> str:
    """As it stands in a list."""
    if price.amount_minor == 0:
        return say("price-own" if product.pay_what_you_want and not product.price_minor else "price-free", language)
    told = price.format(language)
    return say("price-from", language, price=told) if product.pay_what_you_want else told


async def _good_code(
    session: AsyncSession, lead: Lead, wish: Wish, *, now: datetime, setup: CreatorSetup
) -> DiscountCode:
    """Raises a Refusal for one that is not good for them now."""
    code = await find_code(session, lead.creator_id, wish.code or "")
    await check_code(session, code, lead, wish.product, now=now, setup=setup)
    return code


def _by_rail(
    code: DiscountCode, wish: Wish, rails: Collection[str], setup: CreatorSetup
) -> Mapping[str, tuple[Money, Discount]]:
    """The price of all pieces and what goes off it. Raises a Refusal where the code is good on no rail."""
    found: dict[str, tuple[Money, Discount]] = {}
    refused: Refusal | None = None
    for rail in rails or _NONE_YET:
        try:
            total = total_of(price_on(wish, rail, stars_rates=setup.shop.stars_rates), wish.quantity)
            found[rail] = total, take_off(code, wish, total)
        except Refusal as no:
            # a variant without a price in Stars, or a code in another currency
            refused = refused or no
    if not found and refused is not None:
        raise refused
    return found


def _left(total: Money, discount: Discount) -> Money:
    return replace(total, amount_minor=total.amount_minor - discount.amount_minor)
