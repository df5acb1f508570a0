import asyncio

import pytest

from web.once import Once


class Slow:
    """What takes until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = 0, asyncio.Event()

    async def make(self) -> str:
        self.begun += 1
        await self.go.wait()
        return f"page {self.begun}"


async def test_who_comes_while_it_is_made_gets_the_same_and_who_comes_later_another():
    once, slow = Once(), Slow()
    waiting = [asyncio.create_task(once.make(7, slow.make)) for _ in range(5)]
    await asyncio.sleep(0)
    slow.go.set()
    assert await asyncio.gather(*waiting) == ["page 1"] * 5
    assert await once.make(7, slow.make) == "page 2"


async def test_another_number_does_not_wait():
    once, slow, quick = Once(), Slow(), Slow()
    quick.go.set()
    waiting = asyncio.create_task(once.make(7, slow.make))
    assert await once.make(8, quick.make) == "page 1"
    slow.go.set()
    assert await waiting == "page 1"


async def test_who_leaves_takes_nothing_away_from_the_others():
    once, slow = Once(), Slow()
    first, second = [asyncio.create_task(once.make(7, slow.make)) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    slow.go.set()
    assert await second == "page 1"
    assert slow.begun == 1


async def test_a_failure_is_everybodys_and_is_over_with_them():
    once, tries = Once(), []

    async def fail() -> str:
        tries.append(1)
        await asyncio.sleep(0)
        raise LookupError("not now")

    told = await asyncio.gather(*(once.make(7, fail) for _ in range(3)), return_exceptions=True)
    assert [str(each) for each in told] == ["not now"] * 3
    assert len(tries) == 1
    with pytest.raises(LookupError):
        await once.make(7, fail)
    assert len(tries) == 2
