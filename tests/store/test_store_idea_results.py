"""What ideas brought equals what one counts by hand, whoever came when by what."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.util import await_only

from domain.creators import add_creator
from domain.ideas import add_idea
from store.database import Database
from store.models import Idea, Lead, Link, LinkTarget, Order, OrderState, Payment, Touch
from store.queries.analytics import Sum
from store.queries.idea_results import (
    Bought,
    Brought,
    brought,
    brought_by_few,
    brought_by_piece,
    brought_by_tag,
    brought_since,
)

DAY = datetime(2026, 11, 1, tzinfo=UTC)
TAGS = ("video", "food", "studio")


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


class Books:
    """Rows at whole hours, so that many things happen at the same moment, and the same sums done by hand."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.ideas: list[Idea] = []
        self.links: list[Link] = []
        self.leads: list[Lead] = []
        self.touches: list[Touch] = []
        self.orders: list[tuple[Order, list[Payment]]] = []

    async def fill(self, session: AsyncSession) -> int:
        dice = self.dice
        creator = (await add_creator(session, name="Studio", slug="studio", now=DAY)).creator
        for number in range(5):
            tags = dice.sample(TAGS, dice.randrange(3))
            self.ideas.append(await add_idea(session, creator_id=creator.id, title=f"{number}", tags=tags, now=DAY))
        for number in range(8):
            target = dice.choice((LinkTarget.IDEA, LinkTarget.IDEA, LinkTarget.START))
            name = str(dice.choice(self.ideas).number) if target is LinkTarget.IDEA else ""
            told = {"key": f"key-{number}", "title": "", "target": target, "name": name, "created_at": DAY}
            self.links.append(Link(creator_id=creator.id, **told))
        session.add_all(self.links)
        await session.flush()
        for idea in self.ideas:
            idea.link_id = dice.choice((None, *(link.id for link in self.links)))
        for _ in range(12):
            first = dice.choice((None, *(link.id for link in self.links)))
            lead = Lead(creator_id=creator.id, name="", link_id=first, created_at=at(dice.randrange(20)))
            lead.forgotten_at = DAY if dice.random() < 0.1 else None
            self.leads.append(lead)
        session.add_all(self.leads)
        await session.flush()
        for _ in range(40):
            link = dice.choice((None, *(link.id for link in self.links)))
            told = {"lead_id": dice.choice(self.leads).id, "link_id": link, "source": "x"}
            self.touches.append(Touch(creator_id=creator.id, touched_at=at(dice.randrange(20)), **told))
            session.add(self.touches[-1])
            await session.flush()
        for number in range(25):
            paid, total = dice.choice((None, at(dice.randrange(24)), at(dice.randrange(24)))), dice.choice((0, 100))
            order = Order(creator_id=creator.id, lead_id=dice.choice(self.leads).id, reference=f"r{number}")
            order.state, order.currency = OrderState.PAID, dice.choice(("usd", "eur"))
            order.subtotal_minor = order.total_minor = total
            order.created_at = order.expires_at = DAY
            order.paid_at = paid
            session.add(order)
            await session.flush()
            payments = [
                Payment(
                    order_id=order.id,
                    rail="stripe",
                    reference=f"p{number}-{part}",
                    amount_minor=50,
                    refunded_minor=dice.choice((0, 20, 50, 70)),
                    currency=order.currency,
                    created_at=DAY,
                )
                for part in range(2 if paid and total else 0)
            ]
            session.add_all(payments)
            self.orders.append((order, payments))
        await session.flush()
        return creator.id

    def count(self, idea_ids: set[int], since: datetime, until: datetime) -> Brought:
        links = {each.link_id for each in self.ideas if each.id in idea_ids and each.link_id is not None}
        numbers = {str(each.number) for each in self.ideas if each.id in idea_ids}
        links |= {each.id for each in self.links if each.target is LinkTarget.IDEA and each.name in numbers}
        living = {each.id: each for each in self.leads if each.forgotten_at is None}
        found = Brought()
        found.leads = sum(each.link_id in links and since <= each.created_at < until for each in living.values())
        there = (each for each in self.touches if each.link_id in links and since <= each.touched_at < until)
        found.touched = len({each.lead_id for each in there} & living.keys())
        sold = [each for each in self.orders if self._is_sold(each[0], since, until) and each[0].lead_id in living]
        found.first = _sum_up([each for each in sold if living[each[0].lead_id].link_id in links])
        found.last = _sum_up([each for each in sold if self._last(each[0]) in links])
        return found

    def _is_sold(self, order: Order, since: datetime, until: datetime) -> bool:
        return order.total_minor > 0 and order.paid_at is not None and since <= order.paid_at < until

    def _last(self, order: Order) -> int | None:
        """The link of the last touch before they paid."""
        theirs = [each for each in self.touches if each.lead_id == order.lead_id]
        before = [each for each in theirs if order.paid_at is not None and each.touched_at <= order.paid_at]
        last = max(before, key=lambda each: (each.touched_at, each.id), default=None)
        return None if last is None else last.link_id


def _sum_up(sold: list[tuple[Order, list[Payment]]]) -> Bought:
    bought = Bought(len({order.lead_id for order, _ in sold}), len(sold))
    for each in (payment for _, payments in sold for payment in payments):
        back = min(each.refunded_minor, each.amount_minor)
        bought.money[each.currency] = bought.money.get(each.currency, Sum()).plus(Sum(each.amount_minor, back))
    return bought


def told(found: dict[Any, Brought]) -> dict[Any, Brought]:
    """Without what brought nothing."""
    return {key: each for key, each in found.items() if each != Brought()}


async def test_what_ideas_brought_is_what_one_counts_by_hand(database: Database):
    for seed in range(4):
        books = Books(random.Random(seed))
        async with database.transaction() as session:
            creator = await books.fill(session)
            every = {each.id for each in books.ideas}
            for since, until in ((at(0), at(48)), (at(5), at(15))):
                by_idea = {each: books.count({each}, since, until) for each in every}
                assert any(each.first.orders and each.last.orders for each in by_idea.values())
                assert await brought(session, creator, every, since, until) == by_idea, seed
                assert told(await brought_since(session, creator, since, until)) == told(by_idea), seed
                of_tag = {tag: {each.id for each in books.ideas if tag in each.tags} for tag in TAGS}
                by_tag = {tag: books.count(ideas, since, until) for tag, ideas in of_tag.items()}
                assert told(await brought_by_tag(session, creator, since, until)) == told(by_tag), seed
            for each, whole in (await brought(session, creator, every)).items():
                assert await brought_by_few(session, creator, each, most=1000) == whole, seed
                assert whole == Brought() or await brought_by_few(session, creator, each, most=0) is None, seed
            edges = [at(0), at(7), at(8), at(48)]
            by_piece = [books.count(every, *both) for both in pairwise(edges)]
            assert await brought_by_piece(session, creator, edges) == by_piece, seed
            await session.rollback()


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_an_order_that_is_paid_while_it_is_added_up_breaks_nothing(database: Database):
    """Each statement of a transaction that writes sees what has been saved by then; SQLite lets nobody else write."""
    books = Books(random.Random(0))
    async with database.transaction() as session:
        creator = await books.fill(session)
        paid = {order.id: order.paid_at for order, _ in books.orders}
        whole = await brought_by_piece(session, creator, [at(0), at(48)])
        await session.execute(update(Order).values(paid_at=None))

    async def pay() -> None:
        async with database.transaction() as other:
            for order_id, paid_at in paid.items():
                await other.execute(update(Order).where(Order.id == order_id).values(paid_at=paid_at))

    counted: list[str] = []

    def between(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "count(DISTINCT lead.id)" in statement and not counted:
            counted.append(statement)
            await_only(pay())

    event.listen(database.engine.sync_engine, "after_cursor_execute", between)
    async with database.transaction() as session:
        (found,) = await brought_by_piece(session, creator, [at(0), at(48)])
    assert (found.first.money, found.last) == (whole[0].first.money, whole[0].last)
    assert whole[0].first.money
