"""Telling a creator in time that little is left."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.messages.catalogue import say
from domain.messages.plain import Button, Message, column
from domain.notices import Notice
from domain.outbox import Told, tell_creator
from domain.stock import Pieces
from store.models import Product, ProductVariant


async def tell_low_stock(session: AsyncSession, pieces: Iterable[Pieces], *, now: datetime) -> None:
    """A notice for each of these of which no more than `Product.low_stock` are left; once until it is restocked."""
    for each in pieces:
        product = await session.get_one(Product, each.product_id, populate_existing=True)
        title, goods, key = product.title, product.stock, f"low-stock:{product.id}:0:{product.initial}"
        if each.variant_id is not None:
            variant = await session.get_one(ProductVariant, each.variant_id, populate_existing=True)
            title, goods = f"{product.title} ({variant.title})", variant.stock
            key = f"low-stock:{product.id}:{variant.id}:{variant.initial}"
        if goods is None or goods > product.low_stock:
            continue
        await tell_creator(
            session,
            _told(product.id, title, goods),
            key=f"{key}:{goods == 0}",
            creator_id=product.creator_id,
            now=now,
            about=Notice.STOCK,
        )


def _told(product_id: int, title: str, stock: int) -> Told:
    def told(language: str) -> Message:
        key = "low-stock" if stock else "low-stock-none"
        button = Button(text=say("button-restock", language), data=f"products:{product_id}:ask:stock")
        return Message(text=say(key, language, title=title, product=product_id, stock=stock), buttons=column(button))

    return told
