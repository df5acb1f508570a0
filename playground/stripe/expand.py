from typing import Any

from playground.stripe.book import KINDS, Book, Json
from playground.stripe.errors import StripeError
from playground.stripe.lists import as_list

FIRST = 10  # items of a list shown inside another object
DEEPEST = 4  # https://docs.stripe.com/expand

_WITH_ITEMS = {"checkout.session": "/v1/checkout/sessions", "payment_link": "/v1/payment_links"}


def expanded(book: Book, document: Json, paths: list[str]) -> Json:
    """A copy of `document` with each path's id replaced by the object; the document itself stays as it is."""
    result = document
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise StripeError(f"You cannot expand more than {DEEPEST} levels of a property.", param="expand")
        result = _expand(book, result, steps, path)
    return result


def _expand(book: Book, node: Json, steps: list[str], path: str) -> Json:
    step, rest = steps[0], steps[1:]
    value = _resolve(book, node, step, path)
    if rest and isinstance(value, list):
        value = [_expand(book, item, rest, path) for item in value]
    elif rest and isinstance(value, dict):
        value = _expand(book, value, rest, path)
    return {**node, step: value}


def _resolve(book: Book, node: Json, step: str, path: str) -> Any:
    if step == "line_items" and node.get("object") in _WITH_ITEMS:
        items: list[Json] = book.private(node["id"]).get("line_items", [])
        return as_list(f"{_WITH_ITEMS[node['object']]}/{node['id']}/line_items", items[:FIRST], more=len(items) > FIRST)
    if step == "refunds" and node.get("object") == "charge":
        refunds = [refund for refund in reversed(book.all("refund")) if refund["charge"] == node["id"]]
        return as_list(f"/v1/charges/{node['id']}/refunds", refunds[:FIRST], more=len(refunds) > FIRST)
    if step not in node:
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    value = node[step]
    if isinstance(value, str):
        kind = KINDS.get(value.rpartition("_")[0])
        found = book.get(kind, value) if kind else None
        if found is None:
            raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
        return found
    return value
