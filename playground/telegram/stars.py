"""Telegram Stars: invoices, pre-checkout, charges and refunds. https://core.telegram.org/bots/payments-stars"""

import secrets
from datetime import datetime
from typing import Any

from kit.text import utf16_length
from playground.state import Document
from playground.telegram.errors import bad
from playground.telegram.keyboards import inline_keyboard
from playground.telegram.parts import Call, Parts
from playground.telegram.people import person_user, private_chat
from playground.telegram.rooms import room_of
from playground.telegram.sending import deliver
from playground.telegram.targets import writable

_TITLE_LIMIT = 32
_DESCRIPTION_LIMIT = 255
_PAYLOAD_LIMIT = 128  # bytes
_MONTH = 2_592_000  # seconds, the only subscription period
_MOST_STARS = 10_000
_PAGE = 100


def _priced(params: dict[str, Any]) -> Document:
    """What an invoice says, checked as Telegram checks one in Stars."""
    if utf16_length(params["title"]) > _TITLE_LIMIT:
        raise bad("PRODUCT_TITLE_INVALID")
    if utf16_length(params["description"]) > _DESCRIPTION_LIMIT:
        raise bad("PRODUCT_DESCRIPTION_INVALID")
    if len(params["payload"].encode("utf-8", "replace")) > _PAYLOAD_LIMIT:
        raise bad("INVOICE_PAYLOAD_INVALID")
    prices = [_price(price) for price in params["prices"]]
    if not prices:
        raise bad("there must be at least one price")
    if params["currency"] != "XTR":
        # money other than Stars goes through a payment provider, which the stand-in has none of
        provider = bool(params.get("provider_token"))
        raise bad("PAYMENT_PROVIDER_INVALID" if provider or params["currency"].isupper() else "CURRENCY_INVALID")
    if params.get("provider_token"):
        raise bad("PAYMENT_PROVIDER_INVALID")
    if len(prices) != 1:
        raise bad("STARS_INVOICE_INVALID")
    total = sum(prices)
    if not 1 <= total <= _MOST_STARS:
        raise bad("CURRENCY_TOTAL_AMOUNT_INVALID")
    if params.get("subscription_period", _MONTH) != _MONTH:
        raise bad("SUBSCRIPTION_PERIOD_INVALID")
    return {
        "title": params["title"],
        "description": params["description"],
        "payload": params["payload"],
        "currency": "XTR",
        "total_amount": total,
    }


def _price(price: Any) -> int:
    problem = "can't parse labeled price: "
    if not isinstance(price, dict):
        raise bad(f"{problem}LabeledPrice must be an Object")
    for name, kind in (("label", str), ("amount", int)):
        if name not in price:
            raise bad(f'{problem}can\'t find field "{name}"')
        if not isinstance(price[name], kind) or isinstance(price[name], bool):
            raise bad(f'{problem}field "{name}" must be of type {"String" if kind is str else "Number"}')
    if not price["label"]:
        raise bad(f"{problem}LabeledPrice label must be non-empty")
    return int(price["amount"])


def send_invoice(call: Call) -> dict[str, Any]:
    invoice = _priced(call.params)
    target = writable(call, call.params["chat_id"], call.params.get("message_thread_id"))
    given = inline_keyboard(call.params.get("reply_markup"), invoice=True)
    pay = f"Pay ⭐️{invoice['total_amount']}"
    markup = given or {"inline_keyboard": [[{"text": pay, "pay": True}]]}
    content = {
        "invoice": {
            "title": invoice["title"],
            "description": invoice["description"],
            "start_parameter": call.params.get("start_parameter", ""),
            "currency": "XTR",
            "total_amount": invoice["total_amount"],
        }
    }
    return deliver(call, target, content, markup=markup, invoice=invoice)


def create_invoice_link(call: Call) -> str:
    invoice = _priced(call.params)
    slug = secrets.token_urlsafe(16)
    url = f"https://t.me/${slug}"
    call.parts.core.state.put(
        "invoice_link",
        url,
        {
            **invoice,
            "bot_id": call.bot["id"],
            "url": url,
            "subscription_period": call.params.get("subscription_period"),
        },
    )
    return url


def answer_pre_checkout_query(call: Call) -> bool:
    params = call.params
    if not params["ok"] and not params.get("error_message"):
        raise bad('parameter "error_message" is required')
    answer = {"ok": params["ok"], "error": params.get("error_message")}
    call.parts.queries.answer("pre_checkout_query", call.bot["id"], params["pre_checkout_query_id"], call.now, answer)
    return True


def charge(
    parts: Parts,
    bot: Document,
    person: Document,
    invoice: Document,
    *,
    record: Document | None,
    now: datetime,
    told: bool = True,
) -> tuple[Document, int | None]:
    """Takes the Stars and tells the bot; gives the charge and the id of the update, None where it is not told."""
    date = int(now.timestamp())
    charge_id = f"stx{secrets.token_urlsafe(40)}"
    payment = {
        "currency": "XTR",
        "total_amount": invoice["total_amount"],
        "invoice_payload": invoice["payload"],
        "telegram_payment_charge_id": charge_id,
        "provider_payment_charge_id": f"{person['id']}_{parts.core.state.next_number('provider_charge')}",
    }
    if period := invoice.get("subscription_period"):
        payment |= {"subscription_expiration_date": date + period, "is_recurring": True, "is_first_recurring": True}
    paid: Document = {
        "id": charge_id,
        "bot_id": bot["id"],
        "person_id": person["id"],
        "payment": payment,
        "refunded": False,
        "date": date,
    }
    message: dict[str, Any] = {
        "message_id": parts.rooms.new_id(bot["id"], person["id"]),
        "from": person_user(person),
        "chat": private_chat(person),
        "date": date,
        "successful_payment": payment,
    }
    room = room_of(bot["id"], person["id"])
    with parts.core.state.together():
        if record is not None:
            record["paid"] = True
            parts.rooms.put(room, record)
        parts.core.state.put("charge", charge_id, paid)
        _book(parts, paid, person, date, received=True)
        parts.rooms.add(room, message, by_bot=False)
        update_id = parts.mail.box(bot).add("message", message) if told else None
    parts.core.changes.tell(person["id"])
    return paid, update_id


def _book(parts: Parts, paid: Document, person: Document, date: int, *, received: bool) -> None:
    payment, bot_id = paid["payment"], paid["bot_id"]
    partner = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": person_user(person),
        "invoice_payload": payment["invoice_payload"],
    }
    transaction = {
        "id": paid["id"],
        "amount": payment["total_amount"],
        "date": date,
        "source" if received else "receiver": partner,
    }
    parts.core.state.append(f"stars.{bot_id}", transaction)
    balance = parts.core.state.get("stars", bot_id) or {"amount": 0}
    balance["amount"] += payment["total_amount"] if received else -payment["total_amount"]
    parts.core.state.put("stars", bot_id, balance)


def refund_star_payment(call: Call) -> bool:
    paid = call.parts.core.state.get("charge", call.params["telegram_payment_charge_id"])
    if paid is None or paid["bot_id"] != call.bot["id"] or paid["person_id"] != call.params["user_id"]:
        raise bad("CHARGE_NOT_FOUND")
    if paid["refunded"]:
        raise bad("CHARGE_ALREADY_REFUNDED")
    person = call.parts.people.get(paid["person_id"])
    if person is None:
        raise bad("user not found")
    payment = paid["payment"]
    paid["refunded"] = True
    call.parts.core.state.put("charge", paid["id"], paid)
    _book(call.parts, paid, person, call.date, received=False)
    names = (
        "currency",
        "total_amount",
        "invoice_payload",
        "telegram_payment_charge_id",
        "provider_payment_charge_id",
    )
    message = {
        "message_id": call.parts.rooms.new_id(call.bot["id"], person["id"]),
        "from": person_user(person),
        "chat": private_chat(person),
        "date": call.date,
        "refunded_payment": {name: payment[name] for name in names},
    }
    call.parts.rooms.add(room_of(call.bot["id"], person["id"]), message, by_bot=False)
    call.parts.mail.box(call.bot).add("message", message)
    call.parts.core.changes.tell(person["id"])
    return True


def get_star_transactions(call: Call) -> dict[str, Any]:
    """Oldest first, as Telegram lists them."""
    limit = min(max(call.params.get("limit", _PAGE), 1), _PAGE)
    offset = max(call.params.get("offset", 0), 0)
    rows = call.parts.core.state.read(f"stars.{call.bot['id']}", after=offset, limit=limit)
    return {"transactions": [transaction for _, transaction in rows]}


def get_my_star_balance(call: Call) -> dict[str, Any]:
    return {"amount": (call.parts.core.state.get("stars", call.bot["id"]) or {"amount": 0})["amount"]}
