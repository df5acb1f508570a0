"""The checkout page: what the buyer does on it."""

from collections.abc import Callable

from aiohttp import web
from yarl import URL

from playground.stripe.book import Book, Cause, Json
from playground.stripe.errors import ImpossibleMove
from playground.stripe.links import follow
from playground.stripe.page import checkout_page, notice_page
from playground.stripe.params import EMAIL
from playground.stripe.payments import BUYER, Outcome, settle
from playground.stripe.sessions import page_url, recover

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}
_OUTCOMES: dict[str, Outcome] = {"pay": "paid", "decline": "declined", "later": "async_pending"}

Perform = Callable[[Cause, Callable[[], None]], None]


class Checkout:
    """`perform` runs a change in one step with the deliveries of its events; `expire_due` is done before each look."""

    def __init__(self, book: Book, perform: Perform, expire_due: Callable[[], None]) -> None:
        self._book = book
        self._perform = perform
        self._expire_due = expire_due

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/pay/{id}", self.show),
            web.post("/pay/{id}", self.act),
            web.get("/pay/{id}/recover", self.recovered),
        ]

    async def show(self, request: web.Request) -> web.Response:
        self._expire_due()
        object_id = request.match_info["id"]
        link = self._book.get("payment_link", object_id)
        if link is not None:
            return self._follow(link, request)
        session = self._book.get("checkout.session", object_id)
        if session is None:
            return _nothing()
        return self._shown(session)

    async def act(self, request: web.Request) -> web.Response:
        self._expire_due()
        session = self._book.get("checkout.session", request.match_info["id"])
        if session is None:
            return _nothing()
        form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if session["url"] is None:
            return self._shown(session)
        if form.get("action") == "cancel":
            return _go(session["cancel_url"] or session["url"])
        return self._pay(session, form)

    def _pay(self, session: Json, form: dict[str, str]) -> web.Response:
        known = (session["customer_details"] or {}).get("email") or BUYER
        email, phone = form.get("email", known).strip(), form.get("phone", "").strip()
        outcome = _OUTCOMES.get(form.get("action", ""))
        alert = _missing(session, form, email) if outcome else "Choose one of the buttons."
        if alert or outcome is None:
            return _page(422, self._form(session, email=email, alert=alert))
        cause = Cause()
        try:
            self._perform(
                cause,
                lambda: settle(self._book, cause, session, outcome, email=email, phone=phone or None),
            )
        except ImpossibleMove as refusal:
            return _page(409, self._form(session, email=email, alert=refusal.message))
        if outcome == "declined":
            return _page(200, self._form(session, email=email, alert="Your card has been declined."))
        return _go(_success_url(session) or page_url(self._book, session["id"]))

    async def recovered(self, request: web.Request) -> web.Response:
        self._expire_due()
        session = self._book.get("checkout.session", request.match_info["id"])
        made: list[Json | None] = []
        if session is not None:
            self._perform(Cause(), lambda: made.append(recover(self._book, session)))
        if not made or made[0] is None:
            return _page(410, notice_page("This page has expired", "Ask the seller for a new link to pay."))
        return _go(made[0]["url"])

    def _follow(self, link: Json, request: web.Request) -> web.Response:
        if not link["active"]:
            text = link["inactive_message"] or "This payment link is no longer active."
            return _page(410, notice_page("The link is no longer active", text))
        opened: list[Json] = []
        reference = request.query.get("client_reference_id", "")[:200] or None
        email = request.query.get("prefilled_email", "")
        self._perform(
            Cause(),
            lambda: opened.append(
                follow(
                    self._book,
                    link,
                    reference=reference,
                    email=email if EMAIL.fullmatch(email) else None,
                )
            ),
        )
        return _go(page_url(self._book, opened[0]["id"]))

    def _shown(self, session: Json) -> web.Response:
        if session["status"] == "expired":
            back = (session["cancel_url"], "Return to the seller") if session["cancel_url"] else None
            text = "Nothing was charged. Ask the seller for a new link to pay."
            return _page(410, notice_page("This page has expired", text, link=back))
        if session["status"] == "complete":
            return _page(200, _thanks(self._book, session))
        return _page(200, self._form(session))

    def _form(self, session: Json, *, email: str = "", alert: str = "") -> str:
        items: list[Json] = self._book.private(session["id"])["line_items"]
        return checkout_page(session, items, email=email, alert=alert)


def _missing(session: Json, form: dict[str, str], email: str) -> str:
    if not EMAIL.fullmatch(email):
        return "Enter an e-mail address, such as jenny@example.com."
    consent = session["consent_collection"] or {}
    if consent.get("terms_of_service") == "required" and form.get("terms") != "yes":
        return "Agree to the terms of service to go on."
    return ""


def _thanks(book: Book, session: Json) -> str:
    if session["payment_status"] == "unpaid":
        title, text = "Your payment is on its way", "The seller hears when it has arrived."
    else:
        title, text = "Thanks for your payment", "This checkout is complete: nothing more will be charged."
    custom = session["custom_text"]["after_submit"]
    link = book.get("payment_link", session["payment_link"] or "")
    confirmation = ((link or {}).get("after_completion") or {}).get("hosted_confirmation") or {}
    text = confirmation.get("custom_message") or (custom["message"] if custom else text)
    back = _success_url(session)
    return notice_page(title, text, link=(back, "Return to the seller") if back else None)


def _success_url(session: Json) -> str | None:
    url: str | None = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"]) if url else None


def _nothing() -> web.Response:
    return _page(404, notice_page("Nothing here", "There is no checkout page at this address."))


def _go(url: str) -> web.Response:
    # as a URL it holds no line breaks and nothing beyond ASCII, whatever it was made from
    headers = {"Location": str(URL(url)), "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


def _page(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/html", headers=_HEADERS)
