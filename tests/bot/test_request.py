import asyncio
import contextlib
import gc
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from telegram import Bot, InputFile, InputMediaDocument
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, HTTPXRequest, RequestData

from bot.request import AiohttpRequest, ConnectionLost, NoConnection, PoolFull

TOKEN = "123456:a-secret-token"
OK = b'{"ok":true,"result":{"message_id":7}}'
MESSAGE = b'{"ok":true,"result":{"message_id":7,"date":1760000000,"chat":{"id":42,"type":"private"},"text":"hi"}}'
ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Spark","username":"spark_bot"}}'

MakeRequest = Callable[..., Awaitable[BaseRequest]]


@dataclass
class Part:
    disposition: str
    mime_type: str
    content: bytes


@dataclass
class Stub:
    """A Bot API server that gives the answers it is told to give."""

    url: str = ""
    status: int = 200
    answers: dict[str, bytes] = field(default_factory=dict)  # by method, "" for all others
    headers: dict[str, str] = field(default_factory=dict)
    held: bool = False  # answers wait for `let_go`
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)  # the client hung up on a held answer
    peers: set[Any] = field(default_factory=set)
    requests: list[web.Request] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    def method(self, name: str) -> str:
        return f"{self.url}/bot{TOKEN}/{name}"

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(request)
        assert request.transport is not None
        self.peers.add(request.transport.get_extra_info("peername"))
        if request.content_type == "multipart/form-data":
            async for part in await request.multipart():
                self.parts.append(
                    Part(
                        part.headers["Content-Disposition"],
                        part.headers.get("Content-Type", ""),
                        bytes(await part.read()),
                    )
                )
        else:
            self.forms.append(dict(await request.post()))
        if self.held:
            self.asked.set()
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                self.left.set()
                raise
        body = self.answers.get(request.path.rpartition("/")[2], self.answers.get("", OK))
        return web.Response(status=self.status, body=body, headers=self.headers)


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    stub = Stub()
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    stub.url = f"http://{host}:{port}"
    yield stub
    stub.let_go.set()
    await runner.cleanup()


@pytest.fixture(params=["the default client", "aiohttp"])
async def make_request(request: pytest.FixtureRequest) -> AsyncIterator[MakeRequest]:
    """Opens a request of either class, so that each test holds both to the same behaviour."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(**options: Any) -> BaseRequest:
            if request.param == "aiohttp":
                return await stack.enter_async_context(AiohttpRequest(**options))
            return await stack.enter_async_context(
                HTTPXRequest(**options, httpx_kwargs={"trust_env": False})  # no proxy of this machine
            )

        yield make


@contextlib.asynccontextmanager
async def raw_server(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server below HTTP, for what no HTTP library would answer."""

    async def talk_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(talk_and_close, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield f"http://{host}:{port}/bot{TOKEN}/sendMessage"
    finally:
        server.close()
        await server.wait_closed()


def answering(answer: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return talk


@pytest.fixture
def closed_url() -> str:
    """Where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}/bot{TOKEN}/sendMessage"


@pytest.fixture
def deaf_url() -> Iterator[str]:
    """A listener that accepts nobody and whose queue is full, so that connecting takes for ever."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            caller = stack.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/bot{TOKEN}/sendMessage"


def form(**parameters: Any) -> RequestData:
    """What the library hands to its request class for a method called with these arguments."""
    from telegram.request._requestparameter import RequestParameter

    return RequestData([RequestParameter.from_input(name, value) for name, value in parameters.items()])


async def test_an_answer_is_the_inner_result(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    assert await request.post(stub.method("sendMessage"), form(chat_id=42)) == {"message_id": 7}


async def test_parameters_arrive_as_a_form_with_nested_values_in_json(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    await request.post(
        stub.method("sendMessage"),
        form(chat_id=42, text="Größe & Maß + 100%\n🎉", silent=True, markup={"keys": [["a", "b"]]}, none=None),
    )
    assert stub.forms == [
        {
            "chat_id": "42",
            "text": "Größe & Maß + 100%\n🎉",
            "silent": "true",
            "markup": '{"keys": [["a", "b"]]}',
        }
    ]
    assert stub.requests[0].method == "POST"
    assert stub.requests[0].content_type == "application/x-www-form-urlencoded"
    assert stub.requests[0].headers["User-Agent"] == BaseRequest.USER_AGENT


async def test_a_method_without_parameters_is_called(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    assert await request.post(stub.method("getMe"), form()) == {"message_id": 7}
    assert await request.post(stub.method("getMe")) == {"message_id": 7}


async def test_a_file_is_retrieved_byte_for_byte(make_request: MakeRequest, stub: Stub):
    stub.answers[""] = bytes(range(256)) * 1000
    request = await make_request()
    assert await request.retrieve(f"{stub.url}/file/bot{TOKEN}/a.bin") == stub.answers[""]
    assert stub.requests[0].method == "GET"


@pytest.fixture
def _spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """RetryAfter tells its time as a timedelta: as a plain number it warns, and warnings are errors."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.mark.usefixtures("_spans")
@pytest.mark.parametrize(
    ("status", "body", "refusal"),
    [
        (400, b'{"ok":false,"description":"Bad Request: empty"}', (BadRequest, "Empty")),
        (401, b'{"ok":false,"description":"Unauthorized"}', (InvalidToken, "Unauthorized")),
        (403, b'{"ok":false,"description":"Forbidden: blocked"}', (Forbidden, "Forbidden: blocked")),
        (404, b'{"ok":false,"description":"Not Found"}', (InvalidToken, "Not Found")),
        (409, b'{"ok":false,"description":"Conflict: two"}', (Conflict, "Conflict: two")),
        (413, b'{"ok":false,"description":"Too Large"}', (NetworkError, "Too Large")),
        (500, b'{"ok":false,"description":"Internal"}', (NetworkError, "Internal")),
        (200, b"not json", (TelegramError, "Invalid server response")),
        (200, b"", (TelegramError, "Invalid server response")),
        (502, b"<html>", (NetworkError, "Bad Gateway (502). Parsing the server response b'<html>' failed")),
        (503, b"", (NetworkError, "Service Unavailable (503). Parsing the server response b'' failed")),
        (599, b"{}", (NetworkError, "Unknown HTTPError (599)")),
        (
            400,
            b'{"ok":false,"description":"No","parameters":{"odd":1}}',
            (BadRequest, "No. The server response contained unknown parameters: {'odd': 1}"),
        ),
    ],
)
async def test_a_refusal_is_the_error_of_the_library(
    make_request: MakeRequest, stub: Stub, status: int, body: bytes, refusal: tuple[type[Exception], str]
):
    stub.status, stub.answers[""] = status, body
    request = await make_request()
    with pytest.raises(TelegramError) as caught:
        await request.post(stub.method("sendMessage"), form(chat_id=42))
    assert (type(caught.value), str(caught.value)) == refusal


async def test_a_chat_that_moved_says_where(make_request: MakeRequest, stub: Stub):
    stub.status, stub.answers[""] = 400, b'{"ok":false,"parameters":{"migrate_to_chat_id":-1002147483648}}'
    request = await make_request()
    with pytest.raises(ChatMigrated) as caught:
        await request.post(stub.method("sendMessage"), form(chat_id=42))
    assert caught.value.new_chat_id == -1002147483648


@pytest.mark.usefixtures("_spans")
async def test_too_many_requests_says_for_how_long_to_wait(make_request: MakeRequest, stub: Stub):
    stub.status, stub.answers[""] = 429, b'{"ok":false,"description":"Slow","parameters":{"retry_after":3}}'
    request = await make_request()
    with pytest.raises(RetryAfter) as caught:
        await request.post(stub.method("sendMessage"), form(chat_id=42))
    assert caught.value.retry_after == timedelta(seconds=3)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'{"ok":true,"result":"caf\xff"}', "caf\ufffd"),
        (b'{"ok":true,"result":"\\ud83d"}', "\ud83d"),
        (b'{"ok":true,"result":-1002147483648}', -1002147483648),
        (b'{"ok":true,"result":[true,null,1.5]}', [True, None, 1.5]),
    ],
)
async def test_json_is_read_as_the_library_reads_it(make_request: MakeRequest, stub: Stub, body: bytes, result: object):
    stub.answers[""] = body
    request = await make_request()
    assert await request.post(stub.method("getMe")) == result


async def test_a_redirect_is_not_followed(make_request: MakeRequest, stub: Stub):
    stub.status, stub.headers = 302, {"Location": stub.url}
    request = await make_request()
    with pytest.raises(NetworkError):
        await request.post(stub.method("getMe"))
    assert len(stub.requests) == 1


async def test_a_refused_connection_is_a_network_error(make_request: MakeRequest, closed_url: str):
    request = await make_request()
    with pytest.raises(NetworkError) as caught:
        await request.post(closed_url, form(chat_id=42))
    assert type(caught.value) in {NetworkError, NoConnection}


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"rubbish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"ok":true,',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
)
async def test_a_broken_answer_is_a_network_error(make_request: MakeRequest, answer: bytes):
    request = await make_request()
    async with raw_server(answering(answer)) as url:
        with pytest.raises(NetworkError) as caught:
            await request.post(url)
    assert type(caught.value) in {NetworkError, NoConnection, ConnectionLost}


async def test_a_url_that_is_none_is_a_network_error(make_request: MakeRequest):
    request = await make_request()
    with pytest.raises(NetworkError) as caught:
        await request.post("ftp://nowhere/getMe")
    assert type(caught.value) in {NetworkError, NoConnection}


async def test_waiting_too_long_for_an_answer_is_timed_out(make_request: MakeRequest, stub: Stub):
    stub.held = True
    request = await make_request(read_timeout=0.05)
    with pytest.raises(TimedOut, match=r"^Timed out$"):
        await request.post(stub.method("sendMessage"), form(chat_id=42))


async def test_a_timeout_of_one_call_takes_the_place_of_the_default(make_request: MakeRequest, stub: Stub):
    stub.held = True
    request = await make_request(read_timeout=0.05)
    assert request.read_timeout == 0.05
    patient = asyncio.create_task(request.post(stub.method("getUpdates"), read_timeout=None))
    await stub.asked.wait()
    with pytest.raises(TimedOut):
        await request.post(stub.method("sendMessage"))
    stub.let_go.set()
    assert await patient == {"message_id": 7}


async def test_an_answer_that_stops_midway_is_timed_out(make_request: MakeRequest):
    never = asyncio.Event()

    async def stop_midway(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{")(reader, writer)
        await never.wait()

    request = await make_request(read_timeout=0.05)
    async with raw_server(stop_midway) as url:
        with pytest.raises(TimedOut):
            await request.post(url)
        never.set()


def never_sent(request: BaseRequest) -> type[NetworkError]:
    """The default client tells it not apart from a call that may have been carried out."""
    return NoConnection if isinstance(request, AiohttpRequest) else TimedOut


async def test_a_connection_that_never_comes_about_is_timed_out(make_request: MakeRequest, deaf_url: str):
    request = await make_request(connect_timeout=0.1, read_timeout=30)
    with pytest.raises(never_sent(request), match=r"[Tt]imed out$") as caught:
        await request.post(deaf_url)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


async def test_an_upload_that_nobody_takes_is_timed_out(make_request: MakeRequest):
    done = asyncio.Event()

    async def read_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()

    request = await make_request(media_write_timeout=0.2, write_timeout=30, read_timeout=30)
    async with raw_server(read_nothing) as url:
        with pytest.raises(TimedOut, match=r"^Timed out$"):
            await request.post(url, form(document=InputFile(bytes(32 * 2**20), "big.bin")))
        done.set()


async def test_a_full_pool_is_timed_out_and_says_so(make_request: MakeRequest, stub: Stub):
    stub.held = True
    request = await make_request(connection_pool_size=1, pool_timeout=0.05)
    first = asyncio.create_task(request.post(stub.method("sendMessage")))
    await stub.asked.wait()
    with pytest.raises(never_sent(request), match=r"^Pool timeout: .* Request was \*not\* sent") as caught:
        await request.post(stub.method("sendMessage"))
    assert type(caught.value) in {TimedOut, PoolFull}
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert len(stub.requests) == 1
    stub.let_go.set()
    assert await first == {"message_id": 7}
    assert await request.post(stub.method("sendMessage")) == {"message_id": 7}


async def test_a_cancelled_call_hangs_up_and_gives_its_place_back(make_request: MakeRequest, stub: Stub):
    stub.held = True
    request = await make_request(connection_pool_size=1)
    call = asyncio.create_task(request.post(stub.method("sendMessage")))
    await stub.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await stub.left.wait()
    stub.held = False
    assert await request.post(stub.method("sendMessage")) == {"message_id": 7}


async def test_a_call_cancelled_while_waiting_for_a_place_takes_none(make_request: MakeRequest, stub: Stub):
    stub.held = True
    request = await make_request(connection_pool_size=1, pool_timeout=None)
    first = asyncio.create_task(request.post(stub.method("sendMessage")))
    await stub.asked.wait()
    second = asyncio.create_task(request.post(stub.method("sendMessage")))
    await asyncio.sleep(0)  # lets it queue
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    stub.let_go.set()
    await first
    assert await request.post(stub.method("sendMessage")) == {"message_id": 7}
    assert len(stub.requests) == 2


async def test_connections_are_used_again(make_request: MakeRequest, stub: Stub):
    request = await make_request(connection_pool_size=3, pool_timeout=None)
    for _ in range(5):
        await request.post(stub.method("sendMessage"), form(chat_id=42))
    assert len(stub.peers) == 1
    await asyncio.gather(*(request.post(stub.method("sendMessage")) for _ in range(30)))
    assert len(stub.peers) <= 3


async def test_a_connection_that_the_server_ended_is_replaced(make_request: MakeRequest, stub: Stub):
    stub.headers = {"Connection": "close"}
    request = await make_request()
    for _ in range(3):
        await request.post(stub.method("sendMessage"), form(chat_id=42))
    assert len(stub.peers) == 3


async def test_a_document_arrives_byte_for_byte_with_its_name_and_type(make_request: MakeRequest, stub: Stub):
    content = bytes(range(256)) * 12_000  # more than one piece, and more than aiohttp takes as plain bytes
    request = await make_request()
    await request.post(
        stub.method("sendDocument"),
        form(chat_id=42, caption="Größe", document=InputFile(content, "Hülle 1.pdf")),
    )
    chat, caption, document = stub.parts
    assert (chat.disposition, chat.content) == ('form-data; name="chat_id"', b"42")
    assert (caption.disposition, caption.content) == ('form-data; name="caption"', "Größe".encode())
    assert document.disposition == 'form-data; name="document"; filename="Hülle 1.pdf"'
    assert document.mime_type == "application/pdf"
    assert document.content == content
    assert int(stub.requests[0].headers["Content-Length"]) > len(content)


async def test_an_odd_file_name_cannot_break_out_of_its_header(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    await request.post(stub.method("sendDocument"), form(document=InputFile(b"x", 'a"b\\c\r\nX-Evil: 1;\t.txt')))
    assert stub.parts[0].disposition == ('form-data; name="document"; filename="a%22b\\\\c%0D%0AX-Evil: 1;%09.txt"')


@pytest.mark.parametrize("times", [1, 2])
async def test_an_open_file_is_sent_from_its_start_and_stays_open(
    make_request: MakeRequest, stub: Stub, tmp_path: Path, times: int
):
    path = tmp_path / "preset.zip"
    path.write_bytes(bytes(range(256)) * 1000)
    request = await make_request()
    with path.open("rb") as handle:
        for _ in range(times):
            await request.post(stub.method("sendDocument"), form(document=InputFile(handle, read_file_handle=False)))
        assert not handle.closed
    assert [part.content for part in stub.parts] == [path.read_bytes()] * times
    assert stub.parts[0].disposition == 'form-data; name="document"; filename="preset.zip"'
    assert stub.parts[0].mime_type == "application/zip"


async def test_several_files_go_in_one_call(make_request: MakeRequest, stub: Stub):
    album = [InputMediaDocument(content, filename=f"{content[:1].decode()}.txt") for content in (b"one", b"two")]
    request = await make_request()
    await request.post(stub.method("sendMediaGroup"), form(chat_id=42, media=album))
    _, media, one, two = stub.parts
    assert (one.content, two.content) == (b"one", b"two")
    for part in (one, two):
        name = part.disposition.split('"')[1]
        assert f'"attach://{name}"'.encode() in media.content


async def test_an_empty_file_is_sent(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    await request.post(stub.method("sendDocument"), form(document=InputFile(BytesIO(b""), "empty.txt")))
    assert stub.parts[0].content == b""


async def test_after_shutdown_it_refuses_until_it_is_initialized_again(make_request: MakeRequest, stub: Stub):
    request = await make_request()
    await request.initialize()
    await request.shutdown()
    await request.shutdown()
    with pytest.raises(RuntimeError, match="is not initialized"):
        await request.do_request(stub.method("getMe"), "POST")
    with pytest.raises(NetworkError, match="is not initialized"):
        await request.post(stub.method("getMe"))
    await request.initialize()
    assert await request.post(stub.method("getMe")) == {"message_id": 7}


async def test_before_initialize_it_refuses(stub: Stub):
    with pytest.raises(RuntimeError, match="is not initialized"):
        await AiohttpRequest().do_request(stub.method("getMe"), "POST")


async def test_shutdown_leaves_nothing_open(stub: Stub):
    async with AiohttpRequest() as request:
        await asyncio.gather(*(request.post(stub.method("getMe")) for _ in range(5)))
    del request
    gc.collect()  # an unclosed session or transport warns here, and warnings are errors


async def test_a_proxy_is_asked_instead(stub: Stub):
    async with AiohttpRequest(proxy=stub.url) as request:
        assert await request.post(f"http://telegram.invalid/bot{TOKEN}/getMe") == {"message_id": 7}
    assert stub.requests[0].headers["Host"] == "telegram.invalid"


@pytest.mark.parametrize("answer", [b"", b"rubbish\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"])
async def test_no_broken_answer_shows_the_token(answer: bytes):
    async with raw_server(answering(answer)) as url, AiohttpRequest() as request:
        await assert_no_token(request.post(url))


async def test_no_failed_connection_shows_the_token(closed_url: str, deaf_url: str):
    async with AiohttpRequest(connect_timeout=0.05) as request:
        for url in (
            closed_url,
            deaf_url,
            closed_url.replace("http:", "ftp:"),
            closed_url[7:],
            "/bot" + TOKEN,
        ):
            await assert_no_token(request.post(url))
            await assert_no_token(request.retrieve(url))


async def test_no_timeout_or_late_call_shows_the_token(stub: Stub):
    stub.held = True
    async with AiohttpRequest(read_timeout=0.05) as request:
        await assert_no_token(request.post(stub.method("getMe")))
    await assert_no_token(request.post(stub.method("getMe")))


async def assert_no_token(call: Awaitable[object]) -> None:
    with pytest.raises(TelegramError) as caught:
        await call
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in str(error)
        assert TOKEN not in repr(error)
        error = error.__cause__ or error.__context__
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


async def test_the_bot_of_the_library_works_with_it(stub: Stub):
    stub.answers = {"getMe": ME, "": MESSAGE, "getUpdates": b'{"ok":true,"result":[]}'}
    bot = Bot(TOKEN, base_url=f"{stub.url}/bot", request=AiohttpRequest(), get_updates_request=AiohttpRequest())
    async with bot:
        assert bot.username == "spark_bot"
        assert (await bot.get_me()).id == 1
        message = await bot.send_message(42, "hi", disable_notification=True)
        assert (message.message_id, message.text) == (7, "hi")
        assert stub.forms[-1] == {"chat_id": "42", "text": "hi", "disable_notification": "true"}
        await bot.send_document(42, b"%PDF", filename="guide.pdf")
        assert stub.parts[-1].content == b"%PDF"
        assert stub.parts[-1].disposition == 'form-data; name="document"; filename="guide.pdf"'
        assert await bot.get_updates(timeout=1) == ()
        stub.status, stub.answers = 403, {"": b'{"ok":false,"description":"Forbidden: blocked"}'}
        with pytest.raises(Forbidden, match="blocked"):
            await bot.send_message(42, "hi")
