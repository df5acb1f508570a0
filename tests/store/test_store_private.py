"""A store of one's own holds some leads with all that is theirs, and nothing of others."""

from datetime import UTC, datetime

from sqlalchemy import select

from domain.creators import add_creator
from domain.lead_acts import tag_lead
from domain.leads import add_lead, capture_lead
from domain.people import Profile, see_person
from store.database import Database
from store.models import Event, Lead, LeadTag, Person
from store.private import copy_creator, private_store

NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


async def test_a_lead_is_copied_with_what_is_theirs_sealed_as_it_is_and_nobody_else(database: Database):
    async with database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=NOW)).creator
        other = (await add_creator(session, name="Atelier", slug="atelier", now=NOW)).creator
        person = await see_person(session, 7, Profile(100, "Lena", None, "en"), now=NOW)
        told = {"email": None, "phone": None, "source": None, "now": NOW}
        lena, _ = await capture_lead(session, creator.id, person, source=None, now=NOW)
        lena.name = "Lena Müller"
        for each in (lena, await add_lead(session, creator.id, name="Anna", **told)):
            await tag_lead(session, each, "vip", now=NOW)
        await add_lead(session, other.id, name="Berta", **told)
        await see_person(session, 7, Profile(101, "Somebody", None, "en"), now=NOW)
    async with private_store(database) as store:
        async with database.reading() as source, store.transaction() as target:
            await copy_creator(source, target, creator.id, [lena.id])
        async with store.reading() as session:
            (copied,) = (await session.scalars(select(Lead))).all()
            assert (copied.id, copied.name, copied.created_at) == (lena.id, "Lena Müller", NOW)
            assert [(each.lead_id, each.tag) for each in await session.scalars(select(LeadTag))] == [(lena.id, "vip")]
            assert {each.lead_id for each in await session.scalars(select(Event))} == {lena.id}
            assert [each.first_name for each in await session.scalars(select(Person))] == ["Lena"]
        # what happens there stays there
        async with store.transaction() as session:
            await tag_lead(session, await session.get_one(Lead, lena.id), "there", now=NOW)
    async with database.reading() as session:
        assert set(await session.scalars(select(LeadTag.tag))) == {"vip"}
