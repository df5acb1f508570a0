"""What costs nothing: as a gift that anybody has once, or as an order where there is something to count."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.entitlements import grant
from domain.orders import open_order
from domain.paying import pay_free
from domain.pricing import FREE, NoAddress, Wish
from domain.setups import CreatorSetup
from store.models import Lead, ProductKind
from store.queries.catalogue import goes_by_post, variants_of

# it is closed in the transaction that opens it
_GOOD_FOR = timedelta(days=1)


async def get_free(session: AsyncSession, lead: Lead, wish: Wish, *, setup: CreatorSetup, now: datetime) -> bool:
    """Theirs at once, and delivered by itself. False for a gift that they have had before.

    What is counted (stock, a limit per person, pieces, variants, what is in a bundle) is ordered, and raises what
    `open_order` raises: NotForSale for what costs something, SoldOut, LimitReached, ChooseVariant, CheckoutOpen. What
    goes by post is ordered by `open_order`, at a rail that asks where to: NoAddress.
    """
    product = wish.product
    if await goes_by_post(session, product):
        raise NoAddress("this goes by post; take it from the shop, where the address is asked for")
    counted = (
        wish.goods.stock is not None
        or product.limit_per_person is not None
        or wish.quantity > 1
        or product.kind == ProductKind.BUNDLE
    )
    if not counted and not await variants_of(session, product.id):
        return await grant(session, lead, product.id, origin="gift", now=now)
    order = await open_order(session, lead, wish, rail=FREE, now=now, good_for=_GOOD_FOR, setup=setup)
    await pay_free(session, order, now=now)
    return True
