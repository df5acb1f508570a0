from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, bindparam, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.visitors import iterate

from kit.text import search_words
from kit.zones import zone_named
from store.database import is_postgresql
from store.models import Lead, Segment
from store.sealing import digest
from store.segments.checking import understand
from store.segments.compiling import beginning_with, compile_question, living, narrowed, since
from store.segments.known import Known
from store.segments.meaning import Ground
from store.segments.naming import look_up
from store.segments.values import as_email, as_phone

_LARGEST_ID = 2**63 - 1
_MOST_WORDS = 5
# among so many what many leads meet is found at once
_NEWEST = 4000


async def where(
    session: AsyncSession, creator_id: int, question: str, known: Known, *, now: datetime
) -> ColumnElement[bool]:
    """The creator's leads of whom the question holds, as a condition on Lead. Raises BadSegment.

    `known` says what the question may name (CreatorSetup.known). Merged and forgotten leads never meet it.
    """
    understood = understand(question, known)
    names = await look_up(session, creator_id, understood)
    ground = Ground(creator_id, now, zone_named(known.time_zone), names, is_postgresql(session))
    return compile_question(understood, ground)


async def count_leads(session: AsyncSession, creator_id: int, condition: ColumnElement[bool]) -> int:
    counted = select(func.count()).select_from(Lead).where(Lead.creator_id == creator_id, condition)
    return await session.scalar(counted) or 0


async def page_of_leads(
    session: AsyncSession, creator_id: int, condition: ColumnElement[bool], *, limit: int, offset: int
) -> list[Lead]:
    """Newest first."""
    page = select(Lead).where(Lead.creator_id == creator_id, condition).order_by(Lead.id.desc())
    return list(await session.scalars(page.limit(limit).offset(offset)))


class LeadSort(StrEnum):
    """By what a list may be sorted: each has an index behind it."""

    # as their numbers are
    CAPTURED_AT = "captured_at"
    SCORE = "score"


async def page_of_ids(
    session: AsyncSession,
    creator_id: int,
    condition: ColumnElement[bool],
    *,
    sort: LeadSort = LeadSort.CAPTURED_AT,
    descending: bool = True,
    limit: int,
    offset: int,
    total: int | None = None,
) -> Sequence[int]:
    """Leads of the same score come by their numbers, in the same direction. `total` is about how many there are."""
    if total == 0:
        return []
    is_broad = total is None or total > _NEWEST
    if is_broad and sort is LeadSort.CAPTURED_AT and descending and not is_postgresql(session):
        newest = await _among_newest(session, creator_id, condition, limit=limit, offset=offset)
        if newest is not None:
            return newest
    columns = [Lead.id] if sort is LeadSort.CAPTURED_AT else [Lead.score, Lead.id]
    page = select(Lead.id).where(Lead.creator_id == creator_id, condition)
    page = page.order_by(*(each.desc() if descending else each for each in columns))
    return (await session.scalars(page.limit(limit).offset(offset))).all()


async def _among_newest(
    session: AsyncSession, creator_id: int, condition: ColumnElement[bool], *, limit: int, offset: int
) -> Sequence[int] | None:
    """The page, where it lies among the newest leads; None where one has to look further.

    SQLite gathers a set such as everybody with a tag whole, before it looks who of them is new.
    """
    if not any(isinstance(each, Select) for each in iterate(condition)):
        return None
    newest = select(Lead.id).where(living(creator_id)).order_by(Lead.id.desc())
    first = await session.scalar(newest.limit(1).offset(_NEWEST))
    if first is None or offset + limit > _NEWEST:
        return None
    page = select(Lead.id).where(Lead.creator_id == creator_id, since(condition, first)).order_by(Lead.id.desc())
    ids = (await session.scalars(page.limit(limit).offset(offset))).all()
    return ids if len(ids) == limit else None


async def lead_matches(session: AsyncSession, lead_id: int, condition: ColumnElement[bool]) -> bool:
    """Whether this one lead meets a condition of `where`; costs a few index look-ups, however many leads there are."""
    return bool(await leads_matching(session, [lead_id], condition))


async def leads_matching(session: AsyncSession, lead_ids: Collection[int], condition: ColumnElement[bool]) -> set[int]:
    """Those of the leads who meet a condition of `where`, at the same small cost for each."""
    if not lead_ids:
        return set()
    among = narrowed(condition, lead_ids, postgresql=is_postgresql(session))
    return set(await session.scalars(select(Lead.id).where(among)))


async def search(session: AsyncSession, creator_id: int, text: str) -> ColumnElement[bool]:
    """The creator's leads that somebody who types this looks for.

    By how words of the name or username begin, by the whole e-mail or phone, or by number, `#12` or `12`.
    """
    wanted = text.strip()
    found: list[ColumnElement[bool]] = []
    number = wanted.removeprefix("#")
    if number.isascii() and number.isdecimal() and int(number) <= _LARGEST_ID:
        found.append(Lead.id == int(number))
    if (email := as_email(wanted)) is not None:
        found.append(Lead.email_digest == await digest(session, email, "email"))
    if (phone := as_phone(wanted)) is not None:
        found.append(Lead.phone_digest == await digest(session, phone, "phone"))
    words = search_words(wanted)[:_MOST_WORDS]
    if words and not wanted.startswith("#"):
        found.append(beginning_with(creator_id, words))
    return living(creator_id) & (or_(*found) if found else false())


# built once, since it is asked for so often
_OF_CREATOR = select(Lead).where(Lead.id == bindparam("lead_id"), Lead.creator_id == bindparam("creator_id"))


async def find_living_lead(session: AsyncSession, creator_id: int, lead_id: int) -> Lead | None:
    """The creator's lead of that number, or the one that it became a part of; None for a forgotten one."""
    lead = await session.scalar(_OF_CREATOR, {"lead_id": lead_id, "creator_id": creator_id})
    while lead is not None and lead.merged_into_id is not None:
        lead = await session.get(Lead, lead.merged_into_id)
    return None if lead is None or lead.forgotten_at is not None else lead


async def saved_segments(session: AsyncSession, creator_id: int) -> dict[str, str]:
    """What the creator has saved by chat or API: questions by name."""
    rows = await session.execute(
        select(Segment.key, Segment.question).where(Segment.creator_id == creator_id).order_by(Segment.key)
    )
    return {row.key: row.question for row in rows}
