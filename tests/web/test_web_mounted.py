"""Other applications mounted on Spark's, as the demo does with its stand-ins."""

import io

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from web_world import Site, error_of

from web.bodies import MOST_BYTES


def with_a_guest(site: Site) -> web.Application:
    async def page(request: web.Request) -> web.Response:
        own = {"Content-Security-Policy": "default-src 'self'", "X-Correlation-ID": "the-guests-own"}
        return web.Response(text="<p>a page</p>", content_type="text/html", headers=own)

    async def refuse(request: web.Request) -> web.Response:
        raise web.HTTPConflict(text='{"ok":false}', content_type="application/json")

    async def break_down(request: web.Request) -> web.Response:
        raise KeyError("the inside")

    async def weigh(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    guest = web.Application()
    guest.add_routes(
        [
            web.get("/page", page),
            web.get("/refuse", refuse),
            web.get("/break", break_down),
            web.post("/weigh", weigh),
        ]
    )
    app = site.app(client_max_size=4 * MOST_BYTES)
    app.add_subapp("/guest", guest)
    return app


async def test_a_guests_headers_stand_and_the_rest_is_added(site: Site):
    async with TestClient(TestServer(with_a_guest(site))) as client:
        response = await client.get("/guest/page")
        assert await response.text() == "<p>a page</p>"
    assert response.headers.getall("Content-Security-Policy") == ["default-src 'self'"]
    assert response.headers.getall("X-Correlation-ID") == ["the-guests-own"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_a_guests_refusals_keep_their_words(site: Site):
    async with TestClient(TestServer(with_a_guest(site))) as client:
        refused = await client.get("/guest/refuse")
        assert (refused.status, await refused.text()) == (409, '{"ok":false}')
        missing = await client.get("/guest/missing")
        assert (missing.status, missing.content_type) == (404, "text/plain")
        assert missing.headers["X-Frame-Options"] == "DENY"


async def test_a_guests_bug_shows_no_traceback(site: Site):
    async with TestClient(TestServer(with_a_guest(site))) as client:
        response = await client.get("/guest/break")
        assert (response.status, (await error_of(response))["code"]) == (500, "INTERNAL")


async def test_a_guest_may_take_larger_bodies_than_spark_does(site: Site):
    async with TestClient(TestServer(with_a_guest(site))) as client:
        size = 2 * MOST_BYTES
        weighed = await client.post("/guest/weigh", data=io.BytesIO(b"x" * size))
        assert await weighed.text() == str(size)
        refused = await client.post(
            "/webhooks/stripe", data=io.BytesIO(b"x" * size), headers={"Stripe-Signature": "good"}
        )
        assert refused.status == 413
