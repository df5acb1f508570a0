import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs
from web_world import Client, Site, error_of, raw

from kit.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Refusal


def failing_with(site: Site, error: Exception) -> web.Application:
    async def fail(request: web.Request) -> web.Response:
        raise error

    app = site.app()
    app.router.add_get("/fail/{secret}", fail)
    return app


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Refusal("no"), 400, "REFUSED"),
        (NotSignedIn("no"), 401, "UNAUTHORIZED"),
        (Forbidden("no"), 403, "FORBIDDEN"),
        (NotFound("no"), 404, "NOT_FOUND"),
        (Conflict("no"), 409, "CONFLICT"),
        (Invalid("no", fields={"price": "write it like 19.00"}), 422, "INVALID"),
    ],
)
async def test_a_refusal_is_told_in_the_error_shape(site: Site, refusal: Refusal, status: int, code: str):
    async with TestClient(TestServer(failing_with(site, refusal))) as client:
        response = await client.get("/fail/x")
        error = await error_of(response)
    assert (response.status, error["code"], error["message"]) == (status, code, "no")
    assert error.get("fields", {}) == refusal.fields


async def test_nothing_here_is_a_404(client: Client):
    response = await client.get("/nothing/here")
    assert response.status == 404
    assert (await error_of(response))["code"] == "NOT_FOUND"


async def test_a_wrong_method_is_a_405_that_says_which_are_right(client: Client):
    response = await client.delete("/health")
    assert response.status == 405
    assert set(response.headers["Allow"].split(",")) == {"GET", "HEAD"}
    assert (await error_of(response))["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (web.HTTPUnsupportedMediaType(), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (web.HTTPBadRequest(text="<b>library's own words</b>"), 400, "BAD_REQUEST"),
        (web.HTTPTooManyRequests(headers={"Retry-After": "7"}), 429, "HTTP_429"),
    ],
)
async def test_the_librarys_errors_take_the_same_shape(site: Site, error: web.HTTPException, status: int, code: str):
    async with TestClient(TestServer(failing_with(site, error))) as client:
        response = await client.get("/fail/x")
        assert (response.status, (await error_of(response))["code"]) == (status, code)
    assert response.headers.get("Retry-After") == error.headers.get("Retry-After")


async def test_a_redirect_stays_a_redirect(site: Site):
    async with TestClient(TestServer(failing_with(site, web.HTTPSeeOther("/health")))) as client:
        response = await client.get("/fail/x", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/health")
    assert response.headers["X-Frame-Options"] == "DENY"


async def test_a_bug_of_ours_is_logged_once_and_told_without_its_details(site: Site):
    async with TestClient(TestServer(failing_with(site, KeyError("the inside")))) as client:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
            response = await client.get("/fail/hush-hush")
        error = await error_of(response)
    assert (response.status, error["code"]) == (500, "INTERNAL")
    assert error["message"] == "something went wrong on our side; quote this id"
    [line] = lines
    assert line["correlation_id"] == error["correlation_id"]
    assert isinstance(line["exc_info"], KeyError)
    assert line["route"] == "/fail/{secret}"
    assert "hush-hush" not in str(line)


async def test_a_store_that_is_away_is_a_503_that_says_when_to_come_back(site: Site):
    gone = OperationalError("SELECT secret", {}, Exception("database is locked"))
    async with TestClient(TestServer(failing_with(site, gone))) as client:
        response = await client.get("/fail/x")
        error = await error_of(response)
    assert (response.status, error["code"]) == (503, "STORE_UNAVAILABLE")
    assert response.headers["Retry-After"] == "2"
    assert "SELECT" not in error["message"]


async def test_an_error_echoes_no_halves_of_characters(site: Site):
    async with TestClient(TestServer(failing_with(site, NotFound("no “\udcff” here")))) as client:
        assert (await error_of(await client.get("/fail/x")))["message"] == "no “?” here"


async def test_an_error_after_the_first_byte_sends_no_second_answer(site: Site):
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"so far")
        raise KeyError("the inside")

    app = site.app()
    app.router.add_get("/stream", break_off)
    async with TestClient(TestServer(app)) as client:
        answer = await raw(client, b"GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.count(b"HTTP/1.1") == 1
    assert b"INTERNAL" not in answer
    assert b"Traceback" not in answer


@pytest.mark.parametrize("levels", [101, 1000, 1022, 100_000])
async def test_a_body_that_is_nested_too_deeply_is_told_so(site: Site, client: Client, levels: int):
    headers = site.bearer(await site.add_account(await site.add_creator("ada"))) | {"Content-Type": "application/json"}
    deep = '{"a":' * levels + "[]" + "}" * levels
    for path, body in (
        ("/broadcasts/check", f'{{"content":{deep}}}'),
        ("/flows/validate", f'{{"key":"x","definition":{deep}}}'),
        ("/funnels/validate", f'{{"key":"x","definition":{deep}}}'),
    ):
        response = await client.post(f"/api/v1{path}", headers=headers, data=body)
        assert response.status in ({422} if levels < 10_000 else {400, 413}), await response.text()
