"""What a lead has agreed to, and what reaches them."""

from datetime import timedelta

import pytest
from folk import NOW, a_creator, a_lead
from sqlalchemy import func, select

from domain.consent import give_consent, may_market, subscribe, unsubscribe, withdraw_consent
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, note_block, see_person
from domain.setups import CreatorSetup
from store.database import Database
from store.models import Consent, Event, Lead, OutboxKind, OutboxMessage, OutboxState

LATER = NOW + timedelta(days=1)
TELLS = {"text": "Yes, send me news", "version": "2031-05", "channel": "telegram"}


async def names(database: Database, prefix: str) -> list[str]:
    async with database.reading() as session:
        found = await session.scalars(select(Event.name).where(Event.name.startswith(prefix)).order_by(Event.id))
        return list(found)


async def test_consent_is_kept_with_its_words_version_channel_and_times(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await give_consent(session, lead, **TELLS, now=NOW)
        await give_consent(session, lead, **TELLS, now=LATER)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead.id)
        (kept,) = await session.scalars(select(Consent))
        assert (kept.text, kept.version, kept.channel) == ("Yes, send me news", "2031-05", "telegram")
        assert (kept.given_at, kept.withdrawn_at, lead.consented_at) == (NOW, None, NOW)
        await withdraw_consent(session, lead, now=LATER)
        await withdraw_consent(session, lead, now=LATER)
    async with database.reading() as session:
        (kept,) = await session.scalars(select(Consent))
        assert (kept.given_at, kept.withdrawn_at) == (NOW, LATER)
        assert (await session.get_one(Lead, lead.id)).consented_at is None
    assert await names(database, "consent.") == ["consent.given", "consent.withdrawn"]


async def test_of_two_who_agree_at_once_the_first_says_since_when(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
    async with database.transaction() as session:
        elsewhere = await session.get_one(Lead, lead.id)
        await give_consent(session, elsewhere, **TELLS, now=NOW)
    async with database.transaction() as session:
        # as it was read before the other had agreed
        lead = await session.merge(lead, load=False)
        await give_consent(session, lead, **TELLS, now=LATER)
        assert lead.consented_at == NOW
    async with database.reading() as session:
        assert (await session.get_one(Lead, lead.id)).consented_at == NOW
        since = select(func.count()).where(Lead.consented_at <= NOW)
        assert await session.scalar(since) == 1


async def test_a_new_wording_is_another_consent(database: Database):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        await give_consent(session, lead, **TELLS, now=NOW)
        await give_consent(session, lead, **{**TELLS, "version": "2031-06"}, now=LATER)
    async with database.reading() as session:
        assert list(await session.scalars(select(Consent.version).order_by(Consent.id))) == ["2031-05", "2031-06"]


async def test_whoever_unsubscribes_has_agreed_to_nothing_until_they_ask_again(database: Database):
    needed = CreatorSetup(consent_required=True)
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        assert may_market(lead, CreatorSetup())
        assert not may_market(lead, needed)
        await give_consent(session, lead, **TELLS, now=NOW)
        assert may_market(lead, needed)
        await unsubscribe(session, lead, now=LATER)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead.id)
        assert not may_market(lead, CreatorSetup())
        await subscribe(session, lead, now=LATER)
        assert may_market(lead, CreatorSetup())
        # without new words there is no consent
        assert not may_market(lead, needed)
        await unsubscribe(session, lead, now=LATER)
        await give_consent(session, lead, **TELLS, now=LATER)
    async with database.reading() as session:
        lead = await session.get_one(Lead, lead.id)
        assert (lead.unsubscribed_at, lead.consented_at) == (None, LATER)


@pytest.mark.parametrize("gone", ["banned_at", "forgotten_at", "merged_into_id"])
async def test_nobody_markets_to_a_lead_who_is_banned_merged_or_forgotten(database: Database, gone: str):
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        setattr(lead, gone, lead.id if gone == "merged_into_id" else NOW)
        assert not may_market(lead, CreatorSetup())


async def queue_all(session, lead: Lead, person_id: int) -> None:
    # a post goes into a channel, and to nobody
    for kind in set(OutboxKind) - {OutboxKind.POST}:
        await queue_message(
            session,
            Message(text="…"),
            key=f"{kind}:{lead.id}",
            kind=kind,
            creator_id=lead.creator_id,
            person_id=person_id,
            lead_id=lead.id,
            now=NOW,
        )


async def states(database: Database, lead_id: int) -> dict[OutboxKind, OutboxState]:
    async with database.reading() as session:
        rows = await session.execute(
            select(OutboxMessage.kind, OutboxMessage.state).where(OutboxMessage.lead_id == lead_id)
        )
        return {row.kind: row.state for row in rows}


PROMISED_ONLY = {
    OutboxKind.DELIVERY: OutboxState.QUEUED,
    OutboxKind.NOTICE: OutboxState.QUEUED,
    OutboxKind.FUNNEL: OutboxState.CANCELLED,
    OutboxKind.FLOW: OutboxState.CANCELLED,
    OutboxKind.BROADCAST: OutboxState.CANCELLED,
    # of a broadcast that is being written, to whoever writes it
    OutboxKind.TRIAL: OutboxState.QUEUED,
}


async def test_stop_takes_back_what_waits_to_be_said_unasked_and_nothing_of_anybody_else(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        other, another = await a_lead(session, creator, 2002, first_name="Anna")
        await queue_all(session, lead, person.id)
        await queue_all(session, other, another.id)
        await unsubscribe(session, lead, now=LATER)
    assert await states(database, lead.id) == PROMISED_ONLY
    assert set((await states(database, other.id)).values()) == {OutboxState.QUEUED}


async def test_a_block_and_what_ends_it_are_each_told_once(database: Database):
    profile = Profile(2001, "Lena", None, "en")
    async with database.transaction() as session:
        _, person = await a_lead(session, await a_creator(session))
        for _ in range(2):
            # Telegram's word that they have left says it about themselves, and does not bring them back
            person = await see_person(session, person.bot_id, profile, now=NOW, leaves=True)
            await note_block(session, person.id, now=NOW)
    async with database.transaction() as session:
        for _ in range(2):
            back = await see_person(session, person.bot_id, profile, now=LATER)
        assert back.blocked_at is None
    assert await names(database, "lead.b") + await names(database, "lead.un") == ["lead.blocked", "lead.unblocked"]
