"""`/tickets`: what somebody has to look into, for those who act for its creator and whoever looks after the bot."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.lead_access import called, read_number
from bot.handlers.lead_card import moment
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.messages.plain import Button, Message
from domain.tickets import reopen_ticket, solve_ticket
from kit.paging import Paging
from kit.text import shorten
from kit.zones import zone_named
from store.models import Creator, Lead, Ticket, TicketState
from store.queries.tickets import find_ticket, list_tickets

ON_A_PAGE = 5
TITLE_LENGTH = 80
Row = tuple[Button, ...]


async def tickets(turn: Turn, arguments: str) -> None:
    """`/tickets`, `/tickets solved`, `/tickets 3`, `/tickets 3 solved`, `/tickets 3 open`."""
    creator = await _creator(turn)
    match arguments.lower().split():
        case [] | ["open"]:
            turn.send(await _list(turn, creator, TicketState.OPEN, 0))
        case ["solved"]:
            turn.send(await _list(turn, creator, TicketState.SOLVED, 0))
        case [told]:
            turn.send(await _card(turn, creator, await _find(turn, creator, told)))
        case [told, ("solved" | "open") as state]:
            ticket = await _find(turn, creator, told)
            await _set(turn, ticket, TicketState(state))
            turn.send(await _card(turn, creator, ticket))
        case _:
            raise turn.refusal("tickets-form")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`tickets:CREATOR:STATE:PAGE`."""
    number, state, page = arguments
    creator = await _creator(turn, read_id(number))
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, await _list(turn, creator, TicketState(state), read_id(page)))


async def tap_one(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`ticket:ID` sends its card, `ticket:ID:STATE` changes the one that is there."""
    number, *rest = arguments
    ticket = await turn.session.get(Ticket, read_id(number))
    creator = None if ticket is None else await _seen_by(turn, ticket.creator_id)
    if ticket is None or creator is None:
        raise turn.refusal("ticket-gone")
    match rest:
        case []:
            turn.send(await _card(turn, creator, ticket))
        case [state]:
            await _set(turn, ticket, TicketState(state))
            edit(turn, query, await _card(turn, creator, ticket))
        case _:
            raise turn.refusal("not-understood")
    turn.replies.append(TapReply(query_id=query.id))


async def _creator(turn: Turn, number: int | None = None) -> Creator:
    """The one of that number, as a button names it, or else whom they act for, or talk to. Raises Said."""
    if number is None:
        number = (await turn.own_creator() or await turn.creator()).id
    creator = await _seen_by(turn, number)
    if creator is None:
        raise turn.refusal("creators-only")
    return creator


async def _seen_by(turn: Turn, number: int) -> Creator | None:
    """None for whoever neither acts for that creator nor looks after the instance. Raises NoSuchRight."""
    sees = await turn.looks_after_instance() or await turn.allowed(number)
    return await turn.session.get(Creator, number) if sees else None


async def _find(turn: Turn, creator: Creator, told: str) -> Ticket:
    """Raises Said."""
    number = read_number(told)
    if number is None:
        raise turn.refusal("tickets-form")
    ticket = await find_ticket(turn.session, creator.id, number)
    if ticket is None:
        raise turn.refusal("ticket-unknown", number=number)
    return ticket


async def _set(turn: Turn, ticket: Ticket, state: TicketState) -> None:
    """What it is already it stays."""
    match state:
        case TicketState.SOLVED:
            await solve_ticket(turn.session, ticket, now=turn.now)
        case TicketState.OPEN:
            await reopen_ticket(turn.session, ticket, now=turn.now)


async def _list(turn: Turn, creator: Creator, state: TicketState, page: int) -> Message:
    found = await list_tickets(turn.session, creator.id, state, Paging(ON_A_PAGE, page * ON_A_PAGE))
    if not found.items and page:
        # what stood here has been dealt with
        return await _list(turn, creator, state, max(found.total - 1, 0) // ON_A_PAGE)
    title = turn.words(f"tickets-{state}", count=found.total) if found.items else turn.words(f"tickets-none-{state}")
    lines = [title, *[await _line(turn, creator, each) for each in found.items]]
    shown: Row = tuple(Button(text=str(each.number), data=f"ticket:{each.id}") for each in found.items)
    turning = [Button(text="‹", data=f"tickets:{creator.id}:{state}:{page - 1}")] if page else []
    turning += [Button(text="›", data=f"tickets:{creator.id}:{state}:{page + 1}")] if found.has_more else []
    other = TicketState.SOLVED if state == TicketState.OPEN else TicketState.OPEN
    over: Row = (Button(text=turn.words(f"tickets-button-{other}"), data=f"tickets:{creator.id}:{other}:0"),)
    return Message(text="\n".join(lines), buttons=tuple(row for row in (shown, tuple(turning), over) if row))


async def _line(turn: Turn, creator: Creator, ticket: Ticket) -> str:
    at = moment(turn, ticket.solved_at or ticket.created_at, zone_named(creator.time_zone))
    title = shorten(ticket.title, TITLE_LENGTH)
    if ticket.lead_id is None:
        return turn.words("tickets-line", number=ticket.number, title=title, at=at)
    name = (await called(turn, await turn.session.get_one(Lead, ticket.lead_id)))["name"]
    return turn.words("tickets-line-of", number=ticket.number, title=title, name=name, at=at)


async def _card(turn: Turn, creator: Creator, ticket: Ticket) -> Message:
    zone = zone_named(creator.time_zone)
    opened = moment(turn, ticket.created_at, zone)
    lines = [turn.words("ticket-title", number=ticket.number, title=ticket.title)]
    if ticket.solved_at is None:
        lines.append(turn.words("ticket-open", at=opened))
        row = [Button(text=turn.words("ticket-button-solve"), data=f"ticket:{ticket.id}:{TicketState.SOLVED}")]
    else:
        lines.append(turn.words("ticket-solved", at=moment(turn, ticket.solved_at, zone), since=opened))
        row = [Button(text=turn.words("ticket-button-reopen"), data=f"ticket:{ticket.id}:{TicketState.OPEN}")]
    if ticket.lead_id is not None:
        lead = await turn.session.get_one(Lead, ticket.lead_id)
        lines.append(turn.words("ticket-lead", **await called(turn, lead)))
        row.append(Button(text=turn.words("ticket-button-lead", lead=lead.id), data=f"lead:show:{lead.id}"))
    if ticket.text:
        lines.append(turn.words("ticket-text", text=ticket.text))
    back = Button(text=turn.words("tickets-button-open"), data=f"tickets:{creator.id}:{TicketState.OPEN}:0")
    return Message(text="\n".join(lines), buttons=(tuple(row), (back,)))
