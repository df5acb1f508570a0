"""What a step does beside speaking: it changes what is known of the lead, or tells somebody else."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.facts import facts_about
from automations.walks import Done
from domain.definitions import Published
from domain.enrollments import NO_SUBJECT, begin, end_enrollments
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands
from domain.funnels.moving import wordings
from domain.funnels.steps import (
    EnrollStep,
    IdeaStep,
    LeaveStep,
    NotifyStep,
    SetStep,
    TagStep,
    TicketStep,
    WebhookStep,
)
from domain.ideas import TITLE_LENGTH, add_idea
from domain.lead_setting import Whose, apply_setting, apply_tagging
from domain.messages.local import pick
from domain.messages.plain import Message
from domain.messages.templates import render, render_address
from domain.outbox import tell_creator
from domain.reentry import NOT_OVER
from domain.shown import showing
from domain.tickets import MOST_TEXT, MOST_TITLE, open_ticket
from kit.errors import NotFound, Reason
from kit.text import shorten, unmarked
from store.database import insert_once, wake
from store.models import RUNS, Enrollment, FunnelHead, FunnelState, Lead, OutgoingCall, Person
from store.queries.timers import DueEnrollment

# what is woken when another service is to be told
CALLS = "calls"


class Missing(NotFound):
    """Something that the funnel speaks of is not there any more."""

    code = "missing"


class Elsewhere(Exception):
    """Somebody else has in hand what this is about; in a moment they are through."""


@dataclass
class Doing:
    """One enrollment's steps, done one after another in the transaction of its batch."""

    session: AsyncSession
    published: Published
    due: DueEnrollment
    now: datetime
    _facts: dict[str, dict[str, object]] | None = None

    async def do(self, step: Done) -> set[int]:
        """Raises what it raises when it cannot be done. Returns the enrollments that it has ended."""
        lead = await self.session.get_one(Lead, self.due.lead_id, populate_existing=True)
        match step:
            case TagStep():
                await apply_tagging(self.session, lead, step, now=self.now)
            case SetStep():
                setup = self.published.setup(lead.creator_id)
                whose = Whose(lead, await self._person(), setup, lambda: self._named(lead))
                await apply_setting(self.session, whose, step, now=self.now)
            case EnrollStep(funnel=key):
                await self._enroll(lead, key)
            case LeaveStep(funnel=key):
                return await self._leave(lead, key)
            case NotifyStep():
                await self._notify(lead, step)
            case IdeaStep(title=title):
                told = shorten(render_address(title, await self._named(lead)).strip(), TITLE_LENGTH)
                await add_idea(
                    self.session, creator_id=lead.creator_id, title=told, now=self.now, public_id=self._once(step)
                )
            case TicketStep():
                await self._ticket(lead, step)
            case WebhookStep():
                await self._call(lead, step)
        self._facts = None
        return set()

    def _key(self, step: Done, what: str) -> str:
        """Of this coming by: one that goes round comes by again."""
        return f"{what}:{self.due.id}:{step.key}:{int(self.due.due_at.timestamp())}"

    def _once(self, step: Done) -> UUID:
        """The same for each enrollment, however often it comes by."""
        return uuid5(NAMESPACE_URL, f"enrollment:{self.due.id}:{step.key}")

    async def _enroll(self, lead: Lead, key: str) -> None:
        running = self.published.funnels.get(lead.creator_id, {}).get(key)
        version_id, funnel = running or await self._standing(lead.creator_id, key)
        subject = self.due.subject if funnel.names_order else NO_SUBJECT
        begun_by = f"funnel:{self.due.funnel_key}"
        await begin(
            self.session, lead, key, version_id, funnel, subject=subject, begun_by=begun_by, at=self.now, now=self.now
        )

    async def _standing(self, creator_id: int, key: str) -> tuple[int, Funnel]:
        """The wording that those who begin it take, where they are held as long as it is paused."""
        asked = select(FunnelHead).where(FunnelHead.creator_id == creator_id, FunnelHead.key == key)
        head = await self.session.scalar(asked.execution_options(populate_existing=True))
        if head is None or head.state == FunnelState.ARCHIVED:
            raise Missing(f"there is no funnel “{key}” any more", why=Reason("stumbled-funnel", name=key))
        known = {} if head.version_id is None else await wordings(self.session, [head.version_id])
        for version_id, funnel in known.items():
            if head.holds or head.state in RUNS:
                return version_id, funnel
        raise FunnelStands(key, head.state)

    async def _leave(self, lead: Lead, key: str) -> set[int]:
        theirs = select(Enrollment.id).where(
            Enrollment.lead_id == lead.id,
            Enrollment.creator_id == lead.creator_id,
            Enrollment.funnel_key == key,
            Enrollment.state.in_(NOT_OVER),
        )
        left = set(await self.session.scalars(theirs))
        # another planner may have one of them in hand, and want one of this batch's
        if left - set(await self.session.scalars(theirs.with_for_update(skip_locked=True))):
            raise Elsewhere
        await end_enrollments(self.session, left, f"funnel:{self.due.funnel_key}", now=self.now)
        return left

    async def _notify(self, lead: Lead, step: NotifyStep) -> None:
        facts = await self._named(lead)
        setup = self.published.setup(lead.creator_id)

        def told(language: str) -> Message:
            return Message(text=render(pick(step.text, language, setup.language), facts))

        await tell_creator(
            self.session,
            told,
            key=self._key(step, "notify"),
            creator_id=lead.creator_id,
            lead_id=lead.id,
            alone=step.to == "creator",
            now=self.now,
        )

    async def _ticket(self, lead: Lead, step: TicketStep) -> None:
        facts = await self._named(lead)
        language = self.published.setup(lead.creator_id).language
        text = "" if step.text is None else unmarked(render(pick(step.text, language, language), facts))
        await open_ticket(
            self.session,
            creator_id=lead.creator_id,
            lead=lead,
            title=shorten(render_address(step.title, facts).strip(), MOST_TITLE),
            text=shorten(text.strip(), MOST_TEXT),
            public_id=self._once(step),
            now=self.now,
        )

    async def _call(self, lead: Lead, step: WebhookStep) -> None:
        if step.webhook not in self.published.setup(lead.creator_id).webhooks:
            why = Reason("stumbled-webhook", name=step.webhook)
            raise Missing(f"the configuration knows no webhook “{step.webhook}”", why=why)
        facts = await self._named(lead) if any(isinstance(value, str) for value in step.data.values()) else {}
        data = {
            name: render_address(value, facts) if isinstance(value, str) else value for name, value in step.data.items()
        }
        body = {
            "type": "funnel.step",
            "timestamp": self.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "data": {
                **data,
                "funnel": self.due.funnel_key,
                "step": step.key,
                "lead_id": lead.id,
                "enrollment_id": self.due.id,
                "subject": self.due.subject,
            },
        }
        values = {
            "key": self._key(step, "webhook"),
            "creator_id": lead.creator_id,
            "lead_id": lead.id,
            "target": step.webhook,
            "body": body,
            "due_at": self.now,
            "created_at": self.now,
        }
        await insert_once(self.session, OutgoingCall, values)
        wake(self.session, CALLS)

    async def _person(self) -> Person | None:
        return None if self.due.person_id is None else await self.session.get(Person, self.due.person_id)

    async def _named(self, lead: Lead) -> dict[str, dict[str, object]]:
        if self._facts is None:
            by = showing(self.published, lead.creator_id)
            self._facts = await facts_about(self.session, lead, await self._person(), self.due.subject, by)
        return self._facts
