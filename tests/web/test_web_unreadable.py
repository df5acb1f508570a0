"""Requests that are no HTTP: answered as every error is, and no log keeps a byte of them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from structlog.testing import capture_logs
from web_world import Site

from web.runner import Runner

SECRET = "s3cret-t0ken"


@pytest.fixture
async def port(site: Site) -> AsyncIterator[int]:
    runner = Runner(site.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@pytest.mark.parametrize(
    "request_bytes",
    [
        f"GET /{SECRET * 2000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET * 2000}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization Bearer {SECRET}\r\n\r\n",
        f"GET / {SECRET}\r\n\r\n",
        f"\x16\x03\x01{SECRET}\r\n\r\n",
        f"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: {SECRET}\r\n\r\n",
        f"POST /api/v1/leads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{SECRET}\r\n",
    ],
)
async def test_what_cannot_be_read_is_told_in_the_error_shape_and_kept_nowhere(
    port: int, request_bytes: str, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request_bytes.encode("latin-1"))
        await writer.drain()
        async with asyncio.timeout(10):
            answer = await reader.read()
        writer.close()
    head, _, body = answer.decode().partition("\r\n\r\n")
    status = int(head.split(" ")[1])
    assert status in {400, 401}
    error = json.loads(body)["error"]
    headers = {line.partition(": ")[0]: line.partition(": ")[2] for line in head.split("\r\n")[1:]}
    assert headers["X-Correlation-ID"] == error["correlation_id"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert SECRET not in answer.decode() + repr(lines) + caplog.text
    assert "Traceback" not in caplog.text
    if status == 400:
        assert error["code"] == "BAD_REQUEST"
        assert [line["event"] for line in lines] == ["request refused"]
