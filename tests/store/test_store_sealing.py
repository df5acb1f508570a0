"""Personal data at rest: what is sealed cannot be read without its key, and keys can be changed."""

from collections.abc import Sequence

import pytest
from folk import NOW, a_creator, a_lead
from sqlalchemy import Text, select, text, type_coerce
from stores import DATA_KEYS

from domain.leads import note_answer
from kit.keyring import CannotUnseal
from store.database import Database
from store.models import Lead, LeadField, LookupKey
from store.models.sealed import Sealed
from store.sealing import count_under_older_keys, digest, reseal, retire_older_keys, sealed_columns, use_data_keys

NEW = "another data key of the tests that is long enough"


def opened(url: str, *keys: str) -> Database:
    return Database(url, data_keys=keys)


async def fill(database: Database, people: int = 3) -> list[int]:
    async with database.transaction() as session:
        creator = await a_creator(session)
        leads = [(await a_lead(session, creator, 2000 + number))[0] for number in range(people)]
        for lead in leads:
            await note_answer(session, lead, "email", "ada@example.com", spec=None, now=NOW)
            await note_answer(session, lead, "dream", "a house by the sea", spec=None, now=NOW)
        return [lead.id for lead in leads]


async def check_keys(database: Database) -> None:
    async with database.transaction() as session:
        await use_data_keys(session)


async def raw(database: Database, statement: str) -> Sequence[str]:
    async with database.reading() as session:
        return (await session.scalars(text(statement))).all()


async def test_what_is_sealed_reads_as_nothing_without_the_store_and_as_itself_with_it(database: Database):
    lead_id, *_ = await fill(database)
    for told in await raw(database, "SELECT email FROM lead") + await raw(database, "SELECT sealed FROM lead_field"):
        assert told.startswith("s1.")
        assert "ada" not in told
        assert "sea" not in told
    async with database.reading() as session:
        assert (await session.get_one(Lead, lead_id)).email == "ada@example.com"


async def test_the_same_text_is_sealed_differently_each_time_and_found_by_its_digest(database: Database):
    await fill(database)
    sealed = await raw(database, "SELECT email FROM lead")
    assert len(set(sealed)) == len(sealed) == 3
    async with database.reading() as session:
        wanted = await digest(session, "ada@example.com", "email")
        assert len((await session.scalars(select(Lead.id).where(Lead.email_digest == wanted))).all()) == 3
        assert wanted != await digest(session, "ada@example.com", "phone")


async def test_what_is_moved_to_another_column_cannot_be_read_there(database: Database):
    lead_id, *_ = await fill(database)
    async with database.transaction() as session:
        await session.execute(text("UPDATE lead SET phone = email"))
    async with database.reading() as session:
        with pytest.raises(CannotUnseal, match="moved from elsewhere"):
            await session.get_one(Lead, lead_id)


@pytest.mark.parametrize("broken", ["s1.{name}.AAAA", "s1.{name}.!!", "plain", "s1.00000000.AAAA", ""])
async def test_what_was_tampered_with_cannot_be_read(database: Database, broken: str):
    await fill(database)
    name = (await raw(database, "SELECT email FROM lead"))[0].split(".")[1]
    async with database.transaction() as session:
        await session.execute(text("UPDATE lead SET email = :email"), {"email": broken.format(name=name)})
    async with database.reading() as session:
        with pytest.raises(CannotUnseal, match=r"lead\.email"):
            (await session.scalars(select(Lead))).all()


async def test_without_the_key_that_sealed_spark_says_so_before_it_begins(store_url: str):
    first = opened(store_url, *DATA_KEYS)
    await check_keys(first)
    await first.close()
    for keys in ((NEW,), (NEW, "and one more that is not it, long enough")):
        wrong = opened(store_url, *keys)
        with pytest.raises(CannotUnseal, match="SPARK_DATA_KEYS does not have"):
            await check_keys(wrong)
        await wrong.close()


async def test_a_key_in_the_middle_is_missed_too_when_it_has_sealed_anything(store_url: str):
    third = "a third key that nobody has used before"
    for keys in (DATA_KEYS, (NEW, *DATA_KEYS)):
        database = opened(store_url, *keys)
        await check_keys(database)
        await database.close()
    without = opened(store_url, third, *DATA_KEYS)
    with pytest.raises(CannotUnseal):
        await check_keys(without)
    await without.close()


async def test_after_a_new_key_old_rows_are_read_new_ones_sealed_under_it_and_reseal_does_the_rest(store_url: str):
    old = opened(store_url, *DATA_KEYS)
    lead_id, *_ = await fill(old)
    await check_keys(old)
    both = opened(store_url, NEW, *DATA_KEYS)
    await check_keys(both)
    async with both.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        assert lead.email == "ada@example.com"
        await note_answer(session, lead, "email", "new@example.com", spec=None, now=NOW)
    async with both.reading() as session:
        before = await count_under_older_keys(session)
    assert before > 5
    told = [done async for done in reseal(both)]
    assert told[-1] == before
    async with both.transaction() as session:
        assert await retire_older_keys(session) == 0
    await old.close()
    await both.close()
    only = opened(store_url, NEW)
    await check_keys(only)
    async with only.reading() as session:
        assert (await session.get_one(Lead, lead_id)).email == "new@example.com"
        assert set(await session.scalars(select(LeadField.sealed))) == {"a house by the sea"}
        wanted = await digest(session, "ada@example.com", "email")
        assert len((await session.scalars(select(Lead.id).where(Lead.email_digest == wanted))).all()) == 2
    await only.close()


async def test_a_value_that_changes_during_reseal_stays_as_it_was_changed(store_url: str, monkeypatch):
    monkeypatch.setattr("store.sealing.RESEALED_AT_ONCE", 1)
    old = opened(store_url, *DATA_KEYS)
    ids = await fill(old)
    await old.close()
    both = opened(store_url, NEW, *DATA_KEYS)
    await check_keys(both)
    batches = 0
    async for _ in reseal(both):
        batches += 1
        async with both.transaction() as session:
            lead = await session.get_one(Lead, ids[-1])
            await note_answer(session, lead, "email", f"{batches}@example.com", spec=None, now=NOW)
    async with both.reading() as session:
        assert (await session.get_one(Lead, ids[-1])).email == f"{batches}@example.com"
        assert await count_under_older_keys(session) == 0
    await both.close()


def test_each_sealed_column_is_sealed_for_its_own_place():
    places = [(each.column.type, each.place) for each in sealed_columns()]
    assert len(places) > 10
    assert [(kind.place, place) for kind, place in places if kind.place != place] == []


async def test_the_lookup_key_is_sealed_too(database: Database):
    async with database.reading() as session:
        kept = (await session.scalars(select(type_coerce(LookupKey.key, Text)))).all()
        assert kept
        assert all(each.startswith("s1.") for each in kept)
        assert isinstance(LookupKey.__table__.c.key.type, Sealed)
