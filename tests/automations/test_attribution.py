"""What people do after a message is counted for it, and what a funnel's arms bring beside those who are held out."""

from sqlalchemy import select
from stage import Stage

from domain.attribution import FOLLOWS, TOUCHES, WHOLE
from store.models import Lead, Order, StepCount

TWO = {
    "trigger": {"event": "lead.captured"},
    "steps": [
        {"key": "first", "do": "send", "text": "First"},
        {"key": "a-day", "do": "wait", "time": "1d"},
        {"key": "second", "do": "send", "text": "Second"},
    ],
}


async def _counts(stage: Stage, *measures: str) -> dict[tuple[str, str, str], int]:
    async with stage.database.reading() as session:
        rows = await session.scalars(select(StepCount).where(StepCount.measure.in_(measures)))
        return {(row.step, row.arm, row.measure): row.count for row in rows}


async def _goes(stage: Stage) -> None:
    await stage.route()
    await stage.step_all()
    await stage.send_all()


async def _buys(stage: Stage, lead: Lead, amount: int) -> None:
    async with stage.database.transaction() as session:
        order = Order(
            creator_id=stage.creator_id,
            lead_id=lead.id,
            reference=f"r{lead.id}-{amount}",
            subtotal_minor=amount,
            total_minor=amount,
            currency="usd",
            created_at=stage.clock(),
            expires_at=stage.clock(),
        )
        session.add(order)
        await session.flush()
        number = order.id
    await stage.happens(lead, "order.paid", f"order:{number}")
    await stage.route()


async def test_what_somebody_does_counts_for_the_last_message_once(stage: Stage):
    await stage.open(two=TWO)
    lead = await stage.lead()
    await _goes(stage)
    stage.clock.pass_time(hours=1)
    for _ in range(2):
        await stage.happens(lead, "link.clicked", "url:1")
        await stage.route()
    stage.clock.pass_time(days=1)
    await _goes(stage)
    stage.clock.pass_time(hours=1)
    await stage.happens(lead, "link.clicked", "url:1")
    await stage.happens(lead, "lead.wrote")
    await stage.happens(lead, "lead.answered")
    await stage.route()
    assert await _counts(stage, "clicked", "replied", "sent") == {
        ("first", "", "sent"): 1,
        ("second", "", "sent"): 1,
        ("first", "", "clicked"): 1,
        ("second", "", "clicked"): 1,
        ("second", "", "replied"): 1,
    }


async def test_two_clicks_that_are_looked_at_together_are_one_too(stage: Stage):
    await stage.open(two=TWO)
    lead = await stage.lead()
    await _goes(stage)
    await stage.happens(lead, "link.clicked", "url:1")
    await stage.happens(lead, "link.clicked", "url:1")
    await stage.route()
    assert await _counts(stage, "clicked") == {("first", "", "clicked"): 1}


async def test_what_comes_long_after_a_message_is_not_because_of_it(stage: Stage):
    await stage.open(two={**TWO, "steps": TWO["steps"][:1]})
    lead = await stage.lead()
    await _goes(stage)
    stage.clock.pass_time(seconds=TOUCHES.total_seconds() + 1)
    await stage.happens(lead, "lead.wrote")
    await stage.route()
    assert await _counts(stage, "replied") == {}


async def test_every_purchase_counts_with_its_money_for_the_message_and_for_the_whole(stage: Stage):
    await stage.open(two=TWO)
    lead = await stage.lead()
    await _goes(stage)
    await _buys(stage, lead, 900)
    await _buys(stage, lead, 1100)
    async with stage.database.reading() as session:
        rows = (await session.scalars(select(StepCount).where(StepCount.measure == "bought"))).all()
    assert {(row.step, row.count, row.money["usd"]) for row in rows} == {("first", 2, 2000), (WHOLE, 2, 2000)}


async def test_a_block_and_a_way_out_count_for_the_message_before(stage: Stage):
    await stage.open(two=TWO)
    one, other = await stage.lead(100), await stage.lead(101)
    await _goes(stage)
    await stage.happens(one, "lead.blocked")
    await stage.happens(other, "lead.unsubscribed")
    await stage.route()
    assert await _counts(stage, "blocked", "left") == {("first", "", "blocked"): 1, ("first", "", "left"): 1}


async def test_those_who_are_held_out_are_compared_by_what_they_buy_too(stage: Stage):
    split = {"key": "ab", "do": "split", "arms": {"a": {"weight": 1}}, "holdout": 1}
    await stage.open(two={**TWO, "steps": [split, *TWO["steps"]]})
    leads = [await stage.lead(number) for number in range(100, 112)]
    await _goes(stage)
    arms = {each.lead_id: each.arms["ab"] for each in await stage.enrollments()}
    held = [lead for lead in leads if arms[lead.id] == "holdout"]
    told = [lead for lead in leads if arms[lead.id] == "a"]
    assert held
    assert told
    await _buys(stage, held[0], 500)
    await _buys(stage, told[0], 700)
    counts = await _counts(stage, "bought", "reached")
    assert counts[WHOLE, "ab=holdout", "bought"] == counts[WHOLE, "ab=a", "bought"] == 1
    assert counts["ab", "ab=holdout", "reached"] == len(held)
    assert ("first", "ab=holdout", "sent") not in await _counts(stage, "sent")
    stage.clock.pass_time(seconds=FOLLOWS.total_seconds() + 1)
    await _buys(stage, held[0], 900)
    assert (await _counts(stage, "bought"))[WHOLE, "ab=holdout", "bought"] == 1
