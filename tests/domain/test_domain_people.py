from datetime import timedelta

from folk import BOT, NOW, a_creator, a_lead, a_person, events
from sqlalchemy import select

from domain.consent import unsubscribe
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, note_block, see_person, talk_to_creator
from store.database import Database
from store.models import Lead, OutboxKind, OutboxMessage, OutboxState, Person

LATER = NOW + timedelta(days=1)


async def test_a_person_is_known_once_with_their_latest_name(database: Database):
    async with database.transaction() as session:
        first = (await a_person(session, first_name="Lena")).id
        other_bot = await see_person(session, BOT + 1, Profile(2001, "Lena", None, "en"), now=NOW)
    async with database.transaction() as session:
        again = await see_person(session, BOT, Profile(2001, "L" * 200, "lena", "de"), now=LATER)
    assert again.id == first != other_bot.id
    assert (len(again.first_name), again.username, again.language) == (64, "lena", "de")
    assert (again.created_at, again.seen_at) == (NOW, LATER)


async def test_someone_known_in_a_session_is_refreshed_there(database: Database):
    async with database.transaction() as session:
        first = await a_person(session, first_name="Lena")
        again = await a_person(session, first_name="Magda")
        assert first is again
        assert first.first_name == "Magda"


async def test_a_block_ends_marketing_and_keeps_deliveries_until_they_write_again(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        for kind in set(OutboxKind) - {OutboxKind.POST}:
            await queue_message(
                session,
                Message(text=kind),
                key=kind,
                kind=kind,
                creator_id=creator.id,
                person_id=person.id,
                lead_id=lead.id,
                now=NOW,
            )
    for _ in range(2):
        async with database.transaction() as session:
            await note_block(session, person.id, now=LATER)
    async with database.reading() as session:
        rows = await session.execute(select(OutboxMessage.kind, OutboxMessage.state))
        states = {row.kind: row.state for row in rows}
        assert states == {
            OutboxKind.FUNNEL: OutboxState.BLOCKED,
            OutboxKind.FLOW: OutboxState.BLOCKED,
            OutboxKind.BROADCAST: OutboxState.BLOCKED,
            OutboxKind.DELIVERY: OutboxState.QUEUED,
            OutboxKind.NOTICE: OutboxState.QUEUED,
            OutboxKind.TRIAL: OutboxState.QUEUED,
        }
        assert await events(session, "lead.blocked") == ["lead.blocked"]
        assert (await session.get_one(Person, person.id)).blocked_at == LATER
    async with database.transaction() as session:
        assert (await a_person(session)).blocked_at is None


async def test_a_chat_is_with_one_creator_at_a_time(database: Database):
    async with database.transaction() as session:
        one, two = await a_creator(session), await a_creator(session, "other", telegram_id=1002)
        person = await a_person(session)
        for creator in (one, two, two):
            await talk_to_creator(session, person, creator.id)
    async with database.reading() as session:
        assert (await session.get_one(Person, person.id)).creator_id == two.id


async def test_unsubscribing_twice_is_told_once(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await unsubscribe(session, lead, now=NOW)
        await unsubscribe(session, lead, now=LATER)
    async with database.reading() as session:
        assert await events(session, "lead.unsubscribed") == ["lead.unsubscribed"]
        assert (await session.get_one(Lead, lead.id)).unsubscribed_at == NOW
