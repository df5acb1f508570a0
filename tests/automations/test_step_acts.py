from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from stage import Stage

from automations.holding import take_up_held
from automations.simulated import Spoken, Wish
from automations.simulating import simulate
from domain.fields import LeadFieldSpec
from domain.funnels.heads import find_funnel, pause_funnel, resume_funnel, start_step, stop_step
from domain.lead_acts import tags_of
from domain.leads import note_answer
from domain.message_rules import MessageRules, Webhook
from domain.parked import let_go, try_again
from domain.people import Profile, see_person
from domain.setups import CreatorSetup
from store.models import (
    Account,
    Decision,
    EnrollmentState,
    Event,
    FieldKind,
    FunnelHead,
    FunnelState,
    Idea,
    Late,
    Lead,
    Membership,
    OutboxKind,
    OutgoingCall,
    Role,
    StepCount,
    Ticket,
    Timer,
)
from store.models import LeadStage as Stages

HELLO = {"key": "hello", "do": "send", "text": "Hi"}


def funnel(*steps: dict[str, Any], event: str = "lead.captured", **more: Any) -> dict[str, Any]:
    return {"trigger": {"event": event}, "steps": list(steps), **more}


async def begun(stage: Stage, *, telegram_id: int = 100) -> Lead:
    lead = await stage.lead(telegram_id)
    await go_on(stage)
    return lead


async def go_on(stage: Stage) -> None:
    """Until nothing is left that is due."""
    while await stage.route() or await stage.step():
        pass


async def lead_now(stage: Stage, lead: Lead) -> Lead:
    async with stage.database.reading() as session:
        return await session.get_one(Lead, lead.id)


async def notices(stage: Stage) -> list[str]:
    return [each.message["text"] for each in await stage.outbox() if each.kind == OutboxKind.NOTICE and each.message]


async def a_creator_who_listens(stage: Stage) -> None:
    """With a chat of their own, so that notices have somewhere to go."""
    async with stage.database.transaction() as session:
        person = await see_person(session, 7, Profile(9, "Kim", None, "en"), now=stage.clock())
        await session.execute(update(Account).values(person_id=person.id))


async def test_a_tag_a_score_a_stage_and_a_field_are_set_and_what_follows_sees_them(stage: Stage):
    field = LeadFieldSpec(kind=FieldKind.NUMBER)
    await stage.open(
        welcome=funnel(
            {"key": "mark", "do": "tag", "add": ["vip"]},
            {"key": "points", "do": "set", "score": "+5"},
            {"key": "stage", "do": "set", "stage": "customer"},
            {"key": "note", "do": "set", "field": "visits", "value": "3"},
            HELLO | {"only_if": "tag:vip and score>=5 and stage:customer and field:visits=3"},
        )
    )
    stage.published.setups[stage.creator_id] = CreatorSetup(fields={"visits": field})
    lead = await begun(stage)
    known = await lead_now(stage, lead)
    assert (known.score, known.stage) == (5, Stages.CUSTOMER)
    async with stage.database.reading() as session:
        assert await tags_of(session, lead.id) == ["vip"]
    assert [each.step for each in await stage.outbox()] == ["hello"]
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.DONE]


async def test_one_funnel_begins_and_leaves_another(stage: Stage):
    waits = {"key": "w", "do": "wait", "time": "3d"}
    await stage.open(
        first=funnel(
            {"key": "go", "do": "enroll", "funnel": "second"},
            waits | {"time": "1d"},
            {"key": "stop", "do": "leave", "funnel": "second"},
        ),
        second=funnel(waits, HELLO, event="order.paid"),
    )
    await begun(stage)
    by = {each.funnel_key: each for each in await stage.enrollments()}
    assert (by["second"].state, by["second"].begun_by) == (EnrollmentState.ACTIVE, "funnel:first")
    stage.clock.pass_time(days=1)
    await go_on(stage)
    by = {each.funnel_key: each for each in await stage.enrollments()}
    assert (by["second"].state, by["second"].reason) == (EnrollmentState.STOPPED, "funnel:first")
    assert by["first"].state == EnrollmentState.DONE
    assert await stage.count(Timer) == 0


async def test_the_creator_is_told_an_idea_is_noted_and_another_service_is_called(stage: Stage):
    calls = {"key": "crm", "do": "webhook", "webhook": "crm", "data": {"name": "{{ lead.first_name }}", "new": True}}
    again = {"key": "w", "do": "wait", "time": "1d", "next": "tell"}
    tells = {"key": "tell", "do": "notify", "text": "{{ lead.first_name }} & more"}
    idea = {"key": "think", "do": "idea", "title": "About {{ lead.first_name }}"}
    await stage.open(welcome=funnel(tells, idea, calls, again))
    stage.published.setups[stage.creator_id] = CreatorSetup(webhooks={"crm": Webhook(url="https://crm.example/hook")})
    await a_creator_who_listens(stage)
    lead = await begun(stage)
    assert await notices(stage) == ["Lena & more"]
    stage.clock.pass_time(days=1)
    await go_on(stage)
    assert await notices(stage) == ["Lena & more"] * 2
    async with stage.database.reading() as session:
        # once for each enrollment
        assert [each.title for each in await session.scalars(select(Idea))] == ["About Lena"]
        called = list(await session.scalars(select(OutgoingCall).order_by(OutgoingCall.id)))
    assert [each.target for each in called] == ["crm", "crm"]
    told = called[0].body["data"]
    assert (told["name"], told["new"], told["funnel"], told["lead_id"]) == ("Lena", True, "welcome", lead.id)


async def test_a_ticket_is_opened_once_for_each_enrollment_and_the_team_is_told_with_a_button(stage: Stage):
    opens = {
        "key": "look",
        "do": "ticket",
        "title": "{{ lead.first_name }} & co",
        "text": "<b>Call</b> {{ lead.name|them }}",
    }
    once_more = {"key": "w", "do": "wait", "time": "1d", "next": "look"}
    seen = HELLO | {"only_if": "did:ticket.opened"}
    await stage.open(welcome=funnel(opens, seen, once_more))
    await a_creator_who_listens(stage)
    lead = await begun(stage)
    stage.clock.pass_time(days=1)
    await go_on(stage)
    async with stage.database.reading() as session:
        (ticket,) = await session.scalars(select(Ticket))
        happened = list(await session.scalars(select(Event.subject).where(Event.name == "ticket.opened")))
    assert (ticket.number, ticket.title, ticket.text, ticket.lead_id) == (1, "Lena & co", "Call them", lead.id)
    assert happened == ["ticket:1"]
    (notice,) = [each for each in await stage.outbox() if each.kind == OutboxKind.NOTICE]
    assert notice.lead_id == lead.id
    assert notice.message is not None
    assert "<b>Ticket 1</b>: Lena &amp; co" in notice.message["text"]
    assert notice.message["buttons"] == [[{"text": "🎫 Open it", "data": f"ticket:{ticket.id}"}]]
    # what follows sees it, each time
    assert [each.step for each in await stage.outbox() if each.kind == OutboxKind.FUNNEL] == ["hello", "hello"]
    # who begins anew, or another lead, has another
    await begun(stage, telegram_id=101)
    assert await stage.count(Ticket) == 2


async def test_a_simulated_ticket_is_told_and_stays_in_the_simulation(stage: Stage):
    await stage.open(welcome=funnel({"key": "look", "do": "ticket", "title": "Look at {{ lead.first_name }}"}))
    await a_creator_who_listens(stage)
    await begun(stage)
    other = await stage.lead(101, "Anna")
    wish = Wish(stage.creator_id, "welcome", lead_id=other.id)
    simulation = await simulate(stage.database, stage.published, wish, now=stage.clock())
    (said,) = [each.message.text for each in simulation.moments if isinstance(each, Spoken)]
    assert "Look at Anna" in said
    assert await stage.count(Ticket) == 1


@pytest.mark.parametrize("role", [Role.CREATOR, Role.ADMIN, Role.BUYER])
async def test_a_notice_to_the_creator_comes_whatever_else_they_may_do_and_one_to_the_team_to_all(
    stage: Stage, role: Role
):
    tells = {"key": "tell", "do": "notify", "text": "To the creator"}
    await stage.open(welcome=funnel(tells, tells | {"key": "all", "text": "To all", "to": "team"}))
    await a_creator_who_listens(stage)
    async with stage.database.transaction() as session:
        await session.execute(update(Account).values(role=role))
        person = await see_person(session, 7, Profile(10, "Noor", None, "en"), now=stage.clock())
        helper = Account(role=Role.AGENT, name="Noor", person_id=person.id, created_at=stage.clock())
        session.add(helper)
        await session.flush()
        session.add(Membership(account_id=helper.id, creator_id=stage.creator_id))
    await begun(stage)
    assert sorted(await notices(stage)) == ["To all", "To all", "To the creator"]


async def test_what_fails_is_tried_again_as_configured_and_then_parked_alone_and_told_once(stage: Stage):
    broken = {"key": "go", "do": "enroll", "funnel": "gone"}
    mark = {"key": "mark", "do": "tag", "add": ["seen"]}
    await stage.open(welcome=funnel(HELLO, mark, broken, retry={"times": 2, "wait": "10m"}))
    await a_creator_who_listens(stage)
    first, second = await begun(stage), await begun(stage, telegram_id=101)
    # what could be done is done, and once
    assert [each.step for each in await stage.outbox()] == ["hello", "hello"]
    for attempts in (1, 2):
        assert {(each.state, each.step, each.attempts) for each in await stage.enrollments()} == {
            (EnrollmentState.ACTIVE, "go", attempts)
        }
        stage.clock.pass_time(minutes=10)
        await go_on(stage)
    parked = await stage.enrollments()
    assert {each.state for each in parked} == {EnrollmentState.PARKED}
    assert "gone" in (parked[0].reason or "")
    assert len([each for each in await stage.outbox() if each.kind == OutboxKind.FUNNEL]) == 2
    (told,) = await notices(stage)
    assert "welcome" in told
    assert str(first.id) in told or str(second.id) in told


async def test_a_day_in_a_field_and_the_leads_own_zone_are_gone_by(stage: Stage):
    await stage.open(welcome=funnel({"key": "w", "do": "wait", "date": "party", "days": -1, "at": "18:00"}, HELLO))
    spec = LeadFieldSpec(kind=FieldKind.DATE)
    stage.published.setups[stage.creator_id] = CreatorSetup(fields={"party": spec})
    lead = await stage.lead()
    async with stage.database.transaction() as session:
        known = await session.get_one(Lead, lead.id)
        known.time_zone = "America/New_York"
        await note_answer(session, known, "party", date(2026, 11, 20), spec=spec, now=stage.clock())
    await go_on(stage)
    async with stage.database.reading() as session:
        (timer,) = await session.scalars(select(Timer))
    assert timer.due_at.isoformat() == "2026-11-19T23:00:00+00:00"


async def test_quiet_hours_put_a_message_off_and_the_enrollment_waits_at_it(stage: Stage):
    await stage.open(welcome=funnel(HELLO))
    rules = MessageRules.model_validate({"window": {"from": "12:00", "to": "20:00"}})
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
    await begun(stage)
    assert await stage.outbox() == []
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step) == (EnrollmentState.ACTIVE, "hello")
    stage.clock.pass_time(hours=3)
    await go_on(stage)
    assert [each.step for each in await stage.outbox()] == ["hello"]


async def test_a_split_is_remembered_and_a_question_that_cannot_be_asked_parks_whom_it_is_about(stage: Stage):
    split = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1}, "b": {"weight": 1}}}
    wait = {"key": "w", "do": "wait", "time": "1d"}
    await stage.open(welcome=funnel(split, wait, HELLO | {"only_if": "bought:“Nothing of that name”"}))
    await begun(stage)
    (enrollment,) = await stage.enrollments()
    assert enrollment.arms["ab"] in {"a", "b"}
    stage.clock.pass_time(days=1)
    await go_on(stage)
    assert await stage.outbox() == []
    # at once: nothing mends it but a person, and a message that is being taken is parked for it at once too
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, enrollment.step) == (EnrollmentState.PARKED, "w")
    assert "there is no product “Nothing of that name”" in (enrollment.reason or "")


async def test_an_event_ends_its_wait_or_its_time_does(stage: Stage):
    listens = {"key": "w", "do": "wait", "event": "lead.tagged", "time": "2d", "otherwise": "late"}
    late, over = {"key": "late", "do": "send", "text": "Late"}, {"key": "over", "do": "end"}
    await stage.open(welcome=funnel(listens, HELLO | {"next": "over"}, late, over))
    heard, missed = await begun(stage), await begun(stage, telegram_id=101)
    stage.clock.pass_time(days=1)
    await stage.happens(heard, "lead.tagged")
    await go_on(stage)
    assert [(each.lead_id, each.step) for each in await stage.outbox()] == [(heard.id, "hello")]
    stage.clock.pass_time(days=1)
    await go_on(stage)
    assert [(each.lead_id, each.step) for each in await stage.outbox()][1:] == [(missed.id, "late")]
    assert {(each.waits_for, each.happened) for each in await stage.enrollments()} == {(None, False)}


async def test_steps_are_counted_by_arm_and_the_holdout_beside_them(stage: Stage):
    split = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1}}, "holdout": 1}
    reach = {"key": "won", "do": "goal"}
    await stage.open(welcome=funnel(split, HELLO, reach), plain=funnel(HELLO))
    for number in range(20):
        await begun(stage, telegram_id=200 + number)
    async with stage.database.reading() as session:
        rows = list(await session.scalars(select(StepCount)))
    counts = {(each.about, each.step, each.arm, each.measure): each.count for each in rows}
    held_out = counts["funnel:welcome", "ab", "ab=holdout", "reached"]
    assert 0 < held_out < 20
    for step, measure in (("ab", "reached"), ("hello", "reached"), ("won", "reached"), ("won", "goal")):
        assert counts.pop(("funnel:welcome", step, "ab=a", measure)) == 20 - held_out
    assert counts == {
        ("funnel:welcome", "ab", "ab=holdout", "reached"): held_out,
        ("funnel:plain", "hello", "", "reached"): 20,
    }


# pauses


DAILY: Sequence[dict[str, Any]] = [
    step
    for number in range(1, 6)
    for step in (
        {"key": f"w{number}", "do": "wait", "time": "1d"},
        {"key": f"s{number}", "do": "send", "text": "Hi"},
    )
]


async def set_paused(stage: Stage, late: Late | None = None) -> None:
    async with stage.database.transaction() as session:
        head = await find_funnel(session, stage.creator_id, "welcome")
        if late is None:
            await pause_funnel(session, head, now=stage.clock())
        else:
            await resume_funnel(session, head, late, now=stage.clock())


async def take_up(stage: Stage) -> None:
    count = 1
    while count:
        async with stage.database.transaction() as session:
            count = await take_up_held(session, now=stage.clock())


@pytest.mark.parametrize(
    ("late", "said", "next_in"),
    [
        (Late.SHIFT, ["s1"], timedelta(days=1)),
        (Late.ONCE, ["s3"], timedelta(hours=12)),
        (Late.SKIP, [], timedelta(hours=12)),
    ],
)
async def test_a_pause_holds_whoever_is_due_and_they_go_on_as_was_chosen(
    stage: Stage, late: Late, said: list[str], next_in: timedelta
):
    await stage.open(welcome=funnel(*DAILY))
    await begun(stage)
    await set_paused(stage)
    stage.clock.pass_time(days=3, hours=12)
    await go_on(stage)
    (enrollment,) = await stage.enrollments()
    assert (enrollment.state, await stage.count(Timer), await stage.outbox()) == (EnrollmentState.HELD, 0, [])
    await set_paused(stage, late)
    await take_up(stage)
    await go_on(stage)
    assert [each.step for each in await stage.outbox()] == said
    async with stage.database.reading() as session:
        (timer,) = await session.scalars(select(Timer))
        (head,) = await session.scalars(select(FunnelHead))
        (enrollment,) = await stage.enrollments()
    assert timer.due_at - stage.clock() == next_in
    assert (head.state, enrollment.state, enrollment.held_at) == (FunnelState.ACTIVE, EnrollmentState.ACTIVE, None)


async def test_at_a_stopped_step_they_are_held_until_it_is_started_again(stage: Stage):
    await stage.open(welcome=funnel(HELLO))
    async with stage.database.transaction() as session:
        await stop_step(session, await find_funnel(session, stage.creator_id, "welcome"), "hello", now=stage.clock())
    await begun(stage)
    await take_up(stage)
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.HELD]
    async with stage.database.transaction() as session:
        await start_step(session, await find_funnel(session, stage.creator_id, "welcome"), "hello", now=stage.clock())
    await take_up(stage)
    await go_on(stage)
    assert [each.step for each in await stage.outbox()] == ["hello"]
    async with stage.database.reading() as session:
        traces = [each.trace for each in await session.scalars(select(Decision).order_by(Decision.id))]
    assert [["hello", "held"]] in traces


async def test_what_is_parked_tries_again_when_somebody_says_so_or_is_let_go(stage: Stage):
    broken = {"key": "go", "do": "enroll", "funnel": "later"}
    await stage.open(welcome=funnel(broken, HELLO, retry={"times": 0, "wait": "10m"}))
    first, second = await begun(stage), await begun(stage, telegram_id=101)
    assert {each.state for each in await stage.enrollments()} == {EnrollmentState.PARKED}
    ids = {each.lead_id: each.id for each in await stage.enrollments()}
    later = funnel({"key": "w", "do": "wait", "time": "1d"}, event="order.paid")
    await stage.publish(welcome=funnel(broken, HELLO, retry={"times": 0, "wait": "10m"}), later=later)
    async with stage.database.transaction() as session:
        assert await try_again(session, stage.creator_id, ids[first.id], now=stage.clock())
        assert await let_go(session, stage.creator_id, ids[second.id], now=stage.clock())
        assert not await let_go(session, stage.creator_id, ids[first.id], now=stage.clock())
        assert not await try_again(session, stage.creator_id, ids[second.id], now=stage.clock())
    await go_on(stage)
    assert [each.lead_id for each in await stage.outbox() if each.kind == OutboxKind.FUNNEL] == [first.id]
    states = {each.lead_id: each.state for each in await stage.enrollments() if each.funnel_key == "welcome"}
    assert states == {first.id: EnrollmentState.DONE, second.id: EnrollmentState.STOPPED}
