"""What a buyer of a product would stumble over, told to its creator on the card."""

from bot.turn import Turn
from domain.pricing import asks_address
from kit.money import Money, least_of
from store.models import Product, ProductKind
from store.queries.catalogue import goes_by_post


async def warnings(turn: Turn, product: Product) -> list[str]:
    least, lines = Money(least_of(product.currency), product.currency), []
    by_card = product.price_stars is None and not product.pay_what_you_want
    if 0 < product.price_minor < least.amount_minor and by_card:
        lines.append(turn.words("own-price-small", least=least.format(turn.person.speaks)))
    if product.kind == ProductKind.SERVICE and not product.instructions:
        lines.append(turn.words("own-instructions-none"))
    setup = turn.facts.published.setup(product.creator_id)
    if not asks_address(product.kind, setup) and await goes_by_post(turn.session, product):
        lines.append(turn.words("own-address-none"))
    return lines
