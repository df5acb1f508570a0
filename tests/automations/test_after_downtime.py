"""What was queued before a downtime goes as its funnel's `late` says, like what was due in it."""

from datetime import time
from typing import Any

import pytest
from stage import Stage

from domain.message_rules import MessageRules
from domain.setups import CreatorSetup
from domain.windows import Window
from store.models import OutboxState

TWO = [{"key": "one", "do": "send", "text": "One"}, {"key": "two", "do": "send", "text": "Two"}]


async def queued(stage: Stage, **more: Any) -> None:
    """Two messages are about to go out."""
    await stage.open(hello={"trigger": {"event": "lead.captured"}, "steps": TWO, **more})
    await stage.lead()
    await stage.route()
    await stage.step_all()
    assert len(await stage.outbox()) == 2


@pytest.mark.parametrize(("late", "said"), [("shift", ["One", "Two"]), ("once", ["Two"]), ("skip", [])])
async def test_after_an_hour_in_which_nobody_spoke_it_goes_by_late(stage: Stage, late: str, said: list[str]):
    await queued(stage, late=late)
    stage.clock.pass_time(hours=1)
    await stage.send_all()
    assert [text.partition("\n")[0] for _, text in stage.gateway.sent] == said
    left_out = [each.error for each in await stage.outbox() if each.state is OutboxState.CANCELLED]
    assert left_out == ["left out"] * (2 - len(said))


async def test_what_only_waited_for_its_turn_is_said(stage: Stage):
    await queued(stage, late="skip")
    sender = stage.sender()
    assert await sender.send_due() == 1
    await sender.finish(5)
    stage.clock.pass_time(hours=1)
    while await stage.send(sender):
        pass
    assert len(stage.gateway.sent) == 2


async def test_what_waited_for_its_hours_is_not_late(stage: Stage):
    await queued(stage, late="skip")
    rules = MessageRules(window=Window(opens=time(20), closes=time(22)))
    stage.published.setups[stage.creator_id] = CreatorSetup(messages=rules)
    await stage.send_all()
    assert stage.gateway.sent == []
    stage.clock.pass_time(hours=11)
    await stage.send_all()
    assert len(stage.gateway.sent) == 2
