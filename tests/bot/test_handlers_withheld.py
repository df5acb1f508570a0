"""What a creator's team reads in the chat of what was handed over: licence keys are for who may manage alone."""

import pytest
from sqlalchemy import update
from test_handlers_team import NOW, Office, office, text_of

from domain.messages.plain import Message
from domain.outbox import queue_message
from store.models import OutboxKind, OutboxMessage, OutboxState, Right

__all__ = ["office"]
KEY = "AAAA-1111"


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.UNCERTAIN])
async def test_a_licence_key_is_shown_to_who_may_manage_alone(office: Office, state: OutboxState) -> None:
    async with office.database.transaction() as session:
        await queue_message(
            session,
            Message(text=f"Your key:\n<code>{KEY}</code>"),
            key="key",
            kind=OutboxKind.DELIVERY,
            creator_id=office.creator,
            person_id=office.people["Lena"],
            lead_id=office.lead,
            now=NOW,
        )
        await session.execute(
            update(OutboxMessage).where(OutboxMessage.key == "key").values(state=state, closed_at=NOW)
        )
    line = f"/lead {office.lead}" if state is OutboxState.SENT else "/stats uncertain"
    await office.joins("Mia", Right.VIEW, Right.SEND)
    shown = text_of(await office.says("Mia", line))
    assert "🔒" in shown
    assert KEY not in shown
    await office.may_only("Mia", Right.VIEW, Right.SEND, Right.MANAGE)
    for reader in ("Mia", "Ada"):
        assert KEY in text_of(await office.says(reader, line))
