from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from kit.errors import Invalid, NotFound, Reason
from kit.money import Money
from kit.text import name_words, slugify
from store.database import count_changed, insert_once, wake
from store.models import (
    Entitlement,
    FileHandle,
    FileRole,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
    ProductKind,
    Shape,
    StoredFile,
)

TITLE_LENGTH = 200
MOST_STOCK = 1_000_000_000
# what Telegram lets a bot fetch: https://core.telegram.org/bots/api#getfile
MOST_FETCHED = 20 * 1024 * 1024
# wakes whoever fetches the bytes of what was sent
FETCHING = "files"
_NEWEST_FIRST = (StoredFile.attached_at.desc().nulls_last(), StoredFile.id.desc())
_GOODS = (StoredFile.role == FileRole.GOODS, StoredFile.replaced_at.is_(None), StoredFile.forgetting_at.is_(None))


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
    kind: ProductKind = ProductKind.FILE,
) -> Product:
    """On sale from now on. `stock` None is unlimited. Two of the same title get slugs of their own."""
    title = read_title(title)
    if stock is not None and not 0 <= stock <= MOST_STOCK:
        raise Invalid(
            "stock is a number from 0 to a billion", fields={"stock": str(stock)}, why=Reason("refused-stock")
        )
    wanted = slug or slugify(title) or "product"
    values = {
        "creator_id": creator_id,
        "title": title,
        "description": description,
        "kind": kind,
        "price_minor": price.amount_minor,
        "currency": price.currency,
        "stock": stock,
        "initial": stock,
        "words": found_by(title, description),
        "created_at": now,
    }
    product_id, number = None, 1
    while product_id is None:
        unique = wanted if number == 1 else f"{wanted}-{number}"
        product_id = await insert_once(session, Product, {**values, "slug": unique})
        number += 1
    await record_event(session, "product.added", creator_id=creator_id, now=now, subject=f"product:{product_id}")
    return await session.get_one(Product, product_id)


def read_title(text: str) -> str:
    """A product's title on one line. Raises Invalid."""
    title = " ".join(text.split())
    if not 1 <= len(title) <= TITLE_LENGTH:
        raise Invalid(
            f"a title has 1 to {TITLE_LENGTH} characters",
            fields={"title": title},
            why=Reason("refused-title", most=TITLE_LENGTH),
        )
    return title


def found_by(*texts: str) -> str:
    """The words by whose beginnings a product is found, each with a space before it."""
    return "".join(f" {word}" for word in sorted(name_words(*texts)))


async def archive_product(session: AsyncSession, product: Product, *, now: datetime) -> None:
    """Off the shop; whoever owns it keeps it, and what is being paid for is still sold. Twice is a no-op."""
    archive = update(Product).where(Product.id == product.id, Product.archived_at.is_(None)).values(archived_at=now)
    if await count_changed(session, archive):
        await _note(session, "product.archived", product, now=now)


async def restore_product(session: AsyncSession, product: Product, *, now: datetime) -> None:
    """Back in the shop. Twice is a no-op."""
    restore = update(Product).where(Product.id == product.id, Product.archived_at.is_not(None)).values(archived_at=None)
    if await count_changed(session, restore):
        await _note(session, "product.restored", product, now=now)


async def _note(session: AsyncSession, event: str, product: Product, *, now: datetime) -> None:
    await session.refresh(product)
    await record_event(session, event, creator_id=product.creator_id, subject=f"product:{product.id}", now=now)


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
    role: FileRole = FileRole.GOODS,
) -> StoredFile:
    """A file that was sent to the bot: Telegram holds the bytes, and its handle is enough to deliver.

    With `lead_id` it belongs to that lead, and goes with them.
    """
    stored = StoredFile(
        creator_id=creator_id,
        product_id=None,
        lead_id=lead_id,
        role=role,
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
    """Buyers of the product get this file too from now on, and at once those who have had none yet.

    Where one of that name is there already, this is its next version and takes its place.
    """
    product = await find_product(session, creator_id, product_id)
    await hold_product(session, product_id)
    stored = await session.scalar(
        select(StoredFile).where(
            StoredFile.id == file_id,
            StoredFile.creator_id == creator_id,
            StoredFile.lead_id.is_(None),
            StoredFile.role == FileRole.GOODS,
            StoredFile.forgetting_at.is_(None),
        )
    )
    if stored is None:
        raise NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))
    of_that_name = (
        StoredFile.product_id == product_id,
        StoredFile.file_name == stored.file_name,
        StoredFile.role == FileRole.GOODS,
        StoredFile.id != file_id,
    )
    before = await session.scalar(select(func.max(StoredFile.version)).where(*of_that_name)) or 0
    await session.execute(
        update(StoredFile).where(*of_that_name, StoredFile.replaced_at.is_(None)).values(replaced_at=now)
    )
    stored.product_id, stored.attached_at, stored.replaced_at = product_id, now, None
    stored.version = before + 1
    if can_fetch(stored):
        stored.fetch_at = now
        wake(session, FETCHING)
    await session.flush()
    await _deliver_to_waiting(session, product, file_id, now=now)
    return product


def can_fetch(stored: StoredFile) -> bool:
    """Whether the bytes of what was sent are still to be had: Telegram hands out nothing larger to a bot."""
    return stored.blob is None and (stored.size is None or stored.size <= MOST_FETCHED)


async def remove_file(session: AsyncSession, product: Product, file_id: int, *, now: datetime) -> StoredFile:
    """Nobody gets it from now on. Raises NoSuchProduct for a file that buyers do not get."""
    await hold_product(session, product.id)
    stored = await session.scalar(
        select(StoredFile).where(StoredFile.id == file_id, StoredFile.product_id == product.id, *_GOODS)
    )
    if stored is None:
        raise NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))
    stored.replaced_at = now
    await session.flush()
    return stored


async def hold_product(session: AsyncSession, product_id: int) -> None:
    """Whoever attaches a file and whoever hands out without one take turns, so that nobody is passed over."""
    await session.execute(select(Product.id).where(Product.id == product_id).with_for_update(key_share=True))


def delivery(product: Product, file_id: int | None, language: str) -> Message:
    """What its owner gets, now and each time they ask again."""
    text = "delivery" if file_id is not None else "delivery-to-come"
    return Message(text=say(text, language, title=product.title), file=file_id)


async def newest_file(session: AsyncSession, product_id: int) -> StoredFile | None:
    """What was attached last of what buyers get."""
    found = await session.scalars(
        select(StoredFile).where(StoredFile.product_id == product_id, *_GOODS).order_by(*_NEWEST_FIRST).limit(1)
    )
    return found.one_or_none()


async def current_files(session: AsyncSession, product_id: int) -> Sequence[StoredFile]:
    """All that buyers get, each in its newest version, as they were first attached."""
    found = await session.scalars(
        select(StoredFile).where(StoredFile.product_id == product_id, *_GOODS).order_by(StoredFile.id)
    )
    return found.all()


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
