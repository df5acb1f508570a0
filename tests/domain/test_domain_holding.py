"""A lead who is forgotten or merged stays so, whoever does something with them at the same moment."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from folk import NOW, a_creator, a_lead, an_order, count, money, some_folk
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS, Stores
from test_domain_transfers_importing import _Import

from domain.consent import give_consent
from domain.forgetting import forget_lead
from domain.holding import LeadGone, hold_living, hold_order
from domain.lead_acts import add_note, ban_lead, set_stage, tag_lead, take_over, write_to_lead
from domain.leads import add_lead, edit_lead
from domain.merging import merge_leads
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.paying import pay_order
from domain.transfers import importing
from domain.transfers.entries import Entry
from domain.transfers.importing import late_problems
from domain.transfers.matching import Match
from store.database import Database
from store.models import (
    Consent,
    Creator,
    Event,
    Lead,
    LeadField,
    LeadNote,
    LeadTag,
    LeadWord,
    Order,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Transfer,
)

# long enough for whoever has to wait to be seen waiting
WAITING = 0.3
Act = Callable[[AsyncSession, Lead], Awaitable[object]]
ACTS: dict[str, Act] = {
    "note": lambda session, lead: add_note(session, lead, "lives in Rome", now=NOW),
    "name": lambda session, lead: edit_lead(session, lead, "name", "Zoë", spec=None, now=NOW),
    "email": lambda session, lead: edit_lead(session, lead, "email", "zoe@example.com", spec=None, now=NOW),
    "field": lambda session, lead: edit_lead(session, lead, "city", "Rome", spec=None, now=NOW),
    "tag": lambda session, lead: tag_lead(session, lead, "vip", now=NOW),
    "stage": lambda session, lead: set_stage(session, lead, "warm", now=NOW),
    "ban": lambda session, lead: ban_lead(session, lead, now=NOW),
    "take": lambda session, lead: take_over(session, lead, now=NOW),
    "write": lambda session, lead: write_to_lead(session, lead, "Dear Zoë", key="written:1", now=NOW),
}


async def _two(database: Database, *, chat: bool = True) -> tuple[int, int]:
    """A lead, and another one whom they may become a part of."""
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead = (await a_lead(session, creator))[0] if chat else await add_lead(session, creator.id, name="A", now=NOW)
        other = await add_lead(session, creator.id, name="Other", email="other@example.com", now=NOW)
        return lead.id, other.id


async def _end(database: Database, how: str, lead_id: int, other_id: int) -> None:
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        if how == "forget":
            await forget_lead(session, lead, now=NOW)
        else:
            await merge_leads(session, await session.get_one(Lead, other_id), lead, now=NOW)


async def _is_empty(database: Database, lead_id: int) -> None:
    async with database.reading() as session:
        lead = await session.get_one(Lead, lead_id)
        assert lead.forgotten_at is not None or lead.merged_into_id is not None
        assert (lead.name, lead.email, lead.phone) == ("", None, None)
        for model in (LeadNote, LeadTag, LeadWord, LeadField, OutboxMessage):
            assert await count(session, model, model.lead_id == lead_id) == 0, model


@pytest.mark.parametrize("how", ["forget", "merge"])
@pytest.mark.parametrize("act", ACTS)
async def test_whoever_is_gone_before_an_act_stays_gone(database: Database, how: str, act: str):
    lead_id, other_id = await _two(database)
    async with database.reading() as session:
        as_it_was = await session.get_one(Lead, lead_id)
    await _end(database, how, lead_id, other_id)
    with pytest.raises(LeadGone):
        async with database.transaction() as session:
            await ACTS[act](session, await hold_living(session, as_it_was))
    await _is_empty(database, lead_id)


@pytest.mark.parametrize("how", ["forget", "merge"])
@pytest.mark.parametrize("act", ACTS)
async def test_whoever_goes_in_the_middle_of_an_act_takes_it_along(database: Database, how: str, act: str):
    lead_id, other_id = await _two(database)
    held = asyncio.Event()

    async def does() -> None:
        async with database.transaction() as session:
            lead = await hold_living(session, await session.get_one(Lead, lead_id))
            held.set()
            # meanwhile the other one waits for this to end
            await asyncio.sleep(WAITING)
            await ACTS[act](session, lead)

    async def ends() -> None:
        await held.wait()
        await _end(database, how, lead_id, other_id)

    await asyncio.gather(does(), ends())
    await _is_empty(database, lead_id)


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    return stores.postgresql(postgresql)


async def test_a_lead_whom_nobody_holds_would_come_back(postgresql_url: str):
    """What the hold is for; where one alone writes at a time, as on SQLite, it cannot happen."""
    database = Database(postgresql_url, data_keys=DATA_KEYS)
    lead_id, other_id = await _two(database)
    async with database.transaction() as session:
        lead = await session.get_one(Lead, lead_id)
        await _end(database, "forget", lead_id, other_id)
        await add_note(session, lead, "lives in Rome", now=NOW)
    async with database.reading() as session:
        assert await count(session, LeadNote, LeadNote.lead_id == lead_id) == 1
    await database.close()


@pytest.mark.parametrize("how", ["forget", "merge"])
async def test_an_import_does_not_bring_back_whoever_goes_at_the_same_moment(database: Database, how: str, monkeypatch):
    text = "name,email,phone,city,tags\nLena Zwiebel,lena@example.com,+4915123456789,Berlin,vip\n"
    job = await _Import(database, text).begin()
    async with database.transaction() as session:
        lead = await add_lead(session, job.creator_id, email="lena@example.com", now=NOW)
        other = await add_lead(session, job.creator_id, name="Other", email="other@example.com", now=NOW)
        lead_id, other_id = lead.id, other.id
    real, matched = importing.match_entries, asyncio.Event()
    ended: list[asyncio.Task[None]] = []

    async def slowly(session: AsyncSession, creator_id: int, entries: Sequence[Entry]) -> list[Match]:
        found = await real(session, creator_id, entries)
        matched.set()
        # on SQLite it waits for this import, on PostgreSQL it is done by then
        await asyncio.wait(ended, timeout=1)
        return found

    async def ends() -> None:
        await matched.wait()
        await _end(database, how, lead_id, other_id)

    monkeypatch.setattr(importing, "match_entries", slowly)
    ended.append(asyncio.create_task(ends()))
    done = await job.take_all()
    await ended[0]
    await _is_empty(database, lead_id)
    async with database.reading() as session:
        late, many = await late_problems(session, job.transfer_id, 5)
        done = await session.get_one(Transfer, job.transfer_id)
    if done.bad:
        told = f"lead {lead_id} was merged or forgotten a moment ago"
        assert (late, many, done.changed) == ([(2, told)], 1, 0)
    else:
        # the import was first
        assert (many, done.changed) == (0, 1)


async def test_a_file_that_says_no_for_somebody_does_what_stop_does(database: Database):
    job = await _Import(database, "name,email,unsubscribed\nX,lena@example.com,2031-05-01T10:00:00Z\n").begin()
    async with database.transaction() as session:
        lead, person = await a_lead(session, await session.get_one(Creator, job.creator_id))
        await edit_lead(session, lead, "email", "lena@example.com", spec=None, now=NOW)
        await give_consent(session, lead, text="Yes", version="1", channel="telegram", now=NOW - timedelta(days=9))
        for kind in (OutboxKind.FUNNEL, OutboxKind.FLOW, OutboxKind.DELIVERY):
            await queue_message(
                session,
                Message(text="Hello"),
                key=f"queued:{kind}",
                kind=kind,
                creator_id=lead.creator_id,
                person_id=person.id,
                lead_id=lead.id,
                now=NOW,
            )
    done = await job.take_all()
    assert (done.added, done.changed, done.bad) == (0, 1, 0)
    said_no = datetime(2031, 5, 1, 10, tzinfo=UTC)
    async with database.reading() as session:
        stands = await session.get_one(Lead, lead.id)
        assert (stands.unsubscribed_at, stands.consented_at) == (said_no, None)
        assert (await session.scalars(select(Consent.withdrawn_at))).one() == said_no
        rows = await session.execute(select(OutboxMessage.kind, OutboxMessage.state))
        assert {row.kind: row.state for row in rows} == {
            OutboxKind.FUNNEL: OutboxState.CANCELLED,
            OutboxKind.FLOW: OutboxState.CANCELLED,
            OutboxKind.DELIVERY: OutboxState.QUEUED,
        }
        told = select(Event).where(Event.lead_id == lead.id, Event.name.in_(["lead.unsubscribed", "consent.withdrawn"]))
        # not looked at yet: it ends the follow-ups that they are in
        assert [(each.name, each.routed_at) for each in await session.scalars(told.order_by(Event.id))] == [
            ("lead.unsubscribed", None),
            ("consent.withdrawn", None),
        ]


async def test_somebody_new_who_has_said_no_is_asked_nothing_of_what_they_agreed_to(database: Database):
    text = "name,consent,unsubscribed\nAda,2031-01-01,2031-02-01\n"
    await (await _Import(database, text).begin()).take_all()
    async with database.reading() as session:
        ada = (await session.scalars(select(Lead).where(Lead.name == "Ada"))).one()
        assert ada.consented_at is None
        assert ada.unsubscribed_at is not None
        assert (await session.scalars(select(Consent.withdrawn_at))).one() == ada.unsubscribed_at


@pytest.mark.parametrize("asked", ["into", "other"])
async def test_whoever_is_forgotten_while_being_merged_leaves_nothing(database: Database, asked: str):
    async with database.transaction() as session:
        creator = await a_creator(session)
        into, _ = await a_lead(session, creator)
        other = await add_lead(session, creator.id, name="Zwiebel", email="b@example.com", now=NOW)
        ids = {"into": into.id, "other": other.id}
    merging = asyncio.Event()

    async def merges() -> None:
        async with database.transaction() as session:
            both = [await session.get_one(Lead, ids[each]) for each in ("into", "other")]
            await merge_leads(session, *both, now=NOW)
            merging.set()
            await asyncio.sleep(WAITING)

    async def forgets() -> None:
        await merging.wait()
        async with database.transaction() as session:
            await forget_lead(session, await session.get_one(Lead, ids[asked]), now=NOW)

    await asyncio.gather(merges(), forgets())
    for each in ids.values():
        await _is_empty(database, each)
    async with database.reading() as session:
        forgotten = list(await session.scalars(select(Lead.forgotten_at).order_by(Lead.id)))
        assert forgotten == [NOW, NOW]


async def test_two_who_forget_the_same_family_at_once_do_it_once(database: Database):
    lead_id, other_id = await _two(database)
    await _end(database, "merge", lead_id, other_id)

    async def forgets(number: int) -> None:
        async with database.transaction() as session:
            await forget_lead(session, await session.get_one(Lead, number), now=NOW)

    await asyncio.gather(*(forgets(number) for number in (lead_id, other_id, lead_id, other_id)))
    for each in (lead_id, other_id):
        await _is_empty(database, each)


async def test_money_that_comes_while_its_payer_is_forgotten_is_booked_and_names_nobody(database: Database):
    folk = await some_folk(database)
    async with database.transaction() as session:
        order_id = (await an_order(session, folk)).id
        await session.execute(update(Lead).where(Lead.id == folk.lead).values(name="Zwiebel"))
    paying = asyncio.Event()

    async def pays() -> None:
        async with database.transaction() as session:
            assert await hold_order(session, order_id)
            paying.set()
            await asyncio.sleep(WAITING)
            await pay_order(session, await session.get_one(Order, order_id), money(), now=NOW)

    async def forgets() -> None:
        await paying.wait()
        async with database.transaction() as session:
            await forget_lead(session, await session.get_one(Lead, folk.lead), now=NOW)

    await asyncio.gather(pays(), forgets())
    await _is_empty(database, folk.lead)
    async with database.reading() as session:
        assert (await session.get_one(Order, order_id)).paid_at == NOW
