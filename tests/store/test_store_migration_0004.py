"""Revision 0004 with rows that are there."""

from datetime import UTC, datetime
from typing import Any

import pytest
from folk import a_creator, a_lead
from sqlalchemy import select, text
from stores import DATA_KEYS

from store.database import Database
from store.models import Enrollment, FunnelVersion, Lead, OutboxKind, OutboxMessage, TelegramUpdate, Timer
from store.schema import migrate

AT = datetime(2031, 5, 4, 12, 0, tzinfo=UTC)


@pytest.fixture
async def old(empty_store_url: str):
    database = Database(empty_store_url, data_keys=DATA_KEYS)
    await migrate(database, target="0003")
    yield database
    await database.close()


async def test_up_mends_updates_that_were_closed_by_a_text_instead_of_an_instant(old: Database):
    at = int(AT.timestamp() * 1_000_000) if old.is_sqlite else AT
    # SQLite takes a text for whatever a column holds, and an earlier Spark wrote one
    closed = "2031-05-04 13:00:00.000000" if old.is_sqlite else AT
    row = (
        "INSERT INTO telegram_update (bot_id, update_id, lane, body, reply, correlation_id, resumed, received_at,"
        " answered_at) VALUES (7, 9, 'forgotten', '', '[]', 'c', 0, :at, :closed)"
    )
    async with old.schema_change() as connection:
        await connection.execute(text(row), {"at": at, "closed": closed})
    await migrate(old)
    async with old.reading() as session:
        assert await session.scalar(select(TelegramUpdate.answered_at)) == AT


def _enrollment(lead: Lead, version: FunnelVersion, subject: str, **more: Any) -> Enrollment:
    values = {"creator_id": lead.creator_id, "lead_id": lead.id, "funnel_key": "care", "version_id": version.id}
    return Enrollment(**values, subject=subject, step="hello", started_at=AT, **more)


async def filled(database: Database) -> None:
    """One that has said something twice at one step and has something to say, one that waits, one that came again."""
    async with database.transaction() as session:
        lead, _ = await a_lead(session, await a_creator(session))
        version = FunnelVersion(
            creator_id=lead.creator_id, key="care", number=1, digest="d", definition={}, created_at=AT
        )
        session.add(version)
        await session.flush()
        said = _enrollment(lead, version, "", seq=4)
        waits = _enrollment(lead, version, "order:1", waits_for="order.paid")
        again = _enrollment(lead, version, "", round=1, seq=1)
        session.add_all([said, waits, again])
        await session.flush()
        session.add(Timer(due_at=AT, enrollment_id=said.id))
        for each, seq, step in (
            (said, 0, "hello"),
            (said, 1, "more"),
            (said, 2, "hello"),
            (said, 3, "end"),
            (again, 0, "hello"),
        ):
            session.add(
                OutboxMessage(
                    key=f"funnel:{each.id}:{seq}",
                    kind=OutboxKind.FUNNEL,
                    urgency=2,
                    creator_id=lead.creator_id,
                    person_id=lead.person_id,
                    lead_id=lead.id,
                    enrollment_id=each.id,
                    seq=seq,
                    step=step,
                    message=None if step == "end" else {"text": step},
                    due_at=AT,
                    created_at=AT,
                )
            )


async def test_down_and_up_again_nobody_stands_still_and_what_is_said_next_has_a_number_of_its_own(old: Database):
    await migrate(old)
    await filled(old)
    await migrate(old, target="0003")
    async with old.reading() as session:
        keys = list(await session.scalars(text("SELECT key FROM outbox_message WHERE kind = 'funnel' ORDER BY id")))
    await migrate(old)
    async with old.reading() as session:
        said, waits = (await session.scalars(select(Enrollment).order_by(Enrollment.id))).all()
        due = list(await session.scalars(select(Timer.enrollment_id).order_by(Timer.enrollment_id)))
        rows = (await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))).all()
    former = f"funnel:former:{rows[-1].id}"
    assert keys == [f"funnel:{said.id}:hello", f"funnel:{said.id}:more", f"funnel:{said.id}:hello:2", former]
    assert due == [said.id, waits.id]
    steps = [(each.enrollment_id, each.step, each.seq) for each in rows]
    own = [(said.id, step, seq) for seq, step in enumerate(("hello", "more", "hello"))]
    assert [each for each in steps if each[0]] == own
    assert said.seq == 3
    assert f"funnel:{said.id}:3" not in {each.key for each in rows}
