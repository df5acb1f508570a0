"""Gathers the facts after the curtain: the playground's journal and chats, and the store."""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from chaos_check import Content, Facts, Paid, Promise, Sent
from chaos_client import Client, Json
from chaos_stage import until
from chaos_tour import GUIDE, PACK, Tour
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from stores import DATA_KEYS

from domain.messages.catalogue import say
from store.database import Database
from store.models import (
    Event,
    FlowRun,
    Lead,
    Order,
    OrderLine,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Payment,
    Person,
    Product,
    ProviderEvent,
    ProviderEventState,
    TelegramUpdate,
)

QUESTIONS = ["What shall we call you?", "Good to have you here", "And a phone number", "Last one."]
_OPEN = {OutboxState.QUEUED, OutboxState.SENDING}
# none of these belongs into a tour on which everybody does everything right
_COMPLAINTS = (
    "That does not look like",
    "Please press",
    "You have answered this already",
    "I did not understand",
    "I am not sure what you mean",
    "Something went wrong",
    "Payment is not available",
    "This order is settled",
    "Sold out",
)


@asynccontextmanager
async def reading(store_url: str) -> AsyncIterator[AsyncSession]:
    database = Database(store_url, data_keys=DATA_KEYS)
    try:
        async with database.reading() as session:
            yield session
    finally:
        await database.close()


async def settled(store_url: str, client: Client, *, within: float) -> None:
    """Waits for what is owed to people; the creator's notices go out at one a second and are not waited for."""
    database = Database(store_url, data_keys=DATA_KEYS)

    async def met() -> bool:
        bots = (await client.get("/bots"))["items"]
        async with database.reading() as session:
            counts = [
                await session.scalar(select(func.count()).select_from(TelegramUpdate).where(_unanswered())),
                await session.scalar(select(func.count()).select_from(OutboxMessage).where(_undelivered())),
                await session.scalar(select(func.count()).select_from(ProviderEvent).where(_unapplied())),
            ]
        return not any(counts) and not any(bot["pending_update_count"] for bot in bots)

    try:
        await until(met, "every reply, delivery and payment settled", within=within)
    finally:
        await database.close()


def _unanswered() -> Any:
    return TelegramUpdate.answered_at.is_(None)


def _undelivered() -> Any:
    return (OutboxMessage.kind == OutboxKind.DELIVERY) & OutboxMessage.state.in_(_OPEN)


def _unapplied() -> Any:
    return ProviderEvent.state == ProviderEventState.KEPT


async def gather_facts(client: Client, store_url: str, tours: list[Tour], *, stock: int, kills: int) -> Facts:
    calls = await client.journal("calls", api="telegram")
    facts = Facts(questions=QUESTIONS, kills=kills, sent=list(_sent(calls)), files=list(_files(calls)))
    people = [tour.person for tour in tours]
    for person in people:
        facts.shown[person] = [each["message_id"] for each in await client.chat(person) if each["from"] == "bot"]
    facts.owed = [(person, name) for person in people for name in (GUIDE, PACK)]
    sessions = (await client.get("/stripe/sessions"))["items"]
    paid = {int(each["metadata"]["order_id"]): each for each in sessions if each["payment_status"] == "paid"}
    async with reading(store_url) as session:
        await _note_promises(session, facts)
        await _note_flows(session, facts, people)
        await _note_money(session, facts, paid, stock=stock)
        await _note_errors(session, facts)
    facts.errors += [f"person {tour.person} never finished" for tour in tours if not tour.finished]
    facts.errors += [f"told on a button: {told}" for tour in tours for told in tour.told_on_buttons]
    facts.errors += [f"{each}" for each in facts.sent if each.content[1].startswith(_COMPLAINTS)]
    return facts


def _sent(calls: Iterable[Json]) -> Iterable[Sent]:
    for call in calls:
        params = call["params"]
        if call["status"] == 200 and call["method"] in {"sendMessage", "sendDocument"}:
            content = ("text", params["text"]) if call["method"] == "sendMessage" else ("file", params["caption"])
            yield Sent(int(params["chat_id"]), content, call["result"]["message_id"])


def _files(calls: Iterable[Json]) -> Iterable[tuple[int, str]]:
    for call in calls:
        if call["status"] == 200 and call["method"] == "sendDocument":
            yield int(call["params"]["chat_id"]), call["result"]["document"]["file_name"]


def _content(message: Json) -> Content:
    return ("file" if message.get("file") is not None else "text", message["text"])


async def _note_promises(session: AsyncSession, facts: Facts) -> None:
    rows = list(await session.scalars(select(TelegramUpdate).order_by(TelegramUpdate.id)))
    last = {row.lane: row.id for row in rows}
    titles = {line.order_id: line.title for line in await session.scalars(select(OrderLine))}
    for row in rows:
        facts.resumed += row.resumed
        for reply in row.reply:
            content = _of_reply(reply, titles)
            if content is None:
                continue
            # a question that the person has gone on from is left out when its row is taken up again
            dropped = bool(row.resumed and reply.get("question") and last[row.lane] > row.id)
            least = int(row.answered_at is not None and not dropped)
            chat = int(row.lane.removeprefix("person:"))
            facts.promises.append(Promise(f"update {row.id}", chat, content, least=least, marked=row.resumed))
    outbox = await session.execute(
        select(OutboxMessage, Person.telegram_id).join(Person, Person.id == OutboxMessage.person_id)
    )
    for message, chat in outbox:
        facts.uncertain += message.uncertain
        sent, sending = message.state == OutboxState.SENT, message.state == OutboxState.SENDING
        promise = Promise(f"outbox {message.key}", chat, _content(message.message), int(sent), int(sent or sending))
        facts.promises.append(Promise(**{**vars(promise), "marked": message.uncertain}))


def _of_reply(reply: Json, titles: dict[int, str]) -> Content | None:
    match reply.get("do"):
        case "send":
            return _content(reply["message"])
        case "checkout":
            return ("text", say("pay-here", title=titles[reply["order_id"]]))
    return None


async def _note_flows(session: AsyncSession, facts: Facts, people: list[int]) -> None:
    runs: defaultdict[int, list[str]] = defaultdict(list)
    accepted: defaultdict[int, list[str]] = defaultdict(list)
    of_person = select(Lead.id, Person.telegram_id).join(Person, Person.id == Lead.person_id)
    chats = {row.id: row.telegram_id for row in await session.execute(of_person)}
    for run in await session.scalars(select(FlowRun)):
        runs[chats[run.lead_id]].append(str(run.state))
    events = select(Event).where(Event.name == "lead.answered").order_by(Event.id)
    for event in await session.scalars(events):
        accepted[chats[event.lead_id or 0]].append(event.data["field"])
    facts.runs = {person: runs[person] for person in people}
    facts.accepted = {person: accepted[person] for person in people}


async def _note_money(session: AsyncSession, facts: Facts, paid: dict[int, Json], *, stock: int) -> None:
    orders = {order.id: order for order in await session.scalars(select(Order))}
    payments: defaultdict[int, list[Payment]] = defaultdict(list)
    for payment in await session.scalars(select(Payment)):
        payments[payment.order_id].append(payment)
    for number, at_stripe in paid.items():
        state = str(orders[number].state) if number in orders else "not there"
        amount = sum(payment.amount_minor for payment in payments[number])
        facts.paid.append(Paid(number, state, len(payments[number]), amount, at_stripe["amount_total"]))
    unpaid = orders.keys() - paid.keys()
    facts.errors += [f"order {number} was opened beside the one that was paid" for number in unpaid]
    facts.errors += [f"order {number} has money that nobody paid" for number in payments.keys() - paid.keys()]
    facts.stock_expected = stock - len(paid)
    facts.stock_left = (await session.scalars(select(Product.stock).where(Product.stock.is_not(None)))).one() or 0


async def _note_errors(session: AsyncSession, facts: Facts) -> None:
    dead = select(TelegramUpdate).where(TelegramUpdate.error.is_not(None))
    facts.errors += [f"dead letter {row.id}: {row.error} {row.body}" for row in await session.scalars(dead)]
    silent = select(TelegramUpdate).where(_unanswered())
    facts.errors += [f"update {row.id} was never answered: {row.reply}" for row in await session.scalars(silent)]
    refused = select(ProviderEvent).where(
        ProviderEvent.state.in_([ProviderEventState.REFUSED, ProviderEventState.KEPT])
    )
    facts.errors += [f"provider event {row.id} is {row.state}: {row.error}" for row in await session.scalars(refused)]
    bad = select(OutboxMessage).where(
        OutboxMessage.state.in_([OutboxState.FAILED, OutboxState.BLOCKED, OutboxState.UNCERTAIN])
    )
    facts.errors += [f"outbox {row.key} is {row.state}: {row.error}" for row in await session.scalars(bad)]
