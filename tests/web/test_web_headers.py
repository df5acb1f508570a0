import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from web_world import Client, Site, raw

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("HEAD", "/health"),
        ("GET", "/health/ready"),
        ("GET", "/metrics"),
        ("GET", "/nothing/here"),
        ("PUT", "/health"),
        ("POST", "/webhooks/stripe"),
        ("GET", "/api/v1/1/ideas"),
    ],
)
async def test_every_response_carries_the_headers(client: Client, method: str, path: str):
    response = await client.request(method, path)
    for name, value in SECURITY.items():
        assert response.headers.getall(name) == [value]
    assert len(response.headers.getall("X-Correlation-ID")) == 1


async def test_over_plain_http_there_is_no_hsts(site: Site):
    site.public_url = "http://127.0.0.1:8080"
    async with TestClient(TestServer(site.app())) as client:
        response = await client.get("/health")
    assert "Strict-Transport-Security" not in response.headers
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("path", ["/", "/nothing/here", "/api/v1/1/ideas"])
async def test_a_sane_correlation_id_comes_back(client: Client, path: str):
    response = await client.get(path, headers={"X-Correlation-ID": "order-7.retry_2"})
    assert response.headers["X-Correlation-ID"] == "order-7.retry_2"
    if response.status >= 400:
        assert (await response.json())["error"]["correlation_id"] == "order-7.retry_2"


@pytest.mark.parametrize("given", ["short", "x" * 65, "has spaces in it", "<script>alert</script>", "ünïcödé-id", ""])
async def test_a_bad_correlation_id_is_replaced(client: Client, given: str):
    response = await client.get("/health", headers={"X-Correlation-ID": given})
    assert response.status == 200
    assert response.headers["X-Correlation-ID"] != given
    assert len(response.headers["X-Correlation-ID"]) == 32


async def test_two_requests_on_one_connection_have_ids_of_their_own(client: Client):
    first, second = await client.get("/health"), await client.get("/health")
    assert first.headers["X-Correlation-ID"] != second.headers["X-Correlation-ID"]


async def test_a_stream_carries_them_and_its_body_is_left_alone(site: Site):
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Frame-Options": "SAMEORIGIN"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await response.write(b"data: 2\n\n")
        return response

    app = site.app()
    app.router.add_get("/stream", stream)
    async with TestClient(TestServer(app)) as client:
        response = await client.get("/stream", headers={"X-Correlation-ID": "stream-0001"})
        assert await response.read() == b"data: 1\n\ndata: 2\n\n"
    assert response.headers["X-Correlation-ID"] == "stream-0001"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers.getall("X-Frame-Options") == ["SAMEORIGIN"]


async def test_a_web_socket_goes_through(site: Site):
    async def echo(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str(await socket.receive_str())
        await socket.close()
        return socket

    app = site.app()
    app.router.add_get("/socket", echo)
    async with TestClient(TestServer(app)) as client, client.ws_connect("/socket") as socket:
        await socket.send_str("hello")
        assert await socket.receive_str() == "hello"


async def test_odd_bytes_in_headers_are_answered_calmly(client: Client):
    answer = await raw(
        client,
        b"GET /api/v1/1/ideas HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        b"X-Correlation-ID: \xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\r\nAuthorization: Bearer \xff.\xfe.\xfd\r\n\r\n",
    )
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b'"code":"UNAUTHORIZED"' in answer
    assert b"\xff" not in answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"NOT HTTP AT ALL\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
        b"POST /webhooks/stripe HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_no_traceback(client: Client, request_bytes: bytes):
    answer = await raw(client, request_bytes)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"Traceback" not in answer
    assert b".py" not in answer
