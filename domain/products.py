import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.product_words import note_words
from kit.errors import Invalid, NotFound, Reason
from kit.money import Money
from kit.text import name_words, slugify
from store.database import count_changed, insert_once
from store.models import FileHandle, FileRole, Product, ProductKind, Shape, StoredFile

TITLE_LENGTH = 200
MOST_STOCK = 1_000_000_000
_FEW = 5
_MANY = 10**9
# what Telegram lets a bot fetch: https://core.telegram.org/bots/api#getfile
MOST_FETCHED = 20 * 1024 * 1024
# wakes whoever fetches the bytes of what was sent
FETCHING = "files"
# what buyers get
# what was sent and belongs to nothing goes after that
LOOSE_FOR = timedelta(days=1)
GOODS = (StoredFile.role == FileRole.GOODS, StoredFile.replaced_at.is_(None), StoredFile.forgetting_at.is_(None))


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
    }
    product_id = await insert_product(session, values, slug=slug, now=now)
    return await session.get_one(Product, product_id)


async def insert_product(
    session: AsyncSession, values: Mapping[str, Any], *, slug: str | None = None, now: datetime
) -> int:
    """The number of a new one with these checked values; one that has its slug already lends it with a number."""
    wanted = slug or slugify(values["title"]) or "product"
    product_id, number = None, 1
    while product_id is None:
        unique = wanted if number == 1 else f"{wanted}-{number}"
        product_id = await insert_once(session, Product, {**values, "slug": unique, "created_at": now})
        # of a title that many have, the next free number is not looked for one by one
        number = number + 1 if number < _FEW else secrets.randbelow(_MANY)
    await note_words(session, product_id, values["words"], values.get("tags", ()))
    subject = f"product:{product_id}"
    await record_event(session, "product.added", creator_id=values["creator_id"], now=now, subject=subject)
    return product_id


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
    loose_until: datetime | None = None,
) -> StoredFile:
    """A file that was sent to the bot: Telegram holds the bytes, and its handle is enough to deliver.

    With `lead_id` it belongs to that lead, and goes with them; with `loose_until` it goes then unless something takes
    it.
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
        loose_until=loose_until,
    )
    session.add(stored)
    await session.flush()
    session.add(FileHandle(file_id=stored.id, bot_id=bot_id, telegram_file_id=telegram_file_id))
    await session.flush()
    return stored


async def hold_product(session: AsyncSession, product_id: int, *, wholly: bool = False) -> None:
    """Whoever attaches a file and whoever hands out without one take turns, so that nobody is passed over.

    `wholly`: its keys are about to change.
    """
    await session.execute(select(Product.id).where(Product.id == product_id).with_for_update(key_share=not wholly))


async def hold_products(session: AsyncSession, product_ids: Iterable[int]) -> None:
    """The same for several, by their numbers, so that no two who hold some of them wait for each other."""
    ids = sorted(set(product_ids))
    query = select(Product.id).where(Product.id.in_(ids)).order_by(Product.id).with_for_update(key_share=True)
    await session.execute(query)


async def current_files(session: AsyncSession, product_id: int) -> Sequence[StoredFile]:
    """All that buyers get, each in its newest version, as they were first attached."""
    found = await session.scalars(
        select(StoredFile).where(StoredFile.product_id == product_id, *GOODS).order_by(StoredFile.id)
    )
    return found.all()
