"""Tickets: what somebody who acts for a creator has to look into. Each is open until it is solved."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from domain.events import record_event
from domain.holding import hold_living
from domain.leads import display_name
from domain.messages.catalogue import say
from domain.messages.plain import Button, Message
from domain.outbox import tell_creator
from kit.errors import Invalid, Reason
from kit.text import shorten
from store.database import count_changed, insert_once
from store.models import TICKET_MOVES, Lead, Ticket, TicketState

MOST_TITLE = 200
# leaves room for the words around it in one message
MOST_TEXT = 3000
_NAME_LENGTH = 64


class BadTicket(Invalid):
    code = "bad_ticket"


async def open_ticket(
    session: AsyncSession,
    *,
    creator_id: int,
    title: str,
    now: datetime,
    text: str = "",
    lead: Lead | None = None,
    public_id: UUID | None = None,
) -> Ticket:
    """Everybody who acts for the creator is told of it; its short number counts up for each creator.

    Both texts are plain words. `lead` is whom it is about, held by the caller. One that was opened before under the
    same `public_id` is found again, and nobody is told anew. Raises BadTicket.
    """
    title, text = " ".join(title.split()), text.strip()
    if not 1 <= len(title) <= MOST_TITLE:
        why = Reason("refused-ticket-title", most=MOST_TITLE)
        raise BadTicket(f"a ticket's title has 1 to {MOST_TITLE} characters", fields={"title": title[:50]}, why=why)
    if len(text) > MOST_TEXT:
        why = Reason("refused-ticket-text", most=MOST_TEXT)
        raise BadTicket(f"a ticket's text has at most {MOST_TEXT} characters", fields={"text": str(len(text))}, why=why)
    public_id = public_id or uuid4()
    ticket_id = None
    while ticket_id is None:
        known = await session.scalar(select(Ticket).where(Ticket.public_id == public_id))
        if known is not None:
            return known
        # two at once take the same number, and the unique key sends one of them round again
        last = await session.scalar(select(func.max(Ticket.number)).where(Ticket.creator_id == creator_id))
        values = {
            "creator_id": creator_id,
            "lead_id": None if lead is None else lead.id,
            "public_id": public_id,
            "number": (last or 0) + 1,
            "title": title,
            "text": text,
            "created_at": now,
            "updated_at": now,
        }
        ticket_id = await insert_once(session, Ticket, values)
    ticket = await session.get_one(Ticket, ticket_id)
    await _record(session, "ticket.opened", ticket, now=now)
    await _tell(session, ticket, lead, now=now)
    return ticket


async def solve_ticket(session: AsyncSession, ticket: Ticket, *, now: datetime) -> bool:
    """Twice is a no-op and answers False. Raises LeadGone when whom it is about has just been merged or forgotten."""
    if not await _move(session, ticket, TicketState.SOLVED, solved_at=now, now=now):
        return False
    await _record(session, "ticket.solved", ticket, now=now)
    return True


async def reopen_ticket(session: AsyncSession, ticket: Ticket, *, now: datetime) -> bool:
    """It is to be looked into once more. Twice is a no-op and answers False. Raises LeadGone as solving does."""
    if not await _move(session, ticket, TicketState.OPEN, solved_at=None, now=now):
        return False
    await _record(session, "ticket.reopened", ticket, now=now)
    return True


async def _move(
    session: AsyncSession, ticket: Ticket, state: TicketState, *, solved_at: datetime | None, now: datetime
) -> bool:
    if ticket.lead_id is not None:
        await hold_living(session, await session.get_one(Lead, ticket.lead_id))
    move = (
        update(Ticket)
        .where(Ticket.id == ticket.id, Ticket.state.in_(TICKET_MOVES.sources(state)))
        .values(state=state, solved_at=solved_at, updated_at=now)
    )
    moved = await count_changed(session, move)
    await session.refresh(ticket)
    return bool(moved)


async def _tell(session: AsyncSession, ticket: Ticket, lead: Lead | None, *, now: datetime) -> None:
    name = None if lead is None else await display_name(session, lead)

    def told(language: str) -> Message:
        lines = [say("ticket-title", language, number=ticket.number, title=ticket.title)]
        if lead is not None and name is not None:
            lines.append(say("ticket-lead", language, lead=lead.id, name=shorten(name(language), _NAME_LENGTH)))
        if ticket.text:
            lines.append(say("ticket-text", language, text=ticket.text))
        see = Button(text=say("ticket-button-see", language), data=f"ticket:{ticket.id}")
        return Message(text="\n".join(lines), buttons=((see,),))

    await tell_creator(
        session,
        told,
        key=f"ticket:{ticket.public_id}",
        creator_id=ticket.creator_id,
        lead_id=ticket.lead_id,
        now=now,
    )


async def _record(session: AsyncSession, name: str, ticket: Ticket, *, now: datetime) -> None:
    # by the number that people know it by: it stands in the lead's timeline
    await record_event(
        session,
        name,
        creator_id=ticket.creator_id,
        lead_id=ticket.lead_id,
        subject=f"ticket:{ticket.number}",
        now=now,
    )
