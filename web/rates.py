"""How often somebody may ask: by address, account and route."""

from typing import Literal

from aiohttp import web

from web.auth import Caller

Rate = Literal["sign_in", "public", "usual", "heavy"]


async def take_turn(request: web.Request, rate: Rate, caller: Caller | None) -> None:
    """Raises TooMany when it is not their turn yet."""
