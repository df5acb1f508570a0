"""How often somebody may ask: by address, account and route."""

from datetime import datetime

from aiohttp import web

from web.address import address_of, house_of
from web.auth import Caller
from web.tools import TOOLS
from web.turns import Rate, Turns

# a request that has to wait for more turns of one kind is begun anew, and takes none of another twice
_TAKEN = web.RequestKey("turns_taken", set[str])


def take_turn(request: web.Request, rate: Rate, caller: Caller | None) -> None:
    """Raises TooMany when it is not their turn yet, or TurnsSpent.

    What anybody may ask is counted by address, signing in by address and account, all else by account.
    """
    tools = request.app[TOOLS]
    now = tools.clock()
    taken = request.setdefault(_TAKEN, set())
    if caller is None or rate in {"sign_in", "public"}:
        _take(tools.turns, rate, house_of(address_of(request, tools.trusted_proxies)), taken, now=now)
    if caller is not None and rate != "public":
        _take(tools.turns, rate, f"account-{caller.account.id}", taken, now=now)


def _take(turns: Turns, rate: Rate, who: str, taken: set[str], *, now: datetime) -> None:
    if who not in taken:
        turns.take(rate, who, now=now)
        taken.add(who)
