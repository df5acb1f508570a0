"""Files that creators send up by the API: each goes after a day, unless a product or a post has taken it.

A row is promised before the first byte comes, so that whatever a crash leaves in the file store is known and goes too.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.covers import put_cover
from domain.forgetting import TOPIC
from domain.product_files import attach_file
from domain.products import LOOSE_FOR
from domain.uploads import NoSuchUpload
from kit.errors import Conflict
from kit.tokens import new_reference
from store.database import count_changed, wake
from store.models import FileRole, Product, Shape, StoredFile

_AT_ONCE = 500
# promised, and still to come or to be taken
_LOOSE = (
    StoredFile.loose_until.is_not(None),
    StoredFile.product_id.is_(None),
    StoredFile.forgetting_at.is_(None),
)


class UploadKind(StrEnum):
    """What a file that came up can be: a product's picture, drawn anew, or what its buyers get, as it came."""

    IMAGE = "image"
    FILE = "file"


_ROLES = {UploadKind.IMAGE: FileRole.COVER, UploadKind.FILE: FileRole.GOODS}


class UploadTaken(Conflict):
    """A product or a post has it: it is removed there."""

    code = "upload_taken"


class WrongUpload(Conflict):
    """A picture is no file for buyers, and a file no picture."""

    code = "wrong_upload"


@dataclass(frozen=True, slots=True)
class Promised:
    """The row and the blob of what is about to come."""

    upload_id: int
    blob: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """What has come and stands in the file store; `size` in bytes, `width` and `height` in pixels."""

    size: int
    sha256: str
    file_name: str
    mime_type: str
    width: int | None = None
    height: int | None = None


def kind_of(stored: StoredFile) -> UploadKind:
    return UploadKind.IMAGE if stored.role is FileRole.COVER else UploadKind.FILE


async def promise_upload(
    session: AsyncSession, creator_id: int, kind: UploadKind, *, blob: str | None = None, now: datetime
) -> Promised:
    """Something is about to come up, under a new name or as `blob`; until it has, nobody finds it."""
    stored = StoredFile(
        creator_id=creator_id,
        product_id=None,
        role=_ROLES[kind],
        shape=Shape.PHOTO if kind is UploadKind.IMAGE else Shape.DOCUMENT,
        file_name="",
        mime_type="",
        size=None,
        sha256=None,
        blob=blob or f"uploads/{new_reference()}",
        created_at=now,
        loose_until=now + LOOSE_FOR,
    )
    session.add(stored)
    await session.flush()
    return Promised(stored.id, stored.blob or "")


async def note_arrival(session: AsyncSession, upload_id: int, arrived: Arrived, *, now: datetime) -> StoredFile:
    """All of it is here: for a day from now it can be taken. Raises NoSuchUpload for one that took longer than that."""
    here = update(StoredFile).where(StoredFile.id == upload_id, StoredFile.size.is_(None), *_LOOSE)
    values = {
        "size": arrived.size,
        "sha256": arrived.sha256,
        "file_name": arrived.file_name,
        "mime_type": arrived.mime_type,
        "width": arrived.width,
        "height": arrived.height,
        "loose_until": now + LOOSE_FOR,
    }
    if not await count_changed(session, here.values(**values)):
        raise _none()
    return await session.get_one(StoredFile, upload_id, populate_existing=True)


async def hand_over(session: AsyncSession, upload_id: int) -> None:
    """It belongs to what keeps it in a row of its own. Raises NoSuchUpload for one that took longer than a day."""
    promised = delete(StoredFile).where(StoredFile.id == upload_id, *_LOOSE)
    if not await count_changed(session, promised):
        raise _none()


async def find_loose(session: AsyncSession, creator_id: int, upload_id: int) -> StoredFile:
    """What this creator has sent up, taken or not. Raises NoSuchUpload."""
    stored = await session.get(StoredFile, upload_id)
    if stored is None or stored.creator_id != creator_id or not _came_up(stored):
        raise _none()
    return stored


async def let_go(session: AsyncSession, upload_ids: Collection[int], *, now: datetime) -> int:
    """Those of them that nothing has taken go, with what stands in the file store; returns how many."""
    gone = update(StoredFile).where(StoredFile.id.in_(upload_ids), *_LOOSE)
    changed = await count_changed(session, gone.values(forgetting_at=now, loose_until=None))
    if changed:
        wake(session, TOPIC)
    return changed


async def drop_loose(session: AsyncSession, creator_id: int, upload_id: int, *, now: datetime) -> None:
    """It goes. Raises NoSuchUpload, or UploadTaken for what a product has."""
    await find_loose(session, creator_id, upload_id)
    if not await let_go(session, [upload_id], now=now):
        raise UploadTaken("a product or a post has this file; take it away there")


async def drop_stale(session: AsyncSession, *, now: datetime) -> int:
    """Some of what nothing has taken within its day goes; returns how many."""
    stale = select(StoredFile.id).where(StoredFile.loose_until <= now).order_by(StoredFile.loose_until)
    return await let_go(session, (await session.scalars(stale.limit(_AT_ONCE))).all(), now=now)


async def attach_upload(
    session: AsyncSession, creator_id: int, upload_id: int, product_id: int, *, now: datetime
) -> StoredFile:
    """Buyers of the product get it from now on: see domain.product_files.attach_file, whose refusals it has.

    Raises NoSuchUpload or WrongUpload too.
    """
    await _whole(session, creator_id, upload_id, UploadKind.FILE)
    await attach_file(session, creator_id, upload_id, product_id, now=now)
    return await session.get_one(StoredFile, upload_id, populate_existing=True)


async def show_upload(session: AsyncSession, product: Product, upload_id: int, *, now: datetime) -> StoredFile:
    """It is the picture on the product's card from now on. Raises NoSuchUpload, WrongUpload or UploadTaken."""
    await _whole(session, product.creator_id, upload_id, UploadKind.IMAGE)
    if not await put_cover(session, product, upload_id, now=now):
        raise UploadTaken("a product has this picture; send it up again")
    return await session.get_one(StoredFile, upload_id, populate_existing=True)


async def _whole(session: AsyncSession, creator_id: int, upload_id: int, kind: UploadKind) -> None:
    stored = await find_loose(session, creator_id, upload_id)
    if kind_of(stored) is not kind:
        raise WrongUpload(f"upload {upload_id} came up as {kind_of(stored)}; send it up as {kind}")


def _came_up(stored: StoredFile) -> bool:
    """Whether it came up by the API, and is here whole."""
    by_api = stored.blob is not None and stored.blob.startswith("uploads/")
    return by_api and stored.size is not None and stored.forgetting_at is None


def _none() -> NoSuchUpload:
    return NoSuchUpload("there is no such upload; one that nothing takes goes after a day")
