from aiohttp import web

from web.answers import answer
from web.errors import NotReady, StoreDown
from web.tools import TOOLS


async def show_alive(request: web.Request) -> web.Response:
    """The process answers; nothing more is asked of it."""
    return answer({"status": "healthy"})


async def show_store(request: web.Request) -> web.Response:
    if not await request.app[TOOLS].database.is_up():
        raise StoreDown("the store cannot be reached")
    return answer({"status": "healthy"})


async def show_ready(request: web.Request) -> web.Response:
    """Whether to send work here: not while starting, migrating or draining, and not without the store."""
    tools = request.app[TOOLS]
    if not tools.readiness.ready:
        raise NotReady(f"not ready: {tools.readiness.reason}")
    if not await tools.database.is_up():
        raise NotReady("not ready: the store cannot be reached")
    return answer({"status": "ready"})
