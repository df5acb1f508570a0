import gzip
import io

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.exc import OperationalError
from web_world import SECRET, Client, Site, error_of, raw

from web.bodies import MOST_BYTES

TELEGRAM = "/webhooks/telegram/4242"
SIGNED = {"X-Telegram-Bot-Api-Secret-Token": SECRET}


async def test_an_update_is_acknowledged_once_it_is_saved(site: Site, client: Client):
    response = await client.post(TELEGRAM, data=b'{"update_id":1}', headers=SIGNED | {"Content-Type": "text/odd"})
    assert (response.status, await response.json()) == (200, {})
    assert site.telegram.kept == [b'{"update_id":1}']


@pytest.mark.parametrize(
    ("error", "status"),
    [(OperationalError("INSERT", {}, Exception("locked")), 503), (ValueError("a bug"), 500)],
)
async def test_an_update_that_is_not_saved_is_not_acknowledged(
    site: Site, client: Client, error: Exception, status: int
):
    site.telegram.fails_with = error
    assert (await client.post(TELEGRAM, data=b"{}", headers=SIGNED)).status == status


@pytest.mark.parametrize("bot_id", ["4243", "04242", "0", "me", "%20", "4242%00"])
async def test_an_unknown_bot_is_a_404(client: Client, bot_id: str):
    response = await client.post(f"/webhooks/telegram/{bot_id}", data=b"{}", headers=SIGNED)
    assert response.status == 404
    await error_of(response)


@pytest.mark.parametrize("given", [None, "", "wrong", SECRET + "x", SECRET[:-1], SECRET.upper(), "schlüssel"])
async def test_a_wrong_secret_is_a_401(site: Site, client: Client, given: str | None):
    headers = {} if given is None else {"X-Telegram-Bot-Api-Secret-Token": given}
    response = await client.post(TELEGRAM, data=b"{}", headers=headers)
    assert (response.status, (await error_of(response))["code"]) == (401, "UNAUTHORIZED")
    assert site.telegram.kept == []


async def test_odd_bytes_are_no_secret_and_no_signature(site: Site, client: Client):
    for path, header in [(TELEGRAM, b"X-Telegram-Bot-Api-Secret-Token"), ("/webhooks/stripe", b"Stripe-Signature")]:
        answer = await raw(
            client,
            b"POST %b HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n%b: \xff\xfe\r\n\r\n{}"
            % (path.encode(), header),
        )
        assert answer.split(b" ")[1] in {b"400", b"401"}
    assert site.stripe.signatures == ["??"]


async def test_a_secret_of_no_length_lets_nobody_in(site: Site, client: Client):
    site.telegram.secret = ""
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": ""}):
        assert (await client.post(TELEGRAM, data=b"{}", headers=headers)).status == 401


@pytest.mark.parametrize(("path", "headers"), [(TELEGRAM, SIGNED), ("/webhooks/stripe", {"Stripe-Signature": "good"})])
async def test_while_draining_both_are_asked_to_come_back(
    site: Site, client: Client, path: str, headers: dict[str, str]
):
    site.readiness.not_ready("draining")
    response = await client.post(path, data=b"{}", headers=headers)
    assert (response.status, (await error_of(response))["code"]) == (503, "NOT_READY")
    assert response.headers["Retry-After"] == "2"
    assert site.telegram.kept == site.stripe.kept == []


@pytest.mark.parametrize(("path", "headers"), [(TELEGRAM, SIGNED), ("/webhooks/stripe", {"Stripe-Signature": "good"})])
async def test_a_body_is_taken_up_to_the_limit_and_not_beyond(
    site: Site, client: Client, path: str, headers: dict[str, str]
):
    assert (await client.post(path, data=io.BytesIO(b"x" * MOST_BYTES), headers=headers)).status == 200
    response = await client.post(path, data=io.BytesIO(b"x" * (MOST_BYTES + 1)), headers=headers)
    assert (response.status, (await error_of(response))["code"]) == (413, "TOO_LARGE")
    packed = gzip.compress(b"\0" * 50 * MOST_BYTES)
    response = await client.post(path, data=packed, headers=headers | {"Content-Encoding": "gzip"})
    assert response.status == 413
    assert len(site.telegram.kept + site.stripe.kept) == 1


async def test_a_body_that_is_broken_is_a_400(site: Site, client: Client):
    response = await client.post(TELEGRAM, data=b"not gzip", headers=SIGNED | {"Content-Encoding": "gzip"})
    assert response.status == 400
    answer = await raw(
        client,
        b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    )
    assert answer.split(b" ")[1] == b"400"
    assert b"Traceback" not in answer
    assert site.telegram.kept == site.stripe.kept == []


async def test_an_event_of_stripe_is_acknowledged_once_it_is_kept(site: Site, client: Client):
    response = await client.post("/webhooks/stripe", data=b'{"id": "evt_1"}', headers={"Stripe-Signature": "good"})
    assert (response.status, await response.json()) == (200, {"received": True})
    assert site.stripe.kept == [b'{"id": "evt_1"}']


@pytest.mark.parametrize("headers", [{}, {"Stripe-Signature": "bad"}])
async def test_a_bad_signature_is_refused(site: Site, client: Client, headers: dict[str, str]):
    response = await client.post("/webhooks/stripe", data=b"{}", headers=headers)
    assert (response.status, (await error_of(response))["code"]) == (400, "REFUSED")
    assert site.stripe.kept == []


async def test_what_is_not_set_up_is_not_there(site: Site):
    async with TestClient(TestServer(site.app(with_rails=False))) as client:
        for path in (TELEGRAM, "/webhooks/stripe"):
            assert (await client.post(path, data=b"{}", headers=SIGNED)).status == 404


async def test_a_webhook_takes_post_only(client: Client):
    response = await client.get(TELEGRAM)
    assert (response.status, response.headers["Allow"]) == (405, "POST")
