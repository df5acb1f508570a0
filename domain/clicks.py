"""Clicks on links in a creator's texts, where the creator wants them counted."""

import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from html import escape, unescape
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.messages.plain import Message
from kit.errors import NotFound
from store.database import insert_once
from store.models import Lead, TrackedUrl

_HREF = re.compile(r'href="(https://[^"]+)"')
_PLAIN = re.compile(r"https://[^\s{]+")
_TOKEN = re.compile(r"^([0-9]{1,15})-([0-9]{1,15})-([0-9a-f]{20})$")


@dataclass(frozen=True)
class Tracker:
    """Leads https links through `base`/r/… Only addresses of `ids` are: those that read the same for everybody.

    What stands in the store is the creator's address, and the link says which lead it was made for; nobody can make
    one for another lead or another address without `key`.
    """

    base: str
    key: bytes
    ids: Mapping[str, int] = field(default_factory=dict)

    def through(self, url: str, lead_id: int) -> str:
        """The address that counts the click and leads on; any other address stays as it is."""
        url_id = self.ids.get(url)
        return url if url_id is None else self.address(url_id, lead_id)

    def address(self, url_id: int, lead_id: int) -> str:
        """Where a known address is counted for that lead."""
        return f"{self.base}/r/{url_id}-{lead_id}-{self._mark(url_id, lead_id)}"

    def message(self, message: Message, lead_id: int) -> Message:
        """The message with its links and buttons leading through here."""
        text = _HREF.sub(lambda found: f'href="{escape(self.through(unescape(found[1]), lead_id))}"', message.text)
        buttons = tuple(
            tuple(
                each if each.url is None else each.model_copy(update={"url": self.through(each.url, lead_id)})
                for each in row
            )
            for row in message.buttons
        )
        return message.model_copy(update={"text": text, "buttons": buttons})

    def read(self, token: str) -> tuple[int, int]:
        """The ids of the address and of the lead. Raises NotFound for a token that was not made here."""
        parts = _TOKEN.match(token)
        if parts is None or not hmac.compare_digest(parts[3], self._mark(int(parts[1]), int(parts[2]))):
            raise NotFound("this link is not known here")
        return int(parts[1]), int(parts[2])

    def _mark(self, url_id: int, lead_id: int) -> str:
        return hmac.new(self.key, f"{url_id}-{lead_id}".encode(), sha256).hexdigest()[:20]


def addresses(definition: Any) -> Iterator[str]:
    """The https links of a flow or funnel (as JSON) that read the same for everybody: none that a template fills in."""
    match definition:
        case str():
            yield from (unescape(url) for url in _HREF.findall(definition) if "{" not in url)
        case Mapping():
            for name, value in definition.items():
                wordings = value.values() if isinstance(value, Mapping) else [value]
                if name == "url":
                    yield from (url for url in wordings if isinstance(url, str) and _PLAIN.fullmatch(url))
                yield from addresses(value)
        case list() | tuple():
            for each in definition:
                yield from addresses(each)


async def know_addresses(
    session: AsyncSession, creator_id: int, urls: Iterable[str], *, now: datetime
) -> dict[str, int]:
    """The number of each address, given on its first use."""
    wanted = {sha256(url.encode()).hexdigest(): url for url in urls}
    for digest, url in wanted.items():
        values = {"creator_id": creator_id, "digest": digest, "url": url, "created_at": now}
        await insert_once(session, TrackedUrl, values)
    rows = await session.execute(
        select(TrackedUrl.id, TrackedUrl.url).where(
            TrackedUrl.creator_id == creator_id, TrackedUrl.digest.in_(list(wanted))
        )
    )
    return {row.url: row.id for row in rows}


async def note_click(session: AsyncSession, url_id: int, lead_id: int, *, now: datetime, counts: bool = True) -> str:
    """Keeps a click, if it counts, and returns the address to go on to. Raises NotFound when there is no such pair."""
    url = await session.get(TrackedUrl, url_id)
    lead = await session.get(Lead, lead_id)
    if url is None or lead is None or lead.creator_id != url.creator_id:
        raise NotFound("this link is not known here")
    if counts and lead.forgotten_at is None:
        who = lead.merged_into_id or lead.id
        await record_event(
            session, "link.clicked", creator_id=lead.creator_id, lead_id=who, subject=f"url:{url.id}", now=now
        )
    return url.url
