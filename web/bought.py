"""Where Stripe leads whoever paid by a payment link: how to get in Telegram what they bought."""

import re

from aiohttp import web

from domain.claiming import Purchase, claim_payload, find_purchase
from domain.messages.catalogue import plain
from domain.refunds import is_going_back
from payments.reconciling import read_soon
from payments.stripe_rail import NAME
from store.models import Order, OrderState
from web.errors import NotReady
from web.pages import notice_page, reader_language
from web.tools import TOOLS

# https://docs.stripe.com/api/checkout/sessions/object#checkout_session_object-id
_SESSION = re.compile(r"cs_[A-Za-z0-9_]{10,200}", re.ASCII)
_AGAIN_SECONDS = 4
# how often a page that waits may have the list read
_READ_AGAIN_SECONDS = 10.0


async def show_bought(request: web.Request) -> web.Response:
    """`GET /bought/{session}`: the session's random id, which only the buyer's browser and Stripe know, opens it.

    The button is a claim, good once: until then whoever has this address can fetch the purchase.
    """
    tools, language = request.app[TOOLS], reader_language(request)
    title = plain("bought-title", language)
    session_id = request.match_info["session"]
    if not _SESSION.fullmatch(session_id):
        return _nothing(language)
    if not tools.readiness.ready:
        raise NotReady(f"not ready: {tools.readiness.reason}")
    async with tools.database.reading() as session:
        purchase, order = await find_purchase(session, NAME, session_id)
        goes_back = order is not None and await is_going_back(session, order)
    match purchase:
        case Purchase.UNKNOWN:
            async with tools.database.transaction() as session:
                # whichever comes first: Stripe's webhook, or what its list says
                await read_soon(session, NAME, now=tools.clock(), unless_within=_READ_AGAIN_SECONDS)
            return notice_page(title, plain("bought-waiting", language), language=language, again=_AGAIN_SECONDS)
        case Purchase.OVER:
            return _nothing(language)
        case Purchase.PAID | Purchase.PENDING | Purchase.FETCHED:
            text = plain(_words(purchase, order, goes_back=goes_back), language)
            address = tools.bot_link()
            if order is not None and purchase is not Purchase.FETCHED:
                address = f"{address}?start={claim_payload(order)}"
            return notice_page(title, text, language=language, link=(plain("bought-button", language), address))


def _words(purchase: Purchase, order: Order | None, *, goes_back: bool) -> str:
    if purchase is Purchase.PENDING:
        return "bought-pending"
    if order is None or order.state != OrderState.OVERSOLD:
        return "bought-paid"
    # sold out, or closed by then
    return "bought-going-back" if goes_back else "bought-oversold"


def _nothing(language: str) -> web.Response:
    text = plain("bought-nothing", language)
    return notice_page("404", text, language=language, status=404)
