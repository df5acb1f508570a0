import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import orjson
import pytest
from aiohttp import ClientResponse
from api_caller import Program
from sqlalchemy import delete, event, update
from web_world import Client, Site

from domain.events import record_event
from store.models import Membership
from web.live_events import MOST_OF_AN_ACCOUNT, LiveEvents


@pytest.fixture
def live(either_site: Site) -> LiveEvents:
    """One that looks often, so that nobody has to wait."""
    either_site.others["live"] = LiveEvents(look_every=0.02)
    found = either_site.others["live"]
    assert isinstance(found, LiveEvents)
    return found


@pytest.fixture
async def program(live: LiveEvents, either_site: Site, either_client: Client) -> Program:
    return await Program.of(either_site, either_client)


@asynccontextmanager
async def watching(program: Program, last: int | None = None, **query: str) -> AsyncIterator[ClientResponse]:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    response = await program.asks("GET", "/events/stream", headers=headers, params=query)
    try:
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        assert await block(response) == "retry: 2000"
        yield response
    finally:
        response.close()


async def block(response: ClientResponse) -> str:
    """Up to the next empty line; "" at the end."""
    lines = []
    async with asyncio.timeout(20):
        while line := (await response.content.readline()).decode():
            if line == "\n":
                return "".join(lines).strip()
            lines.append(line)
    return ""


async def heard(response: ClientResponse, count: int) -> list[tuple[int, str]]:
    """The number and subject of so many events, with signs of life left out."""
    found: list[tuple[int, str]] = []
    while len(found) < count:
        told = await block(response)
        assert told, f"it ended after {found}"
        if told.startswith("id: "):
            number, data = told.split("\n")
            told_of: dict[str, Any] = orjson.loads(data.removeprefix("data: "))
            assert number == f"id: {told_of['id']}"
            found.append((told_of["id"], told_of["subject"]))
    return found


async def happens(program: Program, *subjects: str, name: str = "order.paid") -> None:
    async with program.site.database.transaction() as session:
        for subject in subjects:
            now = program.site.clock()
            await record_event(session, name, creator_id=program.creator_id, subject=subject, now=now)


def subjects(told: list[tuple[int, str]]) -> list[str]:
    return [subject for _, subject in told]


async def test_what_happens_is_told_at_once_and_in_order(program: Program, live: LiveEvents):
    stranger = await Program.of(program.site, program.client, "bob")
    await happens(program, "order:0")
    async with watching(program) as response, watching(program, name="idea.*") as ideas:
        await happens(stranger, "order:99")
        await happens(program, "order:1", "order:2")
        await happens(program, "idea:1", name="idea.added")
        assert subjects(await heard(response, 3)) == ["order:1", "order:2", "idea:1"]
        assert subjects(await heard(ideas, 1)) == ["idea:1"]
        # nothing to tell is told as well
        live.beat_every = 0.0
        assert await block(response) == ": beat"


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(program: Program):
    async with watching(program) as response:
        await happens(program, "order:1", "order:2")
        (first, _), _ = await heard(response, 2)
    await happens(program, *(f"order:{number}" for number in range(3, 250)))
    async with watching(program, last=first) as response:
        told = await heard(response, 248)
        assert subjects(told) == [f"order:{number}" for number in range(2, 250)]
        await happens(program, "order:250")
        assert subjects(await heard(response, 1)) == ["order:250"]
    async with watching(program, last=told[-1][0]) as response:
        assert subjects(await heard(response, 1)) == ["order:250"]


async def test_what_is_saved_out_of_order_is_told_in_order_and_what_is_taken_back_holds_nobody_up(program: Program):
    if program.site.database.is_sqlite:
        # one writer at a time: numbers are saved in their order
        return
    database, now = program.site.database, program.site.clock()
    told = {"creator_id": program.creator_id, "now": now}
    with suppress(ValueError):
        async with database.transaction() as fails:
            await record_event(fails, "order.paid", subject="order:-1", **told)
            raise ValueError("it is taken back")
    # behind what is waited for, and before anybody looked
    await happens(program, "order:0")
    async with watching(program) as response:
        async with database.transaction() as slow:
            await record_event(slow, "order.paid", subject="order:1", **told)
            await happens(program, "order:2")
            waits = asyncio.create_task(heard(response, 2))
            done, _ = await asyncio.wait([waits], timeout=0.5)
            assert not done
        assert subjects(await waits) == ["order:1", "order:2"]
        with suppress(ValueError):
            async with database.transaction() as fails:
                await record_event(fails, "order.paid", subject="order:3", **told)
                raise ValueError("it is taken back")
        await happens(program, "order:4")
        assert subjects(await heard(response, 1)) == ["order:4"]


async def test_it_ends_with_the_token_and_with_the_right_and_when_the_server_stops(program: Program, live: LiveEvents):
    site = program.site
    async with watching(program) as response:
        async with site.database.transaction() as session:
            own = update(Membership).where(Membership.account_id == program.account_id)
            await session.execute(own.values(owner=False, rights=["view"]))
        await happens(program, "order:1")
        assert subjects(await heard(response, 1)) == ["order:1"]
        async with site.database.transaction() as session:
            await session.execute(delete(Membership).where(Membership.account_id == program.account_id))
        # long before it is asked in any case, and what has happened since is told no more
        live.beat_every = 0.0
        for _ in range(3):
            assert await block(response) == ": beat"
        await happens(program, "order:2")
        while (told := await block(response)) == ": beat":
            pass
        assert not told
    live.check_every, live.beat_every = 0.0, 15.0
    other = await Program.of(site, program.client, "bob")
    async with watching(other) as response:
        site.clock.pass_time(minutes=16)
        await ended(response)
    async with watching(other) as response:
        site.readiness.not_ready("draining")
        await ended(response)


async def test_who_has_much_to_catch_up_with_is_looked_at_on_the_way(program: Program):
    await happens(program, *(f"order:{number}" for number in range(250)))

    def drain(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "event.data" in statement:
            program.site.readiness.not_ready("draining")

    async with program.site.database.reading() as session:
        engine = session.get_bind()
    with on(engine, "before_cursor_execute", drain):
        async with watching(program, last=0) as response:
            told = 0
            while (await block(response)).startswith("id: "):
                told += 1
    assert told == 100


async def test_many_that_were_taken_back_are_waited_for_together(program: Program):
    database, now, asked = program.site.database, program.site.clock(), []
    if database.is_sqlite:
        # its numbers are given anew
        return
    for number in range(10):
        with suppress(ValueError):
            async with database.transaction() as session:
                await record_event(session, "order.paid", creator_id=program.creator_id, now=now)
                raise ValueError("it is taken back")
        await happens(program, f"order:{number}")

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "pg_current_snapshot" in statement:
            asked.append(statement)

    async with database.reading() as session:
        engine = session.get_bind()
    with on(engine, "before_cursor_execute", note):
        async with watching(program, last=0) as response:
            assert subjects(await heard(response, 10)) == [f"order:{number}" for number in range(10)]
    assert len(asked) < 6


@contextmanager
def on(engine: Any, name: str, hears: Callable[..., None]) -> Iterator[None]:
    event.listen(engine, name, hears)
    try:
        yield
    finally:
        event.remove(engine, name, hears)


async def ended(response: ClientResponse) -> None:
    while await block(response):
        pass


async def test_who_cannot_watch(program: Program):
    site = program.site
    assert (await program.client.get("/api/v1/events/stream")).status == 401
    outsider = Program(site, program.client, 0, await site.add_account())
    assert (await outsider.refused("GET", "/events/stream"))[0] == 403
    for last in ("x", "-1", "9" * 40, ""):
        assert (await program.refused("GET", "/events/stream", headers={"Last-Event-ID": last}))[0] == 422, last
    assert (await program.refused("GET", "/events/stream", params={"name": "x" * 201}))[0] == 422
    seats = [watching(program) for _ in range(MOST_OF_AN_ACCOUNT)]
    for seat in seats:
        await seat.__aenter__()
    response = await program.asks("GET", "/events/stream")
    assert (response.status, response.headers["Retry-After"]) == (429, "15")
    await seats[0].__aexit__(None, None, None)
    async with asyncio.timeout(20):
        # a place is free as soon as it is seen that somebody has gone
        while (response := await program.asks("GET", "/events/stream")).status == 429:
            await response.read()
    response.close()
    for seat in seats[1:]:
        await seat.__aexit__(None, None, None)
