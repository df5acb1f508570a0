"""What lists of leads show beside the leads themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Account, AccountState, Creator, Lead, Membership, OutboxMessage, Person


@dataclass(frozen=True, slots=True)
class Face:
    """What Telegram tells of the person behind a lead."""

    first_name: str
    username: str | None


async def faces_of(session: AsyncSession, leads: Sequence[Lead]) -> dict[int, Face]:
    """By the lead's id; one without a Telegram person is left out."""
    people = {lead.person_id: lead.id for lead in leads if lead.person_id is not None}
    rows = await session.execute(select(Person.id, Person.first_name, Person.username).where(Person.id.in_(people)))
    return {people[row.id]: Face(row.first_name, row.username) for row in rows}


async def count_sources(session: AsyncSession, creator_id: int, *, limit: int) -> dict[str, int]:
    """The sources that most leads came by first."""
    many = func.count()
    rows = await session.execute(
        select(Lead.source, many)
        .where(Lead.creator_id == creator_id, Lead.source.is_not(None))
        .group_by(Lead.source)
        .order_by(many.desc(), Lead.source)
        .limit(limit)
    )
    return {source: count for source, count in rows if source is not None}


async def find_own_lead(session: AsyncSession, person_id: int, lead_id: int) -> tuple[Creator, Lead] | None:
    """A lead of any creator that this person acts for."""
    rows = await session.execute(
        select(Creator, Lead)
        .join(Lead, Lead.creator_id == Creator.id)
        .join(Membership, Membership.creator_id == Creator.id)
        .join(Account, Account.id == Membership.account_id)
        .where(Account.person_id == person_id, Account.state == AccountState.ACTIVE, Lead.id == lead_id)
    )
    row = rows.one_or_none()
    return None if row is None else (row[0], row[1])


async def acts_for(session: AsyncSession, person_id: int, creator_id: int) -> bool:
    query = (
        select(Membership.creator_id)
        .join(Account, Account.id == Membership.account_id)
        .where(
            Account.person_id == person_id, Account.state == AccountState.ACTIVE, Membership.creator_id == creator_id
        )
    )
    return await session.scalar(query) is not None


async def relayed_lead(session: AsyncSession, person_id: int, telegram_message_id: int) -> int | None:
    """The lead whom that message of ours to this person offers to answer; None for any other message."""
    row = await session.scalar(
        select(OutboxMessage)
        .where(
            OutboxMessage.person_id == person_id,
            OutboxMessage.telegram_message_id == telegram_message_id,
            # as the index has it
            text("kind = 'notice'"),
            OutboxMessage.lead_id.is_not(None),
        )
        .order_by(OutboxMessage.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    offered = [button.get("data") for each in (row.message or {}).get("buttons", ()) for button in each]
    return row.lead_id if f"lead:write:{row.lead_id}" in offered else None
