"""The checkout page: what the buyer is shown."""

from html import escape
from pathlib import Path
from string import Template

from playground.stripe.account import MERCHANT
from playground.stripe.book import Json
from playground.stripe.money import with_code
from playground.stripe.payments import BUYER

_LAYOUT = Template(Path(__file__).with_name("checkout.html").read_text("utf-8"))
_MODE = '<span class="mode">Test mode</span>'
_VERBS = {"book": "Book", "donate": "Donate", "subscribe": "Subscribe"}


def checkout_page(session: Json, items: list[Json], *, email: str = "", alert: str = "") -> str:
    merchant = escape((session["branding_settings"] or {}).get("display_name") or MERCHANT)
    body = f"""<main>
<header><span class="merchant">{merchant}</span>{_MODE}</header>
<section aria-labelledby="what">
<h1 id="what">Pay {merchant}</h1>
<p class="total">{_amount(session["amount_total"], session)}</p>
<dl>{_lines(session, items)}</dl>
</section>
<form method="post" action="{escape(session["id"])}">
<h2>Pay by card</h2>
{f'<p role="alert">{escape(alert)}</p>' if alert else ""}
{_email_field(session, email)}{_asked(session)}
<p class="card" style="margin:0">Card 4242 4242 4242 4242, no real money moves</p>
{_text(session, "submit")}{_buttons(session)}
</form>
</main>"""
    return _LAYOUT.substitute(title=f"Checkout · {merchant}", body=body)


def notice_page(title: str, text: str, *, link: tuple[str, str] | None = None) -> str:
    """A page that only says something, with one way on."""
    way = f'<p><a class="button" href="{escape(link[0])}">{escape(link[1])}</a></p>' if link else ""
    body = (
        f'<main class="notice"><header><span class="merchant">{MERCHANT}</span>{_MODE}</header>'
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p>{way}</main>"
    )
    return _LAYOUT.substitute(title=escape(title), body=body)


def _amount(amount: int, session: Json) -> str:
    return escape(with_code(amount, session["currency"]))


def _lines(session: Json, items: list[Json]) -> str:
    rows = []
    for item in items:
        each = ""
        if item["quantity"] > 1:
            unit = item["price"]["unit_amount"]
            price = f" × {_amount(unit, session)}" if unit is not None else ""
            each = f"<small>{item['quantity']}{price}</small>"
        rows.append((f"{escape(item['description'])}{each}", item["amount_total"]))
    if session["shipping_cost"] is not None:
        rows.append(("Shipping", session["shipping_cost"]["amount_total"]))
    rows.append(("Total due", session["amount_total"]))
    return "".join(f"<div><dt>{name}</dt><dd>{_amount(amount, session)}</dd></div>" for name, amount in rows)


def _email_field(session: Json, email: str) -> str:
    known = email or (session["customer_details"] or {}).get("email") or BUYER
    return (
        '<label>Email<input type="email" name="email" autocomplete="email" maxlength="500" '
        f'value="{escape(known)}"></label>'
    )


def _asked(session: Json) -> str:
    asked = ""
    if session["phone_number_collection"]["enabled"]:
        asked += '<label>Phone number<input type="tel" name="phone" autocomplete="tel" maxlength="20"></label>'
    if (session["consent_collection"] or {}).get("terms_of_service") == "required":
        custom = (session["custom_text"]["terms_of_service_acceptance"] or {}).get("message")
        text = escape(custom or f"I agree to {MERCHANT}'s terms of service")
        asked += f'<label class="check"><input type="checkbox" name="terms" value="yes"><span>{text}</span></label>'
    return asked


def _text(session: Json, place: str) -> str:
    custom = session["custom_text"][place]
    return f"<p>{escape(custom['message'])}</p>" if custom else ""


def _buttons(session: Json) -> str:
    if not session["amount_total"]:
        choices = [("pay", "Complete order")]
    else:
        verb = _VERBS.get(session["submit_type"] or "", "Pay")
        choices = [
            ("pay", f"{verb} {with_code(session['amount_total'], session['currency'])}"),
            ("decline", "Card is declined"),
            ("later", "Pay later (asynchronous)"),
        ]
    choices.append(("cancel", "Cancel and return"))
    return "".join(
        f'<button class="{action}" name="action" value="{action}">{escape(label)}</button>' for action, label in choices
    )
