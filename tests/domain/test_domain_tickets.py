"""What somebody has to look into: opened once, told, solved and opened again, and gone with whom it is about."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from folk import NOW, a_creator, a_lead, events
from sqlalchemy import select, text

from domain.forgetting import forget_lead
from domain.holding import LeadGone
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.my_data import everything_about
from domain.tickets import MOST_TEXT, MOST_TITLE, BadTicket, open_ticket, reopen_ticket, solve_ticket
from kit.paging import Paging
from store.database import Database
from store.models import Lead, OutboxMessage, Ticket, TicketState
from store.queries.tickets import find_ticket, list_tickets

LATER = NOW + timedelta(hours=1)
SAME = UUID(int=7)


async def test_tickets_count_up_for_each_creator_and_the_same_one_is_opened_once(database: Database):
    async with database.transaction() as session:
        one = await a_creator(session)
        two = await a_creator(session, "sued", telegram_id=1002)

    async def opened(creator_id: int, public_id: UUID | None = None) -> int:
        async with database.transaction() as session:
            told = {"creator_id": creator_id, "title": " Where \n is it? ", "public_id": public_id}
            return (await open_ticket(session, **told, now=NOW)).number

    numbers = await asyncio.gather(*(opened(one.id) for _ in range(4)), opened(two.id))
    assert (sorted(numbers[:4]), numbers[4]) == ([1, 2, 3, 4], 1)
    assert set(await asyncio.gather(*(opened(one.id, SAME) for _ in range(3)))) == {5}
    async with database.reading() as session:
        assert len(await events(session, "ticket.opened")) == 6
        told = [each.message["text"] for each in await session.scalars(select(OutboxMessage)) if each.message]
        assert sorted(told) == sorted(f"🎫 <b>Ticket {number}</b>: Where is it?" for number in (1, 1, 2, 3, 4, 5))
        # sealed, as what leads have said is
        assert "Where" not in str((await session.execute(text("SELECT * FROM ticket"))).all())


@pytest.mark.parametrize(("title", "words"), [(" ", ""), ("x" * (MOST_TITLE + 1), ""), ("x", "x" * (MOST_TEXT + 1))])
async def test_what_is_empty_or_too_long_is_refused(database: Database, title: str, words: str):
    async with database.transaction() as session:
        creator = await a_creator(session)
        with pytest.raises(BadTicket):
            await open_ticket(session, creator_id=creator.id, title=title, text=words, now=NOW)


async def test_a_ticket_is_solved_and_opened_again_and_twice_is_a_no_op(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, _ = await a_lead(session, creator)
        first = await open_ticket(session, creator_id=creator.id, title="First", lead=lead, now=NOW)
        await open_ticket(session, creator_id=creator.id, title="Second", now=NOW)
        assert [await solve_ticket(session, first, now=LATER) for _ in range(2)] == [True, False]
        assert (first.state, first.solved_at, first.updated_at) == (TicketState.SOLVED, LATER, LATER)
        standing = {state: await list_tickets(session, creator.id, state, Paging()) for state in TicketState}
        titles = {state: [each.title for each in page.items] for state, page in standing.items()}
        assert titles == {TicketState.OPEN: ["Second"], TicketState.SOLVED: ["First"]}
        assert [await reopen_ticket(session, first, now=LATER) for _ in range(2)] == [True, False]
        assert (first.state, first.solved_at) == (TicketState.OPEN, None)
        assert await events(session, "ticket.solved") == ["ticket.solved"]
        assert await events(session, "ticket.reopened") == ["ticket.reopened"]
        assert await find_ticket(session, creator.id, 3) is None


async def test_tickets_move_with_their_lead_are_theirs_to_read_and_go_when_they_are_forgotten(database: Database):
    async with database.transaction() as session:
        creator = await a_creator(session)
        lead, person = await a_lead(session, creator)
        entered = await add_lead(session, creator.id, name="Anna", now=NOW)
        about = {"creator_id": creator.id, "title": "Anna asks", "text": "for the moon"}
        ticket = await open_ticket(session, **about, lead=entered, now=NOW)
        await open_ticket(session, creator_id=creator.id, title="Nobody's", now=NOW)
        await merge_leads(session, lead, entered, now=NOW)
        await session.refresh(ticket)
        assert ticket.lead_id == lead.id
        assert "for the moon" in await everything_about(session, person)
    async with database.transaction() as session:
        stale = await session.get_one(Ticket, ticket.id)
        await forget_lead(session, await session.get_one(Lead, lead.id), now=LATER)
        with pytest.raises(LeadGone):
            await solve_ticket(session, stale, now=LATER)
        assert [each.title for each in await session.scalars(select(Ticket))] == ["Nobody's"]
        told = [str(each.message) for each in await session.scalars(select(OutboxMessage))]
        assert not any("moon" in each for each in told)
