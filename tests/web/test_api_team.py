import asyncio
from typing import Any

import pytest
from sqlalchemy import select, update
from web_world import Client, Site, error_of

from store.models import Account, AccountState, Event, Invitation, Membership, Right


class Office:
    """Ada owns Studio; Mia and Noor have accounts of their own."""

    def __init__(self, site: Site, client: Client, creator_id: int, **accounts: int) -> None:
        self.site, self.client, self.creator_id, self.accounts = site, client, creator_id, accounts

    async def ask(self, who: str, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        headers = self.site.bearer(self.accounts[who])
        response = await self.client.request(method, f"/api/v1{path}", headers=headers, json=body)
        assert response.status == status, await response.text()
        if status >= 400:
            return (await error_of(response))["code"]
        return await response.json() if status != 204 else None

    async def invites(self, *rights: Right) -> Any:
        return await self.ask("ada", "POST", "/invitations", {"rights": list(rights), "note": "Mia"}, status=201)

    async def joins(self, who: str, *rights: Right) -> None:
        # as it stands in the link
        token = (await self.invites(*rights))["link"].partition("?start=")[2]
        await self.ask(who, "POST", "/invitations/accept", {"token": token})


async def an_office(site: Site, client: Client) -> Office:
    creator = await site.add_creator("studio")
    people = {"ada": await site.add_account(creator), "mia": await site.add_account(), "noor": await site.add_account()}
    return Office(site, client, creator, **people)


@pytest.fixture
async def office(site: Site, client: Client) -> Office:
    return await an_office(site, client)


@pytest.fixture
async def either_office(either_site: Site, either_client: Client) -> Office:
    return await an_office(either_site, either_client)


async def test_somebody_joins_by_an_invitation_and_does_what_they_may(either_office: Office):
    office = either_office
    made = await office.invites(Right.MANAGE)
    assert (made["rights"], made["state"], made["role"], made["note"]) == (["view", "manage"], "open", None, "Mia")
    assert made["link"].endswith(f"?start=join_{made['token']}")
    assert await office.ask("mia", "GET", "/leads", status=403) == "FORBIDDEN"
    joined = await office.ask("mia", "POST", "/invitations/accept", {"token": made["token"]})
    assert joined == {
        "creator_id": office.creator_id,
        "creator": "Studio",
        "rights": ["view", "manage"],
        "role": "creator",
    }
    team = await office.ask("mia", "GET", "/team")
    assert [(each["account_id"], each["owner"], each["rights"]) for each in team["items"]] == [
        (office.accounts["ada"], True, list(Right)),
        (office.accounts["mia"], False, ["view", "manage"]),
    ]
    await office.ask("mia", "POST", "/leads", {"name": "Zoë"}, status=201)
    # leading the team is for owners
    body = {"rights": ["view"]}
    for method, path, sent in (("POST", "/invitations", body), ("GET", "/invitations", None), ("PUT", "/team/1", body)):
        assert await office.ask("mia", method, path, sent, status=403) == "RIGHT_MISSING"
    # by a second one they may more, and nothing is taken away
    await office.joins("mia", Right.MONEY)
    member = await office.ask("ada", "GET", f"/team/{office.accounts['mia']}")
    assert member["rights"] == ["view", "manage", "money"]
    assert await office.ask("ada", "POST", "/invitations", {"rights": []}, status=422) == "INVALID"
    assert await office.ask("ada", "POST", "/invitations", {"rights": ["all"]}, status=422) == "INVALID"


async def test_an_invitation_that_is_over_lets_nobody_in(office: Office):
    taken, revoked, old = [await office.invites(Right.VIEW) for _ in range(3)]
    await office.ask("mia", "POST", "/invitations/accept", {"token": taken["token"]})
    await office.ask("ada", "DELETE", f"/invitations/{revoked['id']}", status=204)
    await office.ask("ada", "DELETE", f"/invitations/{revoked['id']}", status=204)
    assert await office.ask("ada", "DELETE", f"/invitations/{taken['id']}", status=409) == "INVITATION_OVER"
    assert await office.ask("ada", "DELETE", "/invitations/999", status=404) == "NOT_FOUND"
    for token in (taken["token"], revoked["token"], "x", "ü" * 200):
        answer = await office.ask("noor", "POST", "/invitations/accept", {"token": token}, status=409)
        assert answer == "INVITATION_OVER"
    # an owner spends none of their own
    assert await office.ask("ada", "POST", "/invitations/accept", {"token": old["token"]}, status=409) == "ALREADY_IN"
    office.site.clock.pass_time(days=7)
    assert await office.ask("noor", "POST", "/invitations/accept", {"token": old["token"]}, status=409)
    listed = (await office.ask("ada", "GET", "/invitations"))["items"]
    assert [each["state"] for each in listed] == ["expired", "revoked", "taken"]
    assert listed[2]["taken_by_id"] == office.accounts["mia"]
    assert all("token" not in each for each in listed)
    # another creator's is not found
    other = await office.site.add_creator("other")
    office.accounts["bob"] = await office.site.add_account(other)
    assert await office.ask("bob", "DELETE", f"/invitations/{listed[0]['id']}", status=404) == "NOT_FOUND"
    assert (await office.ask("bob", "GET", "/invitations"))["items"] == []


async def test_whoever_invited_must_still_be_allowed_to(office: Office):
    await office.joins("mia", Right.VIEW)
    await office.ask("ada", "PUT", f"/team/{office.accounts['mia']}", {"owner": True})
    made = await office.ask("mia", "POST", "/invitations", {"rights": ["view"]}, status=201)
    await office.ask("ada", "PUT", f"/team/{office.accounts['mia']}", {"rights": ["view"]})
    assert await office.ask("noor", "POST", "/invitations/accept", {"token": made["token"]}, status=409)
    await office.ask("ada", "PUT", f"/team/{office.accounts['mia']}", {"owner": True})
    async with office.site.database.transaction() as session:
        suspended = update(Account).where(Account.id == office.accounts["mia"])
        await session.execute(suspended.values(state=AccountState.SUSPENDED))
    assert await office.ask("noor", "POST", "/invitations/accept", {"token": made["token"]}, status=409)
    async with office.site.database.reading() as session:
        # refused, it is not spent
        assert (await session.get_one(Invitation, made["id"])).taken_at is None


async def test_rights_are_changed_at_once_and_only_by_owners(office: Office):
    await office.joins("mia", Right.VIEW)
    mia = office.accounts["mia"]
    assert await office.ask("mia", "POST", "/leads", {"name": "Zoë"}, status=403) == "RIGHT_MISSING"
    changed = await office.ask("ada", "PUT", f"/team/{mia}", {"rights": ["manage", "manage"]})
    assert changed["rights"] == ["view", "manage"]
    assert await office.ask("mia", "GET", f"/team/{mia}") == changed
    await office.ask("mia", "POST", "/leads", {"name": "Zoë"}, status=201)
    for body in ({"rights": []}, {}, {"rights": ["owner"]}, {"rights": ["view"], "owner": 1}, {"rights": "view"}):
        assert await office.ask("ada", "PUT", f"/team/{mia}", body, status=422) in {"INVALID", "NO_RIGHTS"}
    assert await office.ask("ada", "PUT", f"/team/{office.accounts['noor']}", {"rights": ["view"]}, status=404)
    assert await office.ask("ada", "GET", "/team/999999999999999999999", status=404)
    async with office.site.database.reading() as session:
        told = (await session.execute(select(Event.name, Event.subject).order_by(Event.id))).all()
    assert [tuple(each) for each in told if each.name.startswith("team.")] == [
        ("team.invited", "invitation:1"),
        ("team.joined", f"account:{mia}"),
        ("team.changed", f"account:{mia}"),
    ]


async def test_a_business_keeps_an_owner(office: Office):
    ada = office.accounts["ada"]
    leaves = {"creator_id": office.creator_id}
    assert await office.ask("ada", "POST", "/team/leave", leaves, status=409) == "LAST_OWNER"
    assert await office.ask("ada", "DELETE", f"/team/{ada}", status=409) == "LAST_OWNER"
    assert await office.ask("ada", "PUT", f"/team/{ada}", {"rights": ["view"]}, status=409) == "LAST_OWNER"
    await office.joins("mia", Right.VIEW)
    await office.ask("ada", "PUT", f"/team/{office.accounts['mia']}", {"owner": True})
    await office.ask("ada", "POST", "/team/leave", leaves, status=204)
    assert await office.ask("ada", "GET", "/team", status=403) == "FORBIDDEN"


async def test_two_owners_who_leave_at_once_do_not_both_leave(either_office: Office):
    office = either_office
    await office.joins("mia", Right.VIEW)
    await office.ask("ada", "PUT", f"/team/{office.accounts['mia']}", {"owner": True})

    async def leaves(who: str) -> int:
        headers, body = office.site.bearer(office.accounts[who]), {"creator_id": office.creator_id}
        return (await office.client.post("/api/v1/team/leave", headers=headers, json=body)).status

    assert sorted(await asyncio.gather(leaves("ada"), leaves("mia"))) == [204, 409]
    async with office.site.database.reading() as session:
        assert len((await session.scalars(select(Membership))).all()) == 1


async def test_whoever_is_taken_out_or_leaves_acts_no_more(office: Office):
    keys = []
    for who in ("mia", "noor"):
        await office.joins(who, Right.VIEW)
        await office.ask("ada", "PUT", f"/team/{office.accounts[who]}", {"owner": True})
        made = await office.ask(who, "POST", "/api-keys", {"name": "Shop", "scopes": ["view"]}, status=201)
        keys.append({"Authorization": f"Bearer {made['key']}"})
        assert (await office.client.get("/api/v1/leads", headers=keys[-1])).status == 200
    await office.ask("ada", "DELETE", f"/team/{office.accounts['mia']}", status=204)
    assert await office.ask("ada", "DELETE", f"/team/{office.accounts['mia']}", status=404) == "NO_SUCH_MEMBER"
    await office.ask("noor", "POST", "/team/leave", {"creator_id": office.creator_id}, status=204)
    for who in ("mia", "noor"):
        assert await office.ask(who, "GET", "/team", status=403) == "FORBIDDEN"
        assert await office.ask(who, "POST", "/team/leave", {"creator_id": office.creator_id}, status=404)
    # their keys are revoked, and do not come back with them
    for who, key in zip(("mia", "noor"), keys, strict=True):
        await office.joins(who, Right.VIEW)
        assert (await office.client.get("/api/v1/leads", headers=key)).status == 401
    assert all(each["revoked_at"] for each in (await office.ask("ada", "GET", "/api-keys"))["items"])
    for body in ({}, {"creator_id": "1"}, {"creator_id": 2**63}, {"creator_id": 1.0}):
        assert await office.ask("noor", "POST", "/team/leave", body, status=422) == "INVALID"


async def test_of_many_who_take_one_invitation_at_once_one_does(either_office: Office):
    office = either_office
    made = await office.invites(Right.VIEW)
    for number in range(6):
        office.accounts[str(number)] = await office.site.add_account()
    await office.site.open_sessions()

    async def takes(number: int) -> int:
        headers, body = office.site.bearer(office.accounts[str(number)]), {"token": made["token"]}
        return (await office.client.post("/api/v1/invitations/accept", headers=headers, json=body)).status

    assert sorted(await asyncio.gather(*(takes(number) for number in range(6)))) == [200] + [409] * 5
    assert (await office.ask("ada", "GET", "/team"))["total"] == 2
