"""Every address that Spark answers at."""

from importlib.metadata import version

from aiohttp import web

from web.answers import answer
from web.api.docs_page import show_docs
from web.api.openapi import show_openapi
from web.api.table import api_routes
from web.bought import show_bought
from web.downloads import download
from web.health import show_alive, show_ready, show_store
from web.metrics import show_metrics
from web.password_page import show_password_page, take_password
from web.pay import pay
from web.redirects import follow
from web.uploads import show_upload, take_file
from web.webhooks import take_stripe_event, take_telegram_update

_VERSION = version("spark")


async def show_name(request: web.Request) -> web.Response:
    return answer({"name": "Spark", "version": _VERSION})


def routes() -> list[web.RouteDef]:
    return [
        web.get("/", show_name),
        web.get("/health", show_alive),
        web.get("/health/db", show_store),
        web.get("/health/ready", show_ready),
        web.get("/metrics", show_metrics),
        web.post("/webhooks/telegram/{bot_id}", take_telegram_update),
        web.post("/webhooks/stripe", take_stripe_event),
        web.get("/r/{token}", follow),
        web.get("/pay/{token}", pay),
        web.post("/pay/{token}", pay),
        web.get("/bought/{session}", show_bought),
        web.get("/d/{token}", download),
        web.get("/upload/{token}", show_upload),
        web.post("/upload/{token}", take_file),
        web.get("/password/{token}", show_password_page),
        web.post("/password/{token}", take_password),
        web.get("/openapi.json", show_openapi),
        web.get("/docs", show_docs),
        *api_routes(),
    ]
