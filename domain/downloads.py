"""Signed addresses of files: each for one owner, good for so many uses until then, and what each use may fetch."""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from domain.access import Act
from domain.chat_standings import members_who_may
from domain.shop_setup import ShopSetup
from kit.errors import Conflict, Forbidden, NotFound
from store.database import count_changed
from store.models import Account, Download, DownloadLink, Entitlement, Lead, Membership, Person, StoredFile

# a download that breaks off is taken up again within so long
RESUMED_WITHIN = timedelta(days=1)
# so often the bytes of a file are promised to one use, over all the times that it is taken up again
MOST_SERVED = 2
_TOKEN = re.compile(r"([1-9][0-9]{0,14})-([0-9a-f]{32})")
_ALIKE = aliased(Entitlement)
# not so what its creator has taken away
_GIVEN = (StoredFile.removed_at.is_(None),)


class NoSuchDownload(NotFound):
    code = "no_such_download"


class LinkOver(Conflict):
    """It is too old, or has been used as often as it may be."""

    code = "link_over"
    status = 410


class RightGone(Forbidden):
    """What the link was made for is theirs no longer."""

    code = "right_gone"


@dataclass(frozen=True)
class DownloadAddress:
    """Writes and reads the addresses: nobody makes one, or one of another link out of their own, without `key`."""

    base: str
    key: bytes

    def of(self, link_id: int) -> str:
        return f"{self.base}/d/{link_id}-{self._mark(link_id)}"

    def read(self, token: str) -> int:
        """The link's id. Raises NoSuchDownload for a token that was not made here."""
        parts = _TOKEN.fullmatch(token)
        if parts is None or not hmac.compare_digest(parts[2], self._mark(int(parts[1]))):
            raise NoSuchDownload("this link is not known here")
        return int(parts[1])

    def _mark(self, link_id: int) -> str:
        # 128 bits
        return hmac.new(self.key, str(link_id).encode(), sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Downloadable:
    """A file behind a link that is good; `size` in bytes."""

    blob: str
    file_name: str
    mime_type: str
    size: int
    sha256: str


async def make_link(
    session: AsyncSession, entitlement_id: int, file_id: int, shop: ShopSetup, *, now: datetime
) -> int | None:
    """A link of its own, or the one that nobody has used yet, good for as long as the creator's shop says.

    None where the right is gone, the file was taken away, or it has no bytes here that a link could lead to.
    """
    right = exists().where(Entitlement.id == entitlement_id, Entitlement.revoked_at.is_(None))
    if not await session.scalar(select(right)):
        return None
    return await _link(session, file_id, shop, entitlement_id=entitlement_id, account_id=None, now=now)


async def make_own_link(
    session: AsyncSession, account_id: int, file_id: int, shop: ShopSetup, *, now: datetime
) -> int | None:
    """The same for somebody who acts for the file's creator, who owns it without any right to it."""
    return await _link(session, file_id, shop, entitlement_id=None, account_id=account_id, now=now)


async def _link(
    session: AsyncSession,
    file_id: int,
    shop: ShopSetup,
    *,
    entitlement_id: int | None,
    account_id: int | None,
    now: datetime,
) -> int | None:
    kept = exists().where(StoredFile.id == file_id, StoredFile.blob.is_not(None), StoredFile.size.is_not(None), *_GIVEN)
    if not await session.scalar(select(kept)):
        return None
    until = now + timedelta(days=shop.download_days)
    fresh = await session.scalar(
        select(DownloadLink.id)
        .where(
            DownloadLink.entitlement_id.is_not_distinct_from(entitlement_id),
            DownloadLink.account_id.is_not_distinct_from(account_id),
            DownloadLink.file_id == file_id,
            DownloadLink.uses == 0,
            DownloadLink.most_uses == shop.download_uses,
            DownloadLink.expires_at > now,
        )
        .order_by(DownloadLink.id.desc())
        .limit(1)
    )
    if fresh is not None:
        await session.execute(update(DownloadLink).where(DownloadLink.id == fresh).values(expires_at=until))
        return fresh
    link = DownloadLink(
        entitlement_id=entitlement_id,
        account_id=account_id,
        file_id=file_id,
        most_uses=shop.download_uses,
        expires_at=until,
        created_at=now,
    )
    session.add(link)
    await session.flush()
    return link.id


async def find_download(session: AsyncSession, link_id: int, *, now: datetime) -> Downloadable:
    """What the link leads to. Raises NoSuchDownload, LinkOver for one that is too old, or RightGone.

    An earlier version is still to be had by a link to it; what the creator has taken away is not.
    """
    row = (
        await session.execute(
            select(
                StoredFile.blob,
                StoredFile.file_name,
                StoredFile.mime_type,
                StoredFile.size,
                StoredFile.sha256,
                DownloadLink.expires_at,
                _has_right().label("theirs"),
            )
            .join(StoredFile, StoredFile.id == DownloadLink.file_id)
            .where(DownloadLink.id == link_id, *_GIVEN)
        )
    ).one_or_none()
    if row is None or row.blob is None or row.size is None:
        raise NoSuchDownload("this link is not known here")
    if not row.theirs:
        raise RightGone("this has been taken back, so it cannot be downloaded any more")
    if row.expires_at <= now:
        raise _over()
    return Downloadable(row.blob, row.file_name, row.mime_type, row.size, row.sha256 or row.blob)


async def open_download(
    session: AsyncSession, link_id: int, *, size: int, start: int, length: int, now: datetime
) -> int:
    """One use of the link, and the promise of `length` bytes from `start`; returns the download's id.

    What does not begin at the beginning takes up a download of the last day, as long as that comes to no more than
    twice the file; that is no further use. Raises LinkOver when no use is left, NoSuchDownload, or RightGone.
    """
    if start > 0 and (resumed := await _resume(session, link_id, size=size, length=length, now=now)) is not None:
        return resumed
    use = (
        update(DownloadLink)
        .where(
            DownloadLink.id == link_id,
            DownloadLink.uses < DownloadLink.most_uses,
            DownloadLink.expires_at > now,
            _has_right(),
            _is_given(),
        )
        .values(uses=DownloadLink.uses + 1)
    )
    if not await count_changed(session, use):
        why = select(_is_given().label("given"), _has_right().label("theirs")).where(DownloadLink.id == link_id)
        row = (await session.execute(why)).one()
        if not row.given:
            raise NoSuchDownload("this link is not known here")
        if not row.theirs:
            raise RightGone("this has been taken back, so it cannot be downloaded any more")
        raise _over()
    download = Download(link_id=link_id, served=length, opened_at=now, resumed_at=now)
    session.add(download)
    await session.flush()
    return download.id


async def give_back(session: AsyncSession, download_id: int, unsent: int) -> None:
    """So many of the bytes that were promised never left: who broke off is not the poorer for it."""
    await session.execute(update(Download).where(Download.id == download_id).values(served=Download.served - unsent))


async def language_of_link(session: AsyncSession, link_id: int) -> str | None:
    """Of whoever the link was made for, as far as they have a chat."""
    return await session.scalar(
        select(Person.speaks)
        .join(Lead, Lead.person_id == Person.id)
        .join(Entitlement, Entitlement.lead_id == Lead.id)
        .join(DownloadLink, DownloadLink.entitlement_id == Entitlement.id)
        .where(DownloadLink.id == link_id)
    )


async def _resume(session: AsyncSession, link_id: int, *, size: int, length: int, now: datetime) -> int | None:
    room = (
        Download.link_id == link_id,
        Download.opened_at > now - RESUMED_WITHIN,
        Download.served + length <= MOST_SERVED * size,
        # what is taken up again has to be theirs still
        exists().where(DownloadLink.id == link_id, DownloadLink.expires_at > now, _has_right(), _is_given()),
    )
    for download_id in list(await session.scalars(select(Download.id).where(*room).order_by(Download.id.desc()))):
        promise = (
            update(Download)
            .where(Download.id == download_id, *room)
            .values(served=Download.served + length, resumed_at=now)
        )
        if await count_changed(session, promise):
            return download_id
    return None


def _is_given() -> ColumnElement[bool]:
    return exists().where(StoredFile.id == DownloadLink.file_id, *_GIVEN)


def _has_right() -> ColumnElement[bool]:
    """By the right that the link was made for, or another of the same lead to the same product.

    Who acts for the creator has it for as long as they may see the products.
    """
    own = aliased(Entitlement)
    as_owner = exists().where(
        own.id == DownloadLink.entitlement_id,
        _ALIKE.lead_id == own.lead_id,
        _ALIKE.product_id == own.product_id,
        _ALIKE.revoked_at.is_(None),
    )
    as_seller = exists().where(
        Membership.account_id == DownloadLink.account_id,
        Account.id == Membership.account_id,
        members_who_may(Act.SEE_PRODUCTS),
        exists().where(StoredFile.id == DownloadLink.file_id, StoredFile.creator_id == Membership.creator_id),
    )
    return or_(as_owner, as_seller)


def _over() -> LinkOver:
    return LinkOver("this link is used up or too old; /library in the chat has a new one")
