"""A payment link's life beside its rail: what was promised, made, called off meanwhile, and switched off."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from folk import NOW, SETUP, a_creator, a_product
from sqlalchemy import select, update

from domain.payment_links import LinkEnded, end_payment_link, end_stale_links, open_payment_link
from domain.variants import add_variant
from kit.clock import MovableClock
from kit.errors import Refusal
from kit.money import Money
from payments.payment_links import Offer, PaymentLinks, make_payment_link
from payments.rail import Checkout, RailDown, RailRefused
from store.database import Database
from store.models import Event, OutboxMessage, PaymentLink, Product

RAILS = ("stars", "stripe")


@dataclass
class Rail:
    """Does as it is told, and remembers what it was asked."""

    fails: Refusal | None = None
    # this link is called off while it is being made
    meanwhile: tuple[Database, int] | None = None
    made: list[Offer] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    async def make_link(self, offer: Offer) -> Checkout:
        self.made.append(offer)
        if self.fails is not None:
            raise self.fails
        if self.meanwhile is not None:
            database, link_id = self.meanwhile
            async with database.transaction() as session:
                await end_payment_link(session, link_id, now=NOW)
        return Checkout(f"plink_{offer.link_id}", f"https://pay.example/{offer.link_id}")

    async def end_link(self, reference: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.ended.append(reference)


async def promised(database: Database) -> int:
    """A link that its creator has asked for."""
    async with database.transaction() as session:
        product = await session.scalar(select(Product))
        if product is None:
            product = await a_product(session, await a_creator(session))
        return (await open_payment_link(session, product, setup=SETUP, rails=RAILS, now=NOW)).id


async def made(database: Database, rail: Rail, link_id: int) -> str:
    return await make_payment_link(database, rail, link_id, setup=SETUP, now=NOW)


async def notices(database: Database) -> list[str]:
    """What the creator is told unasked, but for how they began."""
    async with database.reading() as session:
        found = await session.scalars(
            select(OutboxMessage).where(OutboxMessage.key.like("link-%")).order_by(OutboxMessage.id)
        )
        return [each.message["text"] for each in found]


async def test_what_cannot_be_reached_is_asked_the_same_again(database: Database):
    link_id = await promised(database)
    rail = Rail(RailDown("no answer", answered=False))
    with pytest.raises(RailDown):
        await made(database, rail, link_id)
    rail.fails = None
    assert await promised(database) == link_id
    assert await made(database, rail, link_id) == f"https://pay.example/{link_id}"
    assert await made(database, rail, link_id) == f"https://pay.example/{link_id}"
    # one offer under one key, asked for twice; what is made is not asked for again
    assert len(rail.made) == 2
    assert rail.made[0] == rail.made[1]


@pytest.mark.parametrize("failure", [RailDown("it fell over", answered=True), RailRefused("no such currency here")])
async def test_what_the_rail_would_only_say_again_is_a_promise_no_more(database: Database, failure: Refusal):
    link_id = await promised(database)
    rail = Rail(failure)
    with pytest.raises(type(failure)):
        await made(database, rail, link_id)
    with pytest.raises(LinkEnded):
        await made(database, rail, link_id)
    rail.fails = None
    other = await promised(database)
    assert other != link_id
    assert await made(database, rail, other) == f"https://pay.example/{other}"
    assert rail.made[0].key != rail.made[1].key
    # what was never made is not switched off, and nobody hears of it
    assert await PaymentLinks(database, MovableClock(frozen_at=NOW), rail).work() == 0
    assert (rail.ended, await notices(database)) == ([], [])


async def test_a_link_that_ends_while_it_is_being_made_is_handed_to_nobody_and_switched_off(database: Database):
    link_id = await promised(database)
    rail = Rail(meanwhile=(database, link_id))
    with pytest.raises(LinkEnded):
        await made(database, rail, link_id)
    assert await PaymentLinks(database, MovableClock(frozen_at=NOW), rail).work() == 1
    assert rail.ended == [f"plink_{link_id}"]


async def test_who_has_switched_a_link_off_hears_when_that_does_not_come_true(database: Database):
    link_id = await promised(database)
    clock, rail = MovableClock(frozen_at=NOW), Rail()
    links = PaymentLinks(database, clock, rail)
    await made(database, rail, link_id)
    async with database.transaction() as session:
        await end_payment_link(session, link_id, now=NOW)
    rail.fails = RailDown("no answer", answered=False)
    assert await links.work() == 0
    clock.pass_time(minutes=4)
    assert await links.work() == 0
    assert await notices(database) == []
    for _ in range(2):
        clock.pass_time(minutes=2)
        assert await links.work() == 0
        (told,) = await notices(database)
    assert "could not be switched off yet: people can still pay at https://pay.example/" in told
    rail.fails = None
    assert await links.work() == 1
    assert await links.work() == 0
    assert rail.ended == [f"plink_{link_id}"]


async def test_a_link_of_what_has_variants_by_now_ends_and_its_creator_is_told(database: Database):
    link_id, rail = await promised(database), Rail()
    await made(database, rail, link_id)
    async with database.transaction() as session:
        product = (await session.scalars(select(Product))).one()
        assert await end_stale_links(session, now=NOW) == 0
        await add_variant(session, product, title="Large", price=Money(1900, "usd"), now=NOW)
        assert await end_stale_links(session, now=NOW) == 1
    (told,) = await notices(database)
    assert "has been switched off, since it is no longer sold like that" in told


async def test_a_promise_that_was_never_kept_ends_in_silence_when_the_price_changes(database: Database):
    await promised(database)
    async with database.transaction() as session:
        await session.execute(update(Product).values(price_minor=2900))
        assert await end_stale_links(session, now=NOW + timedelta(days=1)) == 1
    assert await notices(database) == []


async def test_a_link_that_is_asked_for_and_ended_is_on_record_once_each(database: Database):
    link_id = await promised(database)
    assert await promised(database) == link_id
    async with database.transaction() as session:
        assert await end_payment_link(session, link_id, now=NOW)
        assert not await end_payment_link(session, link_id, now=NOW)
    async with database.reading() as session:
        recorded = await session.execute(
            select(Event.name, Event.data).where(Event.name.like("payment_link.%")).order_by(Event.id)
        )
        (ended,) = await session.scalars(select(PaymentLink.ended_at))
    assert [tuple(each) for each in recorded] == [
        ("payment_link.opened", {"link": link_id}),
        ("payment_link.ended", {"link": link_id}),
    ]
    assert ended == NOW
