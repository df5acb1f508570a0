"""`/d/{token}`: signed, counted, checked at every request, and taken up where it broke off."""

import asyncio
import hashlib
import logging
import random
import string
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select, update
from web_world import KEY, Client, Site, error_of, raw
from yarl import URL

from domain.downloads import DownloadAddress, NoSuchDownload, make_link
from domain.entitlements import grant, restore, revoke
from domain.people import Profile, see_person
from domain.products import add_product
from domain.removing import remove_lead
from domain.shop_setup import ShopSetup
from kit.money import Money
from store.database import Database
from store.files import FileStore
from store.models import Download, DownloadLink, Entitlement, Lead, LeadStage, StoredFile

CONTENT = bytes(range(256)) * 4096
NAME = "Prés “ets”\n.zip"


@dataclass
class Shelf:
    """One file behind one link, and the right to it."""

    site: Site
    client: Client
    link: int
    right: int
    file: int

    @property
    def path(self) -> str:
        return DownloadAddress("", KEY).of(self.link)

    async def uses(self) -> int:
        async with self.site.database.reading() as session:
            return (await session.get_one(DownloadLink, self.link)).uses

    async def downloads(self) -> int:
        async with self.site.database.reading() as session:
            return await session.scalar(select(func.count()).select_from(Download)) or 0

    async def served(self) -> int:
        async with self.site.database.reading() as session:
            return await session.scalar(select(func.sum(Download.served))) or 0

    async def take_back(self) -> None:
        async with self.site.database.transaction() as session:
            entitlement = await session.get_one(Entitlement, self.right)
            await revoke(session, entitlement, by="refund", now=self.site.clock())

    async def give_back(self) -> None:
        async with self.site.database.transaction() as session:
            await restore(session, await session.get_one(Entitlement, self.right), now=self.site.clock())


async def _stock(site: Site, content: bytes) -> tuple[int, int, int]:
    creator_id, now = await site.add_creator("studio"), site.clock()
    blob = await FileStore(site.files_url).keep(content)
    async with site.database.transaction() as session:
        person = await see_person(session, 1, Profile(2001, "Lena", None, "de"), now=now)
        lead = Lead(
            creator_id=creator_id, person_id=person.id, name="Lena", stage=LeadStage.NEW, created_at=now, seen_at=now
        )
        product = await add_product(session, creator_id=creator_id, title="Pack", price=Money(1900, "usd"), now=now)
        stored = StoredFile(
            creator_id=creator_id,
            product_id=product.id,
            file_name=NAME,
            mime_type="application/zip",
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            blob=blob,
            created_at=now,
            attached_at=now,
        )
        session.add_all([lead, stored])
        await session.flush()
        await grant(session, lead, product.id, origin="line:1", now=now)
        right = (await session.scalars(select(Entitlement.id))).one()
        link = await make_link(session, right, stored.id, ShopSetup(download_uses=5, download_days=3), now=now)
    assert link is not None
    return link, right, stored.id


async def _shelf(database: Database, folder: Path, content: bytes) -> AsyncIterator[Shelf]:
    site = Site(database, files_url=(folder / "files").as_uri())
    site.readiness.now_ready()
    link, right, file = await _stock(site, content)
    async with TestClient(TestServer(site.app())) as client:
        yield Shelf(site, client, link, right, file)


@pytest.fixture
async def shelf(database: Database, tmp_path: Path) -> AsyncIterator[Shelf]:
    async for shelf in _shelf(database, tmp_path, CONTENT):
        yield shelf


@pytest.fixture
async def either_shelf(either_database: Database, tmp_path: Path) -> AsyncIterator[Shelf]:
    async for shelf in _shelf(either_database, tmp_path, CONTENT):
        yield shelf


async def test_a_file_comes_whole_under_its_name_and_is_only_ever_saved(shelf: Shelf):
    async with shelf.client.get(shelf.path) as response:
        assert response.status == 200
        assert await response.read() == CONTENT
        assert response.headers["Content-Length"] == str(len(CONTENT))
        said = response.headers["Content-Disposition"]
        assert said.startswith("attachment; ")
        assert "\n" not in said
        assert "filename*=UTF-8''Pr%C3%A9s%20%E2%80%9Cets%E2%80%9D%0A.zip" in said
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "private, no-store"
        assert response.headers["Accept-Ranges"] == "bytes"
    assert await shelf.uses() == 1


@pytest.mark.parametrize("people", [200, pytest.param(1000, marks=pytest.mark.nightly)])
async def test_of_hundreds_at_once_five_get_it(either_shelf: Shelf, people: int):
    shelf = either_shelf
    url = shelf.client.make_url(shelf.path)

    async def one(session: aiohttp.ClientSession) -> int:
        while True:
            async with session.get(url) as response:
                body = await response.read()
                assert (response.status == 200) == (body == CONTENT)
                # on a slow machine some wait too long for the store and are asked to come back, as they do
                if response.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return response.status

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        statuses = await asyncio.gather(*(one(session) for _ in range(people)))
    assert sorted(statuses) == [200] * 5 + [410] * (people - 5)
    assert (await shelf.uses(), await shelf.downloads()) == (5, 5)


async def test_with_uses_read_first_and_written_afterwards_all_eight_would_get_it(either_shelf: Shelf):
    """The guard removed: the same five-use link, where uses are read, looked at, and written back one higher."""
    shelf, all_have_read = either_shelf, asyncio.Barrier(8)

    async def one() -> None:
        now = shelf.site.clock()
        async with shelf.site.database.reading() as session:
            link = await session.get_one(DownloadLink, shelf.link)
        await all_have_read.wait()
        if link.uses < link.most_uses:
            async with shelf.site.database.transaction() as session:
                session.add(Download(link_id=link.id, served=0, opened_at=now, resumed_at=now))
                await session.execute(update(DownloadLink).values(uses=link.uses + 1))

    await asyncio.gather(*(one() for _ in range(8)))
    assert (await shelf.uses(), await shelf.downloads()) == (1, 8)


async def test_after_the_refund_the_next_is_refused_and_after_the_dispute_is_won_it_works_again(either_shelf: Shelf):
    shelf = either_shelf
    assert (await shelf.client.get(shelf.path)).status == 200
    await shelf.take_back()
    refused = await shelf.client.get(shelf.path)
    assert refused.status == 403
    assert (await error_of(refused))["code"] == "RIGHT_GONE"
    resumed = await shelf.client.get(shelf.path, headers={"Range": "bytes=100-"})
    assert resumed.status == 403
    assert (await shelf.client.head(shelf.path)).status == 403
    await shelf.give_back()
    assert (await shelf.client.get(shelf.path)).status == 200
    assert await shelf.uses() == 2


async def test_a_link_of_somebody_who_was_forgotten_leads_nowhere(either_shelf: Shelf):
    shelf = either_shelf
    assert (await shelf.client.get(shelf.path)).status == 200
    async with shelf.site.database.transaction() as session:
        lead = (await session.scalars(select(Lead))).one()
        await remove_lead(session, lead, with_library=True, now=shelf.site.clock())
    for headers in ({}, {"Range": "bytes=9-"}):
        refused = await shelf.client.get(shelf.path, headers=headers)
        assert (refused.status, (await error_of(refused))["code"]) == (403, "RIGHT_GONE")


async def test_another_right_to_the_same_product_keeps_the_link_good(shelf: Shelf):
    async with shelf.site.database.transaction() as session:
        entitlement = await session.get_one(Entitlement, shelf.right)
        lead = await session.get_one(Lead, entitlement.lead_id)
        await grant(session, lead, entitlement.product_id, origin="line:2", now=shelf.site.clock())
    await shelf.take_back()
    assert (await shelf.client.get(shelf.path)).status == 200


async def test_ten_thousand_mutated_tokens_open_nothing(shelf: Shelf):
    """One character changed, left out, put in or doubled, another number, another mark; a tenth by HTTP too."""
    address, token, chance = DownloadAddress("", KEY), shelf.path.removeprefix("/d/"), random.Random(20261121)
    others = DownloadAddress("", b"another key of thirty-two bytes!").of(shelf.link).removeprefix("/d/")
    number, mark = token.split("-")
    tokens = {others, "", "-", number, mark, f"0{token}", f"+{token}", f" {token}", f"{token}\n", token.upper()}
    tokens |= {f"{int(number) + step}-{mark}" for step in range(1, 200)} | {f"{number}-{'0' * 32}"}
    tokens |= {f"{number}-{hashlib.sha256(str(step).encode()).hexdigest()[:32]}" for step in range(200)}
    letters = string.ascii_letters + string.digits + "-_.~٣é\x00"
    while len(tokens) < 10_000:
        at, letter = chance.randrange(len(token) + 1), chance.choice(letters)
        tokens.add(
            chance.choice(
                [
                    token[:at] + letter + token[at + 1 :],
                    token[:at] + token[at + 1 :],
                    token[:at] + letter + token[at:],
                    token[:at] + token[max(at - 1, 0) :],
                    token[: chance.randrange(len(token))],
                    "".join(chance.sample(token, len(token))),
                ]
            )
        )
        tokens.discard(token)
    assert address.read(token) == shelf.link
    for each in tokens:
        with pytest.raises(NoSuchDownload):
            address.read(each)
    for each in chance.sample(sorted(tokens - {""}), 1000):
        response = await shelf.client.get(URL(f"/d/{quote(each, safe='')}", encoded=True))
        assert response.status == 404, each
    assert await shelf.uses() == 0


async def test_a_link_is_over_when_its_time_is_up(shelf: Shelf):
    shelf.site.clock.pass_time(days=3)
    response = await shelf.client.get(shelf.path)
    assert response.status == 410


async def test_head_tells_all_and_counts_nothing(shelf: Shelf):
    response = await shelf.client.head(shelf.path)
    assert response.status == 200
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert await response.read() == b""
    assert (await shelf.uses(), await shelf.downloads()) == (0, 0)


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-99", 206, 0, 99),
        ("bytes=100-199", 206, 100, 199),
        ("bytes=1048000-", 206, 1_048_000, len(CONTENT) - 1),
        ("bytes=1048000-99999999", 206, 1_048_000, len(CONTENT) - 1),
        ("bytes=-5", 206, len(CONTENT) - 5, len(CONTENT) - 1),
        ("bytes=-99999999", 206, 0, len(CONTENT) - 1),
        (f"bytes={len(CONTENT)}-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=200-100", 200, 0, len(CONTENT) - 1),
        ("bytes=0-1,5-6", 200, 0, len(CONTENT) - 1),
        ("bytes=-", 200, 0, len(CONTENT) - 1),
        ("bytes=a-b", 200, 0, len(CONTENT) - 1),
        ("lines=0-1", 200, 0, len(CONTENT) - 1),
        (f"bytes={'9' * 40}-", 200, 0, len(CONTENT) - 1),
    ],
)
async def test_single_ranges_are_served_and_the_rest_gets_the_whole(
    shelf: Shelf, asked: str, status: int, first: int, last: int
):
    async with shelf.client.get(shelf.path, headers={"Range": asked}) as response:
        assert response.status == status
        body = await response.read()
        if status == 416:
            assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
            assert body == b""
            assert await shelf.uses() == 0
            return
        assert body == CONTENT[first : last + 1]
        if status == 206:
            assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(CONTENT)}"


async def test_a_download_that_is_taken_up_again_is_one_use(either_shelf: Shelf):
    shelf, half = either_shelf, len(CONTENT) // 2
    got = b""
    for asked in (f"bytes=0-{half - 1}", f"bytes={half}-{half + 999}", f"bytes={half + 1000}-"):
        async with shelf.client.get(shelf.path, headers={"Range": asked}) as response:
            assert response.status == 206
            got += await response.read()
    assert got == CONTENT
    assert (await shelf.uses(), await shelf.downloads()) == (1, 1)


async def test_what_is_taken_up_again_for_ever_costs_another_use(shelf: Shelf):
    """The bytes of one use are bounded to twice the file, however it is cut."""
    await (await shelf.client.get(shelf.path)).read()
    for _ in range(9):
        response = await shelf.client.get(shelf.path, headers={"Range": f"bytes={len(CONTENT) // 2}-"})
        assert response.status == 206
        await response.read()
    # 1 and two halves, 4 halves, and 3 of the next
    assert await shelf.uses() == 3
    assert await shelf.served() <= 3 * 2 * len(CONTENT)


async def test_a_day_later_taking_it_up_again_is_a_use_of_its_own(shelf: Shelf):
    await (await shelf.client.get(shelf.path, headers={"Range": "bytes=0-9"})).read()
    shelf.site.clock.pass_time(hours=25)
    await (await shelf.client.get(shelf.path, headers={"Range": "bytes=10-"})).read()
    assert await shelf.uses() == 2


async def test_taking_it_up_again_at_once_by_many_stays_within_the_bound(either_shelf: Shelf):
    shelf = either_shelf
    await (await shelf.client.get(shelf.path)).read()
    asked = {"Range": f"bytes={len(CONTENT) // 4}-"}

    async def one() -> int:
        async with shelf.client.get(shelf.path, headers=asked) as response:
            await response.read()
            return response.status

    statuses = await asyncio.gather(*(one() for _ in range(40)))
    uses = await shelf.uses()
    assert uses == 5
    assert statuses.count(206) * (len(CONTENT) * 3 // 4) + len(CONTENT) <= uses * 2 * len(CONTENT)
    assert set(statuses) == {206, 410}


async def test_a_file_that_has_changed_since_comes_whole(shelf: Shelf):
    tag = (await shelf.client.head(shelf.path)).headers["ETag"]
    same = await shelf.client.get(shelf.path, headers={"Range": "bytes=0-9", "If-Range": tag})
    other = await shelf.client.get(shelf.path, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (same.status, len(await same.read())) == (206, 10)
    assert (other.status, len(await other.read())) == (200, len(CONTENT))


async def test_who_breaks_off_gets_back_what_never_left_and_is_no_error_of_ours(
    either_database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    size = 64 * 1024 * 1024
    async for shelf in _shelf(either_database, tmp_path, bytes(size)):
        # as it is served to people: the test client's own server cancels what is broken off
        runner = web.AppRunner(shelf.site.app())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(f"GET {shelf.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        answering = {each for each in asyncio.all_tasks() if "RequestHandler.start" in repr(each.get_coro())}
        writer.transport.abort()
        await asyncio.wait(answering, timeout=10)
        assert await shelf.served() < size
        assert await shelf.uses() == 1
        await runner.cleanup()
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []


async def test_who_breaks_off_gets_it_back_even_when_the_answer_is_cancelled_meanwhile(
    database: Database, tmp_path: Path
):
    size = 64 * 1024 * 1024
    async for shelf in _shelf(database, tmp_path, bytes(size)):
        reader, writer = await asyncio.open_connection(shelf.client.host, shelf.client.port)
        writer.write(f"GET {shelf.path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        answering = {each for each in asyncio.all_tasks() if "RequestHandler.start" in repr(each.get_coro())}
        # nobody else writes, so it waits with what it wants to give back until after it is cancelled
        async with database.transaction() as session:
            await session.execute(select(DownloadLink))
            writer.transport.abort()
            # as a server does that stops
            for _ in range(50):
                await asyncio.sleep(0)
                for each in answering:
                    each.cancel()
        async with asyncio.timeout(10):
            while await shelf.served() == size:  # noqa: ASYNC110 - another task's transaction ends it
                await asyncio.sleep(0.01)
        assert await shelf.served() < size


async def test_a_browser_reads_why_there_is_nothing_in_its_owners_language(shelf: Shelf):
    html = {"Accept": "text/html,application/xhtml+xml"}
    nothing = await shelf.client.get("/d/1-nothing", headers=html)
    assert (nothing.status, nothing.content_type) == (404, "text/html")
    # a link that nobody made has no owner, and who names a language is a person
    nothing = await shelf.client.get("/d/1-nothing", headers={"Accept-Language": "de-DE,de;q=0.9"})
    assert (nothing.status, nothing.content_type) == (404, "text/html")
    assert "Hinter diesem Link ist nichts" in await nothing.text()
    await shelf.take_back()
    page = await shelf.client.get(shelf.path, headers=html)
    assert (page.status, page.content_type) == (403, "text/html")
    text = await page.text()
    assert 'lang="de"' in text
    assert "zurückgenommen" in text


async def test_a_file_that_is_gone_from_the_store_costs_no_use(shelf: Shelf):
    async with shelf.site.database.transaction() as session:
        await session.execute(update(StoredFile).values(blob="0" * 64))
    assert (await shelf.client.get(shelf.path)).status == 404
    assert await shelf.uses() == 0


async def test_an_empty_file_is_a_file(database: Database, tmp_path: Path):
    async for shelf in _shelf(database, tmp_path, b""):
        async with shelf.client.get(shelf.path) as response:
            assert (response.status, await response.read()) == (200, b"")


async def test_nothing_is_handed_out_before_spark_is_ready(shelf: Shelf):
    shelf.site.readiness.not_ready("migrating")
    assert (await shelf.client.get(shelf.path)).status == 503


async def test_a_link_that_nobody_has_used_is_made_once_and_lasts_anew(shelf: Shelf):
    shop = ShopSetup(download_uses=5, download_days=3)
    shelf.site.clock.pass_time(days=2)
    async with shelf.site.database.transaction() as session:
        assert await make_link(session, shelf.right, shelf.file, shop, now=shelf.site.clock()) == shelf.link
    shelf.site.clock.pass_time(days=2)
    await (await shelf.client.get(shelf.path)).read()
    async with shelf.site.database.transaction() as session:
        assert await make_link(session, shelf.right, shelf.file, shop, now=shelf.site.clock()) != shelf.link
    await shelf.take_back()
    async with shelf.site.database.transaction() as session:
        assert await make_link(session, shelf.right, shelf.file, shop, now=shelf.site.clock()) is None


async def test_odd_requests_are_no_error_of_ours(shelf: Shelf):
    for line in (f"GET {shelf.path}?x=1 HTTP/1.1", f"GET {shelf.path}/ HTTP/1.1", "GET /d/%00 HTTP/1.1"):
        answer = await raw(shelf.client, f"{line}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert int(answer.split()[1]) < 500
    assert (await shelf.client.post(shelf.path)).status == 405
