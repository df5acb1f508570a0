import asyncio
from datetime import timedelta

import pytest
from folk import NOW, a_creator, a_lead, a_person, a_product, count, events, money, ordered, promised
from row_locks import until_waiting
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import give_consent, unsubscribe
from domain.entitlements import grant
from domain.fields import LeadFieldSpec
from domain.identity import Contact, owner_of
from domain.lead_acts import add_note, add_score, ban_lead, set_stage, tag_lead, take_over
from domain.leads import add_lead, capture_lead, current_lead, find_lead, known_answers, note_answer
from domain.links import make_link, note_touch
from domain.merging import CannotMerge, merge_leads
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.paying import pay_order
from domain.setups import CreatorSetup
from store.database import Database, insert_once
from store.models import (
    Base,
    BroadcastRecipient,
    Consent,
    Creator,
    Decision,
    DiscountUse,
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    FieldKind,
    FlowRun,
    FlowRunState,
    FlowTimer,
    FlowVersion,
    FunnelVersion,
    Lead,
    LeadField,
    LeadNote,
    LeadStage,
    LeadTag,
    LeadWord,
    LinkTarget,
    Order,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    OutgoingCall,
    Person,
    Proof,
    RailCustomer,
    Review,
    SegmentMember,
    StoredFile,
    Ticket,
    Timer,
    Touch,
)

LATER = NOW + timedelta(days=1)
PHONE = "+4915123456789"
# what a merge leaves with the number that it had: facts that name it, and what cannot move
STAYS = {"event"}


async def two_leads(database: Database) -> tuple[Creator, Lead, Lead]:
    """One with a chat, and one that the creator has entered."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        entered = await add_lead(session, creator.id, name="Anna Bach", email="a@x.org", phone=PHONE, now=NOW)
        lead, _ = await a_lead(session, creator)
    return creator, lead, entered


async def merged(database: Database, into: Lead, other: Lead) -> Lead:
    async with database.transaction() as session:
        kept, gone = await session.get_one(Lead, into.id), await session.get_one(Lead, other.id)
        await merge_leads(session, kept, gone, now=LATER)
    async with database.reading() as session:
        return await session.get_one(Lead, into.id)


def test_every_table_that_belongs_to_a_lead_is_thought_of_by_a_merge():
    moved = {
        model.__tablename__
        for model in (
            *(LeadField, LeadTag, LeadWord, LeadNote, Consent, Touch, StoredFile),
            *(Order, Entitlement, Enrollment, FlowRun, OutboxMessage),
            *(DiscountUse, RailCustomer, Review, Ticket),
            *(BroadcastRecipient, Decision, OutgoingCall, SegmentMember),
        )
    }
    belonging = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "lead.id"
    }
    assert belonging - {"lead"} == moved | STAYS


async def test_what_both_have_told_stays_and_what_fits_nowhere_is_noted(database: Database):
    _, lead, entered = await two_leads(database)
    budget = LeadFieldSpec(kind=FieldKind.NUMBER)
    async with database.transaction() as session:
        for each, values in ((lead, {"city": "Bonn", "budget": 5.0}), (entered, {"budget": 7000000.0, "size": "xl"})):
            for key, value in values.items():
                spec = budget if key == "budget" else None
                await note_answer(session, await session.get_one(Lead, each.id), key, value, spec=spec, now=NOW)
        await note_answer(session, await session.get_one(Lead, lead.id), "email", "own@x.org", spec=None, now=NOW)
    kept = await merged(database, lead, entered)
    async with database.reading() as session:
        assert await known_answers(session, kept) == {
            "name": "Anna Bach",
            "email": "a@x.org",
            "phone": PHONE,
            "city": "Bonn",
            "budget": "5",
            "size": "xl",
        }
        # what the creator had entered goes on keeping others from it
        assert (kept.email_proof, kept.phone_proof) == (Proof.ENTERED, Proof.ENTERED)
        assert await owner_of(session, kept.creator_id, Contact.EMAIL, "a@x.org") == await session.get(Lead, kept.id)
        (note,) = await session.scalars(select(LeadNote).where(LeadNote.lead_id == lead.id))
        assert note.text.splitlines() == [f"#{entered.id} budget: 7000000", f"#{lead.id} email: own@x.org"]
        assert set(await session.scalars(select(LeadWord.word).where(LeadWord.lead_id == lead.id))) == {
            *("anna", "bach", "lena")
        }


async def test_nothing_personal_is_left_with_the_other_and_its_number_leads_on(database: Database):
    creator, lead, entered = await two_leads(database)
    await merged(database, lead, entered)
    async with database.transaction() as session:
        third = await add_lead(session, creator.id, name="Third", now=LATER)
        await merge_leads(session, third, await session.get_one(Lead, lead.id), now=LATER)
    async with database.reading() as session:
        for gone_id in (entered.id, lead.id):
            gone = await session.get_one(Lead, gone_id)
            assert (gone.name, gone.email, gone.email_digest, gone.phone, gone.person_id) == (
                "",
                None,
                None,
                None,
                None,
            )
            # straight on, over however many it went
            assert gone.merged_into_id == third.id
            reached = await current_lead(session, gone_id)
            assert reached is not None
            assert reached.id == third.id
            for model in (LeadField, LeadTag, LeadWord, LeadNote):
                assert await count(session, model, model.lead_id == gone_id) == 0
        assert await current_lead(session, 999) is None
        owner = await session.get_one(Lead, third.id)
        assert (owner.name, owner.email, owner.phone, owner.person_id) == ("Third", "a@x.org", PHONE, lead.person_id)


async def test_scores_add_and_the_earlier_source_and_the_stage_further_on_win(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        link = await make_link(session, creator.id, CreatorSetup(), target=LinkTarget.START, name="", now=NOW)
        early, _ = await capture_lead(session, creator.id, await a_person(session), source=None, link=link, now=NOW)
        late = await add_lead(session, creator.id, name="Anna", source="fair", time_zone="Asia/Tokyo", now=LATER)
        await add_score(session, early, 5, now=NOW)
        await add_score(session, late, -2, now=NOW)
        await set_stage(session, early, LeadStage.CUSTOMER, now=NOW)
        await set_stage(session, late, "vip_circle", now=NOW)
        await ban_lead(session, late, now=NOW)
        for each in (early, late):
            await note_touch(session, each, link=link, source=None, now=NOW)
            await tag_lead(session, each, "both", now=NOW)
        await tag_lead(session, late, "vip", now=NOW)
        await add_note(session, late, "met at the fair", now=NOW)
    kept = await merged(database, late, early)
    assert (kept.source, kept.link_id, kept.created_at) == ("start", link.id, NOW)
    assert (kept.score, kept.stage, kept.time_zone) == (3, LeadStage.CUSTOMER, "Asia/Tokyo")
    assert kept.banned_at == NOW
    async with database.reading() as session:
        tags = await session.scalars(select(LeadTag.tag).where(LeadTag.lead_id == late.id).order_by(LeadTag.tag))
        assert tags.all() == ["both", "vip"]
        assert await count(session, Touch, Touch.lead_id == late.id) == 2
        assert await events(session, "lead.merged") == ["lead.merged"]


async def test_a_lead_with_a_chat_keeps_its_standing_and_one_without_takes_the_others(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        await ban_lead(session, await session.get_one(Lead, entered.id), now=NOW)
    kept = await merged(database, lead, entered)
    assert (kept.banned_at, kept.taken_over_at) == (None, None)
    async with database.transaction() as session:
        for act in (ban_lead, take_over):
            await act(session, await session.get_one(Lead, lead.id), now=NOW)
        third = await add_lead(session, lead.creator_id, name="Third", now=NOW)
    kept = await merged(database, third, lead)
    assert (kept.banned_at, kept.taken_over_at) == (NOW, NOW)


@pytest.mark.parametrize(
    ("into", "other", "stage"),
    [
        (LeadStage.NEW, LeadStage.ENGAGED, LeadStage.ENGAGED),
        (LeadStage.NEW, LeadStage.LOST, LeadStage.LOST),
        ("regular", LeadStage.ENGAGED, "regular"),
        ("regular", "vip_circle", "regular"),
        (LeadStage.LOST, LeadStage.CUSTOMER, LeadStage.CUSTOMER),
    ],
)
async def test_of_two_stages_the_one_further_on_stays(database: Database, into: str, other: str, stage: str):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        await set_stage(session, await session.get_one(Lead, lead.id), into, now=NOW)
        await set_stage(session, await session.get_one(Lead, entered.id), other, now=NOW)
    assert (await merged(database, lead, entered)).stage == stage


async def test_orders_and_rights_move_and_what_was_never_delivered_is(database: Database):
    creator, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        product, gift = await a_product(session, creator), await a_product(session, creator, price=0)
        held = await session.get_one(Lead, entered.id)
        paid = await ordered(session, held, product)
        await pay_order(session, paid, money(), now=NOW)
        both_want = await a_product(session, creator)
        only_one_wants = await a_product(session, creator)
        theirs = await ordered(session, held, both_want)
        alone = await ordered(session, held, only_one_wants)
        ours = await ordered(session, await session.get_one(Lead, lead.id), both_want)
        for each in (lead, entered):
            await grant(session, await session.get_one(Lead, each.id), gift.id, origin="gift", now=NOW)
        assert len(await promised(session, OutboxKind.DELIVERY)) == 1
    await merged(database, lead, entered)
    async with database.transaction() as session:
        assert await count(session, Order, Order.lead_id == lead.id) == 4
        # the same wish again finds the order that was under way before
        held = await session.get_one(Lead, lead.id)
        again = [await ordered(session, held, each) for each in (both_want, only_one_wants)]
        assert [each.id for each in again] == [ours.id, alone.id]
        # money for the other one is taken all the same
        await pay_order(session, await session.get_one(Order, theirs.id), money("pi_2"), now=LATER)
        rights = select(Entitlement.product_id).where(Entitlement.lead_id == lead.id)
        assert sorted(await session.scalars(rights)) == [product.id, gift.id, both_want.id]
        delivered = await promised(session, OutboxKind.DELIVERY)
        assert [row.person_id for row in delivered] == [lead.person_id] * 3
        assert {row.lead_id for row in delivered} == {lead.id}
        assert (
            await count(session, OutboxMessage, OutboxMessage.key == f"delivery:{(await _right(session, paid.id)).id}")
            == 1
        )


async def _right(session: AsyncSession, order_id: int) -> Entitlement:
    return (await session.scalars(select(Entitlement).where(Entitlement.order_id == order_id))).one()


async def enrolled(session: AsyncSession, lead: Lead, key: str, state: EnrollmentState = EnrollmentState.ACTIVE) -> int:
    """In a funnel about nothing in particular, with a message queued."""
    values = {"creator_id": lead.creator_id, "key": key, "digest": key, "definition": {}, "created_at": NOW}
    await insert_once(session, FunnelVersion, values)
    version = (await session.scalars(select(FunnelVersion.id).where(FunnelVersion.key == key))).one()
    enrollment = Enrollment(
        creator_id=lead.creator_id,
        lead_id=lead.id,
        funnel_key=key,
        version_id=version,
        subject="",
        step="nudge",
        state=state,
        started_at=NOW,
    )
    session.add(enrollment)
    await session.flush()
    if state == EnrollmentState.ACTIVE:
        session.add(Timer(due_at=LATER, enrollment_id=enrollment.id))
        person = (await session.scalars(select(Person.id).order_by(Person.id.desc()))).first()
        await queue_message(
            session,
            Message(text="nudge"),
            key=f"funnel:{enrollment.id}:nudge",
            kind=OutboxKind.FUNNEL,
            creator_id=lead.creator_id,
            person_id=person or 0,
            lead_id=lead.id,
            enrollment_id=enrollment.id,
            now=NOW,
        )
    return enrollment.id


async def test_a_follow_up_that_both_are_in_goes_on_once(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        held, other = await session.get_one(Lead, lead.id), await session.get_one(Lead, entered.id)
        ours = await enrolled(session, held, "both")
        theirs = await enrolled(session, other, "both")
        done = await enrolled(session, held, "done", EnrollmentState.DONE)
        begun = await enrolled(session, other, "done")
        moves = await enrolled(session, other, "theirs")
    await merged(database, lead, entered)
    async with database.reading() as session:
        states = {row.id: (row.lead_id, row.state) for row in await session.scalars(select(Enrollment))}
        assert states == {
            ours: (lead.id, EnrollmentState.ACTIVE),
            theirs: (entered.id, EnrollmentState.STOPPED),
            done: (lead.id, EnrollmentState.DONE),
            begun: (entered.id, EnrollmentState.STOPPED),
            moves: (lead.id, EnrollmentState.ACTIVE),
        }
        assert set(await session.scalars(select(Timer.enrollment_id))) == {ours, moves}
        queued = select(OutboxMessage.enrollment_id).where(OutboxMessage.state == OutboxState.QUEUED)
        assert set(await session.scalars(queued.where(OutboxMessage.lead_id == lead.id))) == {ours, moves}


@pytest.mark.parametrize("first", [True, False])
async def test_a_no_to_marketing_from_either_holds_for_both(database: Database, *, first: bool):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        held, other = await session.get_one(Lead, lead.id), await session.get_one(Lead, entered.id)
        await give_consent(session, other, text="Yes", version="1", channel="fair", now=NOW)
        await unsubscribe(session, held if first else other, now=NOW)
        theirs = await enrolled(session, other, "theirs")
        for event in await session.scalars(select(Event)):
            event.routed_at = NOW
    kept = await merged(database, lead, entered)
    assert kept.unsubscribed_at is not None
    assert kept.consented_at is None
    async with database.reading() as session:
        assert await count(session, OutboxMessage, OutboxMessage.state == OutboxState.QUEUED, _FUNNEL) == 0
        if first:
            assert (await session.get_one(Enrollment, theirs)).state == EnrollmentState.STOPPED
        else:
            # which makes the engine end them
            said = select(Event.name).where(Event.lead_id == lead.id, Event.routed_at.is_(None))
            assert "lead.unsubscribed" in (await session.scalars(said)).all()
        (consent,) = await session.scalars(select(Consent).where(Consent.lead_id == lead.id))
        assert consent.withdrawn_at is not None


_FUNNEL = OutboxMessage.kind == OutboxKind.FUNNEL


async def a_run(session: AsyncSession, lead: Lead, state: FlowRunState) -> int:
    values = {"creator_id": lead.creator_id, "key": "welcome", "digest": "1", "definition": {}, "created_at": NOW}
    await insert_once(session, FlowVersion, values)
    version = (await session.scalars(select(FlowVersion.id))).one()
    run = FlowRun(lead_id=lead.id, flow_key="welcome", version_id=version, node="q", state=state, started_at=NOW)
    session.add(run)
    await session.flush()
    session.add(FlowTimer(due_at=LATER, run_id=run.id))
    return run.id


async def test_of_two_open_conversations_that_of_the_lead_who_stays_goes_on(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        held, other = await session.get_one(Lead, lead.id), await session.get_one(Lead, entered.id)
        ours = await a_run(session, held, FlowRunState.ACTIVE)
        theirs = await a_run(session, other, FlowRunState.ACTIVE)
        paused = await a_run(session, other, FlowRunState.PAUSED)
    await merged(database, lead, entered)
    async with database.reading() as session:
        runs = {run.id: (run.lead_id, run.state) for run in await session.scalars(select(FlowRun))}
        assert runs == {
            ours: (lead.id, FlowRunState.ACTIVE),
            theirs: (lead.id, FlowRunState.CANCELLED),
            paused: (lead.id, FlowRunState.PAUSED),
        }
        assert set(await session.scalars(select(FlowTimer.run_id))) == {ours, paused}


async def test_whoever_is_in_the_middle_of_a_conversation_stays_in_it_when_their_lead_moves(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        run = await a_run(session, await session.get_one(Lead, lead.id), FlowRunState.ACTIVE)
    kept = await merged(database, entered, lead)
    assert kept.person_id == lead.person_id
    async with database.reading() as session:
        held = await session.get_one(FlowRun, run)
        assert (held.lead_id, held.state) == (entered.id, FlowRunState.ACTIVE)


async def test_what_has_happened_is_told_of_both_and_what_is_not_looked_at_yet_is_about_the_one(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        for event in await session.scalars(select(Event)):
            event.routed_at = NOW
        await tag_lead(session, await session.get_one(Lead, entered.id), "vip", now=NOW)
    await merged(database, lead, entered)
    async with database.reading() as session:
        told = await session.execute(select(Event.name, Event.lead_id).where(Event.lead_id.is_not(None)))
        assert {row.name: row.lead_id for row in told} == {
            "lead.added": entered.id,
            "lead.captured": lead.id,
            "lead.tagged": lead.id,
            "lead.merged": lead.id,
        }


async def test_what_cannot_be_one_is_not_merged(database: Database):
    creator, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        other_creator = await a_creator(session, "other", telegram_id=1002)
        foreign = await add_lead(session, other_creator.id, name="Foreign", now=NOW)
        with_chat, _ = await a_lead(session, creator, 2002)
        forgotten = await add_lead(session, creator.id, name="Gone", now=NOW)
        forgotten.forgotten_at = NOW
        gone = await add_lead(session, creator.id, name="Merged", now=NOW)
        await merge_leads(session, await session.get_one(Lead, entered.id), gone, now=NOW)
    for other in (lead, foreign, with_chat, forgotten, gone):
        with pytest.raises(CannotMerge):
            await merged(database, lead, other)
    async with database.reading() as session:
        assert await events(session, "lead.merged") == ["lead.merged"]


async def test_money_that_comes_while_two_become_one_is_the_ones_who_is_left(database: Database):
    creator, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        product = await a_product(session, creator)
        held = await session.get_one(Lead, entered.id)
        order = await ordered(session, held, product)
    async with database.transaction() as session:
        # the order as the one who takes the money had read it a moment before the merge
        stale = await session.get_one(Order, order.id)
        session.expunge(stale)
    await merged(database, lead, entered)
    async with database.transaction() as session:
        session.add(stale)
        assert stale.lead_id == entered.id
        await pay_order(session, stale, money(), now=LATER)
    async with database.reading() as session:
        assert (await _right(session, order.id)).lead_id == lead.id


async def test_whoever_writes_while_their_lead_moves_writes_to_the_one_that_is_left(database: Database):
    _, lead, entered = await two_leads(database)
    async with database.transaction() as session:
        person = await a_person(session)
        held = await find_lead(session, lead.creator_id, person.id)
        assert held is not None
        merging = asyncio.create_task(merged(database, entered, lead))
        # on PostgreSQL the merge is under way at the same time: it is seen to wait for the person's row
        await until_waiting(database, merging)
        await note_answer(session, held, "city", "Bonn", spec=None, now=NOW)
    kept = await merging
    async with database.reading() as session:
        assert (await known_answers(session, kept))["city"] == "Bonn"
        assert await count(session, LeadField, LeadField.lead_id == lead.id) == 0
