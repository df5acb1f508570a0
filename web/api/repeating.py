"""`Idempotency-Key`: a repeat is answered as the first was, and does nothing.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

from typing import Any

from aiohttp import web

from web.api.route import Call


async def answered_before(call: Call[Any, Any]) -> web.Response | None:
    """What the first was answered; None for a new one, or without a key."""
    return None


async def remember(call: Call[Any, Any], response: web.StreamResponse) -> None:
    """Keeps a good answer together with what was done."""
