import asyncio
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.lanes import Lanes

PRE_CHECKOUT, TAP, MESSAGE = 0, 1, 2


class Workshop:
    """Does work that takes until the test says so, and remembers what was begun and in which order."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.done: list[str] = []
        self.most_at_once = 0
        self._gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._news = asyncio.Condition()

    async def do(self, work: str) -> None:
        self.begun.append(work)
        self.most_at_once = max(self.most_at_once, len(self.begun) - len(self.done))
        await self._tell()
        try:
            await self._gates[work].wait()
            if work.startswith("bad"):
                raise ValueError(work)
        finally:
            self.done.append(work)
            await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def let_go(self, *works: str) -> None:
        for work in works:
            self._gates[work].set()

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.begun) >= count)

    async def until_done(self, count: int) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(lambda: len(self.done) >= count)


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_one_lane_does_one_thing_at_a_time_in_the_order_of_arrival():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=10)
    for work in ("1", "2", "3"):
        lanes.put("lena", MESSAGE, work)
    await shop.until_begun(1)
    await turns()
    assert shop.begun == ["1"]
    shop.let_go("2", "3")
    await turns()
    assert shop.begun == ["1"]
    shop.let_go("1")
    await shop.until_done(3)
    assert shop.begun == shop.done == ["1", "2", "3"]
    await turns()
    assert lanes.idle


async def test_lanes_work_side_by_side_as_many_as_are_allowed_at_once():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=3)
    works = [f"{number}" for number in range(8)]
    for work in works:
        lanes.put(work, MESSAGE, work)
    await shop.until_begun(3)
    await turns()
    assert shop.begun == works[:3]
    shop.let_go(*works)
    await shop.until_done(8)
    assert shop.most_at_once == 3
    assert shop.begun == works


async def test_without_the_lanes_one_persons_messages_overtake_each_other():
    shop = Workshop()
    tasks = [asyncio.create_task(shop.do(work)) for work in ("slow", "quick")]
    await shop.until_begun(2)
    shop.let_go("quick")
    await shop.until_done(1)
    assert shop.done == ["quick"]
    shop.let_go("slow")
    await asyncio.gather(*tasks)


async def test_the_more_urgent_lane_goes_first_and_equal_ones_in_the_order_of_arrival():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=1)
    lanes.put("first", MESSAGE, "first")
    for name, urgency in (("m1", MESSAGE), ("m2", MESSAGE), ("t1", TAP), ("p1", PRE_CHECKOUT), ("t2", TAP)):
        lanes.put(name, urgency, name)
    shop.let_go("first", "m1", "m2", "t1", "p1", "t2")
    await shop.until_done(6)
    assert shop.done == ["first", "p1", "t1", "t2", "m1", "m2"]


async def test_a_lane_that_holds_a_tap_rises_with_all_that_stands_before_it():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=1)
    lanes.put("busy", MESSAGE, "busy")
    lanes.put("anna", MESSAGE, "anna 1")
    lanes.put("lena", MESSAGE, "lena 1")
    lanes.put("lena", TAP, "lena taps")
    lanes.put("anna", MESSAGE, "anna 2")
    works = ["busy", "lena 1", "lena taps", "anna 1", "anna 2"]
    shop.let_go(*works)
    await shop.until_done(5)
    assert shop.done == works


async def test_a_tap_that_comes_while_its_lane_works_lets_the_lane_go_on_before_the_others():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=1)
    lanes.put("lena", MESSAGE, "lena 1")
    lanes.put("anna", MESSAGE, "anna 1")
    await shop.until_begun(1)
    lanes.put("lena", TAP, "lena taps")
    shop.let_go("lena 1", "lena taps", "anna 1")
    await shop.until_done(3)
    assert shop.done == ["lena 1", "lena taps", "anna 1"]


async def test_work_that_fails_stops_neither_its_lane_nor_the_others():
    told: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(str(context.get("exception"))))
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=1)
    for work in ("bad 1", "good 1", "bad 2", "good 2"):
        lanes.put("lena", MESSAGE, work)
        lanes.put("anna", MESSAGE, f"{work} of anna")
    shop.let_go(*(f"{work}{whose}" for work in ("bad 1", "good 1", "bad 2", "good 2") for whose in ("", " of anna")))
    await shop.until_done(8)
    assert [work for work in shop.done if "anna" not in work] == ["bad 1", "good 1", "bad 2", "good 2"]
    await turns()
    assert lanes.idle
    await lanes.stop(within=1)


async def test_stopping_finishes_what_is_in_hand_and_gives_back_what_was_never_begun():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=2)
    for lane, work in (("lena", "1"), ("lena", "2"), ("anna", "3"), ("mara", "4")):
        lanes.put(lane, MESSAGE, work)
    await shop.until_begun(2)
    stopping = asyncio.create_task(lanes.stop(within=5))
    await turns()
    shop.let_go("1", "3")
    assert sorted(await stopping) == ["2", "4"]
    assert sorted(shop.done) == ["1", "3"]
    lanes.put("late", MESSAGE, "5")
    await turns()
    assert sorted(shop.begun) == ["1", "3"]


async def test_what_takes_longer_than_the_time_to_stop_is_cut_off():
    shop = Workshop()
    lanes = Lanes(shop.do, at_once=2)
    lanes.put("lena", MESSAGE, "endless")
    await shop.until_begun(1)
    async with asyncio.timeout(2):
        assert await lanes.stop(within=0.01) == []
    assert shop.done == ["endless"]


@settings(max_examples=60, deadline=None)
@given(
    puts=st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from([0, 1, 2]), st.integers(0, 3)), max_size=40),
    at_once=st.integers(1, 4),
    pauses=st.lists(st.booleans(), max_size=40),
)
def test_whatever_is_put_each_lane_keeps_its_order_and_nothing_is_lost(
    puts: list[tuple[str, int, int]], at_once: int, pauses: list[bool]
):
    under_way: set[str] = set()
    done: list[tuple[str, int]] = []
    all_done = asyncio.Event()

    async def do(work: tuple[str, int, int]) -> None:
        lane, number, length = work
        assert lane not in under_way
        under_way.add(lane)
        assert len(under_way) <= at_once
        await turns(length)
        under_way.remove(lane)
        done.append((lane, number))
        if len(done) == len(puts):
            all_done.set()

    async def run() -> None:
        if not puts:
            all_done.set()
        lanes = Lanes(do, at_once=at_once)
        for number, (lane, urgency, length) in enumerate(puts):
            lanes.put(lane, urgency, (lane, number, length))
            if number < len(pauses) and pauses[number]:
                await turns(2)
        async with asyncio.timeout(5):
            await all_done.wait()

    asyncio.run(run())
    for lane in "abcde":
        assert [n for each, n in done if each == lane] == [n for n, put in enumerate(puts) if put[0] == lane]
