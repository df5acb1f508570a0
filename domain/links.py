"""Tracked deep links: where leads come from."""

import re
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.setups import CreatorSetup
from kit.errors import Invalid, NotFound, Reason
from kit.text import shorten, slugify
from kit.tokens import new_key
from store.database import count_changed, insert_once
from store.models import DiscountCode, Idea, Lead, Link, LinkTarget, Product, Touch

TITLE_LENGTH = 100
# https://support.google.com/analytics/answer/10917952
UTM = ("source", "medium", "campaign", "term", "content", "id")
_UTM_VALUE = re.compile(r"^[^\x00-\x1f]{1,100}$")


class BadLink(Invalid):
    code = "bad_link"


async def make_link(
    session: AsyncSession,
    creator_id: int,
    setup: CreatorSetup,
    *,
    target: LinkTarget,
    name: str,
    now: datetime,
    title: str = "",
    utm: Mapping[str, str] | None = None,
) -> Link:
    """A new link with a short opaque key of its own. Raises BadLink when it would lead nowhere."""
    found = await _title_of(session, creator_id, setup, target, name)
    for field, value in (utm or {}).items():
        if field in UTM and not value.strip():
            raise BadLink(
                f"utm_{field} needs a value, like utm_{field}=instagram",
                why=Reason("refused-utm-empty", field=f"utm_{field}"),
            )
        if field not in UTM or not _UTM_VALUE.match(value):
            known = ", ".join(f"utm_{each}" for each in UTM)
            raise BadLink(
                f"utm_{field} is none of {known}, each up to 100 characters",
                why=Reason("refused-utm", field=shorten(f"utm_{field}", TITLE_LENGTH), known=known),
            )
    values = {
        "creator_id": creator_id,
        "title": shorten(" ".join(title.split()) or found, TITLE_LENGTH),
        "target": target,
        "name": name,
        "utm": dict(utm or {}),
        "created_at": now,
    }
    link_id = None
    while link_id is None:
        link_id = await insert_once(session, Link, {**values, "key": new_key()})
    await record_event(session, "link.made", creator_id=creator_id, subject=f"link:{link_id}", now=now)
    return await session.get_one(Link, link_id)


async def find_link(session: AsyncSession, key: str) -> Link | None:
    """The link that a `/start` payload names, put away or not; None when it names none."""
    return await session.scalar(select(Link).where(Link.key == key))


async def own_link(session: AsyncSession, creator_id: int, link_id: int) -> Link:
    """Raises NotFound for one that is not this creator's."""
    link = await session.scalar(select(Link).where(Link.id == link_id, Link.creator_id == creator_id))
    if link is None:
        raise NotFound(f"you have no link {link_id}", why=Reason("refused-no-link", link=link_id))
    return link


async def archive_link(session: AsyncSession, link: Link, *, now: datetime) -> bool:
    """From now on it leads nowhere but to its creator. Whoever comes by it is counted as ever; once is enough."""
    archive = update(Link).where(Link.id == link.id, Link.archived_at.is_(None)).values(archived_at=now)
    return bool(await count_changed(session, archive))


def link_source(link: Link) -> str:
    """What `lead.source` says of a lead whom this link brought first."""
    return str(link.utm.get("source") or slugify(link.title) or link.key)


async def note_touch(
    session: AsyncSession, lead: Lead, *, link: Link | None, source: str | None, now: datetime
) -> None:
    """Keeps that a lead came by a link or source: the first time and every later one. Without either, a no-op."""
    if link is None and source is None:
        return
    told = link_source(link) if link is not None else source
    session.add(
        Touch(
            creator_id=lead.creator_id,
            lead_id=lead.id,
            link_id=None if link is None else link.id,
            source=told,
            touched_at=now,
        )
    )
    await session.flush()
    subject = "" if link is None else f"link:{link.id}"
    await record_event(session, "lead.touched", creator_id=lead.creator_id, lead_id=lead.id, subject=subject, now=now)


async def _title_of(session: AsyncSession, creator_id: int, setup: CreatorSetup, target: LinkTarget, name: str) -> str:
    title: str | None = None
    match target:
        case LinkTarget.START:
            return "Start"
        case LinkTarget.FLOW | LinkTarget.FUNNEL:
            known = setup.flows if target == LinkTarget.FLOW else setup.funnels
            if name not in known:
                has = ", ".join(sorted(known))
                raise BadLink(
                    f"there is no {target} “{name}”; there are: {has or 'none'}",
                    why=Reason("refused-link-unknown", target=Reason(f"link-to-{target}"), name=name, known=has or "—"),
                )
            return name
        case LinkTarget.PRODUCT:
            title = await session.scalar(
                select(Product.title).where(
                    Product.creator_id == creator_id,
                    Product.slug == name,
                    Product.active,
                    Product.archived_at.is_(None),
                )
            )
        case LinkTarget.COUPON:
            code, _, slug = name.partition("/")
            title = await _code_named(session, creator_id, code)
            if title is not None and slug:
                product = await _title_of(session, creator_id, setup, LinkTarget.PRODUCT, slug.lower())
                return f"{title} · {product}"
            name = code
        case LinkTarget.IDEA:
            number = int(name) if name.isdecimal() and len(name) < 10 else 0  # noqa: PLR2004 - fits the column
            title = await session.scalar(select(Idea.title).where(Idea.creator_id == creator_id, Idea.number == number))
    if title is None:
        raise BadLink(
            f"you have no {target} “{name}”",
            why=Reason("refused-link-none", target=Reason(f"link-to-{target}"), name=name),
        )
    return title


async def _code_named(session: AsyncSession, creator_id: int, typed: str) -> str | None:
    return await session.scalar(
        select(DiscountCode.code).where(
            DiscountCode.creator_id == creator_id,
            DiscountCode.code == typed.upper(),
            DiscountCode.archived_at.is_(None),
        )
    )
