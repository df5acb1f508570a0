from datetime import datetime

from sqlalchemy import exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from kit.errors import Invalid, NotFound, Reason
from kit.money import Money
from kit.text import slugify
from store.database import count_changed, insert_once
from store.models import (
    Entitlement,
    FileHandle,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
    Shape,
    StoredFile,
)

TITLE_LENGTH = 200
MOST_STOCK = 1_000_000_000
_NEWEST_FIRST = (StoredFile.attached_at.desc().nulls_last(), StoredFile.id.desc())


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
        raise Invalid(
            f"a title has 1 to {TITLE_LENGTH} characters",
            fields={"title": title},
            why=Reason("refused-title", most=TITLE_LENGTH),
        )
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise Invalid(
            "stock is a number from 0 to a billion", fields={"stock": str(stock)}, why=Reason("refused-stock")
        )
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
        raise NoSuchProduct("there is no such product here", why=Reason("refused-no-product"))
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
    shape: Shape = Shape.DOCUMENT,
    lead_id: int | None = None,
) -> StoredFile:
    """A file that was sent to the bot: Telegram holds the bytes, and its handle is enough to deliver.

    With `lead_id` it belongs to that lead, and goes with them.
    """
    stored = StoredFile(
        creator_id=creator_id,
        product_id=None,
        lead_id=lead_id,
        shape=shape,
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


async def attach_file(
    session: AsyncSession, creator_id: int, file_id: int, product_id: int, *, now: datetime
) -> Product:
    """The file is what buyers of the product get from now on, and at once those who have had none yet."""
    product = await find_product(session, creator_id, product_id)
    await hold_product(session, product_id)
    attach = (
        update(StoredFile)
        .where(StoredFile.id == file_id, StoredFile.creator_id == creator_id)
        .values(product_id=product.id, attached_at=now)
    )
    if await count_changed(session, attach) == 0:
        raise NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))
    await _deliver_to_waiting(session, product, file_id, now=now)
    return product


async def hold_product(session: AsyncSession, product_id: int) -> None:
    """Whoever attaches a file and whoever hands out without one take turns, so that nobody is passed over."""
    await session.execute(select(Product.id).where(Product.id == product_id).with_for_update(key_share=True))


def delivery(product: Product, file_id: int | None, language: str) -> Message:
    """What its owner gets, now and each time they ask again."""
    text = "delivery" if file_id is not None else "delivery-to-come"
    return Message(text=say(text, language, title=product.title), file=file_id)


async def newest_file(session: AsyncSession, product_id: int) -> StoredFile | None:
    found = await session.scalars(
        select(StoredFile).where(StoredFile.product_id == product_id).order_by(*_NEWEST_FIRST).limit(1)
    )
    return found.one_or_none()


async def _deliver_to_waiting(session: AsyncSession, product: Product, file_id: int, *, now: datetime) -> None:
    """To those who own it and have no file, nor one on its way."""
    on_its_way = exists().where(
        OutboxMessage.entitlement_id == Entitlement.id,
        OutboxMessage.state.in_([OutboxState.QUEUED, OutboxState.SENDING]),
    )
    waiting = await session.execute(
        select(Entitlement.id, Lead.id.label("lead_id"), Person.id.label("person_id"), Person.speaks)
        .join(Lead, Lead.id == Entitlement.lead_id)
        .join(Person, Person.id == Lead.person_id)
        .where(Entitlement.product_id == product.id, Entitlement.delivered_at.is_(None), ~on_its_way)
        .order_by(Entitlement.id)
    )
    for row in waiting.all():
        await queue_message(
            session,
            delivery(product, file_id, row.speaks),
            key=f"delivery:{row.id}:{file_id}",
            kind=OutboxKind.DELIVERY,
            creator_id=product.creator_id,
            person_id=row.person_id,
            lead_id=row.lead_id,
            entitlement_id=row.id,
            now=now,
        )
