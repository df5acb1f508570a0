"""Files that nobody has sent before, and what keeps their handles."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import Engine, event, select
from telegram import Bot

from automations.gateway import NotNow, PutOff
from bot.gateway import MOST_UPLOADS, TelegramGateway
from bot.openings import Openings
from bot.request import AiohttpRequest
from domain.creators import add_creator
from domain.definitions import Published
from domain.downloads import DownloadAddress
from domain.messages.plain import Message
from kit.clock import MovableClock
from kit.text import TEXT_LIMIT, utf16_length
from store.database import Database
from store.files import FileStore
from store.models import FileHandle, FileRole, Shape, StoredFile

BOT = 7


@dataclass
class Telegram:
    """A Bot API whose uploads take until they are let go."""

    uploads: int = 0
    texts: list[str] = field(default_factory=list)
    by_handle: int = 0
    going_up: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.Response:
        if request.content_type == "multipart/form-data":
            await request.read()
            self.uploads += 1
            self.going_up.release()
            await self.let_go.wait()
        elif request.path.endswith("sendDocument"):
            self.by_handle += 1
        else:
            self.texts.append((await request.post())["text"])
        document = {"file_id": "the handle", "file_unique_id": "u"}
        chat = {"id": 42, "type": "private"}
        return web.json_response(
            {"ok": True, "result": {"message_id": 5, "date": 1_790_000_000, "chat": chat, "document": document}}
        )


@pytest.fixture
def telegram() -> Telegram:
    return Telegram()


@pytest.fixture
async def gateway(telegram: Telegram, database: Database, tmp_path: Path) -> AsyncIterator[TelegramGateway]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", telegram.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    request = AiohttpRequest(read_timeout=3)
    await request.initialize()
    bot = Bot(f"{BOT}:a-token", base_url=f"http://{host}:{port}/bot", request=request)
    openings = Openings(bot, database, MovableClock(), Published(), DownloadAddress("http://127.0.0.1", b"x" * 32))
    yield TelegramGateway(bot, BOT, database, FileStore((tmp_path / "files").as_uri()), openings)
    telegram.let_go.set()
    await request.shutdown()
    await runner.cleanup()


async def files(gateway: TelegramGateway, count: int) -> list[Message]:
    """So many messages, each with a file of its own that has never been sent."""
    blob, now = await gateway.files.keep(b"a video"), MovableClock()()
    async with gateway.database.transaction() as session:
        creator = (await add_creator(session, name="Studio", slug="studio", now=now)).creator
        stored = [
            StoredFile(
                creator_id=creator.id,
                role=FileRole.GOODS,
                shape=Shape.DOCUMENT,
                file_name="a.pdf",
                mime_type="application/pdf",
                blob=blob,
                created_at=now,
            )
            for _ in range(count)
        ]
        session.add_all(stored)
        await session.flush()
        return [Message(text="Here", file=each.id) for each in stored]


@contextmanager
def away(words: str) -> Iterator[None]:
    """The store is away for every statement with these words."""

    def fail(*statement: object) -> None:
        if words in str(statement[2]):
            raise ConnectionError("the store is away")

    # of readers too, which have an engine of their own
    event.listen(Engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", fail)


async def test_a_file_goes_up_once_and_whoever_else_gets_it_waits_for_its_handle(
    gateway: TelegramGateway, telegram: Telegram
):
    (message,) = await files(gateway, 1)
    first = asyncio.create_task(gateway.send(1, message))
    await telegram.going_up.acquire()
    others = await asyncio.gather(*(gateway.send(2 + each, message) for each in range(20)), return_exceptions=True)
    assert {type(each) for each in others} == {PutOff}
    # nobody else is held up
    assert await gateway.send(99, Message(text="An answer")) == 5
    telegram.let_go.set()
    assert await first == 5
    assert await asyncio.gather(*(gateway.send(2 + each, message) for each in range(20))) == [5] * 20
    assert (telegram.uploads, telegram.by_handle, telegram.texts) == (1, 20, ["An answer"])


async def test_a_text_that_is_too_long_for_one_message_goes_out_in_several(
    gateway: TelegramGateway, telegram: Telegram
):
    lines = [f"{number}. {'🌻' * 60}" for number in range(100)]
    assert await gateway.send(42, Message(text="\n".join(lines))) == 5
    assert len(telegram.texts) > 1
    assert all(utf16_length(text) <= TEXT_LIMIT for text in telegram.texts)
    assert "\n".join(telegram.texts).split("\n") == lines


async def test_only_a_few_files_go_up_at_once(gateway: TelegramGateway, telegram: Telegram):
    *some, one_more = await files(gateway, MOST_UPLOADS + 1)
    going = [asyncio.create_task(gateway.send(1, message)) for message in some]
    for _ in some:
        await telegram.going_up.acquire()
    with pytest.raises(PutOff):
        await gateway.send(2, one_more)
    telegram.let_go.set()
    assert await asyncio.gather(*going) == [5] * MOST_UPLOADS
    assert await gateway.send(2, one_more) == 5
    assert telegram.uploads == MOST_UPLOADS + 1


async def test_what_has_gone_up_in_vain_goes_up_for_the_next_one(gateway: TelegramGateway, telegram: Telegram):
    (message,) = await files(gateway, 1)
    first = asyncio.create_task(gateway.send(1, message))
    await telegram.going_up.acquire()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    telegram.let_go.set()
    assert await gateway.send(2, message) == 5


async def test_a_file_that_has_gone_out_has_gone_out_even_if_its_handle_cannot_be_kept(
    gateway: TelegramGateway, telegram: Telegram
):
    (message,) = await files(gateway, 1)
    telegram.let_go.set()
    with away("INSERT INTO file_handle"):
        assert await gateway.send(1, message) == 5
    async with gateway.database.reading() as session:
        assert (await session.scalars(select(FileHandle))).all() == []
    # it goes up once more, and is known from then on
    assert await gateway.send(1, message) == 5
    assert await gateway.send(1, message) == 5
    assert (telegram.uploads, telegram.by_handle) == (2, 1)


async def test_a_store_that_is_away_before_anything_is_said_leaves_nobody_in_doubt(
    gateway: TelegramGateway, telegram: Telegram
):
    (message,) = await files(gateway, 1)
    with away("FROM stored_file"), pytest.raises(NotNow, match=r"^the store cannot be reached$"):
        await gateway.send(1, message)
    assert telegram.uploads == 0
