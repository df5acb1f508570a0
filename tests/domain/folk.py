"""Who and what a test of the domain is about: a creator with a chat of their own, leads, products."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from automations.outcomes import Claimed
from automations.taking import Taking
from domain.creators import add_creator, bind_by_payload
from domain.definitions import Published
from domain.deliveries import note_delivery
from domain.leads import capture_lead
from domain.orders import expire_order, open_order
from domain.paying import Received, pay_order
from domain.people import Profile, see_person
from domain.pricing import Wish
from domain.product_files import attach_file
from domain.products import add_product, keep_upload
from domain.setups import CreatorSetup
from kit.money import Money
from store.database import Database
from store.models import (
    Base,
    Creator,
    Event,
    Lead,
    Order,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
    Product,
    ProductKind,
)

# far from the wall clock on purpose: nothing below the edges may look at that one
NOW = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
BOT = 7000000009
GOOD_FOR = timedelta(hours=2)
SETUP = CreatorSetup()


@dataclass
class Folk:
    """The ids that a test speaks of; what is behind them is asked of the store."""

    creator: int
    lead: int
    product: int


async def take_due(session: AsyncSession, *, resting: Sequence[int] = ()) -> list[Claimed]:
    """What the sender takes next, one a chat; `resting` are Telegram ids that it leaves alone."""
    taken = await Taking(Published()).take(session, room=9, resting=resting, lease_seconds=60, now=NOW)
    return taken.claimed


async def a_creator(session: AsyncSession, slug: str = "studio", *, telegram_id: int = 1001) -> Creator:
    """One who has bound their chat, and so hears notices."""
    made = await add_creator(session, name=slug.title(), slug=slug, now=NOW)
    person = await a_person(session, telegram_id, first_name="Creator")
    return await bind_by_payload(session, person, made.bind_payload, now=NOW)


async def a_person(session: AsyncSession, telegram_id: int = 2001, *, first_name: str = "Lena") -> Person:
    return await see_person(session, BOT, Profile(telegram_id, first_name, None, "en"), now=NOW)


async def a_lead(
    session: AsyncSession, creator: Creator, telegram_id: int = 2001, *, first_name: str = "Lena"
) -> tuple[Lead, Person]:
    person = await a_person(session, telegram_id, first_name=first_name)
    lead, _ = await capture_lead(session, creator.id, person, source="ad42", now=NOW)
    return lead, person


async def a_product(
    session: AsyncSession, creator: Creator, *, stock: int | None = None, price: int = 1900, file: bool = True
) -> Product:
    product = await add_product(
        session, creator_id=creator.id, title="Preset <pack>", price=Money(price, "usd"), stock=stock, now=NOW
    )
    if file:
        stored = await keep_upload(
            session,
            creator_id=creator.id,
            bot_id=BOT,
            telegram_file_id="handle",
            file_name="pack.zip",
            mime_type="application/zip",
            size=3,
            now=NOW,
        )
        await attach_file(session, creator.id, stored.id, product.id, now=NOW)
    return product


async def some_folk(database: Database, *, stock: int | None = None, file: bool = True) -> Folk:
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        product = await a_product(session, creator, stock=stock, file=file)
    return Folk(creator.id, lead.id, product.id)


async def ordered(
    session: AsyncSession,
    lead: Lead,
    product: Product,
    *,
    now: datetime = NOW,
    rail: str = "stripe",
    setup: CreatorSetup = SETUP,
    **wish: Any,
) -> Order:
    """One order of a product by a lead; the rest is of the wish."""
    if wish.get("quantity", 1) > 1 and product.kind == ProductKind.FILE:
        # of a file one is enough
        product.kind = ProductKind.SERVICE
    wanted = Wish(product, **wish)
    return await open_order(session, lead, wanted, rail=rail, now=now, good_for=GOOD_FOR, setup=setup)


async def an_order(session: AsyncSession, folk: Folk, *, now: datetime = NOW, **wish: Any) -> Order:
    lead = await session.get_one(Lead, folk.lead)
    product = await session.get_one(Product, folk.product)
    return await _known(session, await ordered(session, lead, product, now=now, **wish))


async def _known(session: AsyncSession, order: Order) -> Order:
    """With a reference that a test can tell Stripe's words by."""
    order.reference = f"order-{order.id}"
    await session.flush()
    return order


async def orders_of_many(database: Database, folk: Folk, count: int, *, ended: bool = False) -> list[int]:
    """One order each of as many leads; with `ended` they hold nothing any more, and their money comes late."""
    ids = []
    async with database.transaction() as session:
        creator = await session.get_one(Creator, folk.creator)
        product = await session.get_one(Product, folk.product)
        for number in range(count):
            lead, _ = await a_lead(session, creator, 5000 + number)
            order = await _known(session, await ordered(session, lead, product))
            if ended:
                await expire_order(session, order, now=NOW)
            ids.append(order.id)
    return ids


def money(reference: str = "pi_1", amount: int = 1900) -> Received:
    return Received("stripe", reference, Money(amount, "usd"))


def stars(reference: str, amount: int) -> Received:
    return Received("stars", reference, Money(amount, "xtr"))


async def stock_of(session: AsyncSession, folk: Folk) -> int | None:
    return await session.scalar(select(Product.stock).where(Product.id == folk.product))


async def counts_of(session: AsyncSession, folk: Folk) -> tuple[int | None, int, int, int | None]:
    """Of the product: stock, reserved, sold, initial."""
    counted = select(Product.stock, Product.reserved, Product.sold, Product.initial).where(Product.id == folk.product)
    row = (await session.execute(counted)).one()
    return row.stock, row.reserved, row.sold, row.initial


async def somebody_else_buys(session: AsyncSession, folk: Folk, *, telegram_id: int = 3001, **wish: Any) -> Order:
    """Another buyer opens an order for the same product and pays it."""
    creator = await session.get_one(Creator, folk.creator)
    lead, _ = await a_lead(session, creator, telegram_id, first_name="Otto")
    product = await session.get_one(Product, folk.product)
    order = await _known(session, await ordered(session, lead, product, **wish))
    await pay_order(session, order, money(f"pi_of_{telegram_id}", order.total_minor), now=NOW)
    return order


async def events(session: AsyncSession, *names: str) -> list[str]:
    """The names of the events so far, oldest first; only of these when given."""
    told = await session.scalars(select(Event.name).order_by(Event.id))
    return [name for name in told if not names or name in names]


async def promised(session: AsyncSession, kind: OutboxKind) -> Sequence[OutboxMessage]:
    found = await session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id))
    return found.all()


async def told(session: AsyncSession) -> list[OutboxMessage]:
    """What the creator and the buyers were told, oldest first, but for receipts and that little is left."""
    rows = await promised(session, OutboxKind.NOTICE)
    return [row for row in rows if row.key.partition(":")[0] not in {"receipt", "low-stock"}]


async def notices(session: AsyncSession) -> list[str]:
    """The texts of those."""
    return [str(row.message["text"]) for row in await told(session)]


async def count(session: AsyncSession, model: type[Base], *conditions: Any) -> int:
    return await session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


async def arrives(session: AsyncSession, entitlement_id: int) -> None:
    """All that was promised for this right has gone out."""
    theirs = OutboxMessage.entitlement_id == entitlement_id
    await session.execute(update(OutboxMessage).where(theirs).values(state=OutboxState.SENT))
    await note_delivery(session, entitlement_id, now=NOW)
