"""What Telegram and Stripe tell us. A 2xx is said only once it is saved: until then they ask again."""

import hmac

from aiohttp import web

from kit.errors import NotFound, NotSignedIn
from web.answers import answer
from web.bodies import read_body
from web.errors import NotReady
from web.tools import TOOLS, Readiness

# https://core.telegram.org/bots/api#setwebhook, secret_token
_TELEGRAM_SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name
# https://docs.stripe.com/webhooks#verify-official-libraries
_STRIPE_SIGNATURE = "Stripe-Signature"


async def take_telegram_update(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    intake = tools.telegram
    if intake is None or request.match_info["bot_id"] != str(intake.bot_id):
        raise NotFound("there is no such bot here")
    if not _same_secret(request.headers.get(_TELEGRAM_SECRET), intake.secret):
        raise NotSignedIn("the secret token is missing or wrong")
    _refuse_unless_ready(tools.readiness)
    await intake.receive(await read_body(request))
    return answer({})


async def take_stripe_event(request: web.Request) -> web.Response:
    tools = request.app[TOOLS]
    if tools.stripe is None:
        raise NotFound("no payments by Stripe are set up here")
    _refuse_unless_ready(tools.readiness)
    body = await read_body(request)
    await tools.stripe.keep(body, _plain(request.headers.get(_STRIPE_SIGNATURE)))
    return answer({"received": True})


def _same_secret(given: str | None, expected: str) -> bool:
    """Takes as long for a near miss as for a far one. A secret of no length lets nobody in."""
    if not given or not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _plain(header: str | None) -> str | None:
    """A signature is ASCII; odd bytes become what can never match, and never an error of ours."""
    return None if header is None else header.encode("ascii", "replace").decode()


def _refuse_unless_ready(readiness: Readiness) -> None:
    if not readiness.ready:
        raise NotReady(f"not ready: {readiness.reason}")
