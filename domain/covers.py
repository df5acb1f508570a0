"""The picture on a product's card: taken in, and shown once it has been drawn anew."""

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from domain.products import FETCHING, MOST_FETCHED, NoSuchProduct, find_product, hold_product
from kit.errors import Reason
from kit.pictures import BadPicture, Picture
from store.database import count_changed, wake
from store.models import FileHandle, FileRole, Product, Shape, StoredFile

_COVER = (StoredFile.role == FileRole.COVER, StoredFile.replaced_at.is_(None))


async def take_cover(
    session: AsyncSession, creator_id: int, file_id: int, product_id: int, *, now: datetime
) -> Product:
    """The file that was sent is to be the product's picture; it is fetched and looked at in the background.

    Raises NoSuchProduct, or BadPicture for one that Telegram hands out to no bot.
    """
    product = await find_product(session, creator_id, product_id)
    stored = await session.get(StoredFile, file_id)
    if stored is None or stored.creator_id != creator_id or stored.product_id is not None or stored.lead_id is not None:
        raise _none()
    if stored.size is not None and stored.size > MOST_FETCHED:
        raise BadPicture("a picture has up to 20 MB", why=Reason("refused-picture-heavy", most=MOST_FETCHED >> 20))
    # one that waited too long may be going at this moment
    own = update(StoredFile).where(
        StoredFile.id == file_id, StoredFile.product_id.is_(None), StoredFile.forgetting_at.is_(None)
    )
    taken = {"product_id": product.id, "role": FileRole.COVER, "fetch_at": now, "loose_until": None}
    if not await count_changed(session, own.values(**taken)):
        raise _none()
    wake(session, FETCHING)
    return product


async def show_cover(session: AsyncSession, file_id: int, picture: Picture, blob: str, *, now: datetime) -> None:
    """The picture is on the card from now on, and the one before is not. Twice is a no-op."""
    stored = await session.get(StoredFile, file_id, with_for_update=True)
    if stored is None or stored.product_id is None or stored.fetch_at is None:
        return
    await hold_product(session, stored.product_id)
    await _replace(session, stored.product_id, now=now)
    # what Telegram holds is the file as it was sent
    await session.execute(delete(FileHandle).where(FileHandle.file_id == file_id))
    stored.blob, stored.sha256, stored.size = blob, blob, len(picture.content)
    stored.mime_type, stored.file_name, stored.shape = picture.mime_type, f"cover.{picture.extension}", Shape.PHOTO
    stored.attached_at, stored.fetch_at = now, None
    await session.flush()
    product = await session.get_one(Product, stored.product_id)
    await _record(session, product, now=now)

    def shown(language: str) -> Message:
        return Message(text=say("cover-shown", language, title=product.title), file=file_id)

    await tell_creator(session, shown, key=f"cover:{file_id}", creator_id=product.creator_id, now=now)


async def put_cover(session: AsyncSession, product: Product, file_id: int, *, now: datetime) -> bool:
    """A picture that has been drawn anew already is on the card from now on; False for one that is taken or going.

    The one that is there already stays.
    """
    await hold_product(session, product.id)
    shown = await cover_of(session, product.id)
    if shown is not None and shown.id == file_id:
        return True
    own = update(StoredFile).where(
        StoredFile.id == file_id, StoredFile.product_id.is_(None), StoredFile.forgetting_at.is_(None)
    )
    if not await count_changed(session, own.values(loose_until=None)):
        return False
    await _replace(session, product.id, now=now)
    await session.execute(own.values(product_id=product.id, attached_at=now))
    await _record(session, product, now=now)
    return True


async def refuse_cover(session: AsyncSession, file_id: int, why: Reason, *, now: datetime) -> None:
    """The card stays as it was, and the creator reads why. Twice is a no-op."""
    stored = await session.get(StoredFile, file_id, with_for_update=True)
    if stored is None or stored.product_id is None or stored.fetch_at is None:
        return
    stored.fetch_at, stored.replaced_at = None, now
    await session.flush()
    product = await session.get_one(Product, stored.product_id)

    def refused(language: str) -> Message:
        return Message(text=say("cover-refused", language, title=product.title, why=plain_why(why, language)))

    await tell_creator(session, refused, key=f"cover:{file_id}", creator_id=product.creator_id, now=now)


async def drop_cover(session: AsyncSession, product: Product, *, now: datetime) -> bool:
    """The card has no picture any more. False when it had none."""
    stored = await cover_of(session, product.id)
    if stored is None:
        return False
    stored.replaced_at = now
    await session.flush()
    return True


def _none() -> NoSuchProduct:
    return NoSuchProduct("there is no such file here; send it again", why=Reason("refused-no-file"))


async def _replace(session: AsyncSession, product_id: int, *, now: datetime) -> None:
    await session.execute(
        update(StoredFile)
        .where(StoredFile.product_id == product_id, *_COVER, StoredFile.attached_at.is_not(None))
        .values(replaced_at=now)
    )


async def _record(session: AsyncSession, product: Product, *, now: datetime) -> None:
    await record_event(
        session,
        "product.edited",
        creator_id=product.creator_id,
        subject=f"product:{product.id}",
        now=now,
        fields=["cover"],
    )


async def cover_of(session: AsyncSession, product_id: int) -> StoredFile | None:
    shown = (StoredFile.product_id == product_id, *_COVER, StoredFile.attached_at.is_not(None))
    return await session.scalar(select(StoredFile).where(*shown).order_by(StoredFile.id.desc()).limit(1))
