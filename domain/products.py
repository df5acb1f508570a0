from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from kit.errors import Invalid, NotFound
from kit.money import Money
from kit.text import slugify
from store.database import count_changed, insert_once
from store.models import FileHandle, Product, StoredFile

TITLE_LENGTH = 200
MOST_STOCK = 1_000_000_000


class NoSuchProduct(NotFound):
    code = "no_such_product"


async def add_product(
    session: AsyncSession,
    *,
    creator_id: int,
    title: str,
    price: Money,
    now: datetime,
    stock: int | None = None,
    description: str = "",
    slug: str | None = None,
) -> Product:
    """On sale from now on. `stock` None is unlimited. Two of the same title get slugs of their own."""
    title = title.strip()
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Invalid(f"a title has 1 to {TITLE_LENGTH} characters", fields={"title": title})
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise Invalid("stock is a number from 0 to a billion", fields={"stock": str(stock)})
    wanted = slug or slugify(title) or "product"
    values = {
        "creator_id": creator_id,
        "title": title,
        "description": description,
        "price_minor": price.amount_minor,
        "currency": price.currency,
        "stock": stock,
        "created_at": now,
    }
    product_id, number = None, 1
    while product_id is None:
        unique = wanted if number == 1 else f"{wanted}-{number}"
        product_id = await insert_once(session, Product, {**values, "slug": unique})
        number += 1
    await record_event(session, "product.added", creator_id=creator_id, now=now, subject=f"product:{product_id}")
    return await session.get_one(Product, product_id)


async def find_product(session: AsyncSession, creator_id: int, product_id: int) -> Product:
    """Raises NoSuchProduct for one that is not this creator's."""
    product = await session.get(Product, product_id)
    if product is None or product.creator_id != creator_id:
        raise NoSuchProduct("there is no such product here")
    return product


async def keep_upload(
    session: AsyncSession,
    *,
    creator_id: int,
    bot_id: int,
    telegram_file_id: str,
    file_name: str,
    mime_type: str,
    size: int | None,
    now: datetime,
) -> StoredFile:
    """A file that the creator sent to the bot: Telegram holds the bytes, and its handle is enough to deliver."""
    stored = StoredFile(
        creator_id=creator_id,
        product_id=None,
        file_name=file_name,
        mime_type=mime_type,
        size=size,
        sha256=None,
        blob=None,
        created_at=now,
    )
    session.add(stored)
    await session.flush()
    session.add(FileHandle(file_id=stored.id, bot_id=bot_id, telegram_file_id=telegram_file_id))
    await session.flush()
    return stored


async def attach_file(session: AsyncSession, creator_id: int, file_id: int, product_id: int) -> Product:
    """The file is what buyers of the product get from now on."""
    product = await find_product(session, creator_id, product_id)
    attach = (
        update(StoredFile)
        .where(StoredFile.id == file_id, StoredFile.creator_id == creator_id)
        .values(product_id=product.id)
    )
    if await count_changed(session, attach) == 0:
        raise NoSuchProduct("there is no such file here; send it again")
    return product


async def newest_file(session: AsyncSession, product_id: int) -> StoredFile | None:
    found = await session.scalars(
        select(StoredFile).where(StoredFile.product_id == product_id).order_by(StoredFile.id.desc()).limit(1)
    )
    return found.one_or_none()
