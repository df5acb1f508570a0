import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event, select, update
from web_world import Client, Site, error_of

from domain.accounts import add_account
from store.models import Account, AccountState, Role, SignIn


class Desk:
    """Root looks after the instance."""

    def __init__(self, site: Site, client: Client) -> None:
        self.site, self.client, self.accounts = site, client, dict[str, int]()

    async def add(self, name: str, role: Role, *, email: str | None = None, state: AccountState | None = None) -> int:
        async with self.site.database.transaction() as session:
            made = await add_account(session, role=role, name=name, email=email, now=self.site.clock())
            made.state = state or AccountState.ACTIVE
            self.accounts[name] = made.id
        return self.accounts[name]

    async def ask(self, method: str, path: str, body: Any = None, *, who: str = "Root", status: int = 200) -> Any:
        headers = self.site.bearer(self.accounts[who])
        response = await self.client.request(method, f"/api/v1{path}", headers=headers, json=body)
        assert response.status == status, await response.text()
        if status >= 400:
            return (await error_of(response))["code"]
        return await response.json() if status != 204 else None

    async def does(self, act: str, name: str, *, who: str = "Root", status: int = 200) -> Any:
        return await self.ask("POST", f"/admin/accounts/{self.accounts[name]}/{act}", who=who, status=status)


@pytest.fixture
async def desk(site: Site, client: Client) -> Desk:
    desk = Desk(site, client)
    await desk.add("Root", Role.ADMIN)
    return desk


@pytest.fixture
async def either_desk(either_site: Site, either_client: Client) -> Desk:
    desk = Desk(either_site, either_client)
    await desk.add("Root", Role.ADMIN)
    return desk


async def test_accounts_are_found_by_role_state_name_and_whole_e_mail(either_desk: Desk):
    desk = either_desk
    await desk.add("Zoë Lind", Role.BUYER, email="zoe@example.com")
    await desk.add("Bob 100%", Role.BRAND, state=AccountState.PENDING)

    async def names(**query: str) -> list[str]:
        asked = "&".join(f"{key}={value}" for key, value in query.items())
        return [each["name"] for each in (await desk.ask("GET", f"/admin/accounts?{asked}"))["items"]]

    assert await names() == ["Bob 100%", "Zoë Lind", "Root"]
    assert await names(role="admin") == ["Root"]
    assert await names(state="pending", role="brand") == ["Bob 100%"]
    assert await names(search="lind") == ["Zoë Lind"]
    assert await names(search="100%25") == ["Bob 100%"]
    assert await names(search="_") == []
    assert await names(search="ZOE@example.com") == ["Zoë Lind"]
    assert await names(search="zoe@example") == await names(search="%25") == await names(search="ind") == []
    assert await names(search="Lind zo") == ["Zoë Lind"]
    await desk.ask("PUT", "/users/me", {"name": "Zoë Berg"}, who="Zoë Lind")
    assert (await names(search="lind"), await names(search="berg")) == ([], ["Zoë Berg"])
    assert await desk.ask("GET", "/admin/accounts?role=owner", status=422) == "INVALID"
    studio = await desk.site.add_creator("studio")
    desk.accounts["Ada"] = await desk.site.add_account(studio)
    one = await desk.ask("GET", f"/admin/accounts/{desk.accounts['Ada']}")
    assert [each["slug"] for each in one["creators"]] == ["studio"]
    assert "password_hash" not in str(one)
    assert await desk.ask("GET", "/admin/accounts/999", status=404) == "NO_SUCH_ACCOUNT"
    # nobody else looks
    for name, role in (("Al", Role.AGENT), ("Cora", Role.CREATOR)):
        await desk.add(name, role)
        assert await desk.ask("GET", "/admin/accounts", who=name, status=403) == "FORBIDDEN"


async def test_an_account_is_suspended_banned_and_let_back_in(either_desk: Desk):
    desk = either_desk
    await desk.add("Zoë", Role.BUYER)
    await desk.ask("GET", "/users/me", who="Zoë")
    assert (await desk.does("suspend", "Zoë"))["state"] == "suspended"
    assert await desk.ask("GET", "/users/me", who="Zoë", status=401) == "UNAUTHORIZED"
    async with desk.site.database.reading() as session:
        theirs = select(SignIn.revoked_at).where(SignIn.account_id == desk.accounts["Zoë"])
        assert all(each is not None for each in (await session.scalars(theirs)).all())
    assert await desk.does("suspend", "Zoë", status=409) == "ACCOUNT_STANDS"
    assert await desk.does("activate", "Zoë", status=409) == "ACCOUNT_STANDS"
    assert (await desk.does("ban", "Zoë"))["state"] == "banned"
    assert await desk.does("suspend", "Zoë", status=409) == "ACCOUNT_STANDS"
    assert (await desk.does("reactivate", "Zoë"))["state"] == "active"
    assert await desk.does("reactivate", "Zoë", status=409) == "ACCOUNT_STANDS"
    await desk.add("Bob", Role.BRAND, state=AccountState.PENDING)
    assert await desk.does("suspend", "Bob", status=409) == "ACCOUNT_STANDS"
    assert await desk.does("reactivate", "Bob", status=409) == "ACCOUNT_STANDS"
    assert (await desk.does("activate", "Bob"))["state"] == "active"
    await desk.add("Gone", Role.BUYER, state=AccountState.DELETED)
    for act in ("suspend", "ban", "reactivate", "activate"):
        assert await desk.does(act, "Gone", status=409) == "ACCOUNT_STANDS"
        assert await desk.ask("POST", f"/admin/accounts/999/{act}", status=404) == "NO_SUCH_ACCOUNT"


async def test_an_instance_keeps_an_administrator(either_desk: Desk):
    desk = either_desk
    root = desk.accounts["Root"]
    for act in ("suspend", "ban"):
        assert await desk.does(act, "Root", status=409) == "NOT_ONESELF"
    role = {"role": "buyer"}
    assert await desk.ask("PUT", f"/admin/accounts/{root}/role", role, status=409) == "LAST_ADMIN"
    # one who is out is nobody to rely on
    await desk.add("Old", Role.ADMIN, state=AccountState.SUSPENDED)
    assert await desk.ask("PUT", f"/admin/accounts/{root}/role", role, status=409) == "LAST_ADMIN"
    await desk.add("Ann", Role.ADMIN)
    await desk.site.open_sessions()

    async def suspends(who: str, whom: str) -> int:
        path = f"/api/v1/admin/accounts/{desk.accounts[whom]}/suspend"
        return (await desk.client.post(path, headers=desk.site.bearer(desk.accounts[who]))).status

    done = await asyncio.gather(suspends("Root", "Ann"), suspends("Ann", "Root"))
    assert done.count(200) == 1
    async with desk.site.database.reading() as session:
        active = select(Account.id).where(Account.role == Role.ADMIN, Account.state == AccountState.ACTIVE)
        assert len((await session.scalars(active)).all()) == 1


async def test_a_role_is_given_and_a_new_creator_has_a_business(desk: Desk):
    zoe = await desk.add("Zoe Lind", Role.BUYER)
    given = await desk.ask("PUT", f"/admin/accounts/{zoe}/role", {"role": "creator"})
    assert (given["role"], [each["slug"] for each in given["creators"]]) == ("creator", ["zoe-lind"])
    again = await desk.ask("PUT", f"/admin/accounts/{zoe}/role", {"role": "creator"})
    assert again["creators"] == given["creators"]
    assert (await desk.ask("PUT", f"/admin/accounts/{zoe}/role", {"role": "agent"}))["role"] == "agent"
    for body in ({}, {"role": "owner"}, {"role": None}, {"role": "agent", "more": 1}):
        assert await desk.ask("PUT", f"/admin/accounts/{zoe}/role", body, status=422) == "INVALID"
    assert await desk.ask("PUT", "/admin/accounts/999/role", {"role": "agent"}, status=404) == "NO_SUCH_ACCOUNT"
    async with desk.site.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == zoe).values(state=AccountState.DELETED))
    assert await desk.ask("PUT", f"/admin/accounts/{zoe}/role", {"role": "agent"}, status=409) == "ACCOUNT_STANDS"


async def test_somebody_is_invited_in_a_role(desk: Desk):
    await desk.add("Noor", Role.BUYER)
    made = await desk.ask("POST", "/admin/invitations", {"role": "creator", "note": "Noor"}, status=201)
    assert (made["role"], made["creator_id"], made["rights"]) == ("creator", None, [])
    taken = await desk.ask("POST", "/invitations/accept", {"token": made["token"]}, who="Noor")
    assert (taken["role"], taken["creator_id"]) == ("creator", None)
    assert [each["owner"] for each in (await desk.ask("GET", "/users/me", who="Noor"))["creators"]] == [True]
    made = await desk.ask("POST", "/admin/invitations", {"role": "agent"}, status=201)
    assert (await desk.ask("POST", "/invitations/accept", {"token": made["token"]}, who="Noor"))["role"] == "agent"
    # what somebody is already is not taken away by an invitation
    made = await desk.ask("POST", "/admin/invitations", {"role": "brand"}, status=201)
    accepts = ("POST", "/invitations/accept", {"token": made["token"]})
    assert await desk.ask(*accepts, who="Noor", status=409) == "ALREADY_IN"
    await desk.ask("DELETE", f"/admin/invitations/{made['id']}", status=204)
    await desk.add("Zoë", Role.BUYER)
    assert await desk.ask(*accepts, who="Zoë", status=409) == "INVITATION_OVER"
    listed = (await desk.ask("GET", "/admin/invitations"))["items"]
    assert [(each["role"], each["state"]) for each in listed] == [
        ("brand", "revoked"),
        ("agent", "taken"),
        ("creator", "taken"),
    ]
    assert await desk.ask("POST", "/admin/invitations", {"role": "buyer"}, status=422) == "INVALID"
    assert await desk.ask("POST", "/admin/invitations", {"role": "agent"}, who="Noor", status=403) == "FORBIDDEN"
    # a team's invitation is not the instance's
    studio = await desk.site.add_creator("studio")
    desk.accounts["Ada"] = await desk.site.add_account(studio)
    team = await desk.ask("POST", "/invitations", {"rights": ["view"]}, who="Ada", status=201)
    assert await desk.ask("DELETE", f"/admin/invitations/{team['id']}", status=404) == "NOT_FOUND"


async def test_whoever_looks_after_accounts_no_more_does_not_finish_what_was_begun(desk: Desk):
    zoe, path = await desk.add("Zoë", Role.BUYER), f"/api/v1/admin/accounts/{desk.accounts['Root']}/role"
    await desk.add("Vera", Role.ADMIN)
    let_in = asyncio.Event()

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "JOIN sign_in" in statement:
            let_in.set()

    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"role": '
        await asyncio.wait_for(let_in.wait(), 10)
        async with desk.site.database.transaction() as session:
            await session.execute(update(Account).where(Account.id == zoe).values(role=Role.BUYER))
        yield b'"buyer"}'

    async with desk.site.database.transaction() as session:
        await session.execute(update(Account).where(Account.id == zoe).values(role=Role.ADMIN))
    desk.site.bearer(zoe)
    await desk.site.open_sessions()
    async with desk.site.database.reading() as session:
        event.listen(session.get_bind(), "before_cursor_execute", hear)
    headers = desk.site.bearer(zoe) | {"Content-Type": "application/json"}
    response = await desk.client.put(path, headers=headers, data=slowly())
    assert (response.status, (await error_of(response))["code"]) == (403, "FORBIDDEN")
