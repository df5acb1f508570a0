"""The account itself, its balance, its webhook endpoint and its events."""

from collections import Counter
from fnmatch import fnmatchcase

from playground.stripe.book import API_VERSION, EVENTS_KEPT, Book, Json
from playground.stripe.errors import exclusive_params, no_such
from playground.stripe.lists import CREATED, list_fields, page, select
from playground.stripe.params import RETRIEVE, Flag, Many, Text
from playground.stripe.routes import Call, Route

ACCOUNT_ID = "acct_1Playground000000"
ENDPOINT_ID = "we_1PlaygroundWebhook0000"
MERCHANT = "Playground"

_EVENT_LIST = list_fields(created=CREATED, delivery_success=Flag(), type=Text(), types=Many(Text(), 20))


def webhook_url(book: Book) -> str:
    return f"{book.core.app_url}/webhooks/stripe"


def _account(call: Call) -> Json:
    if call.id and call.id != ACCOUNT_ID:
        raise no_such("account", call.id)
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {"name": MERCHANT, "support_email": None, "url": None},
        "business_type": "individual",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "US",
        "created": 1_577_836_800,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "merchant@example.com",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": MERCHANT, "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def _balance(call: Call) -> Json:
    ready: Counter[str] = Counter({"usd": 0})
    pending: Counter[str] = Counter({"usd": 0})
    now = call.book.now()
    for entry in call.book.all("balance_transaction"):
        side = ready if entry["available_on"] <= now else pending
        side[entry["currency"]] += entry["net"]
    return {
        "object": "balance",
        "available": _amounts(ready),
        "livemode": False,
        "pending": _amounts(pending),
    }


def _amounts(sums: Counter[str]) -> list[Json]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency, amount in sums.items()
    ]


def _endpoints(call: Call) -> Json:
    endpoint: Json = {
        "id": ENDPOINT_ID,
        "object": "webhook_endpoint",
        "api_version": API_VERSION,
        "application": None,
        "created": 1_577_836_800,
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": webhook_url(call.book),
    }
    return page(call, "webhook_endpoint", [endpoint])


def _event(call: Call) -> Json:
    event = call.book.require("event", call.id)
    if event["created"] < call.book.now() - EVENTS_KEPT:
        raise no_such("event", call.id)
    return event


def _events(call: Call) -> Json:
    params = call.params
    if "type" in params and "types" in params:
        raise exclusive_params("type", "types")
    names = params.get("types") or ([params["type"]] if "type" in params else ["*"])
    rows = [
        event
        for event in select(call, "event", rows=call.book.kept_events())
        if any(fnmatchcase(event["type"], name) for name in names)
    ]
    if "delivery_success" in params:
        rows = [event for event in rows if (event["pending_webhooks"] == 0) == params["delivery_success"]]
    return page(call, "event", rows)


ROUTES = [
    Route("GET", "/v1/account", RETRIEVE, _account),
    Route("GET", "/v1/accounts/{id}", RETRIEVE, _account),
    Route("GET", "/v1/balance", RETRIEVE, _balance),
    Route("GET", "/v1/webhook_endpoints", list_fields(), _endpoints),
    Route("GET", "/v1/events", _EVENT_LIST, _events),
    Route("GET", "/v1/events/{id}", RETRIEVE, _event),
]
