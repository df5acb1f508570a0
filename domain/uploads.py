"""Addresses at which creators send up files for products: each for one account and one product, once, for an hour."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from domain.chat_standings import members_who_may
from domain.goods import MOST_SENT
from domain.messages.catalogue import say
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.product_files import attach_file
from domain.products import hold_product
from kit.errors import Conflict, Forbidden, NotFound
from kit.text import shorten
from store.database import count_changed
from store.models import Account, FileRole, Membership, OutboxKind, Person, Product, StoredFile, UploadLink

GOOD_FOR = timedelta(hours=1)
NAME_LENGTH = 200
_TOKEN = re.compile(r"([1-9][0-9]{0,14})-([0-9a-f]{32})")
_MIME = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}", re.ASCII)


class NoSuchUpload(NotFound):
    code = "no_such_upload"


class UploadOver(Conflict):
    """Its hour is over, or a file has come by it."""

    code = "upload_over"
    status = 410


class UploadNotYours(Forbidden):
    """Whoever it was made for acts for the product's creator no longer."""

    code = "upload_not_yours"


@dataclass(frozen=True)
class UploadAddress:
    """Writes and reads the addresses: nobody makes one, or one of another link out of their own, without `key`."""

    base: str
    key: bytes

    def of(self, link_id: int) -> str:
        return f"{self.base}/upload/{link_id}-{self._mark(link_id)}"

    def read(self, token: str) -> int:
        """The link's id. Raises NoSuchUpload for a token that was not made here."""
        parts = _TOKEN.fullmatch(token)
        if parts is None or not hmac.compare_digest(parts[2], self._mark(int(parts[1]))):
            raise NoSuchUpload("this link is not known here")
        return int(parts[1])

    def _mark(self, link_id: int) -> str:
        # 128 bits
        return hmac.new(self.key, str(link_id).encode(), sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Upload:
    """What a link that is good is for, and in whose words to speak of it."""

    product_id: int
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole file that stands in the file store already; `size` in bytes."""

    blob: str
    file_name: str
    mime_type: str
    size: int
    sha256: str


def read_name(given: str) -> str:
    """A file's name as a browser tells it, without the folders that some put before it."""
    last = given.replace("\\", "/").rpartition("/")[2]
    visible = "".join(each for each in last if each.isprintable()).strip()
    return shorten(visible, NAME_LENGTH) or "file"


def read_type(given: str) -> str:
    return given if _MIME.fullmatch(given) else "application/octet-stream"


async def open_upload(session: AsyncSession, product: Product, account: Account, *, now: datetime) -> int:
    """The id of a fresh link; theirs that are over are cleared away."""
    await session.execute(
        delete(UploadLink).where(UploadLink.account_id == account.id, UploadLink.expires_at <= now),
        execution_options={"synchronize_session": False},
    )
    link = UploadLink(
        product_id=product.id, account_id=account.id, created_at=now, expires_at=now + GOOD_FOR, used_at=None
    )
    session.add(link)
    await session.flush()
    return link.id


async def find_upload(session: AsyncSession, link_id: int, *, now: datetime) -> Upload:
    """Raises UploadOver, or UploadNotYours."""
    row = (
        await session.execute(
            select(
                UploadLink.product_id, Product.title, Person.speaks, _good(now).label("good"), _theirs().label("theirs")
            )
            .join(Product, Product.id == UploadLink.product_id)
            .join(Account, Account.id == UploadLink.account_id)
            .join(Person, Person.id == Account.person_id)
            .where(UploadLink.id == link_id)
        )
    ).one_or_none()
    if row is None or not row.good:
        raise _over()
    if not row.theirs:
        raise UploadNotYours("you no longer act for the creator of this product")
    return Upload(row.product_id, row.title, row.speaks)


async def take_upload(session: AsyncSession, link_id: int, kept: Kept, *, now: datetime) -> StoredFile:
    """What came up is one of the product's files from now on, and whoever sent it is told in the chat.

    One of a name that is there already is its next version. Raises UploadOver and UploadNotYours: of two that come by
    one link, one is taken.
    """
    upload = await find_upload(session, link_id, now=now)
    await hold_product(session, upload.product_id)
    use = update(UploadLink).where(UploadLink.id == link_id, _good(now), _theirs()).values(used_at=now)
    if not await count_changed(session, use):
        raise _over()
    product = await session.get_one(Product, upload.product_id)
    stored = StoredFile(
        creator_id=product.creator_id,
        product_id=None,
        role=FileRole.GOODS,
        file_name=kept.file_name,
        mime_type=kept.mime_type,
        size=kept.size,
        sha256=kept.sha256,
        blob=kept.blob,
        created_at=now,
    )
    session.add(stored)
    await session.flush()
    await attach_file(session, product.creator_id, stored.id, product.id, now=now)
    await session.refresh(stored)
    await _tell(session, link_id, product, stored, now=now)
    return stored


async def _tell(session: AsyncSession, link_id: int, product: Product, stored: StoredFile, *, now: datetime) -> None:
    link = await session.get_one(UploadLink, link_id)
    person = await session.scalar(
        select(Person).join(Account, Account.person_id == Person.id).where(Account.id == link.account_id)
    )
    if person is None:
        return
    size = stored.size or 0
    way = "upload-told-chat" if size <= MOST_SENT else "upload-told-link"
    values = {"name": stored.file_name, "title": product.title, "version": stored.version}
    lines = [
        say("file-attached" if stored.version == 1 else "file-attached-version", person.speaks, **values),
        say(
            "upload-told-file",
            person.speaks,
            name=stored.file_name,
            size=f"{size / 1_000_000:.1f}",
            digest=stored.sha256 or "",
        ),
        say(way, person.speaks, most=MOST_SENT >> 20),
    ]
    await queue_message(
        session,
        Message(text="\n".join(lines)),
        key=f"uploaded:{link_id}",
        kind=OutboxKind.NOTICE,
        creator_id=product.creator_id,
        person_id=person.id,
        now=now,
    )


def _good(now: datetime) -> ColumnElement[bool]:
    return UploadLink.used_at.is_(None) & (UploadLink.expires_at > now)


def _theirs() -> ColumnElement[bool]:
    """Whether the account may change the products of the creator whose product it is."""
    return exists().where(
        Membership.account_id == UploadLink.account_id,
        Account.id == Membership.account_id,
        members_who_may(Act.CHANGE_PRODUCTS),
        Membership.creator_id == Product.creator_id,
        Product.id == UploadLink.product_id,
    )


def _over() -> UploadOver:
    return UploadOver("this link has been used or is too old; the chat gives you a new one: /product upload")
