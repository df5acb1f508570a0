"""What the creator sees of one lead."""

from datetime import timedelta

from folk import NOW, a_creator, a_lead, a_product, money, ordered
from sqlalchemy.ext.asyncio import AsyncSession

from domain.consent import give_consent
from domain.fields import LeadFieldSpec
from domain.lead_acts import add_note, relay_to_creator, tag_lead, write_to_lead
from domain.leads import add_lead, note_answer
from domain.links import make_link, note_touch
from domain.merging import merge_leads
from domain.paying import pay_order
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database, insert_once
from store.models import (
    Enrollment,
    EnrollmentState,
    FieldKind,
    FlowRun,
    FlowRunState,
    FlowVersion,
    FunnelVersion,
    Lead,
    LinkTarget,
    OrderState,
    OutboxKind,
    Proof,
)
from store.queries.lead_card import Duplicate, TouchSeen, count_events, lead_card, list_notes, timeline

LATER = NOW + timedelta(days=1)


async def test_a_lead_of_another_creator_or_of_nobody_has_no_card(database: Database):
    async with database.transaction() as session:
        one, two = await a_creator(session), await a_creator(session, "other", telegram_id=1002)
        lead, _ = await a_lead(session, one)
    async with database.reading() as session:
        assert await lead_card(session, two.id, lead.id) is None
        assert await lead_card(session, one.id, lead.id + 1) is None


async def test_a_new_leads_card_is_nearly_empty(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
    async with database.reading() as session:
        card = await lead_card(session, creator.id, lead.id)
        assert card is not None
        assert (card.lead.id, card.lead_ids, card.link, card.spent) == (lead.id, [lead.id], None, {})
        assert card.person is not None
        assert card.person.id == person.id
        assert (card.touch_count, card.order_count, card.note_count) == (0, 0, 0)
        for empty in (card.answers, card.tags, card.orders, card.messages, card.funnels, card.flows, card.duplicates):
            assert list(empty) == []


async def in_follow_ups(session: AsyncSession, lead: Lead) -> None:
    ours = {"creator_id": lead.creator_id, "digest": "1", "definition": {}, "created_at": NOW}
    funnel = await insert_once(session, FunnelVersion, {**ours, "key": "nudge"})
    flow = await insert_once(session, FlowVersion, {**ours, "key": "welcome"})
    for subject, state in (("", EnrollmentState.ACTIVE), ("order:1", EnrollmentState.DONE)):
        session.add(
            Enrollment(
                creator_id=lead.creator_id,
                lead_id=lead.id,
                funnel_key="nudge",
                version_id=funnel,
                subject=subject,
                step="first",
                state=state,
                started_at=NOW,
            )
        )
    session.add(
        FlowRun(
            lead_id=lead.id, flow_key="welcome", version_id=flow, node="q", state=FlowRunState.ACTIVE, started_at=NOW
        )
    )


async def test_the_card_shows_all_that_is_known(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        same, _ = await a_lead(session, creator, 2002)
        await note_answer(session, same, "email", "a@x.org", spec=None, now=NOW)
        for field, value, kind in (
            ("email", "a@x.org", None),
            ("budget", 12.5, FieldKind.NUMBER),
            ("topics", ["video", "photo"], FieldKind.CHOICES),
            ("city", "Bonn", None),
        ):
            spec = None if kind is None else LeadFieldSpec(kind=kind)
            await note_answer(session, lead, field, value, spec=spec, now=NOW)
        await tag_lead(session, lead, "vip", now=NOW)
        link = await make_link(
            session, creator.id, CreatorSetup(), target=LinkTarget.START, name="", title="Bio", now=NOW
        )
        await note_touch(session, lead, link=None, source="ad42", now=NOW)
        await note_touch(session, lead, link=link, source=None, now=LATER)
        product = await a_product(session, creator)
        paid = await ordered(session, lead, product)
        await pay_order(session, paid, money(), now=NOW)
        open_one = await ordered(session, lead, await a_product(session, creator), now=LATER)
        await write_to_lead(session, lead, "Hello", key="write:1", now=NOW)
        await relay_to_creator(session, lead, person, "A secret question", key="relay:1", now=NOW)
        await give_consent(session, lead, text="Yes please", version="1", channel="chat", now=NOW)
        for number in range(7):
            await add_note(session, lead, f"note {number}", now=NOW)
        await in_follow_ups(session, lead)
    async with database.reading() as session:
        card = await lead_card(session, creator.id, lead.id)
        assert card is not None
        assert [(each.key, each.values) for each in card.answers] == [
            ("budget", (12.5,)),
            ("city", ("Bonn",)),
            ("topics", ("video", "photo")),
        ]
        assert card.tags == ["vip"]
        assert card.touches == [TouchSeen("bio", "Bio", LATER), TouchSeen("ad42", None, NOW)]
        assert [(each.id, each.title, each.total, each.state) for each in card.orders] == [
            (open_one.id, "Preset <pack>", Money(1900, "usd"), OrderState.OPEN),
            (paid.id, "Preset <pack>", Money(1900, "usd"), OrderState.PAID),
        ]
        assert (card.order_count, card.spent, card.owned) == (2, {"usd": 1900}, ["Preset <pack>"])
        # what the creator was told of the lead is not what the lead was told
        assert [(each.kind, each.text) for each in card.messages] == [
            (OutboxKind.NOTICE, "Hello"),
            (
                OutboxKind.NOTICE,
                "🧾 Thank you! Your payment of $19.00 for <b>Preset &lt;pack&gt;</b> has come. Receipt no. 1.",
            ),
            (OutboxKind.DELIVERY, "Here is <b>Preset &lt;pack&gt;</b>. It stays yours: /library."),
        ]
        assert [(each.funnel, each.subject, each.state) for each in card.funnels] == [
            ("nudge", "", EnrollmentState.ACTIVE),
            ("nudge", "order:1", EnrollmentState.DONE),
        ]
        assert [(each.flow, each.state, each.node) for each in card.flows] == [("welcome", FlowRunState.ACTIVE, "q")]
        assert [each.text for each in card.consents] == ["Yes please"]
        assert (card.note_count, card.notes[0].text, len(card.notes)) == (7, "note 6", 5)
        assert [note.text for note in await list_notes(session, lead.id, limit=5, offset=5)] == ["note 1", "note 0"]
        assert card.duplicates == [Duplicate(same.id, "email", Proof.TYPED)]


async def test_a_merged_leads_number_shows_where_it_went_and_the_timeline_tells_of_both(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        entered = await add_lead(session, creator.id, name="Anna", now=NOW)
        lead, _ = await a_lead(session, creator)
        await merge_leads(session, lead, entered, now=LATER)
    async with database.reading() as session:
        card = await lead_card(session, creator.id, entered.id)
        assert card is not None
        assert (card.lead.id, card.merged, card.lead_ids) == (lead.id, [entered.id], [lead.id, entered.id])
        told = await timeline(session, card.lead_ids, limit=10, offset=0)
        assert (told[0].name, told[0].subject) == ("lead.merged", f"lead:{entered.id}")
        assert {each.name for each in told} == {"lead.merged", "lead.added", "lead.captured"}
        assert await count_events(session, card.lead_ids) == 3
        assert await timeline(session, card.lead_ids, limit=2, offset=2) == told[2:]
