"""Links in creators' texts that count their clicks and lead on."""

import re

from aiohttp import web

from domain.clicks import Tracker, note_click
from web.errors import NotReady
from web.tools import TOOLS

# whoever looks at a link to draw a picture of its page has not clicked it; Cubot makes phones
_LOOKS_ONLY = re.compile(r"(?<!cu)bot|crawler|spider|preview|facebookexternalhit|whatsapp|viber", re.IGNORECASE)


async def follow(request: web.Request) -> web.Response:
    """`GET /r/{token}`: 302 to the address that it was made for, 404 for one that was not made here."""
    tools = request.app[TOOLS]
    url_id, lead_id = Tracker(tools.public_url, tools.click_key).read(request.match_info["token"])
    if not tools.readiness.ready:
        raise NotReady(f"not ready: {tools.readiness.reason}")
    async with tools.database.transaction() as session:
        url = await note_click(session, url_id, lead_id, now=tools.clock(), counts=not only_looks(request))
    return web.Response(status=302, headers={"Location": url, "Cache-Control": "no-store"})


def only_looks(request: web.Request) -> bool:
    """True for whoever opens the address without a person behind it."""
    ahead = "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    return request.method != "GET" or ahead or _LOOKS_ONLY.search(request.headers.get("User-Agent", "")) is not None
