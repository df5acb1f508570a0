from typing import Any

import pytest
from api_caller import Program
from web_world import NOON, Client, Site, error_of

from automations.flow_heads import FlowHeads
from domain.definitions import publish
from domain.flows.definition import Flow
from domain.leads import add_lead
from domain.setups import CreatorSetup
from store.models import FlowRun, FlowRunState

PRICE: dict[str, Any] = {
    "trigger": ["start", {"keyword": ["price"]}],
    "nodes": [
        {"key": "name", "do": "ask", "field": "name", "kind": "text", "text": "Who are you?"},
        {"key": "told", "do": "say", "text": "It is 19 euros, {{ lead.name }}."},
    ],
}


class Studio(Program):
    async def begin(self) -> dict[str, Any]:
        """Whatever begins now, as another process would know it."""
        await FlowHeads(self.site.database, self.site.clock, self.site.published).refresh()
        return {key: flow for key, (_, flow) in self.site.published.flows.get(self.creator_id, {}).items()}


@pytest.fixture
async def studio(either_site: Site, either_client: Client) -> Studio:
    studio = await Studio.of(either_site, either_client)
    assert isinstance(studio, Studio)
    flow = Flow.model_validate({"nodes": [{"key": "hi", "do": "say", "text": "Hi"}]})
    async with either_site.database.transaction() as session:
        setups = {"ada": CreatorSetup(flows=frozenset({"welcome"}))}
        published = await publish(session, {"ada": {"welcome": flow}}, {}, setups=setups, now=NOON)
    for name in ("flows", "setups", "flows_of_file"):
        getattr(either_site.published, name).update(getattr(published, name))
    return studio


async def test_a_flow_is_made_read_changed_and_held(studio: Studio):
    made = await studio.told("PUT", "/flows/price", {"definition": PRICE}, status=201)
    assert made == {
        "key": "price",
        "kept": "api",
        "paused_at": None,
        "changed_at": "2031-05-04T12:00:00Z",
        "definition": made["definition"],
    }
    assert made["definition"]["nodes"][1] == PRICE["nodes"][1]
    assert await studio.told("GET", "/flows/price") == made
    assert set(await studio.begin()) == {"welcome", "price"}
    assert studio.site.published.setup(studio.creator_id).flows == {"welcome", "price"}
    # what is read can be sent back, and is the same
    studio.site.clock.pass_time(hours=1)
    assert await studio.told("PUT", "/flows/price", {"definition": made["definition"]}) == made
    other = {"trigger": {"keyword": "price"}, "nodes": [{"key": "told", "do": "say", "text": "It is free."}]}
    changed = await studio.told("PUT", "/flows/price", {"definition": other})
    assert changed["changed_at"] == "2031-05-04T13:00:00Z"
    assert (await studio.begin())["price"].nodes[0].text == "It is free."
    # an earlier wording may come back
    await studio.told("PUT", "/flows/price", {"definition": PRICE})
    assert len((await studio.begin())["price"].nodes) == 2
    for _ in range(2):
        assert (await studio.told("POST", "/flows/price/pause"))["paused_at"] == "2031-05-04T13:00:00Z"
    assert set(await studio.begin()) == {"welcome"}
    listed = await studio.told("GET", "/flows")
    assert [(each["key"], each["kept"], each["paused_at"] is None) for each in listed["items"]] == [
        ("price", "api", False),
        ("welcome", "file", True),
    ]
    for _ in range(2):
        assert (await studio.told("POST", "/flows/price/resume"))["paused_at"] is None
    assert set(await studio.begin()) == {"welcome", "price"}
    events = (await studio.told("GET", "/events?name=flow.*"))["items"]
    assert [each["name"] for each in reversed(events)] == [
        *("flow.saved", "flow.saved", "flow.saved"),
        *("flow.paused", "flow.resumed"),
    ]


async def test_what_is_wrong_is_told_by_its_place_and_nothing_is_saved(studio: Studio):
    wrong = {
        "nodes": [
            {"key": "a", "do": "enroll", "funnel": "nothing"},
            {"key": "b", "do": "sing"},
        ]
    }
    response = await studio.asks("PUT", "/flows/price", {"definition": wrong})
    assert (response.status, set((await error_of(response))["fields"])) == (422, {"price.nodes.1.do"})
    del wrong["nodes"][1]
    picture = {"key": "c", "do": "say", "text": "Look", "photo": "pictures/bag.jpg"}
    wrong["nodes"].append(picture)
    told = await studio.told("POST", "/flows/validate", {"key": "price", "definition": wrong})
    assert told["valid"] is False
    assert {each["path"] for each in told["problems"]} == {"price.nodes.0.funnel", "price.nodes.1.photo"}
    good = await studio.told("POST", "/flows/validate", {"key": "price", "definition": PRICE})
    assert good == {"valid": True, "problems": []}
    for body in ({}, {"definition": []}, {"definition": PRICE, "x": 1}, {"definition": {"nodes": "a\0b"}}):
        assert (await studio.refused("PUT", "/flows/price", body))[0] == 422, body
    assert (await studio.refused("PUT", "/flows/Not%20a%20name", {"definition": PRICE}))[0] == 422
    assert await studio.refused("GET", "/flows/price") == (404, "NO_SUCH_FLOW")


async def test_what_the_file_has_is_held_but_not_reworded(studio: Studio):
    assert await studio.refused("PUT", "/flows/welcome", {"definition": PRICE}) == (409, "MANAGED_BY_FILE")
    body = {"key": "welcome", "definition": PRICE}
    assert await studio.refused("POST", "/flows/validate", body) == (409, "MANAGED_BY_FILE")
    assert (await studio.told("POST", "/flows/welcome/pause"))["kept"] == "file"
    assert await studio.begin() == {}
    await studio.told("POST", "/flows/welcome/resume")
    assert set(await studio.begin()) == {"welcome"}


async def test_it_is_counted_where_people_stop(studio: Studio):
    await studio.told("PUT", "/flows/price", {"definition": PRICE}, status=201)
    await studio.begin()
    version_id, _ = studio.site.published.flows[studio.creator_id]["price"]
    stops = [("name", FlowRunState.ACTIVE), ("name", FlowRunState.EXPIRED), ("told", FlowRunState.DONE)]
    async with studio.site.database.transaction() as session:
        for number, (node, state) in enumerate(stops):
            lead = await add_lead(session, studio.creator_id, name=f"Lead {number}", now=NOON)
            run = {"flow_key": "price", "version_id": version_id, "node": node, "state": state}
            session.add(FlowRun(lead_id=lead.id, started_at=NOON, **run))
    told = await studio.told("GET", "/flows/price/statistics")
    assert {state: count for state, count in told["runs"].items() if count} == {"active": 1, "expired": 1, "done": 1}
    assert told["ended_early"] == 1
    assert told["nodes"] == [
        {"node": "name", "runs": {"active": 1, "expired": 1}},
        {"node": "told", "runs": {"done": 1}},
    ]


async def test_somebody_elses_flows_are_not_there(studio: Studio):
    await studio.told("PUT", "/flows/price", {"definition": PRICE}, status=201)
    stranger = await Program.of(studio.site, studio.client, "bob")
    assert (await stranger.told("GET", "/flows"))["total"] == 0
    for method, path in (("GET", ""), ("GET", "/statistics"), ("POST", "/pause"), ("POST", "/resume")):
        assert await stranger.refused(method, f"/flows/price{path}") == (404, "NO_SUCH_FLOW"), path
