import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from stage import Stage, follow_up

from automations.engine import LEASE, Engine
from automations.pace import Pace
from automations.ticks import Tick, Ticks
from store.database import Database
from store.database_clock import database_in, database_now
from store.models import Event, Lease, OutboxKind, OutboxState


class Counted:
    """Work of which so much is left; fails when told to."""

    def __init__(self, left: int = 0) -> None:
        self.left = left
        self.runs = 0
        self.failure: Exception | None = None
        self.ran = asyncio.Event()

    async def __call__(self) -> int:
        self.runs += 1
        self.ran.set()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        done, self.left = min(self.left, 2), max(self.left - 2, 0)
        return done


@pytest.fixture
async def ticks() -> AsyncIterator[Ticks]:
    ticks = Ticks()
    yield ticks
    await ticks.stop()


async def until_run(work: Counted) -> None:
    async with asyncio.timeout(5):
        await work.ran.wait()
    work.ran.clear()


async def test_a_tick_goes_on_until_nothing_is_left():
    work = Counted(left=5)
    assert await Tick("count", work, every=60).run() == 5
    assert work.runs == 4


async def test_time_wakes_it_in_the_thread_that_it_waits_in(ticks: Ticks):
    threads: list[int] = []
    beaten = asyncio.Event()

    class Heard(Tick):
        def wake(self) -> None:
            threads.append(threading.get_ident())
            super().wake()
            if len(threads) > 2:
                loop.call_soon_threadsafe(beaten.set)

    loop = asyncio.get_running_loop()
    ticks.add(Heard("work", Counted(), every=0.02))
    ticks.start()
    async with asyncio.timeout(5):
        await beaten.wait()
    assert set(threads) == {threading.get_ident()}


async def test_started_it_runs_at_once_and_then_when_its_topic_is_woken(ticks: Ticks):
    work, other = Counted(), Counted()
    ticks.add(Tick("work", work, every=3600, topics=frozenset({"outbox"})))
    ticks.add(Tick("other", other, every=3600, topics=frozenset({"timers"})))
    ticks.start()
    await until_run(work)
    await until_run(other)
    ticks.wake(frozenset({"outbox", "nobody's"}))
    await until_run(work)
    assert (work.runs, other.runs) == (2, 1)


async def test_its_interval_brings_it_round_too(ticks: Ticks):
    work = Counted()
    ticks.add(Tick("work", work, every=0.02))
    ticks.start()
    for _ in range(3):
        await until_run(work)


@pytest.mark.parametrize("failure", [RuntimeError("a bug"), OperationalError("SELECT", {}, ConnectionError("away"))])
async def test_a_failure_ends_neither_the_tick_nor_the_others(ticks: Ticks, failure: Exception):
    bad, good = Counted(), Counted()
    bad.failure = failure
    ticks.add(Tick("bad", bad, every=3600, topics=frozenset({"go"})))
    ticks.add(Tick("good", good, every=3600, topics=frozenset({"go"})))
    ticks.start()
    await until_run(bad)
    await until_run(good)
    ticks.wake(frozenset({"go"}))
    await until_run(bad)
    await until_run(good)


async def test_run_all_does_one_round_of_each_and_says_how_much_there_was(ticks: Ticks):
    first, second = Counted(left=3), Counted(left=4)
    ticks.add(Tick("first", first, every=60))
    ticks.add(Tick("second", second, every=60))
    assert await ticks.run_all() == 7
    assert await ticks.run_all() == 0


async def test_one_tick_never_runs_twice_at_once():
    under_way, most = 0, 0

    async def work() -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return 0

    tick = Tick("work", work, every=60)
    await asyncio.gather(*(tick.run() for _ in range(5)))
    assert most == 1


async def test_stopping_lets_the_batch_under_way_end_and_begins_no_other():
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), []

    async def work() -> int:
        begun.set()
        await may_end.wait()
        ended.append("batch")
        return 1

    ticks = Ticks()
    ticks.add(Tick("slow", work, every=3600))
    ticks.start()
    await begun.wait()
    stopping = asyncio.create_task(ticks.stop())
    may_end.set()
    await stopping
    assert ended == ["batch"]


async def test_at_a_stop_no_tick_waits_for_a_slow_one_and_the_slow_one_is_cut_off_in_time():
    slow_began, slow_ended, runs, halted = asyncio.Event(), [], [], asyncio.Event()

    async def slow() -> int:
        slow_began.set()
        try:
            await asyncio.Event().wait()
        finally:
            slow_ended.append("cut off")
        return 0

    async def endless() -> int:
        runs.append("batch")
        await asyncio.sleep(0)
        if halted.is_set():
            runs.append("after the stop was asked for")
        return 1

    ticks = Ticks()
    ticks.add(Tick("slow", slow, every=3600))
    ticks.add(Tick("endless", endless, every=3600))
    ticks.start()
    await slow_began.wait()
    stopping = asyncio.create_task(ticks.stop(within=0.05))
    await asyncio.sleep(0.01)
    halted.set()
    async with asyncio.timeout(5):
        await stopping
    assert slow_ended == ["cut off"]
    assert runs
    assert runs[-1] == "batch"


async def test_stopping_twice_or_unstarted_is_harmless():
    ticks = Ticks()
    await ticks.stop()
    ticks.start()
    await ticks.stop()
    await ticks.stop()


def engine(stage: Stage, holder: str, database: Database | None = None) -> Engine:
    return Engine(
        database=database or stage.database,
        clock=stage.clock,
        gateway=stage.gateway,
        pace=Pace(in_all=10_000, to_one_chat=10_000),
        published=stage.published,
        holder=holder,
        keep_updates=timedelta(days=7),
        keep_decisions=timedelta(days=90),
        ticks=Ticks(),
    )


async def one_round(*engines: Engine) -> None:
    """Two, since what one tick decides another one sends; the messages in hand go out."""
    for _ in range(2):
        for each in engines:
            await each.ticks.run_all()
            await each.sender.finish(5)


async def holder(stage: Stage) -> str | None:
    async with stage.database.reading() as session:
        held = (Lease.name == LEASE, Lease.expires_at > database_now())
        return await session.scalar(select(Lease.holder).where(*held))


async def test_of_two_engines_one_leads_and_the_other_takes_over_when_it_stops(stage: Stage):
    await stage.open(welcome=follow_up())
    first, second = engine(stage, "first"), engine(stage, "second")
    await first.start(alone=False)
    await second.start(alone=False)
    assert await holder(stage) == "first"
    await stage.lead()
    await one_round(second)
    assert await stage.enrollments() == []
    await first.stop(within=1)
    assert await holder(stage) is None
    await one_round(second)
    assert len(await stage.enrollments()) == 1
    assert await holder(stage) == "second"
    await second.stop(within=1)


async def test_a_dead_leaders_lease_runs_out_and_a_second_one_cannot_take_it_before(stage: Stage):
    await stage.open()
    first, second = engine(stage, "first"), engine(stage, "second")
    await first.start(alone=False)
    await second.start(alone=False)
    await one_round(second)
    assert await holder(stage) == "first"
    async with stage.database.transaction() as session:
        # its time is over, by the database's own clock
        await session.execute(
            update(Lease).where(Lease.name == LEASE).values(expires_at=database_in(session, -1)),
            execution_options={"synchronize_session": False},
        )
    await one_round(second)
    assert await holder(stage) == "second"
    # the first comes back to life and stands by
    await first.ticks.run_all()
    assert await holder(stage) == "second"
    await second.stop(within=1)


async def test_from_an_event_to_the_message_the_engine_does_everything_due(stage: Stage):
    await stage.open(welcome=follow_up())
    whole = engine(stage, "only")
    await whole.start(alone=True)
    await stage.lead()
    await one_round(whole)
    assert await whole.is_settled()
    assert await whole.next_due() == stage.clock() + timedelta(days=1)
    stage.clock.pass_time(days=1)
    assert not await whole.is_settled()
    await one_round(whole)
    assert [text.splitlines()[0] for _, text in stage.gateway.sent] == ["Hi there"]
    assert await whole.is_settled()
    assert await whole.next_due() is None
    await whole.stop(within=1)


async def test_whoever_is_set_aside_is_waited_for_by_nobody_and_everybody_else_is(stage: Stage):
    paid = {"trigger": {"event": "order.paid", "data": {"product": 3}}, "steps": follow_up()["steps"]}
    await stage.open(welcome=follow_up(), paid=paid)
    whole = engine(stage, "only")
    await whole.start(alone=True)
    aside = await stage.lead(100)
    await stage.lead(200)
    await one_round(whole)
    await stage.happens(aside, "order.paid")
    async with stage.database.transaction() as session:
        # no mapping: a fault of ours
        await session.execute(update(Event).where(Event.name == "order.paid").values(data=[7]))
    assert not await whole.is_settled()
    await stage.promise(aside, "a follow-up", OutboxKind.FUNNEL)
    await stage.promise(aside, "behind it", OutboxKind.BROADCAST)
    await one_round(whole)
    assert await whole.is_settled()
    stage.clock.pass_time(days=1)
    assert not await whole.is_settled()
    await one_round(whole)
    assert [chat for chat, _ in stage.gateway.sent] == [200]
    assert await whole.is_settled()
    await whole.stop(within=1)


async def test_started_alone_it_settles_at_once_what_a_dead_process_left_in_the_middle(stage: Stage):
    await stage.open()
    await stage.promise(await stage.lead(), "one")
    sender = stage.sender()
    stage.gateway.failures = [RuntimeError("the process dies here")]
    await sender.send_due()
    await sender.finish(5)
    whole = engine(stage, "only")
    await whole.start(alone=True)
    (message,) = await stage.outbox()
    assert (message.state, message.uncertain) == (OutboxState.QUEUED, 1)
    await whole.stop(within=1)
