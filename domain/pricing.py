"""What somebody wants, what it costs on a rail, and which rails may take the money."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from domain.setups import CreatorSetup
from kit.errors import Conflict, Invalid, Reason
from kit.money import MOST_STARS, Money, check_exact, exponent_of, least_of, most_of
from store.models import Product, ProductKind, ProductVariant, Stocked

STARS = "stars"
# an order that comes to nothing: no rail has any part in it, unless it has to ask for an address
FREE = "free"
# the rails on whose page an address is asked for
_ASK_WHERE = ("stripe",)
STARS_CURRENCY = "xtr"
MOST_PIECES = 20
# of what more than one makes sense to one buyer
_COUNTED = frozenset({ProductKind.LICENCE_KEY, ProductKind.SERVICE, ProductKind.PHYSICAL})


class NotForSale(Conflict):
    code = "not_for_sale"


class ChooseVariant(Conflict):
    """The product comes in several variants, and the wish names none that is for sale."""

    code = "choose_variant"


class NoAddress(Conflict):
    """It goes by post and comes to nothing, and no rail asks where it shall go."""

    code = "no_address"


class BadAmount(Invalid):
    """Below what the creator asks at least, above what one payment may be, or no number of pieces."""

    code = "bad_amount"


@dataclass(frozen=True, slots=True)
class Wish:
    """So many of a product, or of one variant of it.

    `amount_minor` is what the buyer gives for one where they may choose, in the product's currency; `code` is a
    discount code as it was typed.
    """

    product: Product
    variant: ProductVariant | None = None
    quantity: int = 1
    amount_minor: int | None = None
    code: str | None = None

    @property
    def goods(self) -> Stocked:
        """Whose price and stock count."""
        return self.product if self.variant is None else self.variant

    @property
    def title(self) -> str:
        return self.product.title if self.variant is None else f"{self.product.title} ({self.variant.title})"


def most_pieces(product: Product) -> int:
    """How many of it somebody may take at once; of what has no set price, one."""
    return MOST_PIECES if product.kind in _COUNTED and not product.pay_what_you_want else 1


def check_on_sale(wish: Wish, *, now: datetime, has_variants: bool) -> None:
    """Raises NotForSale, ChooseVariant or BadAmount."""
    product = wish.product
    begun = product.active_from is None or product.active_from <= now
    over = product.active_until is not None and product.active_until <= now
    if not product.active or product.archived_at is not None or not begun or over:
        raise NotForSale("this is no longer for sale")
    if wish.variant is None and has_variants:
        raise ChooseVariant("choose which one you want")
    if wish.variant is not None and (wish.variant.archived_at is not None or wish.variant.product_id != product.id):
        raise NotForSale("this is no longer for sale")
    most = most_pieces(product)
    if not 1 <= wish.quantity <= most:
        raise BadAmount(
            "this is bought one at a time" if most == 1 else f"between 1 and {most} pieces, please",
            fields={"quantity": str(wish.quantity)},
            why=Reason("refused-pieces", most=most),
        )


def price_on(wish: Wish, rail: str, *, stars_rates: Mapping[str, str]) -> Money:
    """The price of one on that rail: Stars as set, else converted and rounded up.

    `stars_rates` are Stars for one whole unit of a currency. Raises NotForSale when the rail cannot sell it, BadAmount.
    """
    asked = _asked(wish)
    if rail == FREE:
        if asked.amount_minor:
            raise NotForSale("this is not free any more", why=Reason("refused-not-free"))
        return asked
    if rail != STARS:
        if asked.currency == STARS_CURRENCY:
            raise NotForSale("this is sold for Stars alone", why=Reason("refused-stars-alone"))
        return asked
    if asked.currency == STARS_CURRENCY:
        return asked
    stars = _in_stars(wish, asked, stars_rates)
    if stars is None:
        raise NotForSale("this has no price in Stars", why=Reason("refused-no-stars-price"))
    return Money(stars, STARS_CURRENCY)


def rails_of(
    product: Product, setup: CreatorSetup, *, offered: Collection[str], variant: ProductVariant | None = None
) -> tuple[str, ...]:
    """By which of the offered rails it can be paid, the one to show first first. Only `free` for what costs nothing."""
    goods = variant or product
    if goods.price_minor == 0 and not product.pay_what_you_want:
        return (FREE,)
    wanted = setup.shop.rails.get(product.kind, ())
    in_stars = _fits_an_invoice(Wish(product, variant), setup)
    return tuple(
        rail for rail in wanted if rail in offered and can_sell(product, rail, setup) and (rail != STARS or in_stars)
    )


def can_sell(product: Product, rail: str, setup: CreatorSetup) -> bool:
    """Whether the creator sells this kind by that rail at all."""
    if rail != STARS and product.currency == STARS_CURRENCY:
        return False
    return rail in setup.shop.rails.get(product.kind, ())


def asks_address(kind: str, setup: CreatorSetup) -> bool:
    """Whether everybody who gets one of that kind is asked where it shall go, however they pay."""
    rails = setup.shop.rails.get(kind, ())
    return bool(setup.shop.shipping_countries) and all(rail in _ASK_WHERE for rail in rails)


def rail_for_address(product: Product, setup: CreatorSetup) -> str:
    """Which rail asks for the address of what comes to nothing and goes by post. Raises NoAddress."""
    rail = next((each for each in _ASK_WHERE if can_sell(product, each, setup)), None)
    if rail is None or not setup.shop.shipping_countries:
        raise NoAddress("this goes by post, and nobody here asks for an address; write to the seller")
    return rail


def total_of(unit: Money, quantity: int) -> Money:
    """Raises BadAmount for more than one payment may be."""
    total = unit.amount_minor * quantity
    if total > most_of(unit.currency):
        raise BadAmount(
            "the price is larger than one payment may be",
            fields={"quantity": str(quantity)},
            why=Reason("refused-price-large"),
        )
    return replace(unit, amount_minor=total)


def check_charge(total: Money) -> None:
    """Raises BadAmount for less than one payment may be. What comes to nothing is none."""
    least = Money(least_of(total.currency), total.currency)
    if 0 < total.amount_minor < least.amount_minor:
        raise BadAmount(
            f"a payment is at least {least.format()}",
            fields={"amount": str(total.amount_minor)},
            why=Reason("refused-charge-small", least=least.format()),
        )


def _asked(wish: Wish) -> Money:
    """What is asked for one in the product's own currency; where the buyer chooses, what they chose."""
    product, least = wish.product, wish.goods.price_minor
    if wish.amount_minor is None or not product.pay_what_you_want:
        return Money(least, product.currency)
    if not least <= wish.amount_minor <= most_of(product.currency):
        raise BadAmount(
            f"at least {Money(least, product.currency).format()}, please",
            fields={"amount": str(wish.amount_minor)},
            why=Reason("refused-below-floor", least=Money(least, product.currency).format()),
        )
    given = Money(wish.amount_minor, product.currency)
    check_exact(given, "amount")
    return given


def _in_stars(wish: Wish, asked: Money, rates: Mapping[str, str]) -> int | None:
    if asked.amount_minor == 0:
        return 0
    set_price, least = wish.goods.price_stars, wish.goods.price_minor
    if set_price is not None and asked.amount_minor == least:
        return set_price
    if set_price is not None and least > 0:
        # somebody who gives more than the least gives more Stars in proportion
        return _rounded_up(Decimal(asked.amount_minor * set_price) / least)
    rate = rates.get(asked.currency)
    if rate is None:
        return None
    return max(1, _rounded_up(Decimal(asked.amount_minor).scaleb(-exponent_of(asked.currency)) * Decimal(rate)))


def _fits_an_invoice(wish: Wish, setup: CreatorSetup) -> bool:
    """Whether one of it has a price in Stars that Telegram takes."""
    asked = Money(wish.goods.price_minor, wish.product.currency)
    if asked.currency == STARS_CURRENCY:
        return asked.amount_minor <= MOST_STARS
    if wish.product.pay_what_you_want and asked.amount_minor == 0:
        # what somebody gives is converted
        return wish.goods.price_stars is not None or asked.currency in setup.shop.stars_rates
    stars = _in_stars(wish, asked, setup.shop.stars_rates)
    return stars is not None and stars <= MOST_STARS


def _rounded_up(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))
