"""Why something was, or was not, said to a lead: a button on their card."""

from datetime import timedelta

from leads_chat import answers, tapped, with_a_chat
from world import World

from store.models import Broadcast, Decision, Lead, OutboxKind, OutboxMessage, OutboxState

WHY = "🧭 Why?"


async def test_why_tells_what_was_decided_and_leads_back_to_the_card(chat: World):
    _, number = await with_a_chat(chat, "<i>Lena</i>")
    told = await tapped(chat, await answers(chat, f"/lead {number}"), WHY)
    assert f"Nothing has been decided about lead #{number}" in told.text
    async with chat.spark.database.transaction() as session:
        lead = await session.get_one(Lead, number)
        trace = [["nudge", "put-off", 1_800_000_000, "its hours or the budget"], ["a<b", "not-meant", "tag:<vip>"]]
        told_of = {"creator_id": lead.creator_id, "lead_id": lead.id, "about": "funnel:care", "trace": trace}
        session.add(Decision(**told_of, at=chat.clock()))
        broadcast = Broadcast(creator_id=lead.creator_id, title="News", content={}, created_at=chat.clock())
        session.add(broadcast)
        await session.flush()
        sent = OutboxMessage(
            key="broadcast",
            kind=OutboxKind.BROADCAST,
            creator_id=lead.creator_id,
            person_id=lead.person_id,
            lead_id=lead.id,
            broadcast_id=broadcast.id,
            step="a",
            state=OutboxState.SENT,
            due_at=chat.clock(),
            created_at=chat.clock(),
            closed_at=chat.clock() + timedelta(minutes=1),
        )
        session.add(sent)
    told = await tapped(chat, await answers(chat, f"/lead {number}"), WHY)
    assert "· care" in told.text
    # the newest first
    assert told.text.index("· broadcast 1\n– a: sent") < told.text.index("· care")
    assert "– nudge: put off until 2027-01-15 09:00: its hours, or they have been told enough lately" in told.text
    assert "– a<b: not for them: “tag:<vip>” does not hold" in told.text
    assert f"(lead {number})" in (await tapped(chat, told, "‹ Back")).text
