"""Does what reaches the Stripe stand-in fit the request types of the installed stripe package?

The stand-in decides by hand what it takes; the types of the package are written by Stripe from its own API. Every
world of the stories asks this at its end, so that whatever a story makes Spark say to Stripe is held against them.
"""

import re
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe import RequestOptions, params
from stripe.params import checkout
from typing_extensions import is_typeddict

from playground.state import State

_ID = r"/[A-Za-z0-9_]+"
# what Spark says to Stripe; whoever makes it say more adds a line
_KINDS: tuple[tuple[str, str, type[Any]], ...] = (
    ("GET", "/v1/balance", params.BalanceRetrieveParams),
    ("GET", "/v1/account", params.AccountRetrieveParams),
    ("GET", "/v1/webhook_endpoints", params.WebhookEndpointListParams),
    ("GET", "/v1/events", params.EventListParams),
    ("GET", f"/v1/events{_ID}", params.EventRetrieveParams),
    ("GET", "/v1/customers", params.CustomerListParams),
    ("POST", "/v1/customers", params.CustomerCreateParams),
    ("GET", f"/v1/customers{_ID}", params.CustomerRetrieveParams),
    ("POST", f"/v1/customers{_ID}", params.CustomerUpdateParams),
    ("DELETE", f"/v1/customers{_ID}", params.CustomerDeleteParams),
    ("POST", "/v1/products", params.ProductCreateParams),
    ("POST", f"/v1/products{_ID}", params.ProductUpdateParams),
    ("POST", "/v1/prices", params.PriceCreateParams),
    ("POST", f"/v1/prices{_ID}", params.PriceUpdateParams),
    ("GET", "/v1/payment_links", params.PaymentLinkListParams),
    ("POST", "/v1/payment_links", params.PaymentLinkCreateParams),
    ("GET", f"/v1/payment_links{_ID}", params.PaymentLinkRetrieveParams),
    ("POST", f"/v1/payment_links{_ID}", params.PaymentLinkUpdateParams),
    ("GET", f"/v1/payment_links{_ID}/line_items", params.PaymentLinkLineItemListParams),
    ("GET", "/v1/payment_intents", params.PaymentIntentListParams),
    ("GET", f"/v1/payment_intents{_ID}", params.PaymentIntentRetrieveParams),
    ("GET", "/v1/charges", params.ChargeListParams),
    ("GET", f"/v1/charges{_ID}", params.ChargeRetrieveParams),
    ("POST", "/v1/refunds", params.RefundCreateParams),
    ("GET", "/v1/refunds", params.RefundListParams),
    ("GET", f"/v1/refunds{_ID}", params.RefundRetrieveParams),
    ("GET", "/v1/disputes", params.DisputeListParams),
    ("GET", f"/v1/disputes{_ID}", params.DisputeRetrieveParams),
    ("POST", "/v1/checkout/sessions", checkout.SessionCreateParams),
    ("GET", "/v1/checkout/sessions", checkout.SessionListParams),
    ("GET", f"/v1/checkout/sessions{_ID}", checkout.SessionRetrieveParams),
    ("POST", f"/v1/checkout/sessions{_ID}", checkout.SessionUpdateParams),
    ("POST", f"/v1/checkout/sessions{_ID}/expire", checkout.SessionExpireParams),
    ("GET", f"/v1/checkout/sessions{_ID}/line_items", checkout.SessionLineItemListParams),
)
_OPTIONS = frozenset(RequestOptions.__annotations__)
_WHOLE = re.compile(r"-?[0-9]+")


def check_calls(state: State) -> int:
    """Raises AssertionError with all that does not fit, of every call that was made; returns how many there were."""
    wrong: list[str] = []
    asked, after = 0, 0
    while batch := state.read("calls", after=after):
        after = batch[-1][0]
        for _, call in batch:
            if call["api"] == "stripe":
                asked += 1
                wrong += [f"{call['method']}: {each}" for each in misfits(call["method"], call["params"])]
    assert not wrong, "\n".join(dict.fromkeys(wrong))
    return asked


def misfits(method: str, given: Mapping[str, Any]) -> list[str]:
    """What of one request Stripe's own types do not know: where it stands, and what is wrong there."""
    verb, _, path = method.partition(" ")
    kind = next((kind for of, where, kind in _KINDS if of == verb and re.fullmatch(where, path)), None)
    return ["nobody said what type this request has"] if kind is None else list(_of_dict(given, kind, ""))


def _of_dict(given: object, kind: type[Any], place: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{place}: {given!r} is no object"
        return
    known = {key: form for key, form in kind.__annotations__.items() if key not in _OPTIONS}
    for key, value in given.items():
        if key not in known:
            yield f"{place}{key}: {kind.__name__} has no such key"
        else:
            yield from _misfits(value, known[key], kind.__module__, f"{place}{key}")
    yield from (f"{place}{key}: is missing" for key in kind.__required_keys__ & known.keys() - given.keys())


def _misfits(given: object, form: Any, module: str, place: str) -> Iterator[str]:  # noqa: C901 - one a form
    form = _resolved(form, module)
    origin, of = get_origin(form), get_args(form)
    if origin in {NotRequired, Required}:
        yield from _misfits(given, of[0], module, place)
        return
    if origin in {Union, types.UnionType}:
        tried = [list(_misfits(given, each, module, place)) for each in of]
        if all(tried):
            # the one that came nearest
            yield from min(tried, key=len)
        return
    if origin is list or origin in {Sequence, Iterable}:
        if not isinstance(given, list):
            yield f"{place}: {given!r} is no list"
            return
        for number, each in enumerate(given):
            yield from _misfits(each, of[0], module, f"{place}[{number}]")
        return
    if origin in {dict, Mapping}:
        # an empty one is no more than its name in a form
        for key, each in given.items() if isinstance(given, Mapping) else ():
            yield from _misfits(each, of[1], module, f"{place}.{key}")
        if not isinstance(given, Mapping) and given != "":
            yield f"{place}: {given!r} is no object"
        return
    if is_typeddict(form):
        yield from _of_dict(given, form, f"{place}.")
        return
    if not _fits(given, form, of if origin is Literal else ()):
        yield f"{place}: {given!r} is no {form}"


def _fits(given: object, form: Any, words: tuple[object, ...]) -> bool:
    """A form carries words alone, so that a number may come as its digits."""
    if words:
        return given in words
    match form:
        case type() if form is bool:
            return given in (True, False, "true", "false")
        case type() if form is int:
            return isinstance(given, int) or (isinstance(given, str) and _WHOLE.fullmatch(given) is not None)
        case type() if form in {float, Decimal}:
            return _is_number(given)
        case type() if form is str:
            return isinstance(given, str)
    return form is Any or (form is type(None) and given is None)


def _is_number(given: object) -> bool:
    try:
        Decimal(str(given))
    except InvalidOperation:
        return False
    return True


def _resolved(form: Any, module: str) -> Any:
    """The package names most of its types by words, since they stand further down."""
    if isinstance(form, ForwardRef):
        form = form.__forward_arg__
    return eval(form, vars(sys.modules[module])) if isinstance(form, str) else form
