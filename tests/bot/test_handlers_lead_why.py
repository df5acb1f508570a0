"""Why something was, or was not, said to a lead: a button on their card."""

from leads_chat import answers, tapped, with_a_chat
from world import World

from store.models import Decision, Lead

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
    told = await tapped(chat, await answers(chat, f"/lead {number}"), WHY)
    assert "· care" in told.text
    assert "– nudge: put off until 2027-01-15 09:00: its hours, or they have been told enough lately" in told.text
    assert "– a<b: not for them: “tag:<vip>” does not hold" in told.text
    assert f"(lead {number})" in (await tapped(chat, told, "‹ Back")).text
