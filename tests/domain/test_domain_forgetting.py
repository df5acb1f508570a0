"""What forgetting reaches, and what it leaves alone."""

from datetime import timedelta

import pytest
from folk import BOT, NOW, a_creator, a_lead, a_product, counts_of, ordered, some_folk
from sqlalchemy import func, select

from automations.forgetting import Forgetting
from domain.consent import give_consent
from domain.entitlements import grant
from domain.forgetting import forget_lead, forget_person
from domain.ideas import add_idea
from domain.leads import add_lead, note_answer
from domain.merging import merge_leads
from domain.messages.plain import Message
from domain.my_data import everything_about
from domain.orders import await_payment, expire_order, note_asked
from domain.outbox import tell_creator
from domain.paying import NothingToGive, Received, hand_over_anyway, pay_order
from domain.raw_words import finish_forgetting, lane_of
from domain.refunds import ask_refund, note_refund
from domain.removing import LeadOwns, remove_lead
from domain.rights_by_hand import take_by_hand
from kit.money import Money
from store.database import Database
from store.files import FileStore
from store.models import (
    Consent,
    Entitlement,
    Event,
    IdeaAttachment,
    Lead,
    LeadField,
    Order,
    OrderState,
    OutboxMessage,
    Payment,
    Person,
    Product,
    ProviderEvent,
    ProviderEventState,
    RailCustomer,
    Refund,
    RefundState,
    StoredFile,
    TelegramUpdate,
)
from store.queries.order_lists import count_sales

LATER = NOW + timedelta(hours=1)


def an_update(person: Person, number: int, *, answered: bool = True) -> TelegramUpdate:
    return TelegramUpdate(
        bot_id=BOT,
        update_id=number,
        lane=lane_of(person.telegram_id),
        body=f"body of {person.first_name}",
        error=None,
        reply=[{"do": "tap", "query_id": "1", "text": "gone"}],
        correlation_id="c",
        lease_until=None,
        received_at=NOW,
        answered_at=NOW if answered else None,
    )


def about(_language: str) -> Message:
    return Message(text="Lena asks for the moon")


async def test_forgetting_one_leaves_everybody_else_as_they_were(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        other_creator = await a_creator(session, "sued", telegram_id=1002)
        lead, person = await a_lead(session, creator)
        elsewhere, _ = await a_lead(session, other_creator)
        anna, anna_person = await a_lead(session, creator, 2002, first_name="Anna")
        for each in (lead, elsewhere, anna):
            await note_answer(session, each, "email", "ada@example.com", spec=None, now=NOW)
            await note_answer(session, each, "dream", "the sea", spec=None, now=NOW)
            await give_consent(session, each, text="Yes", version="1", channel="telegram", now=NOW)
            key = f"told:{each.id}"
            await tell_creator(session, about, key=key, creator_id=each.creator_id, lead_id=each.id, now=NOW)
        session.add_all([an_update(person, 1), an_update(anna_person, 2)])
        await session.flush()
        await forget_lead(session, lead, now=LATER)
    async with database.reading() as session:
        kept = (await session.scalars(select(Lead).where(Lead.id.in_([elsewhere.id, anna.id])))).all()
        assert {each.email for each in kept} == {"ada@example.com"}
        assert set(await session.scalars(select(LeadField.lead_id))) == {elsewhere.id, anna.id}
        assert set(await session.scalars(select(Consent.lead_id))) == {elsewhere.id, anna.id}
        assert set(await session.scalars(select(OutboxMessage.lead_id))) == {elsewhere.id, anna.id}
        # another creator knows the person, who therefore stays
        found = await session.get_one(Person, person.id)
        assert (found.first_name, found.forgetting_at) == ("Lena", None)
        rows = await session.execute(select(TelegramUpdate.update_id, TelegramUpdate.body))
        bodies = {row.update_id: row.body for row in rows}
        assert bodies == {1: "", 2: "body of Anna"}


async def test_forgetting_twice_is_a_no_op(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for now in (NOW, LATER):
            await forget_lead(session, lead, now=now)
        assert lead.forgotten_at == NOW
        told = select(Event.id).where(Event.lead_id == lead.id, Event.name == "lead.forgotten")
        assert len((await session.scalars(told)).all()) == 1


@pytest.mark.parametrize("by", ["into", "other"])
async def test_what_was_merged_into_a_lead_is_forgotten_with_it(database: Database, by: str):
    async with database.transaction() as session:
        creator = await a_creator(session)
        into, _ = await a_lead(session, creator)
        other = await add_lead(session, creator.id, name="Ada", email="ada@example.com", now=NOW)
        await merge_leads(session, into, other, now=NOW)
        await forget_lead(session, into if by == "into" else other, now=LATER)
    async with database.reading() as session:
        both = (await session.scalars(select(Lead))).all()
        assert {each.forgotten_at for each in both} == {LATER}
        assert {each.email for each in both} == {None}
        assert {each.name for each in both} == {""}


async def test_the_answer_to_it_goes_out_before_the_last_that_names_the_person_goes(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        _, person = await a_lead(session, creator)
        session.add(an_update(person, 1, answered=False))
        # of somebody who was in the team, and sent more than one message for an idea
        idea = await add_idea(session, creator_id=creator.id, title="Tour", now=NOW)
        sent = {"chat_id": person.telegram_id, "created_at": NOW, "words": "A look"}
        session.add_all(IdeaAttachment(idea_id=idea.id, message_id=number, **sent) for number in (1, 2))
        await session.flush()
        await forget_person(session, person, now=NOW)
    async with database.transaction() as session:
        assert await finish_forgetting(session, now=LATER - timedelta(minutes=55)) == 0
        (row,) = await session.scalars(select(TelegramUpdate))
        assert (row.body, row.reply[0]["text"]) == ("", "gone")
        row.answered_at = NOW
    async with database.transaction() as session:
        assert await finish_forgetting(session, now=LATER) == 1
        assert await finish_forgetting(session, now=LATER) == 0
    async with database.reading() as session:
        (row,) = await session.scalars(select(TelegramUpdate))
        assert (row.lane, row.reply, row.update_id) == ("forgotten", [], 1)
        found = await session.get_one(Person, person.id)
        assert (found.telegram_id, found.first_name, found.username) == (-person.id, "", None)
        attached = await session.scalars(select(IdeaAttachment))
        assert [(each.chat_id, each.message_id, each.words) for each in attached] == [(None, None, "A look")] * 2


async def test_an_answer_that_never_goes_out_does_not_keep_the_person_for_ever(database: Database):
    async with database.transaction() as session:
        _, person = await a_lead(session, await a_creator(session))
        session.add(an_update(person, 1, answered=False))
        await session.flush()
        await forget_person(session, person, now=NOW)
    async with database.transaction() as session:
        assert await finish_forgetting(session, now=LATER) == 1
    async with database.reading() as session:
        (row,) = await session.scalars(select(TelegramUpdate))
        # closed, and it goes with the others that are old
        assert (row.lane, row.answered_at) == ("forgotten", LATER)


async def test_orders_stay_for_the_law_and_stripes_words_about_them_do_not(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        paid, still_open = [await ordered(session, lead, await a_product(session, creator)) for _ in range(2)]
        await pay_order(session, paid, Received("stripe", "pi_1", Money(1900, "usd")), now=NOW)
        words = {"rail": "stripe", "kind": "k", "body": '{"email": "ada@example.com"}', "retry_at": NOW}
        for number, order_id in enumerate((paid.id, None)):
            state = ProviderEventState.APPLIED
            session.add(
                ProviderEvent(
                    **words, reference=f"evt_{number}", order_id=order_id, state=state, received_at=NOW, settled_at=NOW
                )
            )
        await session.flush()
        await forget_lead(session, lead, now=LATER)
    async with database.transaction() as session:
        assert (await session.get_one(Order, paid.id)).paid_at == NOW
        assert (await session.get_one(Order, still_open.id)).state == OrderState.CANCELLED
        bodies = list(await session.scalars(select(ProviderEvent.body).order_by(ProviderEvent.id)))
        assert bodies == ["{}", '{"email": "ada@example.com"}']
        # money for the other one that was on its way is booked all the same, and nobody is written to
        late = await session.get_one(Order, still_open.id)
        await pay_order(session, late, Received("stripe", "pi_2", Money(1900, "usd")), now=LATER)
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Payment)) == 2
        to_them = select(func.count()).where(OutboxMessage.kind == "delivery")
        assert await session.scalar(to_them) == 0


async def test_what_a_rail_may_still_take_money_for_keeps_its_stock_until_it_is_over(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        product = await a_product(session, creator, stock=2)
        order = await ordered(session, lead, product)
        await note_asked(session, order.id)
        await await_payment(session, order.id, "cs_1", "https://pay.example")
        order.details = {"email": "ada@example.com"}
        session.add(RailCustomer(lead_id=lead.id, rail="stripe", reference="cus_1"))
        await session.flush()
        await forget_lead(session, lead, now=LATER)
    async with database.transaction() as session:
        kept = await session.get_one(Order, order.id)
        assert (kept.state, kept.open_key, kept.checkout_url) == (OrderState.AWAITING_PAYMENT, None, None)
        assert kept.details is None
        assert await session.scalar(select(func.count()).select_from(RailCustomer)) == 0
        product = await session.get_one(Product, product.id)
        assert (product.stock, product.reserved) == (1, 1)
        await expire_order(session, kept, now=LATER)
        await session.refresh(product)
        assert (product.stock, product.reserved) == (2, 0)
        # whoever pays all the same leaves no name
        told = Received("stripe", "pi_1", Money(1900, "usd"), details={"email": "ada@example.com"})
        await pay_order(session, kept, told, now=LATER)
        await session.refresh(kept)
        assert (kept.state, kept.details) == (OrderState.OVERSOLD, None)


async def test_money_that_comes_for_somebody_who_is_forgotten_waits_for_a_person_to_give_it_back(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, folk.lead)
        order = await ordered(session, lead, await session.get_one(Product, folk.product))
        await note_asked(session, order.id)
        await await_payment(session, order.id, "cs_1", "https://pay.example")
        await forget_lead(session, lead, now=LATER)
    async with database.transaction() as session:
        kept = await session.get_one(Order, order.id)
        await pay_order(session, kept, Received("stripe", "pi_1", Money(1900, "usd")), now=LATER)
        await session.refresh(kept)
        assert kept.state == OrderState.OVERSOLD
        assert (await count_sales(session, folk.creator))["todo"] == 1
        assert await session.scalar(select(func.count()).select_from(Entitlement)) == 0
        assert await counts_of(session, folk) == (1, 0, 0, 1)
        told = (await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "notice"))).all()
        buttons = [[each["data"] for row in said.message["buttons"] for each in row] for said in told]
        assert buttons == [[f"order:refund:{order.id}", f"order:show:{order.id}"]]
        with pytest.raises(NothingToGive):
            await hand_over_anyway(session, kept, now=LATER)


async def test_stars_that_come_for_somebody_who_is_forgotten_go_back_by_themselves(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        lead, product = await session.get_one(Lead, folk.lead), await session.get_one(Product, folk.product)
        product.price_stars = 100
        order = await ordered(session, lead, product, rail="stars")
        await forget_lead(session, lead, now=LATER)
    async with database.transaction() as session:
        kept = await session.get_one(Order, order.id)
        await pay_order(session, kept, Received("stars", "stx_1", Money(kept.total_minor, "xtr")), now=LATER)
        await session.refresh(kept)
        assert kept.state == OrderState.OVERSOLD
        assert list(await session.scalars(select(Refund.amount_minor))) == [kept.total_minor]


async def test_what_was_said_of_a_refund_or_a_right_goes(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        order = await ordered(session, lead, await a_product(session, creator))
        await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=NOW)
        await ask_refund(session, order, amount_minor=100, reason="Lena was ill", revokes=False, now=NOW)
        await grant(session, lead, (await a_product(session, creator)).id, origin="gift", reason="a friend", now=NOW)
        await forget_lead(session, lead, now=LATER)
    async with database.reading() as session:
        assert list(await session.scalars(select(Refund.reason))) == [""]
        assert set(await session.scalars(select(Entitlement.reason))) == {None}


@pytest.mark.parametrize("by", ["part of it goes back", "hand"])
async def test_who_lost_a_right_and_not_got_all_money_back_is_not_removed_by_their_seller(database: Database, by: str):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        product = await a_product(session, creator)
        order = await ordered(session, lead, product)
        await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=NOW)
        payment = (await session.scalars(select(Payment))).one()

        async def goes_back(amount: int) -> None:
            (refund,) = await ask_refund(session, order, amount_minor=amount, reason="", revokes=True, now=NOW)
            sent = {"reference": f"re_{amount}", "state": RefundState.SENT, "refund_id": refund.id, "now": NOW}
            await note_refund(session, payment, amount_minor=amount, **sent)  # type: ignore[arg-type]

        if by == "hand":
            await take_by_hand(session, lead, product, "so there", now=NOW)
        else:
            await goes_back(1)
        assert [each.revoked_at for each in await session.scalars(select(Entitlement))] == [NOW]
        with pytest.raises(LeadOwns):
            await remove_lead(session, lead, now=NOW)
        await session.refresh(payment)
        await goes_back(payment.left_minor)
        await remove_lead(session, lead, now=NOW)
        assert lead.forgotten_at == NOW


async def test_a_file_that_somebody_else_sent_too_stays_theirs(database: Database, tmp_path):
    files = FileStore(tmp_path.as_uri())
    blob, own = await files.keep(b"the same bytes"), await files.keep(b"only mine")
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        anna, _ = await a_lead(session, creator, 2002, first_name="Anna")
        common = {"creator_id": creator.id, "product_id": None, "size": 1, "attached_at": None, "created_at": NOW}
        for number, (whose, content) in enumerate([(lead, blob), (lead, own), (anna, blob)]):
            kept = {"file_name": f"{number}.jpg", "mime_type": "image/jpeg", "sha256": content, "blob": content}
            session.add(StoredFile(**common, **kept, lead_id=whose.id))
        await session.flush()
        await forget_lead(session, lead, now=LATER)
    forgetting = Forgetting(database, lambda: LATER, files)
    while await forgetting.run():
        pass
    assert await files.read(blob) == b"the same bytes"
    with pytest.raises(FileNotFoundError):
        await files.read(own)
    async with database.reading() as session:
        (left,) = await session.scalars(select(StoredFile))
        assert left.file_name == "2.jpg"


async def test_what_a_creator_reads_about_others_is_not_in_their_own_data(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator, first_name="Lena")
        await tell_creator(session, about, key="told", creator_id=creator.id, lead_id=lead.id, now=NOW)
    async with database.reading() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == 1001))).one()
        document = await everything_about(session, person)
    assert "moon" not in document
    assert '"acts_for"' in document
