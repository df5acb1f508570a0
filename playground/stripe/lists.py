from collections.abc import Callable, Iterable
from typing import Any

from playground.stripe.book import Json
from playground.stripe.errors import StripeError, no_such
from playground.stripe.params import EXPAND, Fields, Instants, Kind, Text, Whole
from playground.stripe.routes import Call

Test = Callable[[Json], bool]


def list_fields(**filters: Kind) -> Fields:
    paging: dict[str, Kind] = {
        "limit": Whole(1, 100),
        "starting_after": Text(),
        "ending_before": Text(),
        "expand": EXPAND,
    }
    return Fields({**paging, **filters})


CREATED = Instants()


def page(call: Call, noun: str, documents: Iterable[Json]) -> Json:
    """One page of `documents` (newest first) as a Stripe list: https://docs.stripe.com/api/pagination"""
    params = call.params
    if "starting_after" in params and "ending_before" in params:
        raise StripeError(
            "You cannot parameterize this request with both starting_after and ending_before.",
            param="starting_after",
        )
    rows = list(documents)
    limit = params.get("limit", 10)
    if "ending_before" in params:
        newer = rows[: _position(rows, noun, params["ending_before"], "ending_before")]
        chosen, more = newer[-limit:], len(newer) > limit
    else:
        start = 0
        if "starting_after" in params:
            start = _position(rows, noun, params["starting_after"], "starting_after") + 1
        chosen, more = rows[start : start + limit], len(rows) > start + limit
    return as_list(call.path, chosen, more=more)


def as_list(url: str, documents: list[Json], *, more: bool = False) -> Json:
    return {"object": "list", "data": documents, "has_more": more, "url": url}


def _position(rows: list[Json], noun: str, object_id: str, param: str) -> int:
    for position, row in enumerate(rows):
        if row["id"] == object_id:
            return position
    raise no_such(noun, object_id, param=param)


def select(call: Call, kind: str, *equal: str, rows: list[Json] | None = None) -> list[Json]:
    """Newest first, held to `created` and to each parameter of `equal` that the caller sent.

    `rows` (oldest first) stands in for all objects of the kind.
    """
    wanted = {name: call.params[name] for name in equal if name in call.params}
    created = call.params.get("created")
    return [
        row
        for row in reversed(call.book.all(kind) if rows is None else rows)
        if all(row.get(name) == value for name, value in wanted.items()) and created_within(row, created)
    ]


def created_within(row: Json, bounds: Any) -> bool:
    when: int = row["created"]
    if bounds is None:
        return True
    if isinstance(bounds, int):
        return when == bounds
    above = max(bounds.get("gt", when - 1) + 1, bounds.get("gte", when))
    below = min(bounds.get("lt", when + 1) - 1, bounds.get("lte", when))
    return bool(above <= when <= below)
