"""A store with leads and products for the API's benchmark, the account that asks, and its token."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, String, cast, func, insert, literal, literal_column, select, text

from bench.segment_leads import CREATOR, NOW, fill
from kit.tokens import AUDIENCE, ISSUER, derive_key, sign_access_token
from store.database import Database
from store.models import Account, Base, Creator, Lead, Membership, Order, Person, Product, ProductWord, Role, SignIn

SECRET = "a key of the benchmark alone, 32 and more"
DATA_KEYS = (SECRET,)
CATEGORIES = 50
WORDS = 2000


@dataclass(frozen=True)
class Filled:
    """What the load asks with, and what it may ask for: numbers from 1 to so many."""

    token: str
    leads: int
    products: int


def access_key() -> bytes:
    return derive_key(SECRET, "access")


async def furnish(database: Database, *, leads: int, products: int) -> Filled:
    """The leads of `bench.segment_leads`, whose first creator gets an owner and that many products."""
    await fill(database, leads)
    await count_on(database, Creator, Person, Lead, Order)
    async with database.transaction() as session:
        for model, rows in _products(database, products):
            await session.execute(insert(model.__table__).from_select(list(rows.selected_columns.keys()), rows))
    await count_on(database, Product)
    _, token = await owner_of(database, CREATOR)
    await analyse(database)
    return Filled(token, leads, products)


async def owner_of(database: Database, creator_id: int) -> tuple[int, str]:
    """An account that owns that business, and its access token."""
    now = datetime.now(UTC)
    async with database.transaction() as session:
        account = Account(role=Role.CREATOR, name="Ada", created_at=NOW)
        session.add(account)
        await session.flush()
        session.add(Membership(account_id=account.id, creator_id=creator_id, owner=True, rights=[]))
        signed_in = SignIn(
            account_id=account.id,
            way="password",
            agent="bench",
            address="",
            created_at=now,
            used_at=now,
            expires_at=now + timedelta(days=30),
        )
        session.add(signed_in)
        await session.flush()
        token = sign_access_token(
            access_key(),
            account_id=account.id,
            sign_in_id=signed_in.id,
            issuer=ISSUER,
            audience=AUDIENCE,
            now=now,
            lifetime=timedelta(hours=6),
        )
        return account.id, token


async def analyse(database: Database) -> None:
    """As a database that has been there for a while would have done by itself."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))


async def count_on(database: Database, *models: type[Base]) -> None:
    """What was given its numbers by hand goes on behind them, as SQLite does by itself."""
    if database.is_sqlite:
        return
    async with database.transaction() as session:
        for model in models:
            table = model.__table__
            last = select(func.max(table.c.id)).scalar_subquery()
            await session.execute(select(func.setval(func.pg_get_serial_sequence(f'"{table.name}"', "id"), last)))


def _products(database: Database, many: int) -> list[tuple[type[Base], Select[Any]]]:
    """Numbered from 11, after those that the leads bought; everything follows from the number."""
    if database.is_sqlite:
        numbers: Any = select(literal_column("11").label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < many + 10))
    else:
        numbers = select(func.generate_series(11, many + 10).label("n")).subquery("numbers")
    n = cast(numbers.c.n, Integer)
    seconds = n * 97
    created: Any
    if database.is_sqlite:
        microseconds = (NOW - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        created = literal_column(str(microseconds)) - seconds * 1_000_000
        tags = literal_column("""'["film"]'""")
    else:
        created = literal_column(f"timestamptz '{NOW.isoformat()}'") - seconds * literal_column("interval '1 second'")
        tags = literal_column("""'["film"]'::jsonb""")
    words = [literal("word") + _text(n * factor % WORDS) for factor in (1, 7, 13)]
    title = words[0] + " " + words[1] + " " + words[2]
    product = select(
        n.label("id"),
        literal(CREATOR).label("creator_id"),
        (literal("p") + _text(n)).label("slug"),
        title.label("title"),
        literal("What stands in this product, in a few words.").label("description"),
        literal("file").label("kind"),
        (n * 7919 % 9900 + 100).label("price_minor"),
        literal("usd").label("currency"),
        (literal("category") + _text(n % CATEGORIES)).label("category"),
        tags.label("tags"),
        literal(value=True).label("active"),
        (literal(" ") + title).label("words"),
        literal(0).label("reserved"),
        (n % 1000).label("sold"),
        literal(value=False).label("pay_what_you_want"),
        literal(0).label("low_stock"),
        literal("").label("instructions"),
        literal(value=False).label("protected"),
        literal(value=False).label("makes_keys"),
        literal(0).label("rating_sum"),
        literal(0).label("rating_count"),
        literal(0).label("rating_milli"),
        created.label("created_at"),
    ).select_from(numbers)
    every = [(Product, product)]
    for number, word in enumerate(words):
        # the same word twice stands there once
        earlier = [word != each for each in words[:number]]
        rows = select(n.label("product_id"), word.label("word")).select_from(numbers).where(*earlier)
        every.append((ProductWord, rows))
    every.append((ProductWord, select(n.label("product_id"), literal("#film").label("word")).select_from(numbers)))
    return every


def _text(number: Any) -> Any:
    return cast(number, String)
