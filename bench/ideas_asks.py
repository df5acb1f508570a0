"""What the benchmark of ideas asks for, alike of Spark and of the peer."""

import random
from collections.abc import Sequence
from itertools import count

from bench.api_asks import Operation
from bench.api_load import Ask, Asking
from bench.ideas_store import TAGS, WORDS, Ideas

SORTS = ("created_at", "updated_at", "title", "priority", "stage", "due_date")
CREATE = "create"
_numbers = count(1)


def idea_operations(ideas: Ideas) -> Sequence[Operation]:
    path = f"/api/v1/{ideas.account_id}/ideas"

    def create(chance: random.Random) -> Ask:
        body = {
            "title": f"Word{chance.randrange(WORDS)} new {next(_numbers)}",
            "notes": "Show the new lights",
            "tags": [f"tag{chance.randrange(TAGS)}", "video"],
            "priority": chance.choice(("high", "medium", "low")),
        }
        return Ask("POST", path, body=body, good=201)

    def listed(chance: random.Random) -> Ask:
        return Ask("GET", path, {"offset": 20 * chance.randint(0, 5)})

    def found(chance: random.Random) -> Ask:
        return Ask("GET", path, {"search": f"word{chance.randint(1000, WORDS - 1)}"})

    def found_by_two(chance: random.Random) -> Ask:
        number = chance.randint(1, ideas.own)
        return Ask("GET", path, {"search": f"word{number * 7 % WORDS} word{number * 13 % WORDS}"})

    def common(chance: random.Random) -> Ask:
        return Ask("GET", path, {"search": chance.choice(("lights", "ask", "like", "show"))})

    def tagged(chance: random.Random) -> Ask:
        return Ask("GET", path, {"tags": f"tag{chance.randrange(TAGS)}"})

    def often_tagged(chance: random.Random) -> Ask:
        return Ask("GET", path, {"tags": f"video,tag{chance.randrange(TAGS)}"})

    def combined(chance: random.Random) -> Ask:
        stage, priority = chance.choice(("idea", "outline", "draft")), chance.choice(("high", "low"))
        return Ask("GET", path, {"stage": stage, "priority": priority, "tags": f"tag{chance.randrange(TAGS)}"})

    def sorted_by(sort: str) -> Asking:
        return lambda chance: Ask("GET", path, {"sort": sort, "order": chance.choice(("asc", "desc"))})

    return [
        _same(CREATE, create),
        _same("list", listed),
        _same("search: a word of 0.1 %", found),
        _same("search: two words", found_by_two),
        _same("search: a word of all of them", common),
        _same("tag of 1 %", tagged),
        _same("either of two tags, 26 %", often_tagged),
        _same("stage, priority and tag", combined),
        *(_same(f"sort by {sort}", sorted_by(sort)) for sort in SORTS),
    ]


def _same(name: str, asking: Asking) -> Operation:
    return Operation(name, asking, asking)
