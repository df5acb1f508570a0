"""A store full of leads with all that segments ask of them, made by the database itself."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    case,
    cast,
    column,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from store.database import Database
from store.models import (
    Base,
    Creator,
    Enrollment,
    Event,
    FieldKind,
    FlowRun,
    FlowVersion,
    FunnelVersion,
    Lead,
    LeadField,
    LeadTag,
    LeadWord,
    Order,
    OrderLine,
    Payment,
    Person,
    Product,
    ProductKind,
)
from store.sealing import digest
from store.segments.known import Known, KnownField

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# another two creators have a twentieth each beside the one who is asked about
CREATOR = 1
SHARES = (20, 1, 1)
CITIES = 200
KNOWN = Known(
    fields={
        "city": KnownField(FieldKind.TEXT, sealed=True),
        "age": KnownField(FieldKind.NUMBER, sealed=False),
        "plan": KnownField(FieldKind.CHOICE, sealed=False),
    },
    flows=frozenset({"welcome"}),
    funnels=frozenset({"nurture"}),
)
_YEAR = 365 * 86_400
_PRIME = 2_147_483_647


async def fill(database: Database, leads: int) -> None:
    """So many leads for the creator asked about, and a tenth as many more for others."""
    async with database.transaction() as session:
        await _furnish(session)
    maker = _Maker(leads, sqlite=database.is_sqlite)
    digests = await _digests(database)
    for model, rows in maker.rows(digests):
        async with database.transaction() as session:
            names = list(rows.selected_columns.keys())
            await session.execute(insert(model.__table__).from_select(names, rows))
    if not database.is_sqlite:
        # as its own housekeeping does after a while
        async with database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("VACUUM ANALYZE"))


async def _furnish(session: AsyncSession) -> None:
    for number in range(len(SHARES)):
        at = number + 1
        session.add(Creator(id=at, slug=f"c{at}", name="Studio", currency="usd", time_zone="UTC", created_at=NOW))
        await session.flush()
        session.add(
            Product(
                id=at,
                creator_id=at,
                slug="preset-pack",
                title="Preset pack",
                description="",
                kind=ProductKind.FILE,
                price_minor=1900,
                currency="usd",
                created_at=NOW,
            )
        )
        versions = {"id": at, "creator_id": at, "digest": "d", "definition": {}, "created_at": NOW}
        session.add(FlowVersion(**versions, key="welcome"))
        session.add(FunnelVersion(**versions, key="nurture", number=1))
        await session.flush()


async def _digests(database: Database) -> Mapping[str, str]:
    async with database.reading() as session:
        return {
            "email": await digest(session, "ada@example.com", "email"),
            "city": await digest(session, "berlin", "field:city"),
        }


class _Maker:
    """Everything about a lead follows from its number, by multiplying it within a prime."""

    def __init__(self, leads: int, *, sqlite: bool) -> None:
        self.sqlite = sqlite
        self.leads = leads
        self.total = leads * sum(SHARES) // SHARES[0]
        self.n: ColumnElement[int] = column("n", Integer)
        self._salt = 0

    def rows(self, digests: Mapping[str, str]) -> list[tuple[type[Base], Select[Any]]]:
        n = self.n
        creator = case((n <= self.leads, 1), (n <= self.leads + self.leads // 20, 2), else_=3)
        ordered = self.odds(15)
        return [
            (
                Person,
                self.of(
                    id=n,
                    bot_id=literal(1),
                    telegram_id=n,
                    first_name=literal(""),
                    language=self.language(),
                    blocked_at=case((self.odds(3), self.ago(self.up_to(_YEAR))), else_=null()),
                    created_at=self.ago(0),
                    seen_at=self.ago(0),
                ),
            ),
            (
                Lead,
                self.of(
                    id=n,
                    creator_id=creator,
                    person_id=n,
                    name=literal("x"),
                    email_digest=case(
                        (n % 1000 == 7, literal(digests["email"])),
                        (self.odds(60), self.word("e", _PRIME)),
                        else_=null(),
                    ),
                    email_proof=literal("typed"),
                    phone_proof=literal("typed"),
                    source=self.word("ad", 50),
                    stage=case(
                        (ordered, literal("customer")), (self.odds(50), literal("engaged")), else_=literal("new")
                    ),
                    score=self.up_to(100),
                    dice=self.up_to(10_000),
                    consented_at=case((self.odds(40), self.ago(0)), else_=null()),
                    unsubscribed_at=case((self.odds(5), self.ago(0)), else_=null()),
                    merged_into_id=null(),
                    seen_at=self.ago(self.up_to(_YEAR)),
                    created_at=self.ago((self.leads - n % self.leads) * (2 * _YEAR // self.leads + 1)),
                ),
            ),
            (LeadWord, self.of(lead_id=n, word=self.word("name", 5000), creator_id=creator)),
            *[
                (LeadTag, self.of(odds, lead_id=n, tag=literal(tag), creator_id=creator, tagged_at=self.ago(0)))
                for tag, odds in (("newsletter", self.odds(40)), ("vip", self.odds(5)), ("rare", n % 1000 == 3))
            ],
            (
                LeadField,
                self.of(
                    self.odds(50),
                    lead_id=n,
                    key=literal("city"),
                    item=literal(0),
                    creator_id=creator,
                    digest=case((self.up_to(CITIES) == 0, literal(digests["city"])), else_=self.word("d", CITIES)),
                    answered_at=self.ago(0),
                ),
            ),
            (
                LeadField,
                self.of(
                    self.odds(50),
                    lead_id=n,
                    key=literal("age"),
                    item=literal(0),
                    creator_id=creator,
                    number=18 + self.up_to(60),
                    answered_at=self.ago(0),
                ),
            ),
            (
                Order,
                self.of(
                    ordered,
                    id=n,
                    creator_id=creator,
                    lead_id=n,
                    reference=self.numbered("r"),
                    state=literal("fulfilled"),
                    subtotal_minor=(total := 1000 * (1 + self.up_to(10))),
                    total_minor=total,
                    currency=literal("usd"),
                    failures=literal(0),
                    expires_at=self.ago(0),
                    created_at=self.ago(0),
                    paid_at=self.ago(self.up_to(_YEAR)),
                ),
            ),
            (
                OrderLine,
                self.of(
                    ordered, order_id=n, product_id=creator, title=literal("Preset pack"), price_minor=literal(1900)
                ),
            ),
            (
                Payment,
                self.of(
                    ordered,
                    order_id=n,
                    rail=literal("stripe"),
                    reference=self.numbered("p"),
                    amount_minor=1000 * (1 + self.up_to(10)),
                    currency=literal("usd"),
                    created_at=self.ago(0),
                ),
            ),
            *[
                (
                    Event,
                    self.of(
                        odds,
                        creator_id=creator,
                        lead_id=n,
                        name=literal(name),
                        subject=literal(""),
                        data=self.json(),
                        occurred_at=self.ago(self.up_to(_YEAR)),
                        routed_at=self.ago(0),
                    ),
                )
                for name, odds in (
                    ("lead.captured", n > 0),
                    ("lead.answered", self.odds(60)),
                    ("link.clicked", self.odds(10)),
                    ("order.paid", ordered),
                )
            ],
            (
                Enrollment,
                self.of(
                    self.odds(30),
                    creator_id=creator,
                    lead_id=n,
                    funnel_key=literal("nurture"),
                    version_id=creator,
                    subject=literal(""),
                    step=literal("a"),
                    started_at=self.ago(0),
                    state=case((self.odds(20), literal("active")), else_=literal("done")),
                ),
            ),
            (
                FlowRun,
                self.of(
                    self.odds(60),
                    lead_id=n,
                    flow_key=literal("welcome"),
                    version_id=creator,
                    node=literal("a"),
                    turn=literal(1),
                    tries=literal(0),
                    asked=self.json(),
                    met=self.json(),
                    marked=self.json(),
                    started_at=self.ago(0),
                    state=case((self.odds(10), literal("active")), else_=literal("done")),
                ),
            ),
        ]

    def of(self, *holds: Any, **columns: Any) -> Select[Any]:
        if self.sqlite:
            numbers = select(literal_column("1").label("n")).cte("numbers", recursive=True)
            numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < self.total))
            source: Any = numbers
        else:
            source = select(func.generate_series(1, self.total).label("n")).subquery("numbers")
        return select(*(value.label(name) for name, value in columns.items())).select_from(source).where(*holds)

    def up_to(self, most: int) -> ColumnElement[int]:
        """From 0 to below `most`."""
        self._salt += 1
        factor = 48_271 * 7_919**self._salt % _PRIME
        return (cast(self.n, BigInteger) * factor) % _PRIME % most

    def odds(self, percent: int) -> ColumnElement[bool]:
        return self.up_to(100) < percent

    def word(self, beginning: str, most: int) -> ColumnElement[str]:
        return literal(beginning) + cast(self.up_to(most), String)

    def numbered(self, beginning: str) -> ColumnElement[str]:
        return literal(beginning) + cast(self.n, String)

    def language(self) -> ColumnElement[str]:
        sides = self.up_to(100)
        return case((sides < 60, literal("en")), (sides < 85, literal("de")), else_=literal("pt-br"))

    def ago(self, seconds: Any) -> ColumnElement[Any]:
        passed = literal(seconds) if isinstance(seconds, int) else seconds
        if self.sqlite:
            microseconds = (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            return literal_column(str(microseconds)) - passed * 1_000_000
        instant = literal_column(f"timestamptz '{NOW.isoformat()}'")
        return instant - passed * literal_column("interval '1 second'")

    def json(self) -> ColumnElement[Any]:
        return literal_column("'[]'" if self.sqlite else "'[]'::jsonb")
