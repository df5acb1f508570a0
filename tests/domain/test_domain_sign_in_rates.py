import asyncio
from datetime import timedelta

import pytest
from folk import NOW

from domain.sign_in_rates import (
    FREE_OF_ACCOUNT,
    FREE_OF_ADDRESS,
    KNOWN_FOR,
    LONGEST_WAIT,
    Tried,
    clear,
    must_wait,
    note_failure,
)
from kit.errors import TooMany
from store.database import Database


async def _fail(database: Database, tried: Tried, *, after: float = 0) -> None:
    async with database.transaction() as session:
        await note_failure(session, tried, now=NOW + timedelta(seconds=after))


async def _wait(database: Database, tried: Tried, *, after: float = 0) -> int:
    async with database.reading() as session:
        try:
            await must_wait(session, tried, now=NOW + timedelta(seconds=after))
        except TooMany as refusal:
            return refusal.retry_after
    return 0


async def test_failures_make_the_next_try_wait_twice_as_long_each_time(database: Database):
    ada = Tried("ada@example.com", "192.0.2.1")
    for _ in range(FREE_OF_ACCOUNT - 1):
        await _fail(database, ada)
    assert await _wait(database, ada) == 0
    after, waits = 0.0, []
    for _ in range(12):
        await _fail(database, ada, after=after)
        waits.append(await _wait(database, ada, after=after))
        after += waits[-1]
        assert await _wait(database, ada, after=after - 0.5) == 1
        assert await _wait(database, ada, after=after) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST_WAIT, LONGEST_WAIT]
    # written otherwise it is the same account; nobody else waits, not even at that address
    await _fail(database, ada, after=after)
    assert await _wait(database, Tried("ADA@Example.com", "192.0.2.9"), after=after)
    assert not await _wait(database, Tried("bob@example.com", "192.0.2.2"), after=after)
    # a day later all begins anew
    await _fail(database, ada, after=after + 2 * 86400)
    assert not await _wait(database, ada, after=after + 2 * 86400)


async def test_an_address_waits_whoever_it_says_it_is(database: Database):
    for number in range(FREE_OF_ADDRESS):
        await _fail(database, Tried(f"guess-{number}", "192.0.2.1"))
    assert await _wait(database, Tried("somebody-new", "192.0.2.1")) == 1
    assert await _wait(database, Tried("somebody-new", "192.0.2.2")) == 0


async def test_failures_side_by_side_are_all_counted_and_a_right_try_among_them_is_not_heard(database: Database):
    ada = Tried("ada@example.com", "192.0.2.1")
    await asyncio.gather(*(_fail(database, ada) for _ in range(FREE_OF_ACCOUNT + 3)))
    assert await _wait(database, ada) == 8
    async with database.transaction() as session:
        with pytest.raises(TooMany):
            await clear(session, ada, now=NOW)
    async with database.transaction() as session:
        await clear(session, ada, now=NOW + timedelta(seconds=8))
    for _ in range(FREE_OF_ACCOUNT - 1):
        await _fail(database, ada, after=8)
    assert await _wait(database, ada, after=8) == 0


async def test_no_stranger_keeps_somebody_out_where_they_have_signed_in_before(database: Database):
    home, elsewhere, stranger = (Tried("ada@example.com", f"192.0.2.{number}") for number in (1, 2, 3))
    async with database.transaction() as session:
        await clear(session, home, now=NOW)
    for _ in range(FREE_OF_ACCOUNT + 20):
        await _fail(database, stranger)
    assert await _wait(database, stranger) == LONGEST_WAIT
    assert await _wait(database, elsewhere) == LONGEST_WAIT
    assert await _wait(database, home) == 0
    # what is guessed from there is counted all the same, and keeps nobody out elsewhere
    for _ in range(FREE_OF_ACCOUNT):
        await _fail(database, home, after=LONGEST_WAIT)
    assert await _wait(database, home, after=LONGEST_WAIT) == 1
    assert await _wait(database, elsewhere, after=LONGEST_WAIT) == 0
    # one is known there no longer than for some weeks since
    late = (KNOWN_FOR + timedelta(seconds=1)).total_seconds()
    for _ in range(FREE_OF_ACCOUNT):
        await _fail(database, stranger, after=late)
    assert await _wait(database, home, after=late) == 1


async def test_of_tries_that_are_answered_side_by_side_no_more_are_heard_than_one_after_the_other(database: Database):
    ada = Tried("ada@example.com", "192.0.2.1")
    for _ in range(FREE_OF_ACCOUNT):
        await _fail(database, ada)
    ready = asyncio.Barrier(8)

    async def is_heard() -> bool:
        if not database.is_sqlite:
            await ready.wait()
        async with database.transaction() as session:
            try:
                await must_wait(session, ada, now=NOW + timedelta(seconds=1), hold=True)
            except TooMany:
                return False
            await note_failure(session, ada, now=NOW + timedelta(seconds=1))
            return True

    assert sum(await asyncio.gather(*(is_heard() for _ in range(8)))) == 1
