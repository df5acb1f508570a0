"""What orders leave behind elsewhere: on a lead's card, with a merged lead, and in what a person may ask for."""

import orjson
from folk import NOW, Folk, a_lead, an_order, count, money, ordered, some_folk
from sqlalchemy import select

from domain.discounts import Terms, add_code
from domain.disputes import open_dispute
from domain.merging import merge_leads
from domain.my_data import everything_about
from domain.paying import pay_order
from domain.refunds import note_refund
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import Creator, Lead, Order, Payment, Person, Product, RailCustomer, RefundState, Review
from store.queries.lead_card import lead_card


async def give_back(database: Database, order_id: int, amount: int, reference: str) -> None:
    async with database.transaction() as session:
        payment = (await session.scalars(select(Payment).where(Payment.order_id == order_id))).one()
        await note_refund(
            session,
            payment,
            reference=reference,
            amount_minor=amount,
            state=RefundState.DONE,
            refund_id=None,
            now=NOW,
        )


async def paid(database: Database) -> tuple[Folk, int]:
    folk = await some_folk(database)
    async with database.transaction() as session:
        order = await an_order(session, folk)
        await pay_order(session, order, money(), now=NOW)
    return folk, order.id


async def test_a_leads_card_counts_what_was_paid_less_what_went_back(database: Database):
    folk, order_id = await paid(database)

    async def card() -> tuple[dict[str, int], list[str]]:
        async with database.reading() as session:
            seen = await lead_card(session, folk.creator, folk.lead)
            assert seen is not None
            return dict(seen.spent), list(seen.owned)

    assert await card() == ({"usd": 1900}, ["Preset <pack>"])
    await give_back(database, order_id, 400, "re_1")
    assert await card() == ({"usd": 1500}, ["Preset <pack>"])
    await give_back(database, order_id, 1500, "re_2")
    assert await card() == ({}, [])


async def test_a_person_is_told_all_that_is_known_of_their_purchases(database: Database):
    folk = await some_folk(database, stock=9)
    async with database.transaction() as session:
        await add_code(session, folk.creator, "SPRING", Terms(percent=10), now=NOW, setup=CreatorSetup())
        order = await an_order(session, folk, quantity=2, code="SPRING")
        await pay_order(session, order, money(amount=3420), now=NOW)
        order.details = {"name": "Lena", "shipping": {"city": "Berlin"}}
        session.add(RailCustomer(lead_id=folk.lead, rail="stripe", reference="cus_1"))
        review = {"rating": 4, "text": "Good.", "created_at": NOW}
        session.add(Review(creator_id=folk.creator, lead_id=folk.lead, product_id=folk.product, **review))
        payment = (await session.scalars(select(Payment))).one()
        amount = Money(100, "usd")
        await open_dispute(session, payment, reference="dp_1", amount=amount, reason="fraudulent", now=NOW)
    await give_back(database, order.id, 20, "re_1")
    async with database.reading() as session:
        lead = await session.get_one(Lead, folk.lead)
        person = await session.get_one(Person, lead.person_id)
        (told,) = orjson.loads(await everything_about(session, person))["creators"]
    (of_it,) = told["orders"]
    assert (of_it["subtotal_minor"], of_it["discount_minor"], of_it["total_minor"]) == (3800, 380, 3420)
    assert of_it["details"]["shipping"]["city"] == "Berlin"
    assert of_it["lines"][0]["quantity"] == 2
    assert [each["amount_minor"] for each in of_it["refunds"]] == [20]
    assert [each["reason"] for each in of_it["disputes"]] == ["fraudulent"]
    assert told["codes"] == [{"code": "SPRING", "order": order.id}]
    assert [(each["rating"], each["text"]) for each in told["reviews"]] == [(4, "Good.")]
    assert told["known_to_payment_providers_as"] == [{"rail": "stripe", "reference": "cus_1"}]
    assert told["library"][0]["revoked_by"] == "dispute"


async def test_two_leads_who_become_one_are_one_customer_to_a_rail(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        other = Lead(creator_id=folk.creator, name="Lena", stage="new", seen_at=NOW, created_at=NOW, score=0)
        session.add(other)
        await session.flush()
        session.add_all(
            [
                RailCustomer(lead_id=folk.lead, rail="stripe", reference="cus_ours"),
                RailCustomer(lead_id=other.id, rail="stripe", reference="cus_theirs"),
                RailCustomer(lead_id=other.id, rail="pigeon", reference="coo"),
            ]
        )
        await session.flush()
        await merge_leads(session, await session.get_one(Lead, folk.lead), other, now=NOW)
    async with database.reading() as session:
        rows = await session.execute(select(RailCustomer.lead_id, RailCustomer.rail, RailCustomer.reference))
        assert sorted(tuple(row) for row in rows) == [
            (folk.lead, "pigeon", "coo"),
            (folk.lead, "stripe", "cus_ours"),
        ]


async def test_an_order_of_a_merged_lead_hands_over_to_whom_it_became(database: Database):
    folk = await some_folk(database, stock=1)
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        lead, _ = await a_lead(session, creator, 2002, first_name="Otto")
        other = Lead(creator_id=folk.creator, name="Otto", stage="new", seen_at=NOW, created_at=NOW, score=0)
        session.add(other)
        await session.flush()
        order = await ordered(session, other, await session.get_one(Product, folk.product))
        await merge_leads(session, lead, other, now=NOW)
        assert (await ordered(session, lead, await session.get_one(Product, folk.product))).id == order.id
        await pay_order(session, await session.get_one(Order, order.id), money(), now=NOW)
        assert await count(session, Order, Order.lead_id == lead.id) == 1
