import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import select, update
from stage import Stage
from standardwebhooks import Webhook
from test_step_acts import a_creator_who_listens, notices

from automations.hooks import MOST_IN_A_TURN, PATIENCE, WAITS, Hooks
from automations.outgoing_calls import CallFailed
from domain.events import record_event
from domain.hooks import BOTH_SIGN, add_hook, change_hook, change_secret, redeliver, remove_hook
from store.models import Creator, Event, Hook, HookMessage, HookState, HookTry, Lead
from store.queries.hooks import LOOKED_AT_WITHIN

KEPT = timedelta(days=90)


@dataclass
class FakeCaller:
    """Answers with what stands in `answers`, one each time; None is no answer at all. Waits while `gate` is shut."""

    answers: list[int | None] = field(default_factory=list)
    told: list[tuple[str, bytes, Mapping[str, str]]] = field(default_factory=list)
    gates: dict[str, asyncio.Event] = field(default_factory=dict)
    rings: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def call(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        self.told.append((url, body, headers))
        self.rings.put_nowait(url)
        if url in self.gates:
            await self.gates[url].wait()
        answer = self.answers.pop(0) if self.answers else 204
        if answer is None:
            raise CallFailed("no answer within 10 seconds")
        return answer

    @property
    def subjects(self) -> list[str]:
        return [orjson.loads(body)["data"]["subject"] for _, body, _ in self.told]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, _, headers in self.told]


@dataclass
class Switchboard:
    stage: Stage
    lead: Lead
    caller: FakeCaller
    hooks: Hooks

    @classmethod
    async def opened(cls, stage: Stage, *answers: int | None) -> "Switchboard":
        await stage.open()
        lead = await stage.lead()
        while await stage.route():
            pass
        caller = FakeCaller(list(answers))
        return cls(stage, lead, caller, hooks_of(stage, caller))

    async def hook(self, *events: str, url: str = "https://hooks.example/spark") -> int:
        async with self.stage.database.transaction() as session:
            return (await add_hook(session, self.stage.creator_id, url, events, now=self.stage.clock())).id

    async def happen(self, *subjects: str, name: str = "order.paid") -> None:
        for subject in subjects:
            await self.stage.happens(self.lead, name, subject)
        while await self.stage.route():
            pass

    async def tell(self) -> int:
        count = await self.hooks.run()
        await self.hooks.settle()
        return count

    async def messages(self) -> list[HookMessage]:
        async with self.stage.database.reading() as session:
            return list(await session.scalars(select(HookMessage).order_by(HookMessage.event_id)))

    async def the_hook(self) -> Hook:
        async with self.stage.database.reading() as session:
            return (await session.scalars(select(Hook))).one()


def hooks_of(stage: Stage, caller: FakeCaller) -> Hooks:
    return Hooks(stage.database, stage.clock, caller, keep=KEPT, chance=lambda: 0.0)


async def test_what_was_asked_for_is_told_once_signed_and_in_order(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.hook("order.*")
    await board.happen("order:1", "order:2", "order:3")
    await board.happen("tag:vip", name="lead.tagged")
    assert [await board.tell(), await board.tell()] == [1, 0]
    assert board.caller.subjects == ["order:1", "order:2", "order:3"]
    url, body, headers = board.caller.told[0]
    told: dict[str, Any] = orjson.loads(body)
    assert url == "https://hooks.example/spark"
    assert (told["type"], told["timestamp"]) == ("order.paid", "2026-11-03T09:00:00Z")
    assert told["data"].keys() == {"event_id", "creator_id", "lead_id", "subject"}
    assert told["data"]["lead_id"] == board.lead.id
    sign = Webhook((await board.the_hook()).secret).sign
    assert headers["webhook-signature"] == sign(headers["webhook-id"], stage.clock(), body.decode())
    assert {each.state for each in await board.messages()} == {HookState.DELIVERED}


async def test_without_names_everything_is_told_and_nothing_from_before(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.happen("order:1")
    await board.hook()
    await board.happen("order:2")
    await board.happen("", name="lead.tagged")
    await board.tell()
    types = [orjson.loads(body)["type"] for _, body, _ in board.caller.told]
    assert types == ["hook.added", "order.paid", "lead.tagged"]


async def test_what_came_first_is_told_first_though_its_lead_was_busy(stage: Stage):
    board = await Switchboard.opened(stage)
    if stage.database.is_sqlite:
        # one writer at a time: nobody is busy
        return
    await board.hook("order.*")
    other = await stage.lead(200, "Anna")
    while await stage.route():
        pass
    await stage.happens(board.lead, "order.paid", "order:1")
    async with stage.database.transaction() as session:
        await session.execute(select(Lead).where(Lead.id == board.lead.id).with_for_update())
        await stage.happens(other, "order.paid", "order:2")
        await stage.route()
        assert await board.tell() == 0
        # another creator's waits for none of it
        async with stage.database.transaction() as another:
            now = stage.clock()
            bob = Creator(slug="bob", name="Bob", currency="usd", time_zone="UTC", created_at=now)
            another.add(bob)
            await another.flush()
            await add_hook(another, bob.id, "https://bob.example/spark", ["order.*"], now=now)
            await record_event(another, "order.paid", creator_id=bob.id, subject="order:9", now=now)
        await stage.route()
        assert await board.tell() == 1
        assert board.caller.subjects == ["order:9"]
        board.caller.told.clear()
    await stage.route()
    await board.tell()
    assert board.caller.subjects == ["order:1", "order:2"]
    # whose turn does not come for long holds nobody up
    await stage.happens(board.lead, "order.paid", "order:3")
    async with stage.database.transaction() as session:
        await session.execute(select(Lead).where(Lead.id == board.lead.id).with_for_update())
        await stage.happens(other, "order.paid", "order:4")
        await stage.route()
        stage.clock.pass_time(seconds=LOOKED_AT_WITHIN.total_seconds())
        assert await board.tell() == 1
    assert board.caller.subjects[2:] == ["order:4"]


async def test_a_failing_one_is_told_again_under_the_same_id_and_what_comes_later_waits_behind(stage: Stage):
    board = await Switchboard.opened(stage, 500, None, 302, *[500] * (len(WAITS) - 2))
    await board.hook("order.*")
    await board.happen("order:1", "order:2")
    await board.tell()
    for wait in WAITS:
        assert await board.tell() == 0
        stage.clock.pass_time(seconds=wait.total_seconds())
        assert await board.tell() == 1
    # the first was given up, and then it is the second's turn
    assert board.caller.subjects == ["order:1"] * (len(WAITS) + 1) + ["order:2"]
    assert len(set(board.caller.ids)) == 2
    assert [each.state for each in await board.messages()] == [HookState.FAILED, HookState.DELIVERED]
    assert (await board.the_hook()).failing_since is None
    async with stage.database.reading() as session:
        tries = [(each.status, each.error) for each in await session.scalars(select(HookTry).order_by(HookTry.id))]
    assert tries[:3] == [(500, None), (None, "no answer within 10 seconds"), (302, None)]


async def test_a_slow_one_keeps_nobody_else_waiting_and_is_called_by_one_process_at_a_time(stage: Stage):
    board = await Switchboard.opened(stage)
    slow = "https://slow.example/spark"
    board.caller.gates[slow] = asyncio.Event()
    await board.hook("order.*", url=slow)
    await board.hook("order.*")
    await board.happen("order:1", "order:2")
    assert await board.hooks.run() == 2
    other = hooks_of(stage, board.caller)
    async with asyncio.timeout(20):
        assert sorted([await board.caller.rings.get() for _ in range(3)]).count(slow) == 1
    assert await other.run() == 0
    assert [each[0] for each in board.caller.told].count(slow) == 1
    board.caller.gates[slow].set()
    await board.hooks.settle()
    assert [
        subject for (url, *_), subject in zip(board.caller.told, board.caller.subjects, strict=True) if url == slow
    ] == [
        "order:1",
        "order:2",
    ]
    assert await other.run() == 0


async def test_what_was_cut_off_between_the_call_and_its_note_is_told_again_under_the_same_id(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.hook("order.*")
    await board.happen("order:1")
    board.caller.gates["https://hooks.example/spark"] = asyncio.Event()
    await board.hooks.run()
    async with asyncio.timeout(20):
        await board.caller.rings.get()
    await board.hooks.stop(within=0)
    board.hooks = hooks_of(stage, board.caller)
    del board.caller.gates["https://hooks.example/spark"]
    assert await board.tell() == 0
    async with stage.database.transaction() as session:
        await session.execute(update(Hook).values(leased_until=stage.clock() - timedelta(days=9999)))
    assert await board.tell() == 1
    assert len(board.caller.ids) == 2
    assert len(set(board.caller.ids)) == 1


async def test_one_that_is_gone_or_fails_for_days_is_switched_off_and_its_creator_is_told(stage: Stage):
    board = await Switchboard.opened(stage, 410)
    await a_creator_who_listens(stage)
    hook_id = await board.hook("order.*")
    await board.happen("order:1", "order:2")
    await board.tell()
    hook = await board.the_hook()
    assert hook.disabled_why == "gone"
    (told,) = await notices(stage)
    assert "hooks.example" in told
    await board.happen("order:3")
    assert await board.tell() == 0
    assert [each.state for each in await board.messages()] == [HookState.FAILED, HookState.WAITING]
    # switched on again, what had been waiting is told
    async with stage.database.transaction() as session:
        await change_hook(session, await session.get_one(Hook, hook_id), enabled=True, now=stage.clock())
    await board.tell()
    assert board.caller.subjects == ["order:1", "order:2"]
    board.caller.answers = [500, 500]
    await board.happen("order:4")
    await board.tell()
    stage.clock.pass_time(seconds=PATIENCE.total_seconds())
    await board.tell()
    assert (await board.the_hook()).disabled_why == "failing"
    assert len(await notices(stage)) == 2


async def test_another_address_is_told_at_once_what_waits_and_answers_for_itself_alone(stage: Stage):
    board = await Switchboard.opened(stage, 500, 500)
    hook_id = await board.hook("order.*")
    await board.happen("order:1")
    await board.tell()
    stage.clock.pass_time(seconds=PATIENCE.total_seconds() - 1)
    async with stage.database.transaction() as session:
        url = "https://hooks.example/moved"
        await change_hook(session, await session.get_one(Hook, hook_id), url=url, now=stage.clock())
    assert await board.tell() == 1
    stage.clock.pass_time(seconds=WAITS[0].total_seconds())
    await board.tell()
    assert [told for told, _, _ in board.caller.told][1:] == [url, url]
    assert (await board.the_hook()).disabled_at is None
    # the same one again is no other
    board.caller.answers = [500]
    await board.happen("order:2")
    await board.tell()
    async with stage.database.transaction() as session:
        await change_hook(session, await session.get_one(Hook, hook_id), url=url, now=stage.clock())
    assert await board.tell() == 0


async def test_a_changed_secret_signs_beside_the_one_before_for_a_day(stage: Stage):
    board = await Switchboard.opened(stage)
    hook_id = await board.hook("order.*")
    async with stage.database.transaction() as session:
        hook = await session.get_one(Hook, hook_id)
        before = hook.secret
        await change_secret(session, hook, now=stage.clock())
        after = hook.secret
    assert len(base64.b64decode(after.removeprefix("whsec_"))) == 32
    await board.happen("order:1")
    await board.tell()
    stage.clock.pass_time(seconds=BOTH_SIGN.total_seconds())
    await board.happen("order:2")
    await board.tell()
    for (_, body, headers), secrets in zip(board.caller.told, ([after, before], [after]), strict=True):
        at = stage.clock() if secrets == [after] else stage.clock() - BOTH_SIGN
        signs = [Webhook(each).sign(headers["webhook-id"], at, body.decode()) for each in secrets]
        assert headers["webhook-signature"].split(" ") == signs


async def test_a_delivery_is_made_again_and_a_removed_webhook_is_called_no_more(stage: Stage):
    board = await Switchboard.opened(stage)
    hook_id = await board.hook("order.*")
    await board.happen("order:1")
    await board.tell()
    (message,) = await board.messages()
    async with stage.database.transaction() as session:
        await redeliver(session, stage.creator_id, message.id, now=stage.clock())
    await board.tell()
    assert board.caller.ids == [f"msg_{message.id}"] * 2
    await board.happen("order:2")
    async with stage.database.transaction() as session:
        await remove_hook(session, await session.get_one(Hook, hook_id), now=stage.clock())
    await board.happen("order:3")
    assert await board.tell() == 0
    assert [each.state for each in await board.messages()] == [HookState.DELIVERED, HookState.FAILED]


async def test_the_log_is_kept_for_a_while_and_what_waits_until_it_was_told(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.hook("order.*")
    await board.happen("order:1")
    await board.tell()
    stage.clock.pass_time(seconds=KEPT.total_seconds() + 1)
    await board.happen("order:2")
    assert [await board.hooks.prune(), await board.hooks.prune()] == [1, 0]
    (left,) = await board.messages()
    assert left.state is HookState.WAITING


async def test_many_are_told_turn_by_turn_and_no_event_of_another_creator_ever(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.hook("order.*")
    other = Stage(stage.database)
    await other.open_beside(stage)
    stranger = await other.lead(200, "Eve")
    await other.happens(stranger, "order.paid", "order:999")
    subjects = [f"order:{number}" for number in range(MOST_IN_A_TURN + 3)]
    await board.happen(*subjects)
    while await board.tell():
        pass
    assert board.caller.subjects == subjects


async def test_an_event_that_is_routed_again_is_promised_once(stage: Stage):
    board = await Switchboard.opened(stage)
    await board.hook("order.*")
    await board.happen("order:1")
    async with stage.database.transaction() as session:
        await session.execute(update(Event).values(routed_at=None))
    await board.happen()
    assert len(await board.messages()) == 1
