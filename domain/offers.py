"""What a message offers to be paid: an address of ours, which is never dead when somebody opens it."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.plain import Button
from domain.pay_links import ForOrder, ForProduct
from domain.setups import CreatorSetup
from store.models import Order


async def order_address(session: AsyncSession, setup: CreatorSetup, order_id: int) -> str | None:
    """Where the order, or another of the same, can be paid; None before Spark knows its own address."""
    order = await session.get(Order, order_id)
    return None if order is None else address_of(setup, order)


def address_of(setup: CreatorSetup, order: Order) -> str | None:
    """The same of an order that is at hand."""
    if setup.pay_links is None:
        return None
    until = order.created_at + timedelta(days=setup.shop.pay_link_days)
    return setup.pay_links.address(ForOrder(order.id), until=until)


def product_address(
    setup: CreatorSetup,
    product_id: int,
    *,
    lead_id: int = 0,
    variant_id: int = 0,
    code_id: int = 0,
    good_for: timedelta | None = None,
    now: datetime,
) -> str | None:
    """Where that lead pays the product, with a code taken off and for so long if that is said.

    For nobody in particular (0) it leads to the product in the chat.
    """
    if setup.pay_links is None:
        return None
    what = ForProduct(product_id, variant_id, lead_id, code_id)
    return setup.pay_links.address(what, until=now + (good_for or timedelta(days=setup.shop.pay_link_days)))


def pay_button(
    label: str,
    setup: CreatorSetup,
    product_id: int,
    lead_id: int,
    *,
    code_id: int = 0,
    good_for: timedelta | None = None,
    now: datetime,
) -> Button:
    """Opens the page where that lead pays; before Spark knows its own address, the product's card."""
    address = product_address(setup, product_id, lead_id=lead_id, code_id=code_id, good_for=good_for, now=now)
    return Button(text=label, url=address) if address else Button(text=label, data=f"product:{product_id}")
