"""Whatever happens to a broadcast in whatever order, its sums are exact, and nobody gets it twice unmarked."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from broadcast_stage import OnAir, drafted, leads
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from stage import Stage
from stores import DATA_KEYS, Stores

from automations.gateway import Blocked, NotNow, Refused, SendFailure, SlowDown, Uncertain
from automations.outcomes import Claimed, close_failed
from automations.settling import settle
from domain.broadcasts.acts import cancel_broadcast, pause_broadcast, resume_broadcast
from domain.broadcasts.feeding import feed
from domain.consent import unsubscribe
from domain.forgetting import forget_lead
from domain.setups import CreatorSetup
from kit.errors import Refusal
from store.database import Database
from store.models import Broadcast, BroadcastRecipient, BroadcastState, Lead, OutboxMessage, OutboxState
from store.queries.broadcasts import Counts, count_recipients

PEOPLE = 30
MOVES = 60
FAILURES = (Blocked("gone"), Refused("no"), Uncertain("lost"), NotNow("later"), SlowDown(1))
HANDS = ("pause", "resume", "resume", "cancel", "leave", "forget", "settle")


class Chaos:
    """One broadcast to which anything may happen, chosen by a seed."""

    def __init__(self, stage: Stage, news: OnAir, seed: int) -> None:
        self.stage, self.news, self.chance = stage, news, random.Random(seed)
        self.in_hand: list[Claimed] = []
        self.said: Counter[int] = Counter()
        self.leads: list[Lead] = []
        # of whom it is not known whether they have it, at one time or another
        self.unclear: set[int] = set()

    async def something_happens(self) -> None:
        match self.chance.choices(("work", "take", "say", "hand", "kill", "time"), (6, 6, 6, 4, 2, 2))[0]:
            case "work":
                await self.news.work_of.work()
            case "take":
                self.in_hand += await self.stage.claim(most=self.chance.randint(1, 4))
            case "say":
                await self.say()
            case "hand":
                await self.hand()
            case "kill":
                await self._kill()
            case "time":
                self.stage.clock.pass_time(seconds=self.chance.choice((1, 30, 600)))

    async def say(self) -> None:
        if not self.in_hand:
            return
        claimed = self.in_hand.pop(self.chance.randrange(len(self.in_hand)))
        if self.chance.random() < 0.7:
            self.said[claimed.person_id] += 1
            await self.stage.confirm(claimed, claimed.id)
            return
        failure: SendFailure = self.chance.choice(FAILURES)
        if isinstance(failure, Uncertain):
            self.said[claimed.person_id] += 1
        async with self.stage.database.transaction() as session:
            await close_failed(session, claimed, failure, now=self.stage.clock(), chance=lambda: 0.0)

    async def hand(self) -> None:
        """A person's doing; what cannot be done now is refused and changes nothing."""
        stage, now = self.stage, self.stage.clock()
        lead = self.chance.choice(self.leads)
        # the end would come too soon each time
        what = self.chance.choice(HANDS if self.chance.random() < 0.3 else ("pause", "resume"))
        try:
            async with stage.database.transaction() as session:
                news = await self.news.find(session)
                match what:
                    case "pause":
                        await pause_broadcast(session, news, now=now)
                    case "resume":
                        await resume_broadcast(session, news, now=now)
                    case "cancel":
                        await cancel_broadcast(session, news, now=now)
                    case "leave":
                        await unsubscribe(session, await session.get_one(Lead, lead.id), now=now)
                    case "forget":
                        await forget_lead(session, await session.get_one(Lead, lead.id), now=now)
                    case "settle":
                        unclear = select(OutboxMessage.id).where(OutboxMessage.state == OutboxState.UNCERTAIN)
                        if (found := await session.scalar(unclear.limit(1))) is not None:
                            await settle(session, found, self.chance.choice(("sent", "failed", "again")), now=now)
        except Refusal:
            return

    async def _kill(self) -> None:
        """The process dies in the middle: of a batch, and of what it was saying."""
        batch = asyncio.create_task(self.news.work_of.work())
        for _ in range(self.chance.randint(0, 12)):
            await asyncio.sleep(0)
        batch.cancel()
        await asyncio.gather(batch, return_exceptions=True)
        # some of it had arrived, and nobody was told
        for claimed in self.in_hand:
            self.said[claimed.person_id] += self.chance.random() < 0.5
        self.in_hand.clear()
        await self.stage.sweep()

    async def adds_up(self) -> None:
        async with self.stage.database.reading() as session:
            row, counts = await self.news.find(session), await count_recipients(session, self.news.id)
            everybody = await session.scalar(select(func.count()).select_from(BroadcastRecipient))
        assert counts.total == everybody, (row.state, counts)
        assert row.audience in {None, everybody}
        if row.state is BroadcastState.DONE:
            assert counts.waiting == 0
        self.unclear |= {each.person_id for each in await self.stage.outbox() if each.uncertain}

    def nobody_heard_it_twice_unmarked(self) -> None:
        assert [person for person, times in self.said.items() if times > 1 and person not in self.unclear] == []


@pytest.fixture
def postgresql_url(stores: Stores, postgresql: str) -> str:
    return stores.postgresql(postgresql)


@pytest_asyncio.fixture
async def postgresql_stage(postgresql_url: str) -> AsyncIterator[Stage]:
    """Where two transactions really go on at once."""
    database = Database(postgresql_url, data_keys=DATA_KEYS)
    yield Stage(database)
    await database.close()


async def _opened(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch) -> Chaos:
    for name in ("audience.LISTED_AT_ONCE", "feeding.AT_ONCE", "feeding.DROPPED_AT_ONCE"):
        monkeypatch.setattr(f"domain.broadcasts.{name}", 7)
    await stage.open()
    chaos = Chaos(stage, await drafted(stage, "A", "B", ahead=9), seed)
    chaos.leads = await leads(stage, PEOPLE)
    await chaos.news.starts()
    return chaos


async def _random_walk(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    chaos = await _opened(stage, seed, monkeypatch)
    for _ in range(MOVES):
        await chaos.something_happens()
        await chaos.adds_up()
    chaos.nobody_heard_it_twice_unmarked()


@pytest.mark.parametrize("seed", range(4))
async def test_the_sums_are_exact_after_everything_that_happens(
    stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
):
    await _random_walk(stage, seed, monkeypatch)


async def _all_at_once(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes feed it while one sends and people interfere; somebody counts all the while."""
    chaos = await _opened(stage, seed, monkeypatch)
    over = asyncio.Event()

    async def works() -> None:
        while not over.is_set():
            await chaos.news.work_of.work()
            await asyncio.sleep(0)

    async def sends() -> None:
        while not over.is_set():
            chaos.in_hand += await stage.claim(most=3)
            await chaos.say()
            await asyncio.sleep(0)

    async def counts() -> None:
        while not over.is_set():
            await chaos.adds_up()
            await asyncio.sleep(0)

    async def interferes() -> None:
        for _ in range(MOVES // 2):
            await chaos.hand()
            stage.clock.pass_time(seconds=5)
        over.set()

    async with asyncio.TaskGroup() as group:
        for each in (works(), works(), sends(), counts(), interferes()):
            group.create_task(each)
    await chaos.adds_up()
    chaos.nobody_heard_it_twice_unmarked()


@pytest.mark.parametrize("seed", range(2))
async def test_the_sums_are_exact_while_everything_happens_at_once(
    stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch
):
    await _all_at_once(stage, seed, monkeypatch)


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 40))
async def test_the_sums_are_exact_while_much_happens_at_once(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch):
    await _all_at_once(stage, seed, monkeypatch)


async def _fed_while_it_is_paused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Counts:
    """A pause that comes while a batch is being queued and not saved yet; counted when both are."""
    chaos = await _opened(stage, 0, monkeypatch)
    await chaos.news.work_of.work()
    news = chaos.news
    while await news.state() is BroadcastState.STARTING:
        await news.work_of.work()

    async def pause() -> None:
        await news.pauses()

    async with stage.database.transaction() as session:
        await feed(session, news.id, CreatorSetup(), room=5, now=stage.clock())
        pausing = asyncio.create_task(pause())
        await asyncio.wait({pausing}, timeout=0.5)
    await pausing
    assert await news.state() is BroadcastState.PAUSED
    return await news.counts()


async def test_a_pause_takes_back_what_is_being_queued_at_that_moment(stage: Stage, monkeypatch: pytest.MonkeyPatch):
    assert await _fed_while_it_is_paused(stage, monkeypatch) == Counts(waiting=PEOPLE)


async def test_without_the_held_row_a_pause_would_leave_some_queued(
    postgresql_stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    async def not_held(session: AsyncSession, broadcast_id: int, *_: BroadcastState) -> Broadcast | None:
        return await session.get(Broadcast, broadcast_id)

    monkeypatch.setattr("domain.broadcasts.feeding.hold_broadcast", not_held)
    assert (await _fed_while_it_is_paused(postgresql_stage, monkeypatch)).queued == 5


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(4, 100))
async def test_the_sums_are_exact_in_many_orders(stage: Stage, seed: int, monkeypatch: pytest.MonkeyPatch):
    await _random_walk(stage, seed, monkeypatch)
