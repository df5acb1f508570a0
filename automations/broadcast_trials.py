"""A broadcast tried out: one of its wordings as whoever writes it would read it."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from automations.composing import Composer, Draft
from domain.broadcasts.definition import content_of, variant_name
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.shown import Showing
from kit.errors import Conflict, Reason
from store.models import Broadcast, Lead, OutboxKind, Person, Urgency
from store.queries.outbox import Candidate


class NobodyToFillIn(Conflict):
    """It names what only a lead has, and there is none yet to try it with."""

    code = "nobody_to_fill_in"


async def trial_message(
    session: AsyncSession,
    broadcast: Broadcast,
    person: Person,
    by: Showing,
    *,
    variant: int,
    language: str,
    now: datetime,
) -> Message:
    """With what is known of them as a lead, else of the newest lead.

    Raises NobodyToFillIn where there is none and one is needed, Refusal for what cannot be filled in.
    """
    content = content_of(broadcast)
    wording = content.variants[variant].wordings[language]
    lead = await _example(session, broadcast.creator_id, person)
    if lead is None or lead.person_id != person.id:
        # clicks would count as somebody else's, and what is bought would be
        by = replace(by, setup=replace(by.setup, tracker=None, pay_links=None))
    row = _row(broadcast, person, lead, variant=variant, language=language)
    draft = Draft(text=wording.text, buttons=wording.buttons, file=wording.file, silent=content.silent)
    try:
        return await Composer(session, now).compose(row, draft, by)
    except NoResultFound as error:
        raise NobodyToFillIn("no lead to try it with", why=Reason("refused-nobody-to-fill-in")) from error


async def queue_trial(
    session: AsyncSession,
    broadcast: Broadcast,
    person: Person,
    by: Showing,
    *,
    variant: int,
    language: str,
    asked_as: str,
    now: datetime,
) -> Message:
    """Sends it to that person's chat, once however often it is `asked_as` the same. Raises as trial_message does."""
    message = await trial_message(session, broadcast, person, by, variant=variant, language=language, now=now)
    await queue_message(
        session,
        message,
        key=f"trial:{broadcast.id}:{asked_as}:{variant_name(variant)}:{language}",
        kind=OutboxKind.TRIAL,
        creator_id=broadcast.creator_id,
        person_id=person.id,
        now=now,
    )
    return message


async def _example(session: AsyncSession, creator_id: int, person: Person) -> Lead | None:
    """They themselves, if the creator knows them as a lead; else the newest one with a chat."""
    theirs = select(Lead).where(
        Lead.creator_id == creator_id,
        Lead.person_id.is_not(None),
        Lead.merged_into_id.is_(None),
        Lead.forgotten_at.is_(None),
    )
    own = await session.scalar(theirs.where(Lead.person_id == person.id))
    return own or await session.scalar(theirs.order_by(Lead.id.desc()).limit(1))


def _row(broadcast: Broadcast, person: Person, lead: Lead | None, *, variant: int, language: str) -> Candidate:
    """As if it were taken to be sent."""
    return Candidate(
        id=0,
        key="",
        kind=OutboxKind.TRIAL,
        urgency=Urgency.PROMISED,
        creator_id=broadcast.creator_id,
        person_id=person.id if lead is None else lead.person_id or person.id,
        # there is none of that number, should one be looked for
        lead_id=0 if lead is None else lead.id,
        post_id=None,
        enrollment_id=None,
        step=variant_name(variant),
        broadcast_id=broadcast.id,
        entitlement_id=None,
        message=None,
        due_at=broadcast.created_at,
        attempts=0,
        uncertain=0,
        claim=None,
        telegram_id=person.telegram_id,
        first_name=person.first_name,
        username=person.username,
        language=language,
        blocked_at=None,
        unsubscribed_at=None,
        banned_at=None,
        forgotten_at=None,
        merged_into_id=None,
        consented_at=None,
        time_zone=None,
        source=None if lead is None else lead.source,
        stage=None if lead is None else lead.stage,
        score=0 if lead is None else lead.score,
        enrollment_state=None,
        enrollment_reason=None,
        funnel_key=None,
        version_id=None,
        subject=None,
        arms=None,
        revoked_at=None,
        closed_at=None,
        post_state=None,
    )
