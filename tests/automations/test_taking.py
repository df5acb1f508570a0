"""What is asked again at the moment when a message is taken, and what becomes of one that may not go."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text, update
from stage import MORNING, Stage
from timed import creator_chat, notices

from automations.gateway import Blocked, Moved
from domain.consent import unsubscribe
from domain.funnels.heads import find_funnel, pause_funnel, resume_funnel
from domain.message_rules import AtMost, MessageRules
from domain.messages.plain import Message
from domain.outbox import queue_message
from domain.people import Profile, see_person
from domain.setups import CreatorSetup
from domain.windows import Window
from store.models import (
    WAITS_FOR_SOMEBODY,
    Creator,
    Decision,
    EnrollmentState,
    Late,
    Lead,
    OutboxKind,
    OutboxMessage,
    OutboxState,
    Person,
)
from store.queries.outbox import heads_query, whose_turn

HELLO: dict[str, Any] = {
    "trigger": {"event": "lead.captured"},
    "steps": [{"key": "hello", "do": "send", "text": "Hello {{ lead.first_name }}"}],
}
MARKETING = [OutboxKind.FUNNEL, OutboxKind.FLOW]


async def queued(stage: Stage, **funnel: Any) -> Lead:
    """A lead to whom a funnel is about to say hello; nothing else has happened."""
    await stage.open(hello={**HELLO, **funnel})
    return await comes_in(stage)


async def comes_in(stage: Stage, telegram_id: int = 100, name: str = "Lena") -> Lead:
    lead = await stage.lead(telegram_id, name)
    await stage.route()
    await stage.step_all()
    return lead


def allow(stage: Stage, **setup: Any) -> None:
    stage.published.setups[stage.creator_id] = CreatorSetup(**setup)


async def states(stage: Stage) -> list[OutboxState]:
    return [message.state for message in await stage.outbox()]


async def change(stage: Stage, lead: Lead, **values: Any) -> None:
    async with stage.database.transaction() as session:
        await session.execute(update(Lead).where(Lead.id == lead.id).values(**values))


async def test_a_message_is_put_into_words_when_it_goes_out_and_not_when_it_was_decided(stage: Stage):
    await queued(stage)
    (message,) = await stage.outbox()
    assert message.message is None
    async with stage.database.transaction() as session:
        await session.execute(update(Person).values(first_name="Lena <3"))
    await stage.send_all()
    ((_, said),) = stage.gateway.sent
    assert said.startswith("Hello Lena &lt;3")
    assert "/stop" in said
    (message,) = await stage.outbox()
    assert (message.message or {})["text"] == said


@pytest.mark.parametrize("gone", ["unsubscribed_at", "banned_at", "forgotten_at"])
async def test_what_another_transaction_queued_while_somebody_left_is_not_sent(stage: Stage, gone: str):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    for kind in MARKETING:
        await stage.promise(lead, kind, kind)
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    await change(stage, lead, **{gone: stage.clock()})
    await stage.send_all()
    assert [said for _, said in stage.gateway.sent] == ["a file"]
    assert await states(stage) == [OutboxState.CANCELLED, OutboxState.CANCELLED, OutboxState.SENT]


async def test_where_a_creator_needs_consent_follow_ups_wait_for_none_and_answers_of_flows_need_none(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    for kind in MARKETING:
        await stage.promise(lead, kind, kind)
    allow(stage, consent_required=True)
    await stage.send_all()
    assert await states(stage) == [OutboxState.CANCELLED, OutboxState.SENT]


async def test_after_stop_nothing_that_was_queued_goes_out(stage: Stage):
    lead = await queued(stage)
    async with stage.database.transaction() as session:
        await unsubscribe(session, await session.get_one(Lead, lead.id), now=stage.clock())
    await stage.send_all()
    assert stage.gateway.sent == []
    assert await states(stage) == [OutboxState.CANCELLED]


async def test_who_came_into_the_segment_that_ends_it_hears_no_more(stage: Stage):
    steps = [*HELLO["steps"], {"key": "rest", "do": "wait", "time": "2d"}]
    lead = await queued(stage, stop_when="score >= 50", steps=steps)
    await change(stage, lead, score=50)
    await stage.send_all()
    assert stage.gateway.sent == []
    assert await states(stage) == [OutboxState.CANCELLED]
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.reason) == (EnrollmentState.STOPPED, "stop_when")


async def test_outside_its_hours_a_message_is_put_off_to_the_next_opening(stage: Stage):
    window = {"from": "08:00", "to": "20:00"}
    await queued(stage, window=window)
    late = datetime(2026, 11, 3, 21, 30, tzinfo=UTC)
    stage.clock.pass_time(hours=12, minutes=30)
    assert stage.clock() == late
    await stage.send_all()
    assert stage.gateway.sent == []
    (message,) = await stage.outbox()
    assert (message.state, message.due_at) == (OutboxState.QUEUED, datetime(2026, 11, 4, 8, tzinfo=UTC))
    stage.clock.pass_time(hours=10, minutes=30)
    assert await stage.send() == 1
    assert await states(stage) == [OutboxState.SENT]


async def test_quiet_hours_go_by_the_leads_own_clock_and_leave_deliveries_alone(stage: Stage):
    lead = await queued(stage)
    await change(stage, lead, time_zone="Asia/Tokyo")
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    # nine in the morning here is six in the evening there
    allow(stage, messages=MessageRules(window=Window(opens=time(9), closes=time(17))))
    await stage.send_all()
    assert [said for _, said in stage.gateway.sent] == ["a file"]
    message = (await stage.outbox())[0]
    assert message.due_at == datetime(2026, 11, 4, 0, tzinfo=UTC)
    # and somebody may ask why
    async with stage.database.reading() as session:
        why = (await session.scalars(select(Decision).order_by(Decision.id.desc()).limit(1))).one()
    assert (why.about, why.lead_id) == ("funnel:hello", lead.id)
    assert why.trace == [["hello", "put-off", int(message.due_at.timestamp()), "its hours or the budget"]]


async def test_the_attention_budget_counts_funnels_and_broadcasts_together_and_nothing_else(stage: Stage):
    lead = await queued(stage)
    allow(stage, messages=MessageRules(at_most=AtMost(messages=2, per=timedelta(days=1))))
    await told_before(stage, lead, OutboxKind.FUNNEL, hours=30)
    await told_before(stage, lead, OutboxKind.DELIVERY, hours=3)
    await told_before(stage, lead, OutboxKind.FLOW, hours=3)
    await told_before(stage, lead, OutboxKind.FUNNEL, hours=20)
    await told_before(stage, lead, OutboxKind.BROADCAST, hours=2)
    await stage.send_all()
    assert stage.gateway.sent == []
    (message,) = [each for each in await stage.outbox() if each.state is OutboxState.QUEUED]
    # once the one of twenty hours ago is a day old
    assert message.due_at == stage.clock() + timedelta(hours=4)
    stage.clock.pass_time(hours=4)
    assert await stage.send() == 1


async def test_within_the_budget_it_goes_out_at_once(stage: Stage):
    lead = await queued(stage)
    allow(stage, messages=MessageRules(at_most=AtMost(messages=2, per=timedelta(days=1))))
    await told_before(stage, lead, OutboxKind.FUNNEL, hours=20)
    assert await stage.send() == 1


async def told_before(stage: Stage, lead: Lead, kind: OutboxKind, *, hours: int) -> None:
    key = f"{kind}-{hours}"
    await stage.promise(lead, key, kind)
    async with stage.database.transaction() as session:
        told = {"state": OutboxState.SENT, "closed_at": stage.clock() - timedelta(hours=hours)}
        await session.execute(update(OutboxMessage).where(OutboxMessage.key == key).values(told))


async def test_of_a_paused_funnel_nothing_goes_out_until_it_runs_again(stage: Stage):
    await queued(stage)
    await heads_do(stage, pause=True)
    await stage.send_all()
    assert stage.gateway.sent == []
    (message,) = await stage.outbox()
    assert (message.state, message.due_at) == (OutboxState.QUEUED, WAITS_FOR_SOMEBODY)
    await heads_do(stage, pause=False)
    assert await stage.send() == 1


async def heads_do(stage: Stage, *, pause: bool) -> None:
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "hello", lock=True)
        if pause:
            await pause_funnel(session, head, now=stage.clock())
        else:
            await resume_funnel(session, head, Late.SHIFT, now=stage.clock())


async def test_words_that_fail_park_their_enrollment_alone_and_the_creator_is_told(stage: Stage):
    await queued(stage, steps=[{"key": "hello", "do": "send", "text": "{{ 5 // (lead.score - 7) }} stars"}])
    lead = await comes_in(stage, 200, "Anna")
    await change(stage, lead, score=7)
    await creator_chat(stage, 900)
    await stage.send_all()
    assert [chat for chat, _ in stage.gateway.sent] == [100, 900]
    assert await states(stage) == [OutboxState.SENT, OutboxState.CANCELLED, OutboxState.SENT]
    (notice,) = await notices(stage)
    assert f"“hello” cannot go on for lead #{lead.id} at the step “hello”: the text cannot be filled in: it" in notice
    ours, parked = await stage.enrollments()
    assert (ours.state, parked.state, parked.step) == (EnrollmentState.DONE, EnrollmentState.PARKED, "hello")
    assert "divi" in (parked.reason or "")


async def test_enrollments_are_held_once_a_transaction_so_that_nobody_waits_for_them_in_a_circle(stage: Stage):
    await queued(stage, steps=[{"key": "hello", "do": "send", "text": "{{ 5 // lead.score }} stars"}])
    await comes_in(stage, 200, "Anna")
    assert await stage.claim(most=1) == []
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED, EnrollmentState.DONE]
    assert await stage.claim(most=1) == []
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.PARKED] * 2


async def test_what_waits_for_somebody_who_has_blocked_the_bot_stands_before_nobody_and_goes_out_when_they_are_back(
    stage: Stage,
):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    for number in range(3):
        await stage.promise(lead, f"file {number}", OutboxKind.DELIVERY)
    stage.gateway.failures = [Blocked("bot was blocked by the user")]
    await stage.send_all()
    assert {message.due_at for message in await stage.outbox()} == {WAITS_FOR_SOMEBODY}
    async with stage.database.reading() as session:
        assert await whose_turn(session, now=stage.clock()) == {}
    async with stage.database.transaction() as session:
        await see_person(session, 7, Profile(100, "Lena", None, "en"), now=stage.clock())
    await stage.send_all()
    assert [said for _, said in stage.gateway.sent] == ["file 0", "file 1", "file 2"]


async def test_a_chat_that_has_moved_is_written_to_at_its_new_number(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.promise(lead, "one")
    stage.gateway.failures = [Moved(-1001234)]
    await stage.send_all()
    assert stage.gateway.sent == [(-1001234, "one")]
    (message,) = await stage.outbox()
    assert (message.state, message.attempts) == (OutboxState.SENT, 1)
    assert (await stage.person(lead)).telegram_id == -1001234


async def test_a_delivery_passes_a_broadcast_that_waits_for_the_same_chat(stage: Stage):
    await stage.open()
    lead = await stage.lead()
    await stage.look_at_events()
    await stage.promise(lead, "news", OutboxKind.FUNNEL)
    await stage.promise(lead, "a file", OutboxKind.DELIVERY)
    assert [each.message.text for each in await stage.claim()] == ["a file"]
    # one at a time in a chat
    assert await stage.claim() == []


async def another_creator(stage: Stage) -> int:
    async with stage.database.transaction() as session:
        creator = Creator(slug="small", name="Small", currency="usd", time_zone="UTC", created_at=MORNING)
        session.add(creator)
        await session.flush()
        return creator.id


async def a_backlog(stage: Stage, count: int) -> None:
    """So many messages of the stage's creator, each to a chat of its own."""
    ids = range(1000, 1000 + count)
    person = {"bot_id": 7, "first_name": "x", "language": "en", "created_at": MORNING, "seen_at": MORNING}
    message = {"kind": OutboxKind.FUNNEL, "urgency": 2, "message": {"text": "news"}, "due_at": MORNING}
    async with stage.database.transaction() as session:
        await session.execute(insert(Person), [{**person, "id": each, "telegram_id": each} for each in ids])
        values = {**message, "creator_id": stage.creator_id, "created_at": MORNING}
        rows = [{**values, "key": f"news:{each}", "person_id": each} for each in ids]
        await session.execute(insert(OutboxMessage), rows)
    if not stage.database.is_sqlite:
        async with stage.database.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            await connection.execute(text("ANALYZE outbox_message"))


async def test_a_small_creators_message_waits_for_one_of_the_large_ones(stage: Stage):
    await stage.open()
    await a_backlog(stage, 200)
    other = await another_creator(stage)
    async with stage.database.transaction() as session:
        person = await see_person(session, 7, Profile(99, "Anna", None, "en"), now=stage.clock())
        await queue_message(
            session,
            Message(text="small"),
            key="small",
            kind=OutboxKind.FUNNEL,
            creator_id=other,
            person_id=person.id,
            now=stage.clock(),
        )
    assert "small" in [each.message.text for each in await stage.claim(most=2)]


async def test_a_delivery_waits_for_no_backlog_and_no_backlog_stands_still_for_deliveries(stage: Stage):
    await stage.open()
    await a_backlog(stage, 100)
    for number in range(40):
        await stage.promise(await stage.lead(100 + number), f"file {number}", OutboxKind.DELIVERY)
    await stage.look_at_events()
    kinds = [each.kind for each in await stage.claim(most=20)]
    assert (kinds.count(OutboxKind.DELIVERY), kinds.count(OutboxKind.FUNNEL)) == (18, 2)


async def test_the_head_of_a_long_queue_is_found_by_a_walk_along_its_index(stage: Stage):
    await stage.open()
    await a_backlog(stage, 3000)
    values = {"its_urgency": 2, "its_creator_id": stage.creator_id, "now": stage.clock(), "most": 30}
    plan = await explained(stage, heads_query(some_rest=False).params(**values))
    assert "ix_outbox_message_turn" in plan
    rest = {**values, "resting": [1001, 1002]}
    assert "ix_outbox_message_turn" in await explained(stage, heads_query(some_rest=True).params(**rest))
    # whatever else is looked at is looked up for each message, and nothing is put in order
    for whole in ("SCAN ", "Seq Scan on outbox", "Seq Scan on lead", "Seq Scan on person", "TEMP B-TREE", "Sort"):
        assert whole not in plan


async def explained(stage: Stage, query: Select[Any]) -> str:
    async with stage.database.reading() as session:
        dialect = session.get_bind().dialect
        asked = str(query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})).replace("%%", "%")
        way = "EXPLAIN QUERY PLAN" if stage.database.is_sqlite else "EXPLAIN"
        connection = await session.connection()
        if dialect.name == "postgresql":
            # few as they are, it would read them all
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return "\n".join(str(row[-1]) for row in await connection.exec_driver_sql(f"{way} {asked}"))
