"""Addresses at which something is paid: the checkout is made when somebody says that they want it."""

from datetime import timedelta

from aiohttp import web

from domain.link_orders import ToAsk, ToChat, ToPage, ToPay, follow_pay_link, language_for, look_at_pay_link
from domain.messages.catalogue import plain
from domain.messages.refusing import say_refusal
from domain.pay_links import Payable, PayLinks
from kit.errors import Refusal
from kit.money import Money
from kit.text import unmarked
from payments.checkout import begin_checkout
from web.bodies import field_of, read_body
from web.errors import NotReady
from web.pages import button_page, notice_page, reader_language
from web.tools import TOOLS, WebTools

# where no other rail says how long a checkout is good
_GOOD_FOR = timedelta(days=1)
# of a form that says what a page of ours has shown
_MOST_BYTES = 1024


async def pay(request: web.Request) -> web.Response:
    """`/pay/{token}`: GET shows a button, and POST, which that sends, leads to a checkout that can be paid now.

    GET leads on by itself to a checkout that is there already, or to the chat. What cannot be paid says why not.
    """
    tools, language = request.app[TOOLS], reader_language(request)
    if not tools.readiness.ready:
        # the address of the chat is not known before
        raise NotReady(f"not ready: {tools.readiness.reason}")
    try:
        what = PayLinks(tools.public_url, tools.pay_key).read(request.match_info["token"], now=tools.clock())
    except Refusal as refusal:
        return _why_not(tools, refusal, language)
    try:
        if request.method == "POST":
            return await _lead_on(tools, what, language, shown=await _shown(request))
        return await _look(tools, what, language)
    except Refusal as refusal:
        async with tools.database.reading() as session:
            theirs = await language_for(session, what)
        return _why_not(tools, refusal, theirs or language)


async def _look(tools: WebTools, what: Payable, language: str, *, status: int = 200) -> web.Response:
    """Nothing is ordered for whoever draws a picture of the page, fetches it ahead, or looks for what is harmful."""
    async with tools.database.reading() as session:
        step = await look_at_pay_link(session, what, now=tools.clock())
        theirs = await language_for(session, what) or language
    match step:
        case ToChat(start=start):
            return _redirect(f"{tools.bot_link()}?start={start}")
        case ToPage(url=url):
            return _redirect(url)
        case ToAsk(title=title, asked=asked):
            text, shown = plain("pay-ask", theirs), ""
            if asked is not None:
                text, shown = plain("pay-asked", theirs, amount=asked.format(theirs)), _as_shown(asked)
            button = plain("pay-go", theirs)
            return button_page(title, text, language=theirs, button=button, shown=shown, status=status)


def _as_shown(asked: Money) -> str:
    return f"{asked.amount_minor} {asked.currency}"


async def _shown(request: web.Request) -> str | None:
    """What the page said it comes to, "" where no page of ours has said anything; nothing for what cannot be read."""
    body = await read_body(request, most=_MOST_BYTES)
    return (field_of(body, "shown") or None) if body else ""


async def _lead_on(tools: WebTools, what: Payable, language: str, *, shown: str | None) -> web.Response:
    if shown is None:
        return await _look(tools, what, language, status=422)
    if shown:
        async with tools.database.reading() as session:
            now_at = await look_at_pay_link(session, what, now=tools.clock())
        if isinstance(now_at, ToAsk) and now_at.asked is not None and _as_shown(now_at.asked) != shown:
            # it has been changed since: nobody goes on to pay what they have not seen
            return await _look(tools, what, language)
    async with tools.database.transaction() as session:
        step = await follow_pay_link(
            session,
            what,
            offered=tools.rails,
            good_for=tools.checkout_good_for or _GOOD_FOR,
            published=tools.published,
            now=tools.clock(),
        )
    match step:
        case ToChat(start=start):
            return _redirect(f"{tools.bot_link()}?start={start}")
        case ToPay(order_id=order_id):
            url = await tools.checkouts.make(order_id, lambda: _page(tools, order_id))
            if url is not None:
                return _redirect(url)
            text = plain("pay-in-hand", language)
            return notice_page(plain("pay-title", language), text, language=language, link=_back(tools, language))


async def _page(tools: WebTools, order_id: int) -> str | None:
    """A link that many open at once asks its rail once."""
    return await begin_checkout(tools.database, tools.rails, order_id, now=tools.clock(), published=tools.published)


def _redirect(url: str) -> web.Response:
    return web.Response(
        status=303, headers={"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    )


def _why_not(tools: WebTools, refusal: Refusal, language: str) -> web.Response:
    text = unmarked(say_refusal(refusal, language))
    title = plain("pay-not", language)
    return notice_page(title, text, language=language, link=_back(tools, language), status=refusal.status)


def _back(tools: WebTools, language: str) -> tuple[str, str]:
    return plain("pay-back", language), tools.bot_link()
