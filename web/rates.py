"""How often somebody may ask: by address, account and route."""

from aiohttp import web

from web.address import address_of, house_of
from web.auth import Caller
from web.tools import TOOLS
from web.turns import Rate


def take_turn(request: web.Request, rate: Rate, caller: Caller | None) -> None:
    """Raises TooMany when it is not their turn yet, or TurnsSpent.

    What anybody may ask is counted by address, signing in by address and account, all else by account.
    """
    tools = request.app[TOOLS]
    now = tools.clock()
    if caller is None or rate in {"sign_in", "public"}:
        tools.turns.take(rate, house_of(address_of(request, tools.trusted_proxies)), now=now)
    if caller is not None and rate != "public":
        tools.turns.take(rate, f"account-{caller.account.id}", now=now)
