"""Leads drawn in plain Python, put into a store, and questions about them answered in plain Python too."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from kit.text import name_words, plain_number
from store.models import (
    Base,
    Creator,
    Enrollment,
    EnrollmentState,
    Entitlement,
    Event,
    FieldKind,
    FlowRun,
    FlowRunState,
    FlowVersion,
    FunnelVersion,
    Lead,
    LeadField,
    LeadTag,
    LeadWord,
    Link,
    LinkTarget,
    Order,
    OrderLine,
    OrderState,
    Payment,
    Person,
    Product,
    ProductKind,
    Touch,
    TrackedUrl,
)
from store.sealing import digest
from store.segments.known import Known, KnownField

NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PRODUCTS = ("preset-pack", "video-course")
TITLES = {"preset-pack": "Preset <pack>", "video-course": "Élan: the course"}
URL = "https://example.com/offer"
KNOWN = Known(
    fields={
        "city": KnownField(FieldKind.TEXT, sealed=True),
        "age": KnownField(FieldKind.NUMBER, sealed=False),
        "born": KnownField(FieldKind.DATE, sealed=False),
        "member": KnownField(FieldKind.YES_NO, sealed=False),
        "plan": KnownField(FieldKind.CHOICE, sealed=False, options=frozenset({"free", "pro"})),
        "likes": KnownField(FieldKind.CHOICES, sealed=False, options=frozenset({"film", "photo", "sound"})),
        "salary": KnownField(FieldKind.NUMBER, sealed=True),
        "paper": KnownField(FieldKind.FILE, sealed=False),
    },
    stages=("new", "engaged", "customer", "lost", "dreamer"),
    flows=frozenset({"welcome", "survey"}),
    funnels=frozenset({"nurture", "upsell"}),
    currency="usd",
    time_zone="Europe/Berlin",
)


# by whether it was paid, and whether all of that went back
_STATES = {
    (False, False): OrderState.OPEN,
    (False, True): OrderState.OPEN,
    (True, False): OrderState.PAID,
    (True, True): OrderState.REFUNDED,
}


@dataclass
class Bought:
    product: int
    paid: bool
    amount: int = 1900
    currency: str = "usd"
    # all of the money has gone back
    refunded: bool = False

    @property
    def kept(self) -> bool:
        return self.paid and not self.refunded


@dataclass
class Happened:
    event: str
    ago: timedelta
    product: int | None = None
    url: bool = False


@dataclass
class Sketch:
    """A lead as a test means it."""

    name: str = ""
    telegram: bool = True
    language: str = "en"
    chosen: str | None = None
    blocked: bool = False
    source: str | None = None
    link: int | None = None
    stage: str = "new"
    score: int = 0
    captured: timedelta = DAY
    # how long ago; None for somebody who was never here
    seen: timedelta | None = timedelta(hours=2)
    dice: int = 0
    email: str | None = None
    phone: str | None = None
    unsubscribed: bool = False
    consented: bool = False
    banned: bool = False
    taken_over: bool = False
    tags: Sequence[str] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    orders: Sequence[Bought] = ()
    gifts: Sequence[int] = ()
    enrollments: Mapping[str, EnrollmentState] = field(default_factory=dict)
    runs: Mapping[str, FlowRunState] = field(default_factory=dict)
    events: Sequence[Happened] = ()
    touches: Sequence[int] = ()
    merged_into: int | None = None
    forgotten: bool = False
    # what those merged into this one have done
    inherited: list[Happened] = field(default_factory=list)

    @property
    def speaks(self) -> str:
        return (self.chosen or self.language) if self.telegram else ""

    @property
    def done(self) -> list[Happened]:
        return [*self.events, *self.inherited]


Holds = Callable[[Sketch], bool]


@dataclass
class Drawn:
    """The sketches in a store, as one creator's leads."""

    creator_id: int
    sketches: Sequence[Sketch]
    ids: Sequence[int]

    def meeting(self, holds: Holds) -> set[int]:
        return {
            lead_id
            for lead_id, sketch in zip(self.ids, self.sketches, strict=True)
            if sketch.merged_into is None and not sketch.forgotten and holds(sketch)
        }


_COUNT = iter(range(1, 10_000_000))


async def draw(session: AsyncSession, sketches: Sequence[Sketch]) -> Drawn:
    number = next(_COUNT)
    creator = Creator(slug=f"studio-{number}", name="Studio", currency="usd", time_zone="Europe/Berlin", created_at=NOW)
    session.add(creator)
    await session.flush()
    at = Ground(session, creator.id, number)
    await at.furnish()
    ids = [await at.lead(sketch) for sketch in sketches]
    for sketch, lead_id in zip(sketches, ids, strict=True):
        await at.belongings(sketch, lead_id)
        if sketch.merged_into is not None:
            (await session.get_one(Lead, lead_id)).merged_into_id = ids[sketch.merged_into]
            sketches[sketch.merged_into].inherited.extend(sketch.events)
    await session.flush()
    return Drawn(creator.id, sketches, ids)


@dataclass
class Ground:
    session: AsyncSession
    creator_id: int
    number: int

    async def furnish(self) -> None:
        """What there is before there are leads."""
        whose = {"creator_id": self.creator_id, "created_at": NOW}
        self.products = [
            await self._put(
                Product(
                    **whose,
                    slug=slug,
                    title=TITLES[slug],
                    description="",
                    kind=ProductKind.FILE,
                    price_minor=1900,
                    currency="usd",
                    stock=None,
                )
            )
            for slug in PRODUCTS
        ]
        self.links = [
            await self._put(
                Link(**whose, key=f"key{each}of{self.number}", title="x", target=LinkTarget.START, name="", utm={})
            )
            for each in range(2)
        ]
        url_digest = sha256(URL.encode()).hexdigest()
        self.url = await self._put(TrackedUrl(**whose, digest=url_digest, url=URL))
        self.flows = {
            key: await self._put(FlowVersion(**whose, key=key, digest="d", definition={}))
            for key in sorted(KNOWN.flows or ())
        }
        self.funnels = {
            key: await self._put(FunnelVersion(**whose, key=key, number=1, digest="d", definition={}))
            for key in sorted(KNOWN.funnels or ())
        }

    async def lead(self, sketch: Sketch) -> int:
        person_id = None
        if sketch.telegram:
            person = Person(
                bot_id=1,
                telegram_id=next(_COUNT),
                first_name="",
                username=None,
                language=sketch.language,
                language_chosen=sketch.chosen,
                blocked_at=NOW if sketch.blocked else None,
                created_at=NOW,
                seen_at=NOW,
            )
            person_id = await self._put(person)

        def when(holds: bool) -> datetime | None:  # noqa: FBT001 - one flag of a sketch
            return NOW if holds else None

        return await self._put(
            Lead(
                creator_id=self.creator_id,
                person_id=person_id,
                name=sketch.name,
                email=sketch.email,
                email_digest=sketch.email and await digest(self.session, sketch.email, "email"),
                phone=sketch.phone,
                phone_digest=sketch.phone and await digest(self.session, sketch.phone, "phone"),
                source=sketch.source,
                link_id=None if sketch.link is None else self.links[sketch.link],
                stage=sketch.stage,
                score=sketch.score,
                dice=sketch.dice,
                consented_at=when(sketch.consented),
                unsubscribed_at=when(sketch.unsubscribed),
                banned_at=when(sketch.banned),
                taken_over_at=when(sketch.taken_over),
                seen_at=None if sketch.seen is None else NOW - sketch.seen,
                created_at=NOW - sketch.captured,
                forgotten_at=when(sketch.forgotten),
            )
        )

    async def belongings(self, sketch: Sketch, lead_id: int) -> None:
        whose = {"creator_id": self.creator_id, "lead_id": lead_id}
        await self._rows(LeadTag, [{**whose, "tag": tag, "tagged_at": NOW} for tag in sketch.tags])
        await self._rows(LeadWord, [{**whose, "word": word} for word in name_words(sketch.name)])
        for key, value in sketch.fields.items():
            items = value if isinstance(value, list) else [value]
            rows = [
                {**whose, "key": key, "item": item, "answered_at": NOW, **await self._kept(key, each)}
                for item, each in enumerate(items)
            ]
            await self._rows(LeadField, rows)
        for order in sketch.orders:
            await self._order(order, lead_id)
        for place, product in enumerate(sketch.gifts):
            entitlement = {"product_id": self.products[product], "origin": f"gift{place}", "granted_at": NOW}
            await self._rows(Entitlement, [{"lead_id": lead_id, **entitlement}])
        for key, state in sketch.enrollments.items():
            told = {"funnel_key": key, "version_id": self.funnels[key], "subject": "", "step": "", "state": state}
            await self._rows(Enrollment, [{**whose, **told, "started_at": NOW}])
        for key, run in sketch.runs.items():
            told = {"flow_key": key, "version_id": self.flows[key], "node": "", "state": run, "started_at": NOW}
            await self._rows(FlowRun, [{"lead_id": lead_id, **told}])
        for happened in sketch.events:
            data = {} if happened.product is None else {"product_id": self.products[happened.product]}
            subject = f"url:{self.url}" if happened.url else ""
            told = {"name": happened.event, "subject": subject, "data": data, "occurred_at": NOW - happened.ago}
            await self._rows(Event, [{**whose, **told}])
        for link in sketch.touches:
            await self._rows(Touch, [{**whose, "link_id": self.links[link], "touched_at": NOW}])

    async def _kept(self, key: str, value: Any) -> dict[str, Any]:
        """As domain.leads keeps an answer."""
        if KNOWN.fields[key].sealed:
            text = plain_number(value) if isinstance(value, float) else str(value)
            return {"sealed": text, "digest": await digest(self.session, text.casefold(), f"field:{key}")}
        match value:
            case bool():
                return {"value": "yes" if value else "no"}
            case float():
                return {"number": value}
            case date():
                return {"value": value.isoformat()}
            case _:
                return {"value": value}

    async def _order(self, bought: Bought, lead_id: int) -> None:
        paid_at = NOW if bought.paid else None
        order_id = await self._put(
            Order(
                creator_id=self.creator_id,
                lead_id=lead_id,
                reference=f"r{next(_COUNT)}",
                state=_STATES[bought.paid, bought.refunded],
                subtotal_minor=bought.amount,
                total_minor=bought.amount,
                currency=bought.currency,
                expires_at=NOW,
                created_at=NOW,
                paid_at=paid_at,
            )
        )
        product = self.products[bought.product]
        await self._put(OrderLine(order_id=order_id, product_id=product, title="x", price_minor=bought.amount))
        if bought.paid:
            payment = {"order_id": order_id, "rail": "stripe", "reference": f"p{next(_COUNT)}"}
            gone = bought.amount if bought.refunded else 0
            money = {"amount_minor": bought.amount, "refunded_minor": gone, "currency": bought.currency}
            money["created_at"] = NOW
            await self._rows(Payment, [{**payment, **money}])
            given = {"product_id": product, "order_id": order_id, "origin": f"line:{order_id}", "granted_at": NOW}
            revoked = {"revoked_at": NOW if bought.refunded else None}
            await self._rows(Entitlement, [{"lead_id": lead_id, **given, **revoked}])

    async def _put(self, row: Any) -> int:
        self.session.add(row)
        await self.session.flush()
        number: int = row.id
        return number

    async def _rows(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        for row in rows:
            await self.session.execute(insert(model).values(**row))
