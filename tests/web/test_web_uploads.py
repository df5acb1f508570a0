"""`/upload/{token}`: signed, for one product, once; streamed, with a limit, and nothing half kept."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import delete, select
from web_world import KEY, Client, Site, error_of, raw

import web.multipart
from domain.people import Profile, see_person
from domain.products import add_product
from domain.uploads import UploadAddress, open_upload, read_name
from kit.money import Money
from store.database import Database
from store.models import Account, Membership, OutboxMessage, Product, StoredFile

MB = 1 << 20


@dataclass
class Desk:
    """A creator's product, and a link at which a file for it is sent up."""

    site: Site
    client: Client
    folder: Path
    account: int
    product: int
    link: int

    @property
    def path(self) -> str:
        return UploadAddress("", KEY).of(self.link)

    async def send(self, content: bytes | AsyncIterator[bytes], name: str = "film.mp4") -> aiohttp.ClientResponse:
        form = aiohttp.FormData()
        form.add_field("title", "not this one")
        body = io.BytesIO(content) if isinstance(content, bytes) else content
        form.add_field("file", body, filename=name, content_type="video/mp4")
        return await self.client.post(self.path, data=form)

    async def files(self) -> list[StoredFile]:
        async with self.site.database.reading() as session:
            return list(await session.scalars(select(StoredFile).order_by(StoredFile.id)))

    @property
    def kept(self) -> list[str]:
        """What stands in the file store, half written or whole."""
        return [path.name for path in self.folder.rglob("*") if path.is_file()]

    async def nothing_kept_and_still_good(self) -> bool:
        """And then the link does what it is for."""
        assert (self.kept, await self.files()) == ([], [])
        response = await self.send(b"whole")
        return response.status == 200 and [each.size for each in await self.files()] == [5]


async def _desk(database: Database, folder: Path) -> AsyncIterator[Desk]:
    site = Site(database, files_url=folder.as_uri())
    site.readiness.now_ready()
    creator_id, now = await site.add_creator("studio"), site.clock()
    account_id = await site.add_account(creator_id)
    async with database.transaction() as session:
        person = await see_person(session, 1, Profile(2001, "Cora", None, "de"), now=now)
        account = await session.get_one(Account, account_id)
        account.person_id = person.id
        product = await add_product(session, creator_id=creator_id, title="Pack", price=Money(1900, "usd"), now=now)
        link = await open_upload(session, product, account, now=now)
    async with TestClient(TestServer(site.app())) as client:
        yield Desk(site, client, folder, account_id, product.id, link)


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk(database, tmp_path / "files"):
        yield desk


@pytest.fixture
async def either_desk(either_database: Database, tmp_path: Path) -> AsyncIterator[Desk]:
    async for desk in _desk(either_database, tmp_path / "files"):
        yield desk


async def half_a_body() -> AsyncIterator[bytes]:
    yield b"x" * (MB // 2)
    yield b"x" * (MB // 2 + 1)


async def test_the_page_brings_its_own_look_and_asks_nobody_else(desk: Desk):
    async with desk.client.get(desk.path) as response:
        page = await response.text()
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "form-action 'self'" in policy
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
    assert "http" not in page
    assert "<script" not in page
    # in the creator's language, whatever their browser speaks
    assert '<html lang="de">' in page
    assert "bis zu 1 MB" in page


async def test_what_is_sent_up_is_kept_with_its_size_and_checksum_and_told_in_the_chat(desk: Desk):
    content = bytes(range(256)) * 4096
    assert (await desk.send(content, "ab.mp4")).status == 200
    stored = (await desk.files())[0]
    assert (stored.file_name, stored.mime_type, stored.size) == ("ab.mp4", "video/mp4", MB)
    assert (stored.sha256, stored.product_id) == (hashlib.sha256(content).hexdigest(), desk.product)
    assert (desk.folder / str(stored.blob)).read_bytes() == content
    async with desk.site.database.reading() as session:
        told = (await session.scalars(select(OutboxMessage))).one()
    assert "„ab.mp4“, 1.0 MB" in told.message["text"]


async def test_only_what_was_made_here_opens_it(desk: Desk):
    mark = desk.path.partition("-")[2]
    for token in (f"{desk.link + 1}-{mark}", f"{desk.link}-{'0' * 32}", f"0{desk.link}-{mark}", str(desk.link), "x"):
        for method in ("GET", "POST"):
            response = await desk.client.request(method, f"/upload/{token}")
            assert (response.status, "nothing behind" in await response.text()) == (404, True)
    assert await desk.nothing_kept_and_still_good()


async def test_other_methods_are_refused_and_looking_uses_nothing_up(desk: Desk):
    for method in ("PUT", "DELETE", "PATCH"):
        response = await desk.client.request(method, desk.path, data=b"x")
        assert response.status == 405
        assert (await error_of(response))["code"] == "METHOD_NOT_ALLOWED"
    assert (await desk.client.head(desk.path)).status == 200
    assert await desk.nothing_kept_and_still_good()


async def test_an_hour_later_it_is_over(desk: Desk):
    desk.site.clock.pass_time(hours=1)
    assert (await desk.client.get(desk.path)).status == 410
    assert (await desk.send(b"late")).status == 410
    assert (desk.kept, await desk.files()) == ([], [])


async def test_whoever_acts_for_the_creator_no_longer_sends_nothing_up(desk: Desk):
    async with desk.site.database.transaction() as session:
        await session.execute(delete(Membership).where(Membership.account_id == desk.account))
    response = await desk.send(b"mine")
    assert (response.status, "no longer act" in await response.text()) == (403, True)
    assert (desk.kept, await desk.files()) == ([], [])


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (415, {"Content-Type": "application/json"}, b"{}"),
        (415, {"Content-Type": "application/x-www-form-urlencoded"}, b"file=film"),
        (400, {"Content-Type": "multipart/form-data"}, b"--x--\r\n"),
        (400, {"Content-Type": "multipart/form-data; boundary=x"}, b"no boundary at all"),
        (400, {"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n" + b"A: " + b"b" * 9000 + b"\r\n\r\n"),
        (422, {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n"),
    ],
)
async def test_what_is_no_form_with_a_file_is_refused(desk: Desk, status: int, headers: dict[str, str], body: bytes):
    response = await desk.client.post(desk.path, data=body, headers=headers)
    assert (response.status, response.content_type) == (status, "text/html")
    assert await desk.nothing_kept_and_still_good()


async def test_a_form_without_a_file_in_it_is_told_to_choose_one(desk: Desk):
    # what a browser sends when nothing was chosen
    for name in ("", "empty.txt"):
        response = await desk.send(b"", name)
        assert (response.status, "wähl eine aus" in await response.text()) == (422, True)
    assert await desk.nothing_kept_and_still_good()


async def test_what_says_that_it_is_too_large_is_not_even_read(desk: Desk):
    response = await desk.send(b"x" * (MB + 70_000))
    assert (response.status, "höchstens 1 MB" in await response.text()) == (413, True)
    assert await desk.nothing_kept_and_still_good()


async def test_what_turns_out_too_large_is_let_go(desk: Desk):
    response = await desk.send(half_a_body())
    assert (response.status, "höchstens 1 MB" in await response.text()) == (413, True)
    assert await desk.nothing_kept_and_still_good()


async def until(desk: Desk, kept: int) -> None:
    async with asyncio.timeout(10):
        while len(desk.kept) != kept:  # noqa: ASYNC110 - the disk wakes nobody
            await asyncio.sleep(0.01)


async def test_of_a_body_that_is_cut_off_nothing_stays(database: Database, tmp_path: Path):
    async for desk in _desk(database, tmp_path / "files"):
        desk.site.most_upload = 64 * MB
        async with TestClient(TestServer(desk.site.app())) as client:
            _, writer = await asyncio.open_connection(client.host, client.port)
            head = f"POST {desk.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {20 * MB}\r\n"
            head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            part = '--b\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
            writer.write(head.encode() + part.encode() + b"x" * 12 * MB)
            await writer.drain()
            # some of it has come as far as the disk
            await until(desk, 1)
            writer.transport.abort()
            await until(desk, 0)
        assert await desk.nothing_kept_and_still_good()


async def test_who_falls_silent_is_waited_for_no_longer(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(web.multipart, "SILENCE_SECONDS", 0.2)
    reader, writer = await asyncio.open_connection(desk.client.host, desk.client.port)
    head = f"POST {desk.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {MB // 2}\r\n"
    head += "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    part = '--b\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n'
    writer.write(head.encode() + part.encode() + b"x" * 100_000)
    answer = await reader.readuntil(b"</html>")
    writer.transport.abort()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert await desk.nothing_kept_and_still_good()


async def test_what_ends_before_its_boundary_is_not_whole(desk: Desk):
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\n\r\n' + b"y" * 200_000
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    response = await desk.client.post(desk.path, data=body, headers=headers)
    assert (response.status, "nicht ganz angekommen" in await response.text()) == (400, True)
    assert await desk.nothing_kept_and_still_good()


async def test_without_room_on_the_disk_it_is_told_at_once(database: Database, tmp_path: Path):
    async for desk in _desk(database, tmp_path / "files"):
        desk.site.most_upload = 1 << 62
        async with TestClient(TestServer(desk.site.app())) as client:
            head = f"POST {desk.path} HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 60}\r\n"
            head += "Content-Type: multipart/form-data; boundary=b\r\nConnection: close\r\n\r\n"
            reader, writer = await asyncio.open_connection(client.host, client.port)
            writer.write(head.encode())
            answer = await reader.readuntil(b"</html>")
            writer.transport.abort()
        assert answer.startswith(b"HTTP/1.1 507 ")
        assert "kein Platz" in answer.decode()
        assert await desk.nothing_kept_and_still_good()


async def test_what_the_file_store_does_not_take_is_told_and_can_be_sent_again(desk: Desk):
    in_the_way = desk.folder / "goods"
    in_the_way.write_bytes(b"")
    response = await desk.send(b"whole")
    assert (response.status, "kein Platz" in await response.text()) == (507, True)
    in_the_way.unlink()
    assert await desk.nothing_kept_and_still_good()


async def test_of_two_that_come_at_once_by_one_link_one_is_taken(either_desk: Desk):
    desk = either_desk
    answers = await asyncio.gather(*(desk.send(bytes([number]) * 1000, f"{number}.mp4") for number in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 410, 410, 410]
    assert (len(await desk.files()), len(desk.kept)) == (1, 1)


async def test_one_of_the_same_name_is_the_next_version(either_desk: Desk):
    desk = either_desk
    assert (await desk.send(b"first")).status == 200
    async with desk.site.database.transaction() as session:
        product = await session.get_one(Product, desk.product)
        account = await session.get_one(Account, desk.account)
        desk.link = await open_upload(session, product, account, now=desk.site.clock())
    assert (await desk.send(b"second")).status == 200
    assert [(each.version, each.replaced_at is None) for each in await desk.files()] == [(1, False), (2, True)]


async def test_while_starting_it_asks_for_patience(desk: Desk):
    desk.site.readiness.not_ready("draining")
    response = await desk.client.get(desk.path)
    assert (response.status, (await error_of(response))["code"]) == (503, "NOT_READY")
    answer = await raw(desk.client, f"POST {desk.path} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.0 503 ")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("film.mp4", "film.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\film.mp4", "film.mp4"),
        (" a\x00\u202eb\n.zip ", "ab.zip"),
        ("/", "file"),
    ],
)
def test_a_name_is_a_name_and_no_path(given: str, name: str):
    assert read_name(given) == name
