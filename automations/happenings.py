"""What an event tells a trigger that asks for its `data`: its own, and what it is about."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Event, OrderLine, Product

# an event may be about several products: each way to tell it, and one is enough
Tellings = Sequence[Mapping[str, object]]
_PRODUCT = "product"


async def tell_products(session: AsyncSession, events: Sequence[Event]) -> dict[int, Tellings]:
    """By event, its data with the products that it is about, by number and by name."""
    about = {event.id: _subject(event) for event in events}
    orders = {number for kind, number in about.values() if kind == "order"}
    shown = {number for kind, number in about.values() if kind == _PRODUCT}
    lines = select(OrderLine.order_id, Product.id, Product.slug).join(Product, Product.id == OrderLine.product_id)
    of_order: dict[int, list[int | str]] = {}
    if orders:
        for row in await session.execute(lines.where(OrderLine.order_id.in_(orders))):
            of_order.setdefault(row.order_id, []).extend((row.id, row.slug))
    names: dict[int, list[int | str]] = {number: [number] for number in shown}
    if shown:
        for product in await session.execute(select(Product.id, Product.slug).where(Product.id.in_(shown))):
            names[product.id].append(product.slug)
    told: dict[int, Tellings] = {}
    for event in events:
        kind, number = about[event.id]
        named = of_order.get(number, []) if kind == "order" else names.get(number, []) if kind == _PRODUCT else []
        told[event.id] = [tell(event) | {_PRODUCT: product} for product in named] or [tell(event)]
    return told


def tell(event: Event) -> dict[str, object]:
    """`order:7` is told as order 7; the event's own data comes first."""
    kind, number = _subject(event)
    return ({kind: number} if kind else {}) | event.data


def _subject(event: Event) -> tuple[str, int]:
    kind, _, number = event.subject.partition(":")
    return (kind, int(number)) if number.isascii() and number.isdecimal() else ("", 0)
