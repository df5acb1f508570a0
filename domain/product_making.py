"""A new product with all that stands on it, in one go, as a program or a form gives it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.product_checks import (
    ProductFields,
    SlugTaken,
    check_amounts,
    check_charged,
    check_chat,
    check_dates,
    checked_part,
)
from domain.products import found_by, insert_product
from domain.stock import check_stock
from kit.errors import Reason
from kit.money import Money
from store.models import Creator, Product


async def make_product(
    session: AsyncSession, creator_id: int, fields: ProductFields, *, stock: int | None = None, now: datetime
) -> Product:
    """On sale from now on, unless `active` or its days say otherwise. Title and price stand in `fields`.

    Without a currency it is the creator's; without a slug it is made of the title. `stock` None is unlimited. Raises
    Invalid with the part that is wrong, or SlugTaken.
    """
    check_stock(stock)
    values: dict[str, Any] = {name: checked_part(name, value) for name, value in fields.items()}
    if "currency" not in values:
        values["currency"] = (await session.get_one(Creator, creator_id)).currency
    check_amounts(values["price_minor"], values["currency"], values.get("compare_at_minor"))
    check_charged(
        Money(values["price_minor"], values["currency"]),
        price_stars=values.get("price_stars"),
        pay_what_you_want=values.get("pay_what_you_want", False),
    )
    check_dates(values.get("active_from"), values.get("active_until"))
    await check_chat(session, creator_id, values.get("chat_id"))
    slug = values.pop("slug", None)
    if slug is not None and await _is_taken(session, creator_id, slug):
        raise SlugTaken(f"there is a product “{slug}” already", why=Reason("refused-slug-taken", slug=slug))
    tags = values.setdefault("tags", [])
    described = values.setdefault("description", "")
    values |= {
        "creator_id": creator_id,
        "stock": stock,
        "initial": stock,
        "words": found_by(values["title"], described, values.get("category", ""), *tags),
    }
    product_id = await insert_product(session, values, slug=slug, now=now)
    return await session.get_one(Product, product_id)


async def _is_taken(session: AsyncSession, creator_id: int, slug: str) -> bool:
    """Of two at once who both find it free, one is lent it with a number."""
    known = select(Product.id).where(Product.creator_id == creator_id, Product.slug == slug)
    return await session.scalar(known) is not None
