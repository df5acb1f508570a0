"""A time zone that this machine does not know stops nobody; nor does one trigger that fails stop the others."""

from datetime import UTC, datetime, time
from typing import Any

import pytest
from stage import Stage
from timed import BERLIN, HELLO, answers, changed, fire, opened

from automations import cron
from automations.looks import Found
from domain.message_rules import MessageRules
from domain.setups import CreatorSetup
from domain.windows import Window
from store.models import EnrollmentState

UNKNOWN = "US/Nowhere"


async def test_hours_go_by_the_creators_zone_then(stage: Stage):
    await stage.open(hello={"trigger": {"event": "lead.captured"}, "steps": [HELLO]})
    await changed(stage, await stage.lead(), time_zone=UNKNOWN)
    await stage.route()
    await stage.step_all()
    rules = MessageRules(window=Window(opens=time(12), closes=time(17)))
    stage.published.setups[stage.creator_id] = CreatorSetup(time_zone="Asia/Tokyo", messages=rules)
    # nine in the morning is six in the evening there
    await stage.send_all()
    (message,) = await stage.outbox()
    assert message.due_at == datetime(2026, 11, 4, 3, tzinfo=UTC)


async def test_a_day_in_a_field_comes_by_the_creators_zone_then(stage: Stage):
    await opened(stage, birthday={"trigger": {"date": "birthday", "at": "09:00", "every": "year"}, "steps": [HELLO]})
    lead = await stage.lead()
    await changed(stage, lead, time_zone=UNKNOWN)
    await answers(stage, lead, "1990-11-05")
    stage.clock.move_to(datetime(2026, 11, 5, 8, tzinfo=UTC))
    await fire(stage)
    assert [each.state for each in await stage.enrollments()] == [EnrollmentState.ACTIVE]


async def test_a_trigger_that_fails_leaves_the_others_to_fire(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    daily: dict[str, Any] = {"trigger": {"cron": "0 10 * * *"}, "again": "always", "steps": [HELLO]}
    await opened(stage, BERLIN, first=daily, second=daily)
    await stage.lead()
    works = cron.who_begins

    async def fails_for_the_first(session: Any, schedule: Any, *rest: Any, **more: Any) -> Found:
        if schedule.current.key == "first":
            raise RuntimeError("a bug")
        return await works(session, schedule, *rest, **more)

    monkeypatch.setattr(cron, "who_begins", fails_for_the_first)
    stage.clock.pass_time(days=1)
    await fire(stage)
    assert [each.funnel_key for each in await stage.enrollments()] == ["second"]
