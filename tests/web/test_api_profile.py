"""One's own profile, what one chose for oneself, leaving, and being found."""

from datetime import timedelta
from typing import Any

import pytest
from api_rows import script_headers
from lead_world import BOT_ID, Desk
from sqlalchemy import select
from web_world import NOON, Client, Site, error_of

from domain.account_leads import lead_for_account
from domain.accounts import add_account
from domain.orders import open_order
from domain.paying import Received, pay_order
from domain.people import Profile as Told
from domain.people import see_person
from domain.pricing import Wish
from domain.products import add_product
from domain.setups import CreatorSetup
from kit.money import Money
from store.models import (
    Account,
    AccountState,
    ApiKey,
    Broadcast,
    BroadcastState,
    CreatorProfile,
    ExternalIdentity,
    Membership,
    Order,
    OutboxKind,
    OutboxMessage,
    Person,
    Product,
    Profile,
    Role,
    SignIn,
)


class Somebody:
    """An account at the API."""

    def __init__(self, site: Site, client: Client, account_id: int) -> None:
        self.site, self.client, self.account_id = site, client, account_id

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        headers = self.site.bearer(self.account_id)
        return await self.client.request(method, f"/api/v1{path}", headers=headers, json=body, **more)

    async def told(self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        response = await self.ask(method, path, body, **more)
        assert response.status == status, await response.text()
        return None if status == 204 else await response.json()


async def come(site: Site, client: Client, name: str, role: Role = Role.BUYER) -> Somebody:
    async with site.database.transaction() as session:
        email = f"{name.split(maxsplit=1)[0].lower()}@example.com"
        account = await add_account(session, role=role, name=name, email=email, now=NOON)
        return Somebody(site, client, account.id)


@pytest.fixture
async def zoe(either_site: Site, either_client: Client) -> Somebody:
    return await come(either_site, either_client, "Zoë Lang")


async def test_a_profile_is_written_by_its_owner(zoe: Somebody):
    empty = await zoe.told("GET", "/profile/me")
    assert (empty["account"]["name"], empty["public"], empty["bio"]) == ("Zoë Lang", False, "")
    assert empty["statistics"] == {"orders": 0, "spent": [], "products_owned": 0, "creators": []}
    written = await zoe.told(
        "PUT",
        "/profile/me",
        {
            "name": "Zoë Lind",
            "public": True,
            "bio": " Films about film. 🎬 ",
            "location": "Berlin",
            "website": "https://zoe.example/x?y=1",
            "company": "Lind & Co",
        },
    )
    parts = ("public", "bio", "location", "website", "company")
    assert [written[each] for each in parts] == [
        True,
        "Films about film. 🎬",
        "Berlin",
        "https://zoe.example/x?y=1",
        "Lind & Co",
    ]
    assert written["account"]["name"] == "Zoë Lind"
    # what is left out stays
    kept = await zoe.told("PUT", "/profile/me", {"website": ""})
    assert [kept[each] for each in parts] == [True, "Films about film. 🎬", "Berlin", "", "Lind & Co"]
    assert await zoe.told("GET", "/profile/me") == kept


async def test_what_cannot_stand_in_a_profile_is_refused(zoe: Somebody):
    for body, part in (
        ({"name": ""}, "name"),
        ({"public": 1}, "public"),
        ({"bio": "x" * 2001}, "bio"),
        ({"bio": "a\0"}, "bio"),
        ({"website": "javascript:alert(1)"}, "website"),
        ({"website": "https://a b"}, "website"),
        # whoever reads it would take it for the first
        ({"website": "https://bank.example@evil.example/"}, "website"),
        ({"website": "https://bank.example\\@evil.example/"}, "website"),
        ({"email": "new@example.com"}, "email"),
        ({"role": "admin"}, "role"),
    ):
        response = await zoe.ask("PUT", "/profile/me", body)
        assert response.status == 422, body
        assert set((await error_of(response))["fields"]) == {part}, body
    for method in ("GET", "PUT", "DELETE"):
        assert (await zoe.client.request(method, "/api/v1/profile/me")).status == 401


async def test_preferences_are_chosen_and_taken_back(zoe: Somebody):
    async with zoe.site.database.transaction() as session:
        person = await see_person(session, BOT_ID, Told(1001, "Zoë", None, "en"), now=NOON)
        (await session.get_one(Account, zoe.account_id)).person_id = person.id
    path = "/profile/me/preferences"
    every = dict.fromkeys(("sales", "reviews", "stock", "ideas"), True)
    chosen = {"language": "de", "time_zone": "Europe/Berlin", "notices": every | {"stock": False}}
    assert await zoe.told("PUT", path, chosen | {"notices": {"stock": False}}) == chosen
    async with zoe.site.database.reading() as session:
        assert (await session.get_one(Person, person.id)).speaks == "de"
    left = {"language": "de", "time_zone": None, "notices": every | {"stock": False, "sales": False}}
    assert await zoe.told("PUT", path, {"time_zone": None, "notices": {"sales": False}}) == left
    assert (await zoe.told("GET", "/profile/me"))["preferences"] == left
    for body in (
        {"language": "xx"},
        {"time_zone": "Nowhere"},
        {"theme": "dark"},
        {"language": 5},
        {"notices": {"weather": True}},
        {"notices": {"sales": "no"}},
        {"notices": None},
    ):
        assert (await zoe.ask("PUT", path, body)).status == 422, body


async def test_a_notice_that_is_not_wanted_is_not_told(zoe: Somebody):
    site, desk = zoe.site, await Desk.of(zoe.site, zoe.client)
    helper = Somebody(site, zoe.client, await site.add_account(desk.creator_id))
    async with site.database.transaction() as session:
        for telegram_id, account_id in ((1, desk.account_id), (2, helper.account_id)):
            person = await see_person(session, BOT_ID, Told(telegram_id, "Ada", None, "en"), now=NOON)
            (await session.get_one(Account, account_id)).person_id = person.id
    await helper.told("PUT", "/profile/me/preferences", {"notices": {"sales": False, "reviews": True}})
    await sell(site, desk.creator_id, zoe.account_id)
    async with site.database.reading() as session:
        told = select(OutboxMessage.key).where(OutboxMessage.key.like("sale-told:%"))
        keys = (await session.scalars(told)).all()
        first = select(Account.person_id).where(Account.id == desk.account_id)
        assert keys == [f"sale-told:stripe:pi_1:{await session.scalar(first)}"]


async def test_only_those_who_want_it_are_found(zoe: Somebody):
    tom = await come(zoe.site, zoe.client, "Tom Öster")
    gone = await come(zoe.site, zoe.client, "Tomma Gone")
    for each in (tom, gone):
        await each.told("PUT", "/profile/me", {"public": True, "company": "Nordlicht"})
    await gone.told("DELETE", "/profile/me", {}, status=204)

    async def found(query: str) -> list[str]:
        listed = await zoe.told("GET", "/profile/search/users", params={"query": query})
        assert listed["total"] == len(listed["items"])
        return [each["name"] for each in listed["items"]]

    assert await found("tom") == await found("oster nord") == await found("ÖST") == await found("") == ["Tom Öster"]
    assert await found("zo") == await found("om") == await found("100%") == await found("_") == await found("…") == []
    listed = await zoe.told("GET", "/profile/search/users", params={"query": "tom"})
    assert "email" not in listed["items"][0]
    # by the new name, and no more by the old one
    await tom.told("PUT", "/users/me", {"name": "Tim"})
    assert (await found("tim"), await found("tom")) == (["Tim"], [])
    assert (await zoe.client.get("/api/v1/profile/search/users")).status == 401


async def sell(site: Site, creator_id: int, account_id: int) -> tuple[int, int]:
    """A product, and an order of it by that account, paid for."""
    async with site.database.transaction() as session:
        product = await add_product(
            session, creator_id=creator_id, title="Presets", price=Money(1900, "usd"), stock=5, now=NOON
        )
        lead = await lead_for_account(session, creator_id, await session.get_one(Account, account_id), now=NOON)
        order = await open_order(
            session, lead, Wish(product), now=NOON, good_for=timedelta(hours=1), setup=CreatorSetup()
        )
        await pay_order(session, order, Received("stripe", "pi_1", Money(1900, "usd")), now=NOON)
        return product.id, order.id


async def test_a_profile_counts_what_was_bought_and_sold(zoe: Somebody):
    desk = await Desk.of(zoe.site, zoe.client)
    await sell(zoe.site, desk.creator_id, zoe.account_id)
    usd = [{"currency": "usd", "amount_minor": 1900}]
    bought = (await zoe.told("GET", "/profile/me"))["statistics"]
    assert bought == {"orders": 1, "spent": usd, "products_owned": 1, "creators": []}
    sold = (await desk.told("GET", "/profile/me"))["statistics"]
    assert sold["creators"] == [{"slug": "ada", "sales": 1, "revenue": usd, "products": 1, "leads": 1}]


async def test_whoever_leaves_leaves_nothing_personal_and_every_session_ends(zoe: Somebody):
    site, desk = zoe.site, await Desk.of(zoe.site, zoe.client)
    _, order_id = await sell(site, desk.creator_id, zoe.account_id)
    await zoe.told("PUT", "/profile/me", {"public": True, "bio": "Films"})
    async with site.database.transaction() as session:
        session.add(ExternalIdentity(issuer="x", subject="y", account_id=zoe.account_id, created_at=NOON))
        # one who helps the creator: the creator's business goes on without her
        session.add(Membership(account_id=zoe.account_id, creator_id=desk.creator_id, owner=False, rights=["view"]))
    token = site.bearer(zoe.account_id)
    await zoe.told("DELETE", "/profile/me", {}, status=204)
    for method in ("GET", "DELETE"):
        assert (await zoe.client.request(method, "/api/v1/profile/me", headers=token)).status == 401
    async with site.database.reading() as session:
        account = await session.get_one(Account, zoe.account_id)
        assert (account.state, account.name, account.email, account.email_digest, account.password_hash) == (
            AccountState.DELETED,
            "",
            None,
            None,
            None,
        )
        for model in (Profile, ExternalIdentity):
            assert (await session.scalars(select(model).where(model.account_id == zoe.account_id))).all() == []
        sessions = (await session.scalars(select(SignIn).where(SignIn.account_id == zoe.account_id))).all()
        assert all(each.revoked_at is not None and each.address == "" == each.agent for each in sessions)
        assert (await session.get_one(Order, order_id)).paid_at == NOON
        assert (await session.scalars(select(Product.archived_at))).all() == [None]
    # the address is free for another account
    again = await come(site, zoe.client, "Zoë Again")
    assert (await again.told("GET", "/profile/me"))["statistics"]["orders"] == 0


async def test_an_account_is_deleted_by_its_password_and_not_by_a_token_alone(zoe: Somebody):
    site = zoe.site
    await site.add_creator("ada")
    async with site.database.transaction() as session:
        person = await see_person(session, BOT_ID, Told(1001, "Zoë", None, "de"), now=NOON)
        account = await session.get_one(Account, zoe.account_id)
        account.person_id, account.password_hash = person.id, await site.passwords.hash("correct horse")
    for body in ({}, {"current_password": "wrong horse"}, {"current_password": None}):
        response = await zoe.ask("DELETE", "/profile/me", body)
        assert (response.status, (await error_of(response))["code"]) == (422, "WRONG_PASSWORD"), body
    right = {"current_password": "correct horse"}
    headers = await script_headers(site, zoe.account_id)
    response = await zoe.client.delete("/api/v1/profile/me", headers=headers, json=right)
    error = await error_of(response)
    assert (response.status, error["code"]) == (403, "SIGN_IN_NEEDED")
    assert "/auth/login" in error["message"]
    async with site.database.reading() as session:
        assert (await session.scalars(select(OutboxMessage))).all() == []
    await zoe.told("DELETE", "/profile/me", right, status=204)
    async with site.database.reading() as session:
        assert (await session.get_one(Account, zoe.account_id)).state is AccountState.DELETED
        (told,) = (await session.scalars(select(OutboxMessage))).all()
        assert (told.person_id, told.kind) == (person.id, OutboxKind.NOTICE)
        assert told.message["text"].startswith("Dein Konto wurde endgültig gelöscht")


async def test_a_business_closes_with_its_last_owner(zoe: Somebody):
    site, desk = zoe.site, await Desk.of(zoe.site, zoe.client)
    product_id, order_id = await sell(site, desk.creator_id, zoe.account_id)
    second = Somebody(site, zoe.client, await site.add_account(desk.creator_id))
    await desk.told("PUT", "/profile/creator", {"public": True})
    for number in (1, 2):
        await desk.told("POST", "/broadcasts", {"text": "Hi", "segment": "all"}, status=201)
        await desk.told("POST", f"/broadcasts/{number}/schedule", {"at": "2031-06-01T12:00:00Z"})
    await desk.told("POST", "/broadcasts/2/unschedule")
    await desk.told("POST", "/broadcasts/2/send", {})
    # another owner is there still
    await Somebody(site, zoe.client, desk.account_id).told("DELETE", "/profile/me", {}, status=204)
    assert (await zoe.told("GET", "/profile/creators"))["total"] == 1
    made = {"beginning": "x", "digest": "d", "scopes": ["view"], "created_at": NOON}
    async with site.database.transaction() as session:
        key = ApiKey(account_id=second.account_id, creator_id=desk.creator_id, name="k", **made)
        session.add(key)
        assert (await session.get_one(Product, product_id)).archived_at is None
    await second.told("DELETE", "/profile/me", {}, status=204)
    async with site.database.reading() as session:
        states = (await session.scalars(select(Broadcast.state).order_by(Broadcast.id))).all()
        assert states == [BroadcastState.DRAFT, BroadcastState.PAUSED]
        assert (await session.get_one(Product, product_id)).archived_at == site.clock()
        assert (await session.get_one(ApiKey, key.id)).revoked_at == site.clock()
        assert (await session.get_one(Order, order_id)).paid_at == NOON
        assert (await session.get_one(CreatorProfile, desk.creator_id)).public is False
    assert (await zoe.told("GET", "/profile/creators"))["total"] == 0
    # who bought it keeps it
    assert (await zoe.told("GET", "/profile/me"))["statistics"]["products_owned"] == 1


async def test_the_last_administrator_stays(zoe: Somebody):
    admin = await come(zoe.site, zoe.client, "Root", Role.ADMIN)
    response = await admin.ask("DELETE", "/profile/me", {})
    assert (response.status, (await error_of(response))["code"]) == (409, "LAST_ADMIN")
    await come(zoe.site, zoe.client, "Spare", Role.ADMIN)
    await admin.told("DELETE", "/profile/me", {}, status=204)
