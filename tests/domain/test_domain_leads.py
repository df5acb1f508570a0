import asyncio
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from folk import BOT, NOW, a_creator, a_lead, a_person, count, events
from sqlalchemy import select, text
from stores import DATA_KEYS

from domain.contacts import BadContact
from domain.fields import LeadFieldSpec
from domain.identity import LeadExists
from domain.leads import (
    DICE_SIDES,
    FieldValue,
    add_lead,
    capture_lead,
    edit_lead,
    find_lead,
    known_answers,
    note_answer,
    see_lead,
    zone_of,
)
from domain.links import make_link
from domain.people import Profile, see_person
from domain.setups import CreatorSetup
from kit.errors import Invalid
from store.database import Database
from store.models import FieldKind, Lead, LeadField, LeadStage, LeadWord, LinkTarget, Proof

LATER = NOW + timedelta(days=1)
PHONE = "+4915123456789"


async def words_of(database: Database, lead_id: int) -> set[str]:
    async with database.reading() as session:
        return set(await session.scalars(select(LeadWord.word).where(LeadWord.lead_id == lead_id)))


async def test_the_first_source_of_a_lead_wins(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await a_person(session)
        first, is_new = await capture_lead(session, creator.id, person, source="ad42", now=NOW)
        again, still_new = await capture_lead(session, creator.id, person, source="ad7", now=LATER)
    assert (first.id, is_new) == (again.id, True)
    assert (again.source, again.created_at, still_new) == ("ad42", NOW, False)
    assert 0 <= first.dice < DICE_SIDES
    async with database.reading() as session:
        assert await events(session, "lead.captured") == ["lead.captured"]


async def test_whoever_comes_by_a_link_has_it_as_their_source(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        link = await make_link(
            session, creator.id, CreatorSetup(), target=LinkTarget.START, name="", title="Insta bio", now=NOW
        )
        lead, _ = await capture_lead(session, creator.id, await a_person(session), source=None, link=link, now=NOW)
    assert (lead.source, lead.link_id) == ("insta-bio", link.id)


async def test_when_a_lead_was_here_last_is_kept_once_an_hour(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for minutes in (59, 61, 30):
            await see_lead(session, lead, now=NOW + timedelta(minutes=minutes))
    async with database.reading() as session:
        assert (await session.get_one(Lead, lead.id)).seen_at == NOW + timedelta(minutes=61)


async def test_whoever_comes_is_here_since_then_and_whom_the_creator_enters_was_never_here(database: Database):
    came = NOW + timedelta(minutes=25)
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await capture_lead(session, creator.id, await a_person(session), source=None, now=came)
        assert (lead.created_at, lead.seen_at) == (came, came)
        await see_lead(session, lead, now=came + timedelta(minutes=5))
        entered = await add_lead(session, creator.id, name="Anna", now=came)
        assert entered.seen_at is None
        await see_lead(session, entered, now=came)
    async with database.reading() as session:
        assert (await session.get_one(Lead, lead.id)).seen_at == came
        assert (await session.get_one(Lead, entered.id)).seen_at == came


async def test_one_person_is_a_lead_of_two_creators_apart(database: Database):
    async with database.transaction() as session:
        one, two = await a_creator(session), await a_creator(session, "other", telegram_id=1002)
        first, person = await a_lead(session, one)
        assert await find_lead(session, two.id, person.id) is None
        second, _ = await a_lead(session, two)
        await note_answer(session, first, "name", "Lena", spec=None, now=NOW)
    async with database.reading() as session:
        assert first.id != second.id
        assert await known_answers(session, await session.get_one(Lead, second.id)) == {}


async def test_answers_are_kept_and_the_latest_of_each_field_stands(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for field, value in [("name", "Lena"), ("interest", "video"), ("interest", "photo"), ("email", "l@x.org")]:
            await note_answer(session, lead, field, value, spec=None, now=NOW)
    async with database.reading() as session:
        held = await session.get_one(Lead, lead.id)
        assert await known_answers(session, held) == {"name": "Lena", "email": "l@x.org", "interest": "photo"}
        assert held.stage == LeadStage.ENGAGED
        assert await count(session, LeadField) == 1
        assert await events(session, "lead.stage_changed") == ["lead.stage_changed"]


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        (FieldKind.NUMBER, 1500000.0, "1500000"),
        (FieldKind.NUMBER, 0.1, "0.1"),
        (FieldKind.DATE, date(2031, 5, 4), "2031-05-04"),
        (FieldKind.YES_NO, True, "yes"),
        (FieldKind.CHOICES, ["video", "photo"], "video, photo"),
        (FieldKind.TEXT, "Straße 7", "Straße 7"),
    ],
)
@pytest.mark.parametrize("private", [True, False])
async def test_a_value_of_each_kind_reads_as_it_was_told_sealed_or_not(
    database: Database, kind: FieldKind, value: FieldValue, shown: str, *, private: bool
):
    spec = LeadFieldSpec(kind=kind, private=private)
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await note_answer(session, lead, "budget", value, spec=spec, now=NOW)
    async with database.reading() as session:
        assert await known_answers(session, lead) == {"budget": shown}


@pytest.mark.parametrize(
    ("field", "values"),
    [("name", ["Lena", "Magda"]), ("email", ["l@x.org", "m@x.org"]), ("city", ["Berlin", "Bonn"])],
)
async def test_only_another_value_than_before_is_told_as_changed(database: Database, field: str, values: list[str]):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for value in [values[0], values[0]]:
            await note_answer(session, lead, field, value, spec=None, now=NOW)
        assert await events(session, "lead.field_changed") == []
        await note_answer(session, lead, field, values[1], spec=None, now=NOW)
        assert await events(session, "lead.field_changed") == ["lead.field_changed"]


async def test_fewer_choices_than_before_leave_none_of_the_old_ones(database: Database):
    spec = LeadFieldSpec(kind=FieldKind.CHOICES)
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await note_answer(session, lead, "topics", ["a", "b", "c"], spec=spec, now=NOW)
        await note_answer(session, lead, "topics", ["c"], spec=spec, now=NOW)
        assert await known_answers(session, lead) == {"topics": "c"}


async def test_answering_makes_no_new_lead_of_a_customer(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        lead.stage = LeadStage.CUSTOMER
        await note_answer(session, lead, "name", "Lena", spec=None, now=NOW)
    assert lead.stage == LeadStage.CUSTOMER


async def test_a_lead_is_found_by_the_words_of_every_name_they_go_by(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        person = await see_person(session, BOT, Profile(2001, "Lena", "lena_films", "en"), now=NOW)
        lead, _ = await capture_lead(session, creator.id, person, source=None, now=NOW)
        await note_answer(session, lead, "name", "Magdaléna Öz", spec=None, now=NOW)
    assert await words_of(database, lead.id) == {"lena", "lena_films", "magdaléna", "magdalena", "öz", "oz"}


async def test_a_new_name_in_telegram_is_searched_by_at_once_at_each_creator(database: Database):
    async with database.transaction() as session:
        leads = []
        for number, slug in enumerate(["studio", "other"]):
            creator = await a_creator(session, slug, telegram_id=1001 + number)
            leads.append((await a_lead(session, creator))[0].id)
    async with database.transaction() as session:
        await see_person(session, BOT, Profile(2001, "Anna", "anna", "en"), now=LATER)
    for lead_id in leads:
        assert await words_of(database, lead_id) == {"anna"}


async def test_whoever_is_called_as_before_costs_the_search_nothing(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await session.execute(text("DELETE FROM lead_word"))
    async with database.transaction() as session:
        assert (await a_person(session)).id == lead.person_id
    assert await words_of(database, lead.id) == set()


@pytest.mark.parametrize(
    ("named", "phone", "zone"),
    [
        ("Asia/Tokyo", "+390612345678", "Asia/Tokyo"),
        (None, "+390612345678", "Europe/Rome"),
        # a number of no country tells none
        (None, "+80012345678", "Europe/Berlin"),
        (None, None, "Europe/Berlin"),
    ],
)
async def test_a_leads_time_is_that_of_their_own_zone_else_their_phones_else_the_creators(
    database: Database, named: str | None, phone: str | None, zone: str
):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        lead.time_zone, lead.phone = named, phone
    assert zone_of(lead, CreatorSetup(time_zone="Europe/Berlin")) == ZoneInfo(zone)


# Entered by the creator ---------------------------------------------------------------------------------------


async def test_what_a_creator_enters_is_kept_in_its_one_form(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead = await add_lead(
            session, creator.id, name=" Anna  Bach ", email="Anna@Example.COM", phone="+49 151 23456789", now=NOW
        )
    assert (lead.name, lead.email, lead.phone) == ("Anna Bach", "anna@example.com", PHONE)
    assert (lead.email_proof, lead.phone_proof, lead.person_id) == (Proof.ENTERED, Proof.ENTERED, None)
    assert await words_of(database, lead.id) == {"anna", "bach"}


@pytest.mark.parametrize("values", [{"email": "anna"}, {"phone": "0151"}, {"name": "  "}])
async def test_a_lead_is_not_entered_with_what_cannot_be(database: Database, values: dict[str, str]):
    with pytest.raises(Invalid):
        async with database.transaction() as session:
            await add_lead(session, (await a_creator(session)).id, now=NOW, **values)


@pytest.mark.parametrize(
    "values", [{"email": "A@X.org"}, {"phone": "+49 151 23456789"}, {"phone": "0049 151 23456789"}]
)
async def test_a_second_lead_with_the_same_contact_is_refused_and_the_first_is_named(
    database: Database, values: dict[str, str]
):
    async with database.transaction() as session:
        creator, other = await a_creator(session), await a_creator(session, "other", telegram_id=1002)
        first = await add_lead(session, creator.id, email="a@x.org", phone=PHONE, now=NOW)
        with pytest.raises(LeadExists) as refused:
            await add_lead(session, creator.id, name="Another", now=NOW, **values)
        assert refused.value.lead_id == first.id
        assert refused.value.status == 409
        # another creator's leads are none of this one's business
        await add_lead(session, other.id, now=NOW, **values)
        assert await count(session, Lead) == 2


async def test_a_contact_that_was_only_typed_is_in_nobodys_way(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        typed, _ = await a_lead(session, creator)
        await note_answer(session, typed, "email", "a@x.org", spec=None, now=NOW)
        entered = await add_lead(session, creator.id, email="a@x.org", now=NOW)
    assert (entered.email, entered.email_proof) == ("a@x.org", Proof.ENTERED)
    assert (typed.email, typed.email_proof) == ("a@x.org", Proof.TYPED)


async def add_both(database: Database, creator_id: int) -> list[Lead | BaseException]:
    """Two of the creator's team enter one address at the same moment."""
    both_are_in = asyncio.Barrier(2)

    async def enter() -> Lead:
        async with database.transaction() as session:
            if not database.is_sqlite:
                await session.execute(text("SELECT 1"))
                await both_are_in.wait()
            return await add_lead(session, creator_id, email="a@x.org", now=NOW)

    return await asyncio.gather(enter(), enter(), return_exceptions=True)


async def test_of_two_who_enter_one_address_at_once_one_is_told_of_the_other(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
    outcomes = await add_both(database, creator.id)
    (added,) = [each for each in outcomes if isinstance(each, Lead)]
    (refused,) = [each for each in outcomes if isinstance(each, LeadExists)]
    assert refused.lead_id == added.id


async def test_without_the_unique_key_both_would_have_it(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        await session.execute(text("DROP INDEX uq_lead_email_claimed"))
    outcomes = await add_both(database, creator.id)
    assert [type(each) for each in outcomes] == [Lead, Lead]


async def test_a_creator_may_change_and_clear_what_is_known(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        for field, value in [("name", "Anna"), ("email", "A@x.org"), ("time_zone", "Asia/Tokyo"), ("city", "Bonn")]:
            await edit_lead(session, lead, field, value, spec=None, now=NOW)
        assert await known_answers(session, lead) == {
            "name": "Anna",
            "email": "a@x.org",
            "time_zone": "Asia/Tokyo",
            "city": "Bonn",
        }
        assert lead.email_proof == Proof.ENTERED
        for field in ("name", "email", "time_zone", "city"):
            await edit_lead(session, lead, field, None, spec=None, now=NOW)
    async with database.reading() as session:
        held = await session.get_one(Lead, lead.id)
        assert await known_answers(session, held) == {}
        assert held.email_digest is None
    assert await words_of(database, lead.id) == {"lena"}


async def test_a_creator_cannot_give_a_lead_what_another_one_has(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        owner = await add_lead(session, creator.id, email="a@x.org", now=NOW)
        lead = await add_lead(session, creator.id, name="Other", now=NOW)
        with pytest.raises(LeadExists) as refused:
            await edit_lead(session, lead, "email", "a@x.org", spec=None, now=NOW)
        assert refused.value.lead_id == owner.id
        for field, value in [("email", "nonsense"), ("phone", "12"), ("time_zone", "Mars/Olympus")]:
            with pytest.raises(Invalid):
                await edit_lead(session, lead, field, value, spec=None, now=NOW)
        with pytest.raises(BadContact):
            await edit_lead(session, lead, "phone", "", spec=None, now=NOW)
        assert await known_answers(session, lead) == {"name": "Other"}


async def test_personal_values_do_not_stand_in_the_store_in_the_open(store_url: str):
    database = Database(store_url, data_keys=DATA_KEYS)
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead = await add_lead(session, creator.id, email="marker@x.org", phone=PHONE, now=NOW)
        await note_answer(session, lead, "city", "Markerstadt", spec=None, now=NOW)
    async with database.reading() as session:
        for table in ("lead", "lead_field", "event"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert rows
            assert not any(mark in str(row) for row in rows for mark in ("marker@", PHONE, "Markerstadt"))
    await database.close()
