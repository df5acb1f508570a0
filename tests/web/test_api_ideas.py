from typing import Any
from uuid import uuid4

import pytest
from api_caller import Program
from web_world import Client, Site


@pytest.fixture
async def ada(either_site: Site, either_client: Client) -> Program:
    return await Program.of(either_site, either_client)


def own(program: Program) -> str:
    return f"/{program.account_id}/ideas"


async def test_an_idea_is_added_read_changed_moved_and_deleted(ada: Program):
    product = await ada.told("POST", "/products", {"title": "Guide", "price_minor": 900}, status=201)
    link = await ada.told("POST", "/links", {"target": "start", "title": "Bio"}, status=201)
    hook = {"definition": {"trigger": {"event": "lead.captured"}, "steps": [{"key": "a", "do": "send", "text": "Hi"}]}}
    await ada.told("PUT", "/funnels/care", hook, status=201)
    made = await ada.told(
        "POST",
        own(ada),
        {
            "title": "  Studio \n tour ",
            "notes": "New lights",
            "tags": ["#Video", "video", "Straße"],
            "priority": "high",
            "due_date": "2031-06-01",
            "products": [product["id"], product["id"]],
            "funnel": "care",
            "link": link["id"],
            "checklist": ["Charge the camera", "Sweep"],
        },
        status=201,
    )
    one = f"{own(ada)}/{made['id']}"
    lines = made["checklist"]
    assert made == {
        "id": made["id"],
        "number": 1,
        "title": "Studio tour",
        "notes": "New lights",
        "stage": "idea",
        "stage_since": "2031-05-04T12:00:00Z",
        "priority": "high",
        "tags": ["strasse", "video"],
        "due_date": "2031-06-01",
        "funnel": "care",
        "link": link["id"],
        "published_at": None,
        "created_at": "2031-05-04T12:00:00Z",
        "updated_at": "2031-05-04T12:00:00Z",
        "products": [product["id"]],
        "checklist": [{"id": lines[0]["id"], "what": "Charge the camera", "done_at": None}, lines[1]],
        "attachments": [],
        "history": [],
        "post": None,
    }
    assert await ada.told("GET", one) == made

    ada.site.clock.pass_time(hours=1)
    changed = await ada.told("PATCH", one, {"stage": "draft", "due_date": None, "funnel": None, "tags": []})
    told = {name: value for name, value in changed.items() if value != made[name]}
    assert told == {
        "stage": "draft",
        "stage_since": "2031-05-04T13:00:00Z",
        "tags": [],
        "due_date": None,
        "funnel": None,
        "history": [{"before": "idea", "stage": "draft", "moved_at": "2031-05-04T13:00:00Z"}],
        "updated_at": "2031-05-04T13:00:00Z",
    }
    ada.site.clock.pass_time(hours=1)
    # the same again is no change, and no move
    assert await ada.told("PATCH", one, {"stage": "draft", "priority": "high"}) == changed
    anew = await ada.told("PUT", one, {"title": "Tour", "stage": "published"})
    assert (anew["notes"], anew["priority"], anew["products"], anew["link"]) == ("", "medium", [], None)
    assert (anew["published_at"], anew["checklist"]) == ("2031-05-04T14:00:00Z", lines)
    history = await ada.told("GET", f"{one}/history?limit=1")
    assert (history["total"], history["items"][0]["stage"], history["has_more"]) == (2, "published", True)
    listed = (await ada.told("GET", f"{own(ada)}?search=tou&stage=published"))["items"]
    assert listed == [{name: anew[name] for name in listed[0]}]

    await ada.told("DELETE", one, status=204)
    assert await ada.refused("GET", one) == await ada.refused("DELETE", one) == (404, "NO_SUCH_IDEA")
    assert (await ada.told("POST", own(ada), {"title": "Next"}, status=201))["number"] == 2


async def test_what_an_idea_cannot_be_is_refused_with_its_reason(ada: Program):
    idea = await ada.told("POST", own(ada), {"title": "x" * 200, "notes": "x" * 5000}, status=201)
    one = f"{own(ada)}/{idea['id']}"
    wrong: dict[str, list[Any]] = {
        "title": ["", " ", "x" * 201, None, 5, "a\0"],
        "notes": ["x" * 5001, None],
        "stage": ["done", None],
        "priority": ["urgent", None],
        "tags": [[f"t{number}" for number in range(21)], "video", None, [5]],
        "due_date": ["2031-02-30", "tomorrow", 5, "2031-06-01T00:00:00Z", "1600-01-01"],
        "products": [[999], [0], None],
        "funnel": ["none", ""],
        "link": [999, 0, "bio"],
    }
    for name, values in wrong.items():
        for value in values:
            for method, path, body in (
                ("POST", own(ada), {"title": "Tour", name: value}),
                ("PUT", one, {"title": "Tour", name: value}),
                ("PATCH", one, {name: value}),
            ):
                response = await ada.asks(method, path, body)
                error = (await response.json())["error"]
                assert (response.status, [each.partition(".")[0] for each in error["fields"]]) == (422, [name]), error
    assert (await ada.refused("PATCH", one, {"colour": "red"}))[0] == (await ada.refused("PUT", one, {}))[0] == 422
    assert await ada.told("GET", one) == idea
    assert (await ada.told("GET", own(ada)))["total"] == 1


async def test_another_creators_idea_is_not_found_and_another_accounts_address_is_forbidden(ada: Program):
    bob = await Program.of(ada.site, ada.client, "bob")
    idea = await ada.told("POST", own(ada), {"title": "Ada's"}, status=201)
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PUT", "", {"title": "Bob's"}),
        ("PATCH", "", {"title": "Bob's"}),
        ("DELETE", "", None),
        ("GET", "/history", None),
        ("POST", "/checklist", {"what": "Mine"}),
        ("PATCH", "/checklist/1", {"done": True}),
        ("DELETE", "/checklist/1", None),
    ]
    for method, below, body in asked:
        for name in (idea["id"], uuid4(), "1", "no-uuid", idea["id"].replace("-", ""), f"urn:uuid:{idea['id']}"):
            told = await bob.refused(method, f"{own(bob)}/{name}{below}", body)
            assert told == (404, "NO_SUCH_IDEA"), (method, below, name, told)
        for name in (idea["id"], "no-uuid"):
            assert await bob.refused(method, f"{own(ada)}/{name}{below}", body) == (403, "FORBIDDEN")
    for account in (own(ada), f"/0{bob.account_id}/ideas", "/me/ideas"):
        assert await bob.refused("POST", account, {"title": "Bob's"}) == (403, "FORBIDDEN")
    # in capitals it is the same
    assert await ada.told("GET", f"{own(ada)}/{idea['id'].upper()}") == idea


async def test_a_checklist_is_added_to_ticked_reworded_and_shortened(ada: Program):
    idea = await ada.told("POST", own(ada), {"title": "Tour"}, status=201)
    other = await ada.told("POST", own(ada), {"title": "Other", "checklist": ["Its own"]}, status=201)
    at = f"{own(ada)}/{idea['id']}/checklist"
    line = await ada.told("POST", at, {"what": " Charge the\ncamera "}, status=201)
    assert line == {"id": line["id"], "what": "Charge the camera", "done_at": None}
    ticked = await ada.told("PATCH", f"{at}/{line['id']}", {"done": True})
    ada.site.clock.pass_time(hours=1)
    assert await ada.told("PATCH", f"{at}/{line['id']}", {"done": True}) == ticked
    assert ticked["done_at"] == "2031-05-04T12:00:00Z"
    reworded = await ada.told("PATCH", f"{at}/{line['id']}", {"done": False, "what": "Sweep"})
    assert reworded == {"id": line["id"], "what": "Sweep", "done_at": None}
    strange = other["checklist"][0]["id"]
    for method, body in (("PATCH", {"done": True}), ("DELETE", None)):
        assert (await ada.refused(method, f"{at}/{strange}", body))[0] == 404
        assert (await ada.refused(method, f"{at}/x", body))[0] == 404
    for wrong in ({"what": ""}, {"what": " "}, {"what": "x" * 201}, {}):
        assert (await ada.refused("POST", at, wrong))[0] == 422
    await ada.told("DELETE", f"{at}/{line['id']}", status=204)
    assert (await ada.told("GET", f"{own(ada)}/{idea['id']}"))["checklist"] == []
    full = await ada.told("POST", own(ada), {"title": "Full", "checklist": ["More"] * 100}, status=201)
    told = await ada.refused("POST", f"{own(ada)}/{full['id']}/checklist", {"what": "Too much"})
    assert told == (409, "TOO_MANY_CHECKS")


async def test_pages_stand_still_while_ideas_are_added(ada: Program):
    for number in range(1, 8):
        await ada.told("POST", own(ada), {"title": f"Idea {number}"}, status=201)
    first = await ada.asks("GET", f"{own(ada)}?limit=3")
    up_to = first.headers["X-Up-To"]
    seen = [each["number"] for each in (await first.json())["items"]]
    more = True
    while more:
        await ada.told("POST", own(ada), {"title": "A new one"}, status=201)
        page = await ada.told("GET", f"{own(ada)}?limit=3&offset={len(seen)}&up_to={up_to}")
        seen += [each["number"] for each in page["items"]]
        assert page["total"] == 7
        more = page["has_more"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_the_same_idea_sent_twice_under_a_key_is_one(ada: Program):
    key = {"Idempotency-Key": "once"}
    both = [await ada.told("POST", own(ada), {"title": "Tour"}, status=201, headers=key) for _ in range(2)]
    assert both[0] == both[1]
    assert (await ada.told("GET", own(ada)))["total"] == 1
