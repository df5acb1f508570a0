"""What the stores add up is what one adds up by hand, on either of them."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from kit.buckets import Interval, edges
from kit.paging import Paging
from store.database import Database
from store.models import Creator, Lead, Order, OrderLine, OrderState, Payment, Product, ProductKind
from store.queries.analytics import (
    Sum,
    buyers_by_piece,
    count_buyers,
    numbers_of_sources,
    orders_by_piece,
    sales_by_piece,
    sold_products,
)
from store.queries.analytics_pieces import products_by_piece, sources_by_piece

# around the night in which the clocks of Berlin go back
BEGIN = datetime(2026, 10, 23, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe")
LEADS, PRODUCTS = 4, 3
SOURCES = ("ad", None, "ad", "fair")


class Made(NamedTuple):
    lead: int
    opened: int
    # seconds after it was opened; None: never
    paid: int | None
    # of each payment: what came, and what of it went back
    payments: list[tuple[int, int]]
    lines: list[tuple[int, int, int]]
    currency: str
    mine: bool

    @property
    def total(self) -> int:
        return sum(price * quantity for _, price, quantity in self.lines)

    @property
    def opened_at(self) -> datetime:
        return BEGIN + timedelta(seconds=self.opened)

    @property
    def paid_at(self) -> datetime | None:
        return None if self.paid is None else self.opened_at + timedelta(seconds=self.paid)

    @property
    def state(self) -> OrderState:
        if self.paid is None:
            return OrderState.EXPIRED if self.opened % 2 else OrderState.OPEN
        back = all(came <= gone for came, gone in self.payments)
        return OrderState.REFUNDED if self.payments and back else OrderState.FULFILLED


WEEK = 7 * 86_400
MADE = st.builds(
    Made,
    lead=st.integers(0, LEADS - 1),
    opened=st.integers(0, WEEK) | st.sampled_from([0, 3600 * 46, 3600 * 47, 3600 * 48, 86_400 * 2]),
    paid=st.none() | st.integers(0, 86_400),
    payments=st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 2 * 10**9)), max_size=2),
    lines=st.lists(
        st.tuples(st.integers(0, PRODUCTS - 1), st.sampled_from([0, 1, 1900]), st.integers(1, 9)),
        min_size=1,
        max_size=3,
    ),
    currency=st.sampled_from(["usd", "jpy"]),
    mine=st.booleans() | st.just(value=True),
)


def _came(lead: int) -> datetime:
    return BEGIN + timedelta(days=lead)


async def _settle(database: Database) -> None:
    async with database.transaction() as session:
        for number in (1, 2):
            session.add(
                Creator(id=number, slug=f"c{number}", name="C", currency="usd", time_zone="UTC", created_at=BEGIN)
            )
        await session.flush()
        for number in range(LEADS):
            for creator in (1, 2):
                made = {"name": "L", "source": SOURCES[number], "created_at": _came(number)}
                session.add(Lead(id=number + LEADS * creator, creator_id=creator, **made))
        for number in range(PRODUCTS):
            values = {"slug": f"p{number}", "title": f"P{number}", "description": "", "kind": ProductKind.FILE}
            session.add(
                Product(id=number + 1, creator_id=1, price_minor=1, currency="usd", created_at=BEGIN, tags=[], **values)
            )


async def _write(database: Database, orders: list[Made]) -> None:
    async with database.transaction() as session:
        for model in (Payment, OrderLine, Order):
            await session.execute(delete(model))
        for number, made in enumerate(orders, start=1):
            creator = 1 if made.mine else 2
            values = {
                "id": number,
                "creator_id": creator,
                "lead_id": made.lead + LEADS * creator,
                "reference": f"r{number}",
                "state": made.state,
                "subtotal_minor": made.total,
                "total_minor": made.total,
                "currency": made.currency,
                "expires_at": made.opened_at,
                "created_at": made.opened_at,
                "paid_at": made.paid_at,
            }
            await session.execute(insert(Order).values(**values))
            for product, price, quantity in made.lines:
                line = {"product_id": product + 1, "price_minor": price, "quantity": quantity, "title": "P"}
                await session.execute(insert(OrderLine).values(order_id=number, **line))
            if made.paid is not None:
                for part, (came, gone) in enumerate(made.payments):
                    money = {"amount_minor": came, "refunded_minor": gone, "currency": made.currency}
                    payment = {"rail": "stripe", "reference": f"{number}:{part}", "created_at": made.opened_at}
                    await session.execute(insert(Payment).values(order_id=number, **money, **payment))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    orders=st.lists(MADE, max_size=12),
    interval=st.sampled_from([Interval.HOUR, Interval.DAY, Interval.WEEK]),
    zone=st.sampled_from(ZONES),
    starts=st.integers(0, WEEK // 2),
)
async def test_both_stores_add_up_what_one_adds_up_by_hand(
    database: Database, orders: list[Made], interval: Interval, zone: str, starts: int
):
    since = BEGIN + timedelta(seconds=starts)
    until = since + timedelta(days=4)
    at = edges(since, until, interval, ZoneInfo(zone), most=1000)
    async with database.reading() as session:
        settled = await session.get(Creator, 1) is not None
    if not settled:
        await _settle(database)
    await _write(database, orders)
    mine = [each for each in orders if each.mine]
    paid = [(each, each.paid_at) for each in mine if each.paid_at is not None]
    async with database.reading() as session:
        sales = await sales_by_piece(session, 1, at)
        opened = await orders_by_piece(session, 1, at)
        buyers = await buyers_by_piece(session, 1, at)
        whole = await count_buyers(session, 1, since, until)
        sold = await sold_products(session, 1, since, until, Paging(100))
        sources = await numbers_of_sources(session, 1, BEGIN, BEGIN + timedelta(days=9), Paging(100))
        by_product = await products_by_piece(session, 1, at, [each.product_id for each in sold.items])
        by_source = await sources_by_piece(session, 1, at, ["ad", None, "fair"])
    for number, (first, last) in enumerate(pairwise(at)):
        here = [each for each, when in paid if first <= when < last]
        assert (sales[number].orders, sales[number].money) == (len(here), _money(here))
        assert opened[number] == Counter(each.state for each in mine if first <= each.opened_at < last)
        assert (buyers[number].buyers, buyers[number].new) == _buyers(paid, first, last)
        units, gross = _sold(here)
        for product_id, pieces in by_product.items():
            theirs = [each for each in here if product_id in {line[0] + 1 for line in each.lines}]
            back = sum(each.state == OrderState.REFUNDED for each in theirs)
            counted = (pieces[number].units, pieces[number].orders, pieces[number].refunded_orders)
            assert counted == (units[product_id], len(theirs), back)
            assert {(product_id, name): sum_ for name, sum_ in pieces[number].gross.items()} == {
                key: sum_ for key, sum_ in gross.items() if key[0] == product_id
            }
        for source, numbers in by_source.items():
            came = [each for each in range(LEADS) if SOURCES[each] == source and first <= _came(each) < last]
            bought = [made for made, _ in paid if made.lead in came]
            told = numbers[number]
            assert told.leads == len(came)
            assert told.buyers == len({made.lead for made in bought if made.total})
            assert told.orders == sum(bool(made.total) for made in bought)
            assert told.money == _money([made for made in bought if made.payments])
    assert (whole.buyers, whole.new) == _buyers(paid, since, until)
    units, gross = _sold([each for each, when in paid if since <= when < until])
    ranked = sorted(units, key=lambda product: (-units[product], product))
    assert [(each.product_id, each.units) for each in sold.items] == [(each, units[each]) for each in ranked]
    assert {(each.product_id, name): sum_ for each in sold.items for name, sum_ in each.gross.items()} == gross
    assert sorted(each.source or "" for each in sources.items) == ["", "ad", "fair"]
    for each in sources.items:
        theirs = [made for made, _ in paid if SOURCES[made.lead] == each.source]
        assert each.leads == SOURCES.count(each.source)
        assert each.orders == sum(bool(made.total) for made in theirs)
        assert each.money == _money([made for made in theirs if made.payments])


def _money(orders: list[Made]) -> dict[str, Sum]:
    found = {each.currency: Sum() for each in orders}
    for each in orders:
        for came, gone in each.payments:
            found[each.currency] = found[each.currency].plus(Sum(came, min(came, gone)))
    return found


def _buyers(paid: list[tuple[Made, datetime]], first: datetime, last: datetime) -> tuple[int, int]:
    here = {each.lead for each, when in paid if first <= when < last and each.total}
    before = {each.lead for each, when in paid if when < first and each.total}
    return len(here), len(here - before)


def _sold(orders: list[Made]) -> tuple[Counter[int], Counter[tuple[int, str]]]:
    units, gross = Counter[int](), Counter[tuple[int, str]]()
    for each in orders:
        for product, price, quantity in each.lines:
            units[product + 1] += quantity
            gross[product + 1, each.currency] += price * quantity
    return units, gross
