"""Beginning a follow-up for one lead."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import may_market
from domain.funnels.definition import Funnel
from domain.messages.catalogue import plain_why
from domain.setups import CreatorSetup
from kit.errors import Conflict, Reason
from store.database import insert_once, wake
from store.models import Enrollment, Lead, Person, Timer

# the kinds of subjects that have a follow-up each
_OWN = frozenset({"order"})
# of an enrollment that is about nothing but the lead
NO_SUBJECT = ""


class Hindrance(StrEnum):
    BEFORE = "before"
    GONE = "gone"
    NO_CHAT = "no-chat"
    BANNED = "banned"
    BLOCKED = "blocked"
    UNSUBSCRIBED = "unsubscribed"
    NO_CONSENT = "no-consent"
    NEEDS_ORDER = "needs-order"


class NotEnrolled(Conflict):
    """Nothing was begun, for what the `hindrance` says."""

    code = "not_enrolled"

    def __init__(self, hindrance: Hindrance, lead: Lead, funnel_key: str) -> None:
        self.hindrance = hindrance
        why = Reason(f"refused-enroll-{hindrance}", lead=lead.id, funnel=funnel_key)
        super().__init__(plain_why(why, "en"), why=why)


def subject_of(told: str) -> str:
    """What a follow-up begun by an event about `told` is about: an order, or the lead alone."""
    return told if told.partition(":")[0] in _OWN else NO_SUBJECT


async def enroll_lead(
    session: AsyncSession,
    lead: Lead,
    funnel_key: str,
    version: tuple[int, Funnel],
    setup: CreatorSetup,
    *,
    now: datetime,
) -> None:
    """Begins a funnel, whose first step is due at once: once for a lead, however they come to it.

    Raises NotEnrolled for a lead who has been in it before, and for whoever cannot be written to.
    """
    version_id, funnel = version
    hindrance = await _hindrance(session, lead, funnel, setup)
    if hindrance is not None:
        raise NotEnrolled(hindrance, lead, funnel_key)
    values = {
        "creator_id": lead.creator_id,
        "lead_id": lead.id,
        "funnel_key": funnel_key,
        "version_id": version_id,
        "subject": NO_SUBJECT,
        "step": "",
        "started_at": now,
    }
    enrollment_id = await insert_once(session, Enrollment, values)
    if enrollment_id is None:
        raise NotEnrolled(Hindrance.BEFORE, lead, funnel_key)
    await insert_once(session, Timer, {"due_at": now, "enrollment_id": enrollment_id})
    wake(session, "timers")


async def _hindrance(  # noqa: PLR0911 - one a kind
    session: AsyncSession, lead: Lead, funnel: Funnel, setup: CreatorSetup
) -> Hindrance | None:
    if lead.merged_into_id is not None or lead.forgotten_at is not None:
        return Hindrance.GONE
    if lead.person_id is None:
        return Hindrance.NO_CHAT
    if lead.banned_at is not None:
        return Hindrance.BANNED
    if (await session.get_one(Person, lead.person_id)).blocked_at is not None:
        return Hindrance.BLOCKED
    if lead.unsubscribed_at is not None:
        return Hindrance.UNSUBSCRIBED
    if not may_market(lead, setup):
        return Hindrance.NO_CONSENT
    # its texts would have nothing to fill in
    return Hindrance.NEEDS_ORDER if funnel.names_order else None
