from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.facts import facts_about
from automations.planner import Plan, plan
from domain.consent import may_market
from domain.definitions import Published
from domain.funnels.definition import Funnel, SendStep
from domain.messages.catalogue import say
from domain.messages.local import LocalText, pick
from domain.messages.plain import Button, Message, column
from domain.messages.templates import render, render_address
from domain.offers import pay_button
from domain.outbox import queue_message
from domain.reviews import may_review
from domain.shown import Showing, showing
from kit.errors import Refusal
from kit.log import get_logger
from store.database import insert_once
from store.models import (
    Enrollment,
    EnrollmentState,
    Event,
    FunnelVersion,
    Lead,
    OutboxKind,
    Person,
    Product,
    Timer,
)
from store.queries.reviews import unreviewed_in

BATCH = 200
_NOTHING = Published()
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Due:
    """One enrollment whose time has come, with what deciding needs."""

    enrollment: Enrollment
    definition: dict[str, object]
    lead: Lead
    person: Person | None


async def run_due_steps(session: AsyncSession, *, now: datetime, published: Published = _NOTHING) -> int:
    """Takes a batch of due timers, queues what their steps say and sets the next ones; returns how many."""
    unrouted = exists().where(Event.lead_id == Enrollment.lead_id, Event.routed_at.is_(None))
    claimed = await session.execute(
        select(Timer.due_at, Enrollment, FunnelVersion.definition, Lead, Person)
        .join(Enrollment, Enrollment.id == Timer.enrollment_id)
        .join(FunnelVersion, FunnelVersion.id == Enrollment.version_id)
        .join(Lead, Lead.id == Enrollment.lead_id)
        .outerjoin(Person, Person.id == Lead.person_id)
        # what has happened to this lead but is not looked at yet may stop the funnel: that goes first
        .where(Timer.due_at <= now, ~unrouted)
        .order_by(Timer.due_at, Timer.enrollment_id)
        .limit(BATCH)
        .with_for_update(of=Timer, skip_locked=True)
    )
    batch = [Due(row.Enrollment, row.definition, row.Lead, row.Person) for row in claimed]
    if not batch:
        return 0
    await session.execute(delete(Timer).where(Timer.enrollment_id.in_([due.enrollment.id for due in batch])))
    for due in batch:
        await _take_step(session, due, showing(published, due.lead.creator_id), now=now)
    return len(batch)


async def _take_step(session: AsyncSession, due: Due, by: Showing, *, now: datetime) -> None:
    enrollment = due.enrollment
    if not may_market(due.lead, by.setup) or due.person is None or due.person.blocked_at is not None:
        await _end(session, enrollment, EnrollmentState.STOPPED, reason="cannot be written to", now=now)
        return
    try:
        funnel = Funnel.model_validate(due.definition)
        decided = plan(funnel, enrollment.step or None, now=now)
        messages = [
            (step, await _message(session, step, due, due.person, by, now=now))
            for step in decided.sends
            if not step.asks_for_review or await _to_review(session, due) is not None
        ]
    except (Refusal, KeyError, ValueError) as error:
        # this one waits for a person with its reason; the others go on
        _log.warning("enrollment parked", enrollment=enrollment.id, reason=str(error))
        await _end(session, enrollment, EnrollmentState.PARKED, reason=str(error), now=now)
        return
    for step, message in messages:
        await queue_message(
            session,
            message,
            key=f"funnel:{enrollment.id}:{step.key}",
            kind=OutboxKind.FUNNEL,
            creator_id=enrollment.creator_id,
            person_id=due.person.id,
            lead_id=due.lead.id,
            enrollment_id=enrollment.id,
            now=now,
        )
    await _move_on(session, enrollment, decided, now=now)


async def _move_on(session: AsyncSession, enrollment: Enrollment, decided: Plan, *, now: datetime) -> None:
    if decided.step is None or decided.due_at is None:
        await _end(session, enrollment, EnrollmentState.DONE, reason=None, now=now)
        return
    await session.execute(update(Enrollment).where(Enrollment.id == enrollment.id).values(step=decided.step))
    await insert_once(session, Timer, {"due_at": decided.due_at, "enrollment_id": enrollment.id})


async def _end(
    session: AsyncSession, enrollment: Enrollment, state: EnrollmentState, *, reason: str | None, now: datetime
) -> None:
    await session.execute(
        update(Enrollment).where(Enrollment.id == enrollment.id).values(state=state, reason=reason, ended_at=now)
    )


async def _message(
    session: AsyncSession, step: SendStep, due: Due, person: Person, by: Showing, *, now: datetime
) -> Message:
    facts = await facts_about(session, due.lead, person, due.enrollment.subject, by)
    setup = by.setup

    def words(text: LocalText) -> str:
        return pick(text, person.speaks, setup.language)

    buttons = []
    for each in step.buttons:
        target = Button(text=words(each.text))
        if each.url is not None:
            target = target.model_copy(update={"url": render_address(words(each.url), facts)})
        elif each.review is not None:
            target = target.model_copy(update={"data": f"rate:{await _to_review(session, due)}"})
        elif each.product is not None:
            product_id = await _product(session, due.lead.creator_id, each.product)
            target = target.model_copy(update={"data": None if product_id is None else f"product:{product_id}"})
        elif each.pay is not None:
            product_id = await _product(session, due.lead.creator_id, each.pay)
            if product_id is not None:
                target = pay_button(target.text, setup, product_id, due.lead.id, now=now)
        else:
            target = target.model_copy(update={"data": f"begin:{due.lead.creator_id}:{each.flow}"})
        buttons.append(target)
    text = render(words(step.text), facts) + "\n\n" + say("way-out", person.speaks)
    # one that leads nowhere by now is left out
    message = Message(text=text, buttons=column(*(button for button in buttons if button.url or button.data)))
    return message if setup.tracker is None else setup.tracker.message(message, due.lead.id)


async def _to_review(session: AsyncSession, due: Due) -> int | None:
    """What of the order they have said nothing of yet, and still own."""
    kind, _, number = due.enrollment.subject.partition(":")
    if kind != "order" or not number.isdecimal():
        return None
    for product_id in await unreviewed_in(session, int(number), due.lead.id):
        if await may_review(session, due.lead.id, product_id):
            return product_id
    return None


async def _product(session: AsyncSession, creator_id: int, slug: str) -> int | None:
    """None for one that is not for sale."""
    on_sale = select(Product.id).where(Product.creator_id == creator_id, Product.slug == slug, Product.active)
    on_sale = on_sale.where(Product.archived_at.is_(None))
    return await session.scalar(on_sale)
