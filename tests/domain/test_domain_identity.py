"""Who may be taken for whom: the rules of DESIGN.md's "Who is who"."""

import asyncio

import pytest
from folk import NOW, a_creator, a_lead, a_person, count, events, notices
from sqlalchemy import select, text
from stores import DATA_KEYS, Stores

from domain.identity import Contact, keep_contact, owner_of
from domain.lead_acts import ban_lead, tag_lead
from domain.leads import add_lead, current_lead, note_answer
from store.database import Database
from store.models import Creator, Event, Lead, Person, Proof

PHONE = "+4915123456789"
EMAIL = "anna@example.com"


async def typed(database: Database, lead: Lead, field: str, value: str, proof: Proof = Proof.TYPED) -> Lead:
    async with database.transaction() as session:
        held = await session.get_one(Lead, lead.id)
        await note_answer(session, held, field, value, spec=None, now=NOW, proof=proof)
    return held


async def shared(database: Database, lead: Lead, value: str = PHONE) -> Lead:
    """The person's own contact."""
    return await typed(database, lead, "phone", value, Proof.VERIFIED)


@pytest.mark.parametrize(("field", "value"), [("email", EMAIL), ("phone", PHONE)])
async def test_whoever_types_what_another_lead_has_gets_nothing_and_the_creator_reads_of_both(
    database: Database, field: str, value: str
):
    async with database.transaction() as session:
        creator = await a_creator(session)
        owner = await add_lead(session, creator.id, email=EMAIL, phone=PHONE, now=NOW)
        await tag_lead(session, owner, "vip", now=NOW)
        thief, _ = await a_lead(session, creator)
    for value_now in (value, value):
        thief = await typed(database, thief, field, value_now)
    async with database.reading() as session:
        owner = await session.get_one(Lead, owner.id)
        assert (owner.email, owner.phone, owner.person_id, owner.merged_into_id) == (EMAIL, PHONE, None, None)
        proofs = {"email": thief.email_proof, "phone": thief.phone_proof}
        assert proofs[field] == Proof.TYPED
        assert (await owner_of(session, creator.id, Contact(field), value)) is owner
        assert await events(session, "lead.duplicate", "lead.merged") == ["lead.duplicate"]
        told = await session.scalar(select(Event).where(Event.name == "lead.duplicate"))
        assert told is not None
        assert (told.lead_id, told.subject, told.data) == (thief.id, f"lead:{owner.id}", {"field": field})
        (notice,) = [each for each in await notices(session) if "👥" in each]
        assert f"Lead {thief.id} " in notice
        assert f"lead {owner.id} " in notice
        assert value not in notice


@pytest.mark.parametrize(
    ("field", "proof"), [("email", Proof.ENTERED), ("phone", Proof.ENTERED), ("phone", Proof.VERIFIED)]
)
async def test_what_somebody_types_does_not_take_the_place_of_what_is_theirs_for_sure(
    database: Database, field: str, proof: Proof
):
    sure, other = (EMAIL, "typo@example.com") if field == "email" else (PHONE, "+4915100000000")
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
    await typed(database, lead, field, sure, proof)
    for _ in range(2):
        lead = await typed(database, lead, field, other)
    async with database.reading() as session:
        assert (await owner_of(session, creator.id, Contact(field), sure)) == await session.get_one(Lead, lead.id)
        assert {"email": lead.email, "phone": lead.phone}[field] == sure
        (notice,) = [each for each in await notices(session) if "✍️" in each]
        assert f"/lead {lead.id} set {field} {other}" in notice


async def test_two_who_have_only_typed_the_same_are_shown_to_the_creator_too(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        one, two = (await a_lead(session, creator))[0], (await a_lead(session, creator, 2002))[0]
    await typed(database, one, "email", EMAIL)
    await typed(database, two, "email", EMAIL)
    async with database.reading() as session:
        (notice,) = [each for each in await notices(session) if "👥" in each]
        # each has a chat of their own, so they are two people, and nothing to merge
        assert "merge" not in notice
        assert await count(session, Lead, Lead.email_proof == Proof.TYPED, Lead.email_digest.is_not(None)) == 2


async def test_two_creators_know_nothing_of_each_others_leads(database: Database):
    async with database.transaction() as session:
        one, two = await a_creator(session), await a_creator(session, "other", telegram_id=1002)
        await add_lead(session, one.id, email=EMAIL, phone=PHONE, now=NOW)
        lead, _ = await a_lead(session, two)
    await typed(database, lead, "email", EMAIL)
    held = await shared(database, lead)
    assert held.phone_proof == Proof.VERIFIED
    async with database.reading() as session:
        assert await events(session, "lead.duplicate", "lead.merged") == []


async def test_ones_own_contact_joins_the_lead_that_the_creator_had_entered(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        entered = await add_lead(session, creator.id, name="Anna Bach", email=EMAIL, phone=PHONE, now=NOW)
        await tag_lead(session, entered, "vip", now=NOW)
        lead, person = await a_lead(session, creator)
    held = await shared(database, lead)
    assert (held.name, held.email, held.email_proof) == ("Anna Bach", EMAIL, Proof.ENTERED)
    assert (held.phone, held.phone_proof, held.person_id) == (PHONE, Proof.VERIFIED, person.id)
    async with database.reading() as session:
        joined = await current_lead(session, entered.id)
        assert joined is not None
        assert joined.id == lead.id
        assert await events(session, "lead.merged", "lead.duplicate") == ["lead.merged"]
        assert any(f"Lead {entered.id}, whom you had entered" in each for each in await notices(session))


async def test_a_block_of_the_entered_lead_does_not_pass_over_and_the_creator_reads_so(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        entered = await add_lead(session, creator.id, name="Anna Bach", phone=PHONE, now=NOW)
        await ban_lead(session, entered, now=NOW)
        lead, _ = await a_lead(session, creator)
    held = await shared(database, lead)
    assert held.banned_at is None
    async with database.reading() as session:
        told = f"You had blocked lead {entered.id}; lead {lead.id} is not blocked."
        assert [told in each for each in await notices(session) if "👥" in each] == [True]


async def test_another_number_typed_before_gives_way_to_ones_own_contact(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        await add_lead(session, creator.id, phone=PHONE, now=NOW)
        lead, _ = await a_lead(session, creator)
    await typed(database, lead, "phone", "+4915100000000")
    held = await shared(database, lead)
    assert (held.phone, held.phone_proof) == (PHONE, Proof.VERIFIED)


@pytest.mark.parametrize("how", [Proof.ENTERED, Proof.VERIFIED])
async def test_a_number_of_somebody_with_a_chat_stays_theirs_even_for_ones_own_contact(database: Database, how: Proof):
    async with database.transaction() as session:
        creator = await a_creator(session)
        first, second = (await a_lead(session, creator))[0], (await a_lead(session, creator, 2002))[0]
        await keep_contact(session, first, Contact.PHONE, PHONE, proof=how, now=NOW)
    held = await shared(database, second)
    assert (held.phone, held.phone_proof) == (PHONE, Proof.TYPED)
    async with database.reading() as session:
        owner = await owner_of(session, creator.id, Contact.PHONE, PHONE)
        assert owner is not None
        assert owner.id == first.id
        assert await events(session, "lead.duplicate", "lead.merged") == ["lead.duplicate"]


async def test_ones_own_contact_counts_for_more_than_what_another_has_typed(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        typist, owner = (await a_lead(session, creator))[0], (await a_lead(session, creator, 2002))[0]
    typist = await typed(database, typist, "phone", PHONE)
    owner = await shared(database, owner)
    assert (typist.phone_proof, owner.phone_proof) == (Proof.TYPED, Proof.VERIFIED)
    # and typing it once more changes nothing of that
    typist = await typed(database, typist, "phone", PHONE)
    assert typist.phone_proof == Proof.TYPED


@pytest.mark.parametrize("how", [Proof.ENTERED, Proof.VERIFIED])
async def test_typing_what_is_ones_own_already_takes_nothing_away(database: Database, how: Proof):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await keep_contact(session, lead, Contact.PHONE, PHONE, proof=how, now=NOW)
    held = await typed(database, lead, "phone", PHONE)
    assert held.phone_proof == how


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    """Where several write at once."""
    return stores.postgresql(postgresql)


async def share_both(database: Database, creator: Creator) -> list[Proof | BaseException]:
    """Two people who share one number (a Telegram account moved to another phone, say) at the same moment."""
    async with database.transaction() as session:
        leads = [(await a_lead(session, creator, number))[0].id for number in (2001, 2002)]
    both_are_in = asyncio.Barrier(2)

    async def share(lead_id: int) -> Proof:
        async with database.transaction() as session:
            lead = await session.get_one(Lead, lead_id)
            if not database.is_sqlite:
                await both_are_in.wait()
            await keep_contact(session, lead, Contact.PHONE, PHONE, proof=Proof.VERIFIED, now=NOW)
        return lead.phone_proof

    return await asyncio.gather(*(share(each) for each in leads), return_exceptions=True)


async def test_of_two_who_share_one_number_at_once_one_has_it(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
    assert sorted(map(str, await share_both(database, creator))) == ["typed", "verified"]
    async with database.reading() as session:
        assert await count(session, Lead, Lead.phone_proof == Proof.VERIFIED) == 1
        # the one who came second is shown
        assert await events(session, "lead.duplicate") == ["lead.duplicate"]


async def test_without_the_unique_key_both_would_have_the_number(postgresql_url: str):
    database = Database(postgresql_url, data_keys=DATA_KEYS)
    async with database.transaction() as session:
        creator = await a_creator(session)
        await session.execute(text("DROP INDEX uq_lead_phone_claimed"))
    assert await share_both(database, creator) == [Proof.VERIFIED, Proof.VERIFIED]
    await database.close()


async def test_two_who_share_an_entered_number_at_once_join_it_once(database: Database):
    """Two people at once, each sharing the number that the creator had entered for one lead without a chat."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        entered = await add_lead(session, creator.id, name="Anna", phone=PHONE, now=NOW)
    assert sorted(map(str, await share_both(database, creator))) == ["typed", "verified"]
    async with database.reading() as session:
        joined = await current_lead(session, entered.id)
        assert joined is not None
        assert (joined.name, joined.phone_proof) == ("Anna", Proof.VERIFIED)
        assert await events(session, "lead.merged") == ["lead.merged"]
        assert await count(session, Person) == 3


async def test_the_same_three_are_named_however_many_have_typed_it(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        for number in range(5):
            person = await a_person(session, 3000 + number)
            lead, _ = await a_lead(session, creator, person.telegram_id)
            await note_answer(session, lead, "email", EMAIL, spec=None, now=NOW)
        last = await session.scalars(select(Event.subject).where(Event.lead_id == lead.id, Event.subject != ""))
        assert len(last.all()) == 3
