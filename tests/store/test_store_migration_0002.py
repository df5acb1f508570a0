"""Revision 0002 with rows that are there: up seals what is personal, down lays it open again."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, MetaData, Text, select, text, type_coerce
from stores import DATA_KEYS

from store.database import Database
from store.models import Account, Lead, LeadField, LeadWord, OutboxMessage, Proof, ProviderEvent, TelegramUpdate
from store.schema import migrate
from store.sealing import digest, sealed_columns

AT = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)
STRIPE = orjson.dumps({"data": {"object": {"client_reference_id": "ref-1", "email": "ada@example.com"}}}).decode()
# what stood in the open before and must not any more
PERSONAL = ("ada@example.com", "+49151", "by the sea", "Hello Ada", "bob@example.com")
NEW_COLUMNS = {"email_digest", "order_id"}


def _fill(connection: Connection) -> None:
    """As it is after some days with the first schema."""
    at: Any = AT if connection.dialect.name == "postgresql" else int(AT.timestamp() * 1_000_000)
    tables = MetaData()
    tables.reflect(connection)

    def add(table: str, **values: Any) -> None:
        connection.execute(tables.tables[table].insert().values(**values))

    add("creator", id=1, slug="studio", name="Studio", currency="usd", time_zone="UTC", created_at=at)
    for number in (1, 2, 3):
        name = f"Ada {number}"
        more = {"username": None, "language": "en", "created_at": at, "seen_at": at}
        add("person", id=number, bot_id=7, telegram_id=100 + number, first_name=name, **more)
        # the last of them never came by Telegram
        person_id = None if number == 3 else number
        # all three were once verified: only one of them keeps the claim
        more = {"email": "ada@example.com", "phone": "+4915100000001", "phone_verified": number > 1}
        name = "Ada <Lovelace>-Öz" if number == 1 else ""
        more |= {"source": "ad42", "stage": "engaged", "created_at": at}
        add("lead", id=number, creator_id=1, person_id=person_id, name=name, **more)
    add("lead_field", lead_id=1, key="dream", value="A house by the sea")
    add("account", id=1, role="creator", name="Bob", email="bob@example.com", person_id=None, created_at=at)
    add(
        "telegram_update",
        id=1,
        bot_id=7,
        update_id=9,
        lane="person:101",
        body='{"text": "Hello Ada"}',
        error="KeyError: Hello Ada",
        reply=[{"do": "send", "message": {"text": "Hello Ada"}}],
        correlation_id="c",
        resumed=0,
        received_at=at,
    )
    add(
        "outbox_message",
        id=1,
        key="notice:1",
        kind="notice",
        creator_id=1,
        person_id=1,
        lead_id=1,
        message={"text": "Hello Ada"},
        state="queued",
        due_at=at,
        attempts=0,
        uncertain=0,
        created_at=at,
    )
    order = {"state": "paid", "total_minor": 1900, "currency": "usd", "failures": 0}
    add("order", id=1, creator_id=1, lead_id=1, reference="ref-1", expires_at=at, created_at=at, **order)
    for number, body in enumerate((STRIPE, "no JSON", "[]"), 1):
        kept = {"rail": "stripe", "kind": "checkout.session.completed", "state": "applied", "attempts": 0}
        add("provider_event", id=number, reference=f"evt_{number}", body=body, retry_at=at, received_at=at, **kept)


def _dump(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: [dict(row) for row in connection.execute(table.select().order_by(*table.primary_key)).mappings()]
        for name, table in tables.tables.items()
    }


@pytest.fixture
async def old(empty_store_url: str):
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    await migrate(database, target="0001")
    async with database.schema_change() as connection:
        await connection.run_sync(_fill)
    yield database
    await database.close()


async def test_up_seals_what_is_personal_and_fills_what_it_is_found_by(old: Database):
    await migrate(old)
    async with old.reading() as session:
        for each in sealed_columns():
            raw = type_coerce(each.column, Text)
            for value in await session.scalars(select(raw).where(raw.is_not(None))):
                assert str(value).startswith("s1."), each.place
        for table in ("lead", "lead_field", "account", "telegram_update", "outbox_message", "provider_event"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).mappings()
            told = str([dict(row) for row in rows])
            assert [word for word in PERSONAL if word in told] == [], table
        leads = (await session.scalars(select(Lead).order_by(Lead.id))).all()
        assert {lead.email for lead in leads} == {"ada@example.com"}
        assert {lead.email_digest for lead in leads} == {await digest(session, "ada@example.com", "email")}
        assert {lead.phone_digest for lead in leads} == {await digest(session, "+4915100000001", "phone")}
        assert [lead.phone_proof for lead in leads] == [Proof.TYPED, Proof.VERIFIED, Proof.TYPED]
        assert [lead.seen_at for lead in leads] == [AT, AT, None]
        words = await session.scalars(select(LeadWord.word).where(LeadWord.lead_id == 1).order_by(LeadWord.word))
        assert "ada" in words.all()
        field = (await session.scalars(select(LeadField))).one()
        assert (field.sealed, field.item, field.creator_id) == ("A house by the sea", 0, 1)
        assert field.digest == await digest(session, "a house by the sea", "field:dream")
        account = (await session.scalars(select(Account))).one()
        assert account.email_digest == await digest(session, "bob@example.com", "email")
        assert (await session.scalars(select(OutboxMessage))).one().message == {"text": "Hello Ada"}
        kept = (await session.scalars(select(TelegramUpdate))).one()
        assert (kept.reply[0]["do"], kept.error) == ("send", "KeyError: Hello Ada")
        orders = await session.scalars(select(ProviderEvent.order_id).order_by(ProviderEvent.id))
        assert list(orders) == [1, None, None]


async def test_down_lays_open_again_what_was_there_before(old: Database):
    async with old.schema_change() as connection:
        before = await connection.run_sync(_dump)
    await migrate(old)
    async with old.schema_change() as connection:
        await connection.execute(text("UPDATE lead SET stage = 'lost' WHERE id = 3"))
    await migrate(old, target="0001")
    async with old.schema_change() as connection:
        after = await connection.run_sync(_dump)
    assert after.pop("alembic_version") == before.pop("alembic_version")
    # two of three claims on one phone were given up, and that is not taken back
    for row in before["lead"]:
        row["phone_verified"] = row["id"] == 2
    assert after == before


async def test_without_a_key_nothing_is_moved(old: Database):
    keyless = Database(old.url.render_as_string(hide_password=False).replace("+aiosqlite", "").replace("+asyncpg", ""))
    with pytest.raises(Exception, match="no data keys"):
        await migrate(keyless)
    await keyless.close()
    async with old.schema_change() as connection:
        assert "a house by the sea" in str(await connection.run_sync(_dump)).casefold()
