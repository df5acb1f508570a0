"""`/tickets`: what is to look into, one at a time, solved and opened again, by whoever may and nobody else."""

import json

from bot_world import answered, tap
from leads_chat import answers, entered, tapped, the_creator, with_a_chat
from sqlalchemy import delete, select
from test_handlers_admin import an_admin
from world import World

from domain.tickets import open_ticket
from store.models import Lead, OutboxMessage, Person

FORM = "Like this: /tickets, /tickets solved, /tickets 3, /tickets 3 solved or /tickets 3 open"
# in Berlin, where the studio is
AT = "Nov 3, 2026, 10:00\u202fAM"


async def opened(world: World, title: str, lead_id: int | None = None, words: str = "", *, told: bool = False) -> int:
    """Its number. Without `told` the notice of it is taken back: it would come in between."""
    creator = await the_creator(world)
    async with world.spark.database.transaction() as session:
        lead = None if lead_id is None else await session.get_one(Lead, lead_id)
        about = {"creator_id": creator.id, "title": title, "text": words, "lead": lead}
        ticket = await open_ticket(session, **about, now=world.clock())
        if not told:
            await session.execute(delete(OutboxMessage).where(OutboxMessage.key.like("ticket:%")))
        return ticket.number


async def test_tickets_are_listed_looked_at_solved_and_opened_again(chat: World):
    assert (await answers(chat, "/tickets")).text == "✅ No ticket is open."
    (anna,) = await entered(chat, "Anna <x>")
    number = await opened(chat, "Where is <it>?", anna, "Not in the post & not here", told=True)
    # the notice leads there
    notice = await chat.creator.hears("Ticket 1: Where is <it>?")
    assert notice.labels == ["🎫 Open it"]
    await chat.creator.tap("🎫 Open it")
    await chat.creator.hears(f"Open since {AT}")
    for each in range(2, 7):
        await opened(chat, f"No. {each}")
    listed = await answers(chat, "/tickets")
    assert listed.text.splitlines()[:2] == ["🎫 Open tickets: 6", f"1. Where is <it>? · Anna <x> · {AT}"]
    assert listed.labels == ["1", "2", "3", "4", "5", "›", "✅ Solved ones"]
    assert "6. No. 6" in (await tapped(chat, listed, "›")).text
    card = await answers(chat, f"/tickets #{number}")
    assert card.text.splitlines() == [
        "🎫 Ticket 1: Where is <it>?",
        f"Open since {AT}",
        f"👤 Anna <x> (lead {anna})",
        "Not in the post & not here",
    ]
    card = await tapped(chat, card, "✅ Solved")
    assert f"✅ Solved on {AT}, opened on {AT}" in card.text
    assert "1. Where is <it>?" in (await answers(chat, "/tickets solved")).text
    card = await tapped(chat, card, "🔁 Open again")
    assert "Open since" in card.text
    assert "👤 Anna <x>" in (await tapped(chat, card, f"👤 Lead {anna}")).text
    assert "✅ Solved on" in (await answers(chat, "/tickets 1 solved")).text
    assert "Open since" in (await answers(chat, "/tickets 1 open")).text
    for line, told in (("all", FORM), ("1 close", FORM), ("9", "There is no ticket 9 of yours."), ("1 2 3", FORM)):
        assert (await answers(chat, f"/tickets {line}")).text == told, line


async def test_whoever_looks_after_the_bot_sees_them_and_a_lead_does_not(chat: World):
    number = await opened(chat, "Where is it?")
    otto = await an_admin(chat)
    assert "Where is it?" in (await answers(chat, "/tickets", who=otto)).text
    assert "✅ Solved on" in (await answers(chat, f"/tickets {number} solved", who=otto)).text
    lena, _ = await with_a_chat(chat)
    assert "This is for creators" in (await answers(chat, "/tickets", who=lena)).text
    for update_id, data in enumerate(("ticket:1", "ticket:1:open", "tickets:1:open:0"), 900_000):
        await chat.spark.intake.receive(json.dumps(tap(update_id, lena.id, data)).encode())
        reply = json.dumps((await answered(chat, update_id)).reply)
        assert "not there any more" in reply or "This is for creators" in reply
        assert "Where" not in reply
    assert (await answers(chat, "/tickets", who=otto)).text == "✅ No ticket is open."


async def test_german_reads_german(chat: World):
    async with chat.spark.database.transaction() as session:
        person = (await session.scalars(select(Person).where(Person.telegram_id == chat.creator.id))).one()
        person.language_chosen = "de"
    number = await opened(chat, "Wo ist es?")
    assert (await answers(chat, f"/tickets {number}")).text.splitlines()[1].startswith("Offen seit 03.11.2026")
    assert (await answers(chat, "/tickets solved")).text == "Noch wurde kein Ticket gelöst."
    assert (await answers(chat, "/tickets x")).text.startswith("So geht es: /tickets")
