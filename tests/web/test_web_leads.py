from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from web_world import NOON, Client, Site, error_of

from domain.lead_acts import tag_lead
from domain.leads import add_lead
from domain.merging import merge_leads
from domain.setups import CreatorSetup
from store.models import Lead, Membership


class Reader:
    """One creator's account at the leads."""

    def __init__(self, site: Site, client: Client, creator_id: int, account_id: int) -> None:
        self.site, self.client = site, client
        self.creator_id, self.account_id = creator_id, account_id

    async def get(self, path: str = "", **query: Any) -> Any:
        headers = self.site.bearer(self.account_id)
        return await self.client.get(f"/api/v1/leads{path}", headers=headers, params=query)

    async def post(self, body: Any) -> Any:
        return await self.client.post("/api/v1/leads", headers=self.site.bearer(self.account_id), json=body)

    async def names(self, **query: Any) -> list[str]:
        response = await self.get(**query)
        assert response.status == 200, await response.text()
        return [item["name"] for item in (await response.json())["items"]]


@pytest.fixture
async def reader(either_site: Site, either_client: Client) -> Reader:
    site = either_site
    ada, bob = await site.add_creator("ada"), await site.add_creator("bob")
    site.published.setups[ada] = CreatorSetup(segments={"fans": "tag:fan"})
    async with site.database.transaction() as session:
        lena = await add_lead(session, ada, name="Lena Müller", email="lena@example.com", now=NOON - timedelta(days=40))
        await tag_lead(session, lena, "fan", now=NOON)
        await add_lead(session, ada, name="Tom", phone="+4915123456789", source="fair", now=NOON)
        stranger = await add_lead(session, bob, name="Bob's own", email="other@example.com", now=NOON)
        await tag_lead(session, stranger, "fan", now=NOON)
    return Reader(site, either_client, ada, await site.add_account(ada))


async def test_leads_are_listed_newest_first_with_all_that_belongs_to_them(reader: Reader):
    body = await (await reader.get(limit=1, offset=1)).json()
    assert {name: body[name] for name in ("total", "limit", "offset", "has_more")} == {
        "total": 2,
        "limit": 1,
        "offset": 1,
        "has_more": False,
    }
    (item,) = body["items"]
    assert item.pop("id") > 0
    assert item == {
        "name": "Lena Müller",
        "first_name": None,
        "username": None,
        "language": None,
        "email": "lena@example.com",
        "email_proof": "entered",
        "phone": None,
        "phone_proof": None,
        "source": None,
        "stage": "new",
        "score": 0,
        "time_zone": None,
        "tags": ["fan"],
        "fields": {},
        "orders": 0,
        "spent": {},
        "consented_at": None,
        "unsubscribed_at": None,
        "banned_at": None,
        "taken_over_at": None,
        "captured_at": "2031-03-25T12:00:00Z",
        "last_seen_at": None,
    }


async def test_a_segment_and_a_search_narrow_the_list(reader: Reader):
    assert await reader.names() == ["Tom", "Lena Müller"]
    assert await reader.names(segment="tag:fan") == ["Lena Müller"]
    assert await reader.names(segment="segment:fans or source:fair") == ["Tom", "Lena Müller"]
    assert await reader.names(segment="captured<30d") == ["Tom"]
    assert await reader.names(search="mul") == ["Lena Müller"]
    assert await reader.names(search="LENA@example.com") == ["Lena Müller"]
    assert await reader.names(search="+49 151 23456789") == ["Tom"]
    assert await reader.names(search="mul", segment="source:fair") == []
    # an address is found whole or not at all
    assert await reader.names(search="lena@example") == []


async def test_a_wrong_segment_is_told_with_its_place(reader: Reader):
    response = await reader.get(segment="tga:fan")
    assert response.status == 422
    error = await error_of(response)
    assert (error["code"], error["message"]) == (
        "BAD_SEGMENT",
        "character 1: there is no condition “tga”; did you mean tag?",
    )


async def test_one_lead_is_found_by_number_and_others_leads_are_not(reader: Reader):
    listed = (await (await reader.get()).json())["items"]
    one = await (await reader.get(f"/{listed[0]['id']}")).json()
    assert one == listed[0]
    for missing in (
        "0",
        "999",
        "x",
        "9" * 40,
        "9" * 5000,
        "٣",
        "1" * 19,
        "-1",
        "%00",
        str(max(item["id"] for item in listed) + 1),
    ):
        response = await reader.get(f"/{missing}")
        assert response.status == 404, missing


async def test_the_number_of_a_merged_lead_leads_to_the_one_that_it_became_a_part_of(reader: Reader):
    tom, lena = [item["id"] for item in (await (await reader.get()).json())["items"]]
    async with reader.site.database.transaction() as session:
        await merge_leads(session, await session.get_one(Lead, lena), await session.get_one(Lead, tom), now=NOON)
    assert (await (await reader.get(f"/{tom}")).json())["id"] == lena
    assert await reader.names() == ["Lena Müller"]


async def test_what_can_be_got_tells_its_headers_alone_too(reader: Reader):
    headers = reader.site.bearer(reader.account_id)
    got = await reader.get()
    told = await reader.client.head("/api/v1/leads", headers=headers)
    assert (told.status, await told.read()) == (200, b"")
    assert told.headers["Content-Length"] == got.headers["Content-Length"]
    assert (await reader.client.head("/api/v1/leads")).status == 401


async def test_a_lead_is_entered_once(reader: Reader):
    response = await reader.post({"name": "Zoë", "email": "Zoe@Example.com", "source": "api"})
    assert response.status == 201
    entered = await response.json()
    assert (entered["name"], entered["email"], entered["source"]) == ("Zoë", "zoe@example.com", "api")
    again = await reader.post({"name": "Somebody", "email": "zoe@example.com"})
    assert again.status == 409
    error = await error_of(again)
    assert error["code"] == "LEAD_EXISTS"
    assert str(entered["id"]) in error["message"]
    assert (await reader.post({"phone": "+49 151 23456789"})).status == 409
    # who is another creator's lead may be this one's too
    assert (await reader.post({"email": "other@example.com"})).status == 201


async def test_what_is_no_lead_is_refused_with_each_reason(reader: Reader):
    for body, parts in (
        ({"name": "x" * 201}, {"name"}),
        ({"nome": "x", "email": 5}, {"nome", "email"}),
        ({}, {"name"}),
        ({"email": "nobody"}, {"email"}),
        ({"name": "a\0b"}, {"name"}),
    ):
        response = await reader.post(body)
        assert response.status == 422, body
        assert set((await error_of(response))["fields"]) == parts, body
    assert (await reader.post(["x"])).status == 422
    headers = reader.site.bearer(reader.account_id)
    typeless = await reader.client.post("/api/v1/leads", headers=headers, data=b"{}")
    assert typeless.status == 415
    # nothing at all is an empty object, where one would do; else it says how to send what is needed
    nothing = await reader.client.post("/api/v1/leads", headers=headers)
    assert set((await error_of(nothing))["fields"]) == {"name"}
    assert (await reader.client.post("/api/v1/products", headers=headers)).status == 415
    json_headers = headers | {"Content-Type": "application/json"}
    broken = await reader.client.post("/api/v1/leads", headers=json_headers, data=b"{")
    assert broken.status == 400


async def test_who_acts_for_several_creators_names_one_of_them(reader: Reader):
    bob = reader.creator_id + 1
    account_id = await reader.site.add_account(reader.creator_id, bob)
    await reader.site.add_ideas(bob, {"title": "Bob's idea"})
    both = reader.site.bearer(account_id)

    async def names(**headers: str) -> tuple[int, set[str]]:
        response = await reader.client.get("/api/v1/leads", headers=both | headers)
        body = await response.json()
        return response.status, {item["name"] for item in body.get("items", [])}

    # of two that they own, or of none, nobody guesses; of one that they own it is that one, however young it is
    refused = await reader.client.post("/api/v1/leads", headers=both, json={"name": "Whose?"})
    told = await error_of(refused)
    assert (refused.status, told["code"]) == (409, "CREATOR_NEEDED")
    assert "X-Creator: ada or bob" in told["message"]
    for owned, expected in (((), (409, set())), ((bob,), (200, {"Bob's own"}))):
        async with reader.site.database.transaction() as session:
            theirs = update(Membership).where(Membership.account_id == account_id)
            await session.execute(theirs.values(owner=Membership.creator_id.in_(owned), rights=["view"]))
        assert await names() == expected
    async with reader.site.database.transaction() as session:
        await session.execute(theirs.values(owner=True))
    assert await names(**{"X-Creator": "ada"}) == (200, {"Tom", "Lena Müller"})
    assert await names(**{"X-Creator": "bob"}) == (200, {"Bob's own"})
    entered = await reader.client.post("/api/v1/leads", headers=both | {"X-Creator": "bob"}, json={"name": "Zoë"})
    assert entered.status == 201
    assert await names(**{"X-Creator": "bob"}) == (200, {"Bob's own", "Zoë"})
    ideas = await reader.client.get(f"/api/v1/{account_id}/ideas", headers=both | {"X-Creator": "bob"})
    assert [each["title"] for each in (await ideas.json())["items"]] == ["Bob's idea"]
    for named in ("", "BOB", "nobody", str(bob), "ada, bob"):
        assert await names(**{"X-Creator": named}) == (403, set()), named


async def test_naming_somebody_elses_creator_opens_nothing(reader: Reader):
    headers = reader.site.bearer(reader.account_id) | {"X-Creator": "bob"}
    for response in (
        await reader.client.get("/api/v1/leads", headers=headers),
        await reader.client.get("/api/v1/leads/1", headers=headers),
        await reader.client.post("/api/v1/leads", headers=headers, json={"name": "x"}),
        await reader.client.get(f"/api/v1/{reader.account_id}/ideas", headers=headers),
    ):
        assert response.status == 403
        assert (await error_of(response))["code"] == "FORBIDDEN"


async def test_no_number_in_a_question_is_too_long_for_an_answer(reader: Reader):
    long = "9" * 40
    for query in (
        {"search": long},
        {"search": f"#{long}"},
        {"limit": long},
        {"offset": long},
        {"offset": str(2**63 - 1)},
        {"segment": f"score>{long}"},
        {"segment": f"score>={'9' * 19}"},
        {"segment": f"spent>{long}usd"},
        {"segment": f"last_seen<{long}d"},
        {"segment": f"last_seen<{'9' * 9}d"},
        {"segment": f"random {long}%"},
    ):
        response = await reader.get(**query)
        assert response.status in {200, 422}, (query, await response.text())


async def test_only_those_who_act_for_a_creator_see_or_enter_leads(reader: Reader):
    outsider = Reader(reader.site, reader.client, 0, await reader.site.add_account())
    assert (await outsider.get()).status == 403
    assert (await outsider.post({"name": "x"})).status == 403
    for answer in (await reader.client.get("/api/v1/leads"), await reader.client.post("/api/v1/leads", json={})):
        assert answer.status == 401
