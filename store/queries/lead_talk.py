"""What was said to a lead in their chat, and what they wrote while a person had taken the chat over."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from kit.paging import Page, Paging
from store.models import Lead, OutboxMessage

# how the keys begin of what is passed on to those who act for the creator, once to each of them
_RELAYED = "relay:"


async def talk_with(session: AsyncSession, lead: Lead, paging: Paging) -> Page[OutboxMessage]:
    """The newest first. Notices that only speak of the lead are left out."""
    if lead.person_id is None:
        return Page([], 0, paging)
    of_talk = and_(OutboxMessage.lead_id == lead.id, or_(OutboxMessage.person_id == lead.person_id, _written(lead)))
    total = await session.scalar(select(func.count()).select_from(OutboxMessage).where(of_talk))
    found = select(OutboxMessage).where(of_talk).order_by(OutboxMessage.id.desc())
    return Page((await session.scalars(found.limit(paging.limit).offset(paging.offset))).all(), total or 0, paging)


async def told_under(session: AsyncSession, key: str) -> OutboxMessage:
    """What was promised under this key."""
    return (await session.scalars(select(OutboxMessage).where(OutboxMessage.key == key))).one()


def is_from(lead: Lead, message: OutboxMessage) -> bool:
    """Whether the lead wrote it, and it was passed on."""
    return message.person_id != lead.person_id


def _written(lead: Lead) -> ColumnElement[bool]:
    """Of each message the first that was passed on: its key ends in whom it was passed on to."""
    told_to = func.length(cast(OutboxMessage.person_id, String))
    written = func.substr(OutboxMessage.key, 1, func.length(OutboxMessage.key) - told_to)
    first: Sequence[ColumnElement[bool]] = (
        OutboxMessage.lead_id == lead.id,
        OutboxMessage.key.like(f"{_RELAYED}%"),
        OutboxMessage.person_id != lead.person_id,
    )
    return OutboxMessage.id.in_(select(func.min(OutboxMessage.id)).where(*first).group_by(written))
