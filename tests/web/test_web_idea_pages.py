"""Whatever is asked for, the pages put together are the whole list: in order, nothing twice, nothing missing."""

from collections.abc import Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web_world import NOON, Client, Site

from store.models import IdeaStage, Priority

TAGS = ["video", "food", "live"]
STAGES, PRIORITIES = list(IdeaStage), list(Priority)
# few values each, so that most rows tie
_dice = Random(7)
IDEAS: list[dict[str, Any]] = [
    {
        "number": number,
        "title": _dice.choice(["alpha", "Beta", "gamma", "BETA"]),
        "stage": _dice.choice(STAGES),
        "priority": _dice.choice(PRIORITIES),
        "tags": sorted(_dice.sample(TAGS, _dice.randrange(len(TAGS) + 1))),
        "due_date": _dice.choice([None, date(2031, 6, 1), date(2031, 6, 2)]),
        "created_at": NOON + timedelta(days=_dice.randrange(3)),
        "updated_at": NOON + timedelta(days=_dice.randrange(3)),
    }
    for number in range(1, 31)
]
KEYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "created_at": lambda idea: idea["created_at"],
    "updated_at": lambda idea: idea["updated_at"],
    "title": lambda idea: idea["title"].lower(),
    "priority": lambda idea: PRIORITIES.index(idea["priority"]),
    "stage": lambda idea: STAGES.index(idea["stage"]),
    "due_date": lambda idea: idea["due_date"],
}
QUERIES = st.fixed_dictionaries(
    {"sort": st.sampled_from(sorted(KEYS)), "order": st.sampled_from(["asc", "desc"])},
    optional={
        "stage": st.sampled_from(STAGES).map(str),
        "priority": st.sampled_from(PRIORITIES).map(str),
        "tags": st.lists(st.sampled_from(TAGS), min_size=1, max_size=2).map(",".join),
        "search": st.sampled_from(["BET", "a", "gam", "eta"]),
    },
)


def expected(query: dict[str, str]) -> list[int]:
    def held(idea: dict[str, Any]) -> bool:
        return (
            query.get("stage", idea["stage"]) == idea["stage"]
            and query.get("priority", idea["priority"]) == idea["priority"]
            and ("tags" not in query or not set(query["tags"].split(",")).isdisjoint(idea["tags"]))
            and idea["title"].lower().startswith(query.get("search", "").lower())
        )

    key, descending = KEYS[query["sort"]], query["order"] == "desc"
    found = [idea for idea in IDEAS if held(idea)]
    dated = [idea for idea in found if key(idea) is not None]
    bare = [idea for idea in found if key(idea) is None]
    dated.sort(key=lambda idea: (key(idea), idea["number"]), reverse=descending)
    bare.sort(key=lambda idea: idea["number"], reverse=descending)
    return [idea["number"] for idea in dated + bare]


@pytest.fixture
async def account_id(either_site: Site) -> int:
    creator_id = await either_site.add_creator("ada")
    await either_site.add_ideas(creator_id, *IDEAS)
    return await either_site.add_account(creator_id)


# the fixture's rows are only read, so the examples may share them
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, limit=st.integers(1, 13))
async def test_pages_put_together_are_the_whole_list(
    either_site: Site, either_client: Client, account_id: int, query: dict[str, str], limit: int
):
    wanted = expected(query)
    seen: list[int] = []
    more = True
    while more:
        response = await either_client.get(
            f"/api/v1/{account_id}/ideas",
            params=query | {"limit": str(limit), "offset": str(len(seen))},
            headers=either_site.bearer(account_id),
        )
        page = await response.json()
        assert page["total"] == len(wanted)
        assert len(page["items"]) <= limit
        seen += [item["number"] for item in page["items"]]
        more = page["has_more"]
        assert more == (len(seen) < len(wanted))
    assert seen == wanted
