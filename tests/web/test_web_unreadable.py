"""Requests that are no HTTP: answered as every error is, and no log keeps a byte of them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from odd_bodies import ODD_BODIES
from structlog.testing import capture_logs
from web_world import KEY, Client, Site

from domain.creators import bind_person
from domain.password_links import make_password_link
from domain.people import Profile, see_person
from domain.products import add_product
from domain.uploads import UploadAddress, open_upload
from kit.money import Money
from store.models import Account
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


async def test_a_form_that_cannot_be_read_is_the_senders_mistake_wherever_it_comes(site: Site, client: Client):
    creator = await site.add_creator("ada")
    account, now = await site.add_account(creator), site.clock()
    async with site.database.transaction() as session:
        product = await add_product(session, creator_id=creator, title="Pack", price=Money(1900, "usd"), now=now)
        person = await see_person(session, 1, Profile(2001, "Ada", None, "en"), now=now)
        await bind_person(session, account, person)
        link = await open_upload(session, product, await session.get_one(Account, account), now=now)
        token = await make_password_link(session, account, now=now)
    for path in (
        f"/password/{token}",
        UploadAddress("", KEY).of(link),
        *(f"/api/v1{path}" for path in ("/uploads/files", "/uploads/images", "/creator/upload", "/leads/import")),
        *(f"/api/v1{path}" for path in ("/orders", "/leads", "/auth/login")),
        *("/webhooks/stripe", f"/webhooks/telegram/{site.telegram.bot_id}"),
    ):
        for kind, body in ODD_BODIES:
            response = await client.post(path, data=body, headers=site.bearer(account) | {"Content-Type": kind})
            # what only the part says of its own text leaves a file as it is
            taken = response.status in {200, 201, 202} and b"film.mp4" in body
            assert taken or 400 <= response.status < 500, (path, kind, body)
