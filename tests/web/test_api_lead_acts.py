"""What is done with a lead by the API."""

from typing import Any

import pytest
from lead_world import Desk
from web_world import Client, Site, error_of

from domain.fields import Choice, LeadFieldSpec
from domain.setups import CreatorSetup
from store.models import FieldKind

FIELDS = {
    "city": LeadFieldSpec(),
    "age": LeadFieldSpec(kind=FieldKind.NUMBER),
    "born": LeadFieldSpec(kind=FieldKind.DATE),
    "adult": LeadFieldSpec(kind=FieldKind.YES_NO),
    "size": LeadFieldSpec(
        kind=FieldKind.CHOICE, options=(Choice(value="small", label="S"), Choice(value="l", label="L"))
    ),
    "likes": LeadFieldSpec(
        kind=FieldKind.CHOICES, options=(Choice(value="film", label="Film"), Choice(value="photo", label="Photo"))
    ),
    "place": LeadFieldSpec(kind=FieldKind.LOCATION),
    "cv": LeadFieldSpec(kind=FieldKind.FILE),
    "plan": LeadFieldSpec(kind=FieldKind.NUMBER, private=True),
}


@pytest.fixture
async def desk(either_site: Site, either_client: Client) -> Desk:
    desk = await Desk.of(either_site, either_client)
    either_site.published.setups[desk.creator_id] = CreatorSetup(fields=FIELDS)
    return desk


async def test_tags_are_given_and_taken_away(desk: Desk):
    lead_id = await desk.add("Zoe")
    tags = f"/leads/{lead_id}/tags"
    assert (await desk.told("POST", tags, {"tags": ["VIP", "#Berlin", "vip"]}))["tags"] == ["berlin", "vip"]
    listed = await desk.told("GET", "/leads", params={"segment": "tag:vip"})
    assert [each["id"] for each in listed["items"]] == [lead_id]
    # what is not there is no matter
    assert (await desk.told("DELETE", tags, params={"tags": "vip,other"}))["tags"] == ["berlin"]
    for body in (
        {"tags": []},
        {"tags": ["ok", "no tag!"]},
        {"tags": "vip"},
        {"tags": ["x"] * 51},
        {"tags": ["a\0"]},
        {},
    ):
        assert (await desk.ask("POST", tags, body)).status == 422, body
    assert (await desk.ask("DELETE", tags)).status == 422
    for body, reason in (
        ({"tags": []}, "has at least 1 that is not empty"),
        ({"tags": ["x"] * 51}, "has at most 50 parts"),
        ({"tags": "vip"}, "has to be a list"),
        ({"tags": ["ok", "no tag!"]}, "“no tag!” is no tag"),
        ({}, "has to be there"),
    ):
        assert (await error_of(await desk.ask("POST", tags, body)))["fields"] == {"tags": reason}
    told = await error_of(await desk.ask("DELETE", tags, params={"tags": " , "}))
    assert told["fields"] == {"tags": "has at least 1 that is not empty"}
    # of several with a wrong one none is given
    assert (await desk.told("GET", f"/leads/{lead_id}"))["tags"] == ["berlin"]
    stranger = await Desk.of(desk.site, desk.client, "bob")
    assert (await stranger.ask("POST", tags, {"tags": ["mine"]})).status == 404
    assert (await stranger.ask("DELETE", tags, params={"tags": "berlin"})).status == 404


async def test_fields_are_kept_by_their_kinds(desk: Desk):
    path = f"/leads/{await desk.add('Zoe')}/fields"
    given: dict[str, Any] = {
        "city": "Berlin 🌍",
        "age": 31,
        "born": "1999-12-31",
        "adult": True,
        "size": "S",
        "likes": ["film", "Photo", "film"],
        "place": "52.52, 13.405",
        "plan": 2.5,
    }
    kept = (await desk.told("PUT", path, given))["fields"]
    assert kept == {
        "city": "Berlin 🌍",
        "age": 31.0,
        "born": "1999-12-31",
        "adult": "yes",
        "size": "small",
        "likes": ["film", "photo"],
        "place": "52.52,13.405",
        "plan": "2.5",
    }
    # what was told can be given back as it is, but for a number that is sealed as a text
    again = (await desk.told("PUT", path, {key: value for key, value in kept.items() if key != "plan"}))["fields"]
    assert again == kept
    assert (await desk.told("PUT", path, {"city": None, "likes": ["film"]}))["fields"]["likes"] == "film"
    listed = await desk.told("GET", "/leads", params={"segment": "field:age>30 and field:likes=film"})
    assert listed["total"] == 1
    assert "city" not in listed["items"][0]["fields"]


async def test_a_value_of_another_kind_is_refused_with_its_field(desk: Desk):
    path = f"/leads/{await desk.add('Zoe')}/fields"
    wrong: tuple[tuple[str, Any], ...] = (
        ("age", "31"),
        ("age", True),
        ("age", 10**17),
        ("born", "31.12.1999"),
        ("born", "1999-02-30"),
        ("born", 1999),
        ("adult", "maybe"),
        ("adult", 1),
        ("size", "huge"),
        ("size", ["small"]),
        ("likes", []),
        ("likes", ["film", 5]),
        ("likes", "nothing"),
        ("place", "here"),
        ("place", [52.5, 13.4]),
        ("cv", "7"),
        ("city", ""),
        ("city", 5),
        ("city", "x" * 4001),
        ("city", "a\0b"),
        ("city", {"deep": {"er": 1}}),
        ("name", "Zoë"),
        ("nothing", "x"),
    )
    for key, value in wrong:
        response = await desk.ask("PUT", path, {key: value})
        assert response.status == 422, (key, value)
        assert set((await error_of(response))["fields"]) == {key}, (key, value)
    # all of them are named, and none is kept
    several = await error_of(await desk.ask("PUT", path, {"city": "Berlin", "age": "x", "size": "y"}))
    assert set(several["fields"]) == {"age", "size"}
    assert (await desk.told("GET", path.removesuffix("/fields")))["fields"] == {}
    stranger = await Desk.of(desk.site, desk.client, "bob")
    assert (await stranger.ask("PUT", path, {"city": "Paris"})).status == 404


async def test_what_is_on_or_off_of_a_lead_is_switched(desk: Desk):
    lead_id = await desk.capture("Lena", 1001)
    now = "2031-05-04T12:00:00Z"
    for act, part, expected in (
        ("ban", "banned_at", now),
        ("ban", "banned_at", now),
        ("unban", "banned_at", None),
        ("take-over", "taken_over_at", now),
        ("give-back", "taken_over_at", None),
        ("give-back", "taken_over_at", None),
        ("unsubscribe", "unsubscribed_at", now),
    ):
        assert (await desk.told("POST", f"/leads/{lead_id}/{act}"))[part] == expected, act
    # whom no chat leads to, nobody can take over
    chatless = await desk.add("Zoe")
    response = await desk.ask("POST", f"/leads/{chatless}/take-over")
    assert (response.status, (await error_of(response))["code"]) == (409, "LEAD_WITHOUT_CHAT")
    stranger = await Desk.of(desk.site, desk.client, "bob")
    for act in ("ban", "unban", "take-over", "give-back", "unsubscribe"):
        assert (await stranger.ask("POST", f"/leads/{lead_id}/{act}")).status == 404, act


async def test_a_lead_becomes_a_part_of_another(desk: Desk):
    into, other = await desk.add("Zoe", email="zoe@example.com"), await desk.capture("Lena", 1001)
    await desk.told("POST", f"/leads/{other}/tags", {"tags": ["vip"]})
    merged = await desk.told("POST", f"/leads/{other}/merge", {"into": into})
    assert (merged["id"], merged["email"], merged["first_name"], merged["tags"]) == (
        into,
        "zoe@example.com",
        "Lena",
        ["vip"],
    )
    # said again it is done already, and the number leads there
    assert await desk.told("POST", f"/leads/{other}/merge", {"into": into}) == merged
    assert (await desk.told("GET", f"/leads/{other}"))["id"] == into
    both_chats = await desk.capture("Tom", 1002)
    for lead_id, body, status in (
        (into, {"into": into}, 409),
        (both_chats, {"into": into}, 409),
        (both_chats, {"into": 10**6}, 404),
        (both_chats, {"into": str(into)}, 422),
        (both_chats, {"into": 2**63}, 422),
        (10**6, {"into": into}, 404),
    ):
        assert (await desk.ask("POST", f"/leads/{lead_id}/merge", body)).status == status, (lead_id, body)
    stranger = await Desk.of(desk.site, desk.client, "bob")
    theirs = await stranger.add("Bob's own")
    assert (await stranger.ask("POST", f"/leads/{theirs}/merge", {"into": into})).status == 404
    assert (await stranger.ask("POST", f"/leads/{into}/merge", {"into": theirs})).status == 404
