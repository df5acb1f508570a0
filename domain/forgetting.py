"""A lead is forgotten: what is personal goes, and what the law wants kept stays without a name.

What stays of a lead is an empty row with its number, so that orders and events still lead somewhere, its orders with
title, amount and dates, and the bare names of the events.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.channel_passes import end_passes
from domain.events import record_event
from domain.holding import hold_family, hold_what_waits
from domain.idea_origins import forget_in_ideas
from domain.leaving import delete_account
from domain.order_ends import UNDER_WAY, end_unpaid
from domain.pricing import STARS
from domain.raw_words import empty_raw_updates
from domain.reservations import hold_goods
from domain.reviews import forget_kept_stars, forget_reviews
from domain.transfers.asking import renew_exports
from store.database import wake
from store.models import (
    ACCOUNT_MOVES,
    Account,
    AccountState,
    BroadcastRecipient,
    ChannelPass,
    Consent,
    Decision,
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    FlowRun,
    FlowTimer,
    IdeaView,
    Lead,
    LeadField,
    LeadNote,
    LeadStage,
    LeadTag,
    LeadView,
    LeadWord,
    Membership,
    Order,
    OutboxMessage,
    OutgoingCall,
    PassState,
    Person,
    Prompt,
    Proof,
    ProviderEvent,
    RailCustomer,
    RecipientState,
    Refund,
    Repeatable,
    Review,
    Role,
    SegmentMember,
    StoredFile,
    Ticket,
    Timer,
    Touch,
)

TOPIC = "forgetting"
# their rows are nothing but personal
_ALL_PERSONAL = (LeadField, LeadTag, LeadWord, LeadNote, Consent, Touch, SegmentMember, OutgoingCall, Decision, Ticket)
# those who look after the instance
OF_INSTANCE = (Role.AGENT, Role.ADMIN)
_BY_CORE = {"synchronize_session": False}


async def forget_lead(session: AsyncSession, lead: Lead, *, now: datetime, keep_stars: bool = False) -> None:
    """Everything that this creator knows about them goes, at once. Forgetting twice is a no-op.

    Whatever was merged into this lead goes with it. A person whom no creator knows any more is forgotten too, once
    what they are answered has gone out; somebody who acts for a creator keeps their chat for that. `keep_stars`: of
    what they said of products the stars stay, without words.
    """
    family, people = await hold_family(session, lead)
    if not family:
        return
    await _forget_talk(session, family)
    await _forget_promises(session, family, now=now)
    await _forget_orders(session, family, keep_stars=keep_stars, now=now)
    await _forget_passes(session, family, now=now)
    for model in _ALL_PERSONAL:
        await session.execute(delete(model).where(model.lead_id.in_(family)))
    # their content and handles follow, since no file is deleted inside a transaction
    await session.execute(
        update(StoredFile)
        .where(StoredFile.lead_id.in_(family))
        .values(file_name="", mime_type="", size=None, sha256=None, forgetting_at=now),
        execution_options=_BY_CORE,
    )
    await renew_exports(session, lead.creator_id, now=now)
    await _forget_answers(session, lead.creator_id)
    # lists that were searched for by name
    for view in (LeadView, IdeaView):
        await session.execute(delete(view).where(view.creator_id == lead.creator_id))
    await session.execute(update(Event).where(Event.lead_id.in_(family)).values(data={}), execution_options=_BY_CORE)
    await _empty_rows(session, family, now=now)
    await session.refresh(lead)
    await forget_in_ideas(session, people, lead.creator_id, now=now)
    await empty_raw_updates(session, people, lead.creator_id)
    for person_id in people:
        await _let_go(session, person_id, now=now)
    for each in family:
        await record_event(session, "lead.forgotten", creator_id=lead.creator_id, lead_id=each, now=now)
    wake(session, TOPIC)


async def forget_person(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """The same for every creator who knows them, whatever they are to others; and their account is closed.

    Whoever acts for a creator, or looks after the instance, keeps their account and their chat for that.
    """
    for lead in (await session.scalars(select(Lead).where(Lead.person_id == person.id).order_by(Lead.id))).all():
        await forget_lead(session, lead, now=now)
    await forget_in_ideas(session, [person.id], None, now=now)
    await empty_raw_updates(session, [person.id], None)
    await forget_kept_stars(session, person_id=person.id, account_id=None)
    await _forget_account(session, person, now=now)
    await _let_go(session, person.id, now=now)
    wake(session, TOPIC)


async def _forget_account(session: AsyncSession, person: Person, *, now: datetime) -> None:
    """One that acts for nobody is closed. One that was banned stays as it is, or it would come back by this."""
    acts = select(Membership.account_id).where(Membership.account_id == Account.id).exists()
    account_id = await session.scalar(
        select(Account.id).where(
            Account.person_id == person.id,
            Account.role.not_in(OF_INSTANCE),
            Account.state.in_(ACCOUNT_MOVES.sources(AccountState.DELETED)),
            ~acts,
        )
    )
    if account_id is not None:
        await delete_account(session, account_id, now=now, tell=False)
        await session.refresh(person)


async def _forget_talk(session: AsyncSession, family: Sequence[int]) -> None:
    runs = select(FlowRun.id).where(FlowRun.lead_id.in_(family))
    await session.execute(delete(FlowTimer).where(FlowTimer.run_id.in_(runs)), execution_options=_BY_CORE)
    await session.execute(delete(FlowRun).where(FlowRun.lead_id.in_(family)), execution_options=_BY_CORE)


async def _forget_promises(session: AsyncSession, family: Sequence[int], *, now: datetime) -> None:
    """Follow-ups end, and every message goes that was said to them, or about them to the creator."""
    await hold_what_waits(session, family)
    enrollments = select(Enrollment.id).where(Enrollment.lead_id.in_(family))
    # a step that is being taken holds its own: its timer, and what it says, are there to be deleted afterwards
    await session.execute(enrollments.order_by(Enrollment.id).with_for_update())
    await session.execute(delete(Timer).where(Timer.enrollment_id.in_(enrollments)), execution_options=_BY_CORE)
    await session.execute(delete(OutboxMessage).where(OutboxMessage.lead_id.in_(family)), execution_options=_BY_CORE)
    await session.execute(
        update(Enrollment)
        .where(Enrollment.lead_id.in_(family))
        .values(
            state=EnrollmentState.STOPPED,
            reason="lead.forgotten",
            # an instant of ours, which the function alone would not know
            ended_at=func.coalesce(Enrollment.ended_at, literal(now, Enrollment.ended_at.type)),
            held_at=None,
            waits_for=None,
        ),
        execution_options=_BY_CORE,
    )
    # what a broadcast was sent to stays a number
    await session.execute(
        update(BroadcastRecipient).where(BroadcastRecipient.lead_id.in_(family)).values(state=RecipientState.DROPPED),
        execution_options=_BY_CORE,
    )


async def _forget_orders(session: AsyncSession, family: Sequence[int], *, keep_stars: bool, now: datetime) -> None:
    """What was bought for how much and when is kept; what the buyer told Stripe, and what was said of them, is not.

    An order that was still open can be paid no more from here. What a rail may still take money for is called off with
    it soon (`payments.reconciling`), and keeps its stock until the rail says that it is over; money that comes all the
    same is booked, and a person is told to give it back (`domain.paying`).
    """
    theirs = select(Order.id).where(Order.lead_id.in_(family))
    under_way = select(Order).where(Order.lead_id.in_(family), Order.state.in_(UNDER_WAY))
    open_ones = (await session.scalars(under_way.order_by(Order.id).with_for_update())).all()
    # all at once, since each order may have several, and their codes by number
    reviewed = await session.scalars(select(Review.product_id).where(Review.lead_id.in_(family)))
    await hold_goods(session, [each.id for each in open_ones], reviewed)
    for order in sorted(open_ones, key=lambda each: each.discount_code_id or 0):
        await end_unpaid(session, order, now=now)
    # a page that stays open would take money for what nobody could be given
    await session.execute(
        update(Order)
        .where(Order.lead_id.in_(family), Order.state.in_(UNDER_WAY), Order.pending_at.is_(None), Order.rail != STARS)
        .values(look_at=now),
        execution_options=_BY_CORE,
    )
    await session.execute(
        update(Order)
        .where(Order.lead_id.in_(family))
        .values(open_key=None, checkout_url=None, details=None, pages=None),
        execution_options=_BY_CORE,
    )
    await session.execute(
        update(Refund).where(Refund.order_id.in_(theirs)).values(reason=""), execution_options=_BY_CORE
    )
    await forget_reviews(session, family, keep_stars=keep_stars)
    # links that were handed out lead nowhere any more, and no bank and no rail brings a right back
    await session.execute(
        update(Entitlement)
        .where(Entitlement.lead_id.in_(family))
        .values(
            reason=None,
            revoked_by="hand",
            revoked_at=func.coalesce(Entitlement.revoked_at, literal(now, Entitlement.revoked_at.type)),
        ),
        execution_options=_BY_CORE,
    )
    await session.execute(delete(RailCustomer).where(RailCustomer.lead_id.in_(family)), execution_options=_BY_CORE)
    await session.execute(
        update(ProviderEvent).where(ProviderEvent.order_id.in_(theirs)).values(body="{}", error=None),
        execution_options=_BY_CORE,
    )
    # nothing is left to deliver, and nobody to deliver it to
    await session.execute(
        update(Entitlement)
        .where(Entitlement.lead_id.in_(family), Entitlement.delivered_at.is_(None))
        .values(delivered_at=now),
        execution_options=_BY_CORE,
    )


async def _forget_passes(session: AsyncSession, family: Sequence[int], *, now: datetime) -> None:
    """Whoever is in a channel by a right of theirs goes out, and is known until they are: nobody else could later."""
    theirs = select(Entitlement.id).where(Entitlement.lead_id.in_(family))
    await end_passes(session, theirs, now=now)
    await session.execute(
        update(ChannelPass)
        .where(ChannelPass.entitlement_id.in_(theirs), ChannelPass.state != PassState.REMOVING)
        .values(telegram_id=None, invite_link=None),
        execution_options=_BY_CORE,
    )


async def _forget_answers(session: AsyncSession, creator_id: int) -> None:
    """What programs of the creator's were answered may tell of them; that it was done is still known by its key."""
    theirs = select(Membership.account_id).where(Membership.creator_id == creator_id)
    answered = update(Repeatable).where(Repeatable.account_id.in_(theirs), Repeatable.status > 0)
    await session.execute(answered.values(answer={}), execution_options=_BY_CORE)


async def _empty_rows(session: AsyncSession, family: Sequence[int], *, now: datetime) -> None:
    nothing = dict.fromkeys(
        (
            *("person_id", "account_id", "email", "email_digest", "phone", "phone_digest", "source", "link_id"),
            *("time_zone", "consented_at", "unsubscribed_at", "banned_at", "taken_over_at", "seen_at"),
        )
    )
    await session.execute(
        update(Lead)
        .where(Lead.id.in_(family))
        .values(
            **nothing,
            name="",
            email_proof=Proof.TYPED,
            phone_proof=Proof.TYPED,
            stage=LeadStage.LOST,
            score=0,
            forgotten_at=now,
        ),
        execution_options=_BY_CORE,
    )


async def _let_go(session: AsyncSession, person_id: int, *, now: datetime) -> None:
    """Marks somebody whom no creator knows any more; the rest goes when what they are answered has gone out."""
    await session.execute(delete(Prompt).where(Prompt.person_id == person_id))
    known = select(Lead.id).where(Lead.person_id == person_id).exists()
    acts = select(Account.id).outerjoin(Membership, Membership.account_id == Account.id)
    acts = acts.where(or_(Membership.account_id.is_not(None), Account.role.in_(OF_INSTANCE)))
    await session.execute(
        update(Person)
        .where(Person.id == person_id, ~known, ~acts.where(Account.person_id == person_id).exists())
        .values(forgetting_at=now),
        execution_options={"synchronize_session": "fetch"},
    )
