"""What a lead has agreed to, and whether they may be written to unasked."""

from datetime import datetime
from typing import Protocol

from sqlalchemy import func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.setups import CreatorSetup
from store.database import count_changed
from store.models import Consent, Lead, OutboxKind, OutboxMessage, OutboxState

# what Spark says unasked and nobody has paid for
UNASKED = (OutboxKind.FUNNEL, OutboxKind.FLOW, OutboxKind.BROADCAST)


class Reachable(Protocol):
    """What of a lead says whether they may be written to unasked."""

    @property
    def unsubscribed_at(self) -> datetime | None: ...
    @property
    def banned_at(self) -> datetime | None: ...
    @property
    def forgotten_at(self) -> datetime | None: ...
    @property
    def merged_into_id(self) -> int | None: ...
    @property
    def consented_at(self) -> datetime | None: ...


def may_market(lead: Reachable, setup: CreatorSetup) -> bool:
    """True when follow-ups and broadcasts may reach this lead."""
    if lead.unsubscribed_at or lead.banned_at or lead.merged_into_id or lead.forgotten_at:
        return False
    return lead.consented_at is not None or not setup.consent_required


async def give_consent(
    session: AsyncSession, lead: Lead, *, text: str, version: str, channel: str, now: datetime
) -> None:
    """Keeps the words as they were shown. The same words again are a no-op; whoever had unsubscribed is back."""
    # the lead's row is held from here on: two who say yes at once say it once
    await session.execute(
        update(Lead)
        .where(Lead.id == lead.id)
        # an instant of ours, which the function alone would not know
        .values(consented_at=func.coalesce(Lead.consented_at, literal(now, Lead.consented_at.type)))
        .execution_options(synchronize_session=False)
    )
    await session.refresh(lead, ["consented_at"])
    same = select(Consent.id).where(
        Consent.lead_id == lead.id,
        Consent.withdrawn_at.is_(None),
        Consent.version == version,
        Consent.text == text,
    )
    if (await session.scalars(same.limit(1))).one_or_none() is None:
        session.add(
            Consent(
                creator_id=lead.creator_id,
                lead_id=lead.id,
                text=text,
                version=version,
                channel=channel,
                given_at=now,
                withdrawn_at=None,
            )
        )
        await session.flush()
        await record_event(
            session,
            "consent.given",
            creator_id=lead.creator_id,
            lead_id=lead.id,
            now=now,
            version=version,
            channel=channel,
        )
    await subscribe(session, lead, now=now)


async def withdraw_consent(session: AsyncSession, lead: Lead, *, now: datetime, since: datetime | None = None) -> None:
    """Everything that this lead had agreed to is withdrawn; the rows say from when to when it held."""
    withdrawn = await count_changed(
        session,
        update(Consent)
        .where(Consent.lead_id == lead.id, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=since or now),
    )
    had = update(Lead).where(Lead.id == lead.id, Lead.consented_at.is_not(None)).values(consented_at=None)
    if await count_changed(session, had) or withdrawn:
        await record_event(session, "consent.withdrawn", creator_id=lead.creator_id, lead_id=lead.id, now=now)


async def unsubscribe(session: AsyncSession, lead: Lead, *, now: datetime, since: datetime | None = None) -> None:
    """Ends marketing to this lead, at once and until they ask again. Deliveries still go out.

    What is queued is cancelled; only a message that is being sent this very moment still arrives. `since`: they said
    so earlier, elsewhere.
    """
    stop = update(Lead).where(Lead.id == lead.id, Lead.unsubscribed_at.is_(None)).values(unsubscribed_at=since or now)
    if await count_changed(session, stop):
        await record_event(session, "lead.unsubscribed", creator_id=lead.creator_id, lead_id=lead.id, now=now)
    await withdraw_consent(session, lead, now=now, since=since)
    await cancel_unasked(session, lead, reason="lead.unsubscribed", now=now)


async def cancel_unasked(session: AsyncSession, lead: Lead, *, reason: str, now: datetime) -> None:
    """Takes back whatever waits to be said to this lead unasked."""
    await session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.lead_id == lead.id,
            OutboxMessage.state == OutboxState.QUEUED,
            OutboxMessage.kind.in_(UNASKED),
        )
        .values(state=OutboxState.CANCELLED, error=reason, closed_at=now),
        execution_options={"synchronize_session": False},
    )


async def subscribe(session: AsyncSession, lead: Lead, *, now: datetime) -> None:
    """The lead asks for marketing again; what ended while they did not stays ended."""
    begin = update(Lead).where(Lead.id == lead.id, Lead.unsubscribed_at.is_not(None)).values(unsubscribed_at=None)
    if await count_changed(session, begin):
        await record_event(session, "lead.subscribed", creator_id=lead.creator_id, lead_id=lead.id, now=now)
