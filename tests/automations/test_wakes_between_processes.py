"""Several processes on one PostgreSQL: what one of them decides is said at once by the one that speaks."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from stage import FakeGateway, Stage
from stores import DATA_KEYS, Stores

from automations.ticks import Tick, Ticks
from domain.messages.plain import Message
from store.database import Database
from store.wakes import Wakes


@dataclass
class Speaking(FakeGateway):
    """Tells when it has spoken."""

    spoken: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, telegram_id: int, message: Message) -> int:
        self.spoken.set()
        return await super().send(telegram_id, message)


@pytest.fixture
def url(stores: Stores, postgresql: str) -> str:
    return stores.postgresql(postgresql)


@pytest.mark.parametrize("tells", [True, False])
async def test_what_another_worker_promises_is_said_well_before_a_tick_comes_round(url: str, *, tells: bool):
    gateway, ticks = Speaking(), Ticks()
    ours, theirs = Database(url, data_keys=DATA_KEYS), Database(url, data_keys=DATA_KEYS)
    stage = await Stage(ours, gateway=gateway).open()
    lead = await stage.lead()
    await stage.look_at_events()
    sender = stage.sender()
    # by itself it comes round in an hour
    tick = Tick("send", sender.send_due, every=3600, topics=frozenset({"outbox"}))
    ticks.add(tick)
    ticks.start()
    both = Wakes(ours, ticks.wake), Wakes(theirs, ticks.wake)
    talking = both if tells else both[:1]
    for each in talking:
        each.start()
    try:
        async with asyncio.timeout(10):
            for each in talking:
                await each.listens.wait()
            await tick.run()
        assert sender.leads
        await replace(stage, database=theirs).promise(lead, "now")
        if tells:
            await asyncio.wait_for(gateway.spoken.wait(), 10)
        else:
            # nothing else would have
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(gateway.spoken.wait(), 0.9)
    finally:
        await ticks.stop()
        await sender.finish(10)
        for each in both:
            await each.stop()
        await ours.close()
        await theirs.close()
