"""What the API's benchmark asks for: of leads, and of products."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from bench.api_load import Ask, Asking
from bench.api_store import CATEGORIES, WORDS, Filled

_numbers = count(1)


@dataclass(frozen=True)
class Operation:
    """What is asked of Spark, and of the peer where it says the same in other words."""

    name: str
    spark: Asking
    peer: Asking


def _same(name: str, asking: Asking) -> Operation:
    return Operation(name, asking, asking)


def operations(filled: Filled) -> Sequence[Operation]:
    return [*_of_leads(filled.leads), *_of_products(filled.products)]


def _create(chance: random.Random) -> Ask:
    number = next(_numbers)
    return Ask("POST", "/api/v1/leads", body={"name": f"Zoe {number}", "email": f"z{number}@example.com"}, good=201)


def _of_leads(many: int) -> list[Operation]:
    def path(chance: random.Random) -> str:
        return f"/api/v1/leads/{chance.randint(1, many)}"

    def update(chance: random.Random) -> Ask:
        return Ask("PATCH", path(chance), body={"stage": chance.choice(("engaged", "customer"))})

    def listed(chance: random.Random) -> Ask:
        return Ask("GET", "/api/v1/leads", {"limit": 20, "offset": 20 * chance.randint(0, 5)})

    def named(chance: random.Random) -> Ask:
        return Ask("GET", "/api/v1/leads", {"search": f"name{chance.randint(1000, 4999)}", "limit": 20})

    return [
        _same("lead: create", _create),
        _same("lead: read", lambda chance: Ask("GET", path(chance))),
        _same("lead: update", update),
        _same("leads: list", listed),
        Operation(
            "leads: filter (a tag, 5 %)",
            lambda _: Ask("GET", "/api/v1/leads", {"segment": "tag:vip", "limit": 20}),
            lambda _: Ask("GET", "/api/v1/leads", {"tag": "vip", "limit": 20}),
        ),
        _same("leads: search (a name, 0.02 %)", named),
    ]


def _of_products(many: int) -> list[Operation]:
    def one(chance: random.Random) -> Ask:
        return Ask("GET", f"/api/v1/products/{chance.randint(11, many + 10)}")

    def listed(chance: random.Random) -> Ask:
        sort = chance.choice(("created_at", "price", "title"))
        return Ask("GET", "/api/v1/products", {"sort_by": sort, "sort_order": "asc", "limit": 20})

    def in_category(chance: random.Random) -> Ask:
        least = chance.randint(100, 5000)
        category = f"category{chance.randrange(CATEGORIES)}"
        asked = {"category": category, "min_price": least, "max_price": least + 3000, "limit": 20}
        return Ask("GET", "/api/v1/products", asked)

    def by_words(chance: random.Random) -> Ask:
        words = f"word{chance.randrange(WORDS)} word{chance.randrange(10)}"
        return Ask("GET", "/api/v1/products", {"query": words, "limit": 20})

    return [
        _same("product: read", one),
        _same("products: list", listed),
        _same("products: filter (category, price)", in_category),
        _same("products: search (two words)", by_words),
    ]
