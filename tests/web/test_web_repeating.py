"""`Idempotency-Key`: what was done once is not done again, whoever asks how often."""

import asyncio
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select, text
from web_world import Client, Site, error_of

from domain.access import Act
from kit.errors import Conflict
from store.models import Lead, Repeatable
from web.api.repeating import KEPT, LONGEST_TRY
from web.api.route import Plain, Route
from web.api.serve import serve
from web.api.table import PREFIX


class Asker:
    def __init__(self, site: Site, client: Client, account_id: int) -> None:
        self.site, self.client, self.account_id = site, client, account_id

    async def post(self, name: str, key: str, email: str | None = None, account_id: int | None = None) -> Any:
        headers = self.site.bearer(account_id or self.account_id) | {"Idempotency-Key": key}
        return await self.client.post(f"{PREFIX}/leads", headers=headers, json={"name": name, "email": email})

    async def leads(self) -> int:
        async with self.site.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(Lead)) or 0


@pytest.fixture
async def asker(either_site: Site, either_client: Client) -> Asker:
    asker = Asker(either_site, either_client, await either_site.add_account(await either_site.add_creator("ada")))
    either_site.bearer(asker.account_id)
    await either_site.open_sessions()
    return asker


async def test_a_repeat_is_answered_as_the_first_and_does_nothing(asker: Asker):
    first = await asker.post("Zoe", "key-1")
    assert (first.status, "Idempotency-Replayed" in first.headers) == (201, False)
    again = await asker.post("Zoe", "key-1")
    assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert (await again.read(), again.content_type) == (await first.read(), "application/json")
    assert await asker.leads() == 1
    # another request under the same key, and the same key of somebody else
    other = await asker.post("Yann", "key-1")
    assert (other.status, (await error_of(other))["code"]) == (422, "KEY_REUSED")
    bob = await asker.site.add_account(await asker.site.add_creator("bob"))
    assert (await asker.post("Zoe", "key-1", account_id=bob)).status == 201
    assert await asker.leads() == 2
    # what was refused may be tried again under its key
    assert (await asker.post("Yann", "key-2", "yann@example.com")).status == 201
    assert (await asker.post("Yann", "key-3", "yann@example.com")).status == 409
    assert (await asker.post("Yann", "key-3")).status == 201
    # a day later the key is a new one
    asker.site.clock.pass_time(seconds=KEPT.total_seconds())
    assert (await asker.post("Xi", "key-1")).status == 201
    odd = await asker.post("Will", "k" * 256)
    assert (await error_of(odd))["fields"] == {"Idempotency-Key": "cannot be read"}
    # what was answered stands in the store sealed
    async with asker.site.database.reading() as session:
        stored = list(await session.scalars(text("SELECT answer FROM repeatable")))
    assert len(stored) == 4
    assert "Zoe" not in "".join(stored)


async def test_an_answer_that_tells_of_somebody_goes_when_they_are_forgotten(asker: Asker):
    site, headers = asker.site, asker.site.bearer(asker.account_id)
    zoe = (await (await asker.post("Zoe", "key-1", "zoe@example.com")).json())["id"]
    bob = await site.add_account(await site.add_creator("bob"))
    assert (await asker.post("Zoe", "key-1", account_id=bob)).status == 201
    assert (await asker.client.delete(f"{PREFIX}/leads/{zoe}", headers=headers)).status == 204
    async with site.database.reading() as session:
        answers = await session.execute(select(Repeatable.account_id, Repeatable.answer))
        assert {account_id for account_id, answer in answers if answer} == {bob}
    # it was done, and is not done again
    again = await asker.post("Zoe", "key-1", "zoe@example.com")
    assert (again.status, (await error_of(again))["code"]) == (409, "ANSWER_FORGOTTEN")
    assert await asker.leads() == 2


async def test_of_many_at_once_one_does_it_and_all_are_answered_the_same(asker: Asker):
    answers = await asyncio.gather(*(asker.post("Zoe", "key-1") for _ in range(12)))
    assert {each.status for each in answers} == {201}
    assert len({await each.read() for each in answers}) == 1
    assert [each.headers.get("Idempotency-Replayed") for each in answers].count(None) == 1
    assert await asker.leads() == 1


async def test_without_the_guard_two_at_once_would_do_it_twice(asker: Asker, monkeypatch: pytest.MonkeyPatch):
    async def never(_call: Any) -> None:
        return None

    monkeypatch.setattr("web.api.serve.answered_before", never)
    await asyncio.gather(*(asker.post("Zoe", "key-1") for _ in range(2)))
    assert await asker.leads() == 2


async def test_what_is_done_by_several_transactions_is_done_once_too(site: Site):
    done, going, goes_on = 0, asyncio.Event(), asyncio.Event()

    async def work(_call: Plain) -> None:
        nonlocal done
        done += 1
        going.set()
        await goes_on.wait()
        if done == 1:
            raise Conflict("the wire is down")

    route = Route("POST", "/works", Act.CHANGE_LEADS, work, "Works", {204: None}, session="none", repeatable=True)
    app = site.app()
    app.add_routes([web.post("/works", serve(route))])
    account_id = await site.add_account(await site.add_creator("ada"))
    headers = site.bearer(account_id) | {"Idempotency-Key": "key-1"}
    async with TestClient(TestServer(app)) as client:
        first = asyncio.create_task(client.post("/works", headers=headers))
        await going.wait()
        second = await client.post("/works", headers=headers)
        assert (second.status, (await error_of(second))["code"]) == (409, "IN_PROGRESS")
        goes_on.set()
        assert (await first).status == 409
        # of one that failed the key is free
        assert (await client.post("/works", headers=headers)).status == 204
        again = await client.post("/works", headers=headers)
        assert (again.status, again.headers["Idempotency-Replayed"], done) == (204, "true", 2)
        # one that never came to its end keeps nobody waiting for a day
        async with site.database.transaction() as session:
            kept = (await session.scalars(select(Repeatable))).one()
            kept.status = 0
        assert (await client.post("/works", headers=headers)).status == 409
        site.clock.pass_time(seconds=LONGEST_TRY.total_seconds())
        assert (await client.post("/works", headers=headers)).status == 204
