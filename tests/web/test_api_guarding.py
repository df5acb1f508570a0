"""What guards an account: programs do not reach it, and its owner is told of it in the chat."""

from typing import Any

import pytest
from api_rows import script_headers
from sqlalchemy import select
from web_world import NOON, Client, Site, error_of

from domain.creators import bind_by_payload
from domain.people import Profile, see_person
from kit.paging import Paging
from store.models import Account, OutboxMessage, OutboxState, Person
from store.queries.unclear import list_unclear

BOT_ID = 4242


class Owner:
    """Ada, whose account belongs to her chat, and has no password yet."""

    def __init__(self, site: Site, client: Client) -> None:
        self.site, self.client = site, client
        self.creator_id = self.account_id = self.person_id = 0

    async def arrive(self, language: str) -> None:
        self.creator_id = await self.site.add_creator("ada")
        self.account_id = await self.site.add_account(self.creator_id)
        self.person_id = await self.chat(1001, "Ada", language)
        async with self.site.database.transaction() as session:
            (await session.get_one(Account, self.account_id)).person_id = self.person_id

    async def chat(self, telegram_id: int, name: str, language: str) -> int:
        async with self.site.database.transaction() as session:
            return (await see_person(session, BOT_ID, Profile(telegram_id, name, None, language), now=NOON)).id

    async def ask(self, method: str, path: str, body: Any = None, *, headers: Any = None) -> Any:
        headers = headers or self.site.bearer(self.account_id)
        return await self.client.request(method, f"/api/v1{path}", headers=headers, json=body)

    async def told(self) -> list[tuple[int, str]]:
        """To which chat, and how the first line goes."""
        async with self.site.database.reading() as session:
            rows = await session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
            return [(each.person_id, each.message["text"].partition("\n")[0]) for each in rows if each.message]


@pytest.fixture
async def ada(either_site: Site, either_client: Client) -> Owner:
    owner = Owner(either_site, either_client)
    await owner.arrive("en")
    return owner


async def test_a_scripts_token_works_but_takes_nothing_over(ada: Owner):
    headers = await script_headers(ada.site, ada.account_id)
    for path in ("/leads", "/api-keys", "/webhooks", "/invitations", "/users/me", "/auth/sessions"):
        assert (await ada.ask("GET", path, headers=headers)).status == 200, path
    assert (await ada.ask("POST", "/leads", {"name": "Lena"}, headers=headers)).status == 201
    for method, path, body in (
        ("POST", "/profile/me/change-password", {"new_password": "battery staple"}),
        ("PUT", "/users/me", {"email": "eve@example.com"}),
        ("POST", "/auth/telegram/bind", {}),
        ("POST", "/api-keys", {"name": "Mine", "scopes": ["view"]}),
        ("POST", "/invitations", {"rights": ["view"]}),
        ("POST", "/webhooks", {"url": "https://eve.example.com/"}),
        ("DELETE", "/auth/sessions", None),
        ("DELETE", "/profile/me", {}),
    ):
        refused = await ada.ask(method, path, body, headers=headers)
        error = await error_of(refused)
        assert (refused.status, error["code"]) == (403, "SIGN_IN_NEEDED"), path
        assert "/auth/otp" in error["message"], path
    assert await ada.told() == []
    # the session may still be left, by whoever holds it
    assert (await ada.ask("POST", "/auth/logout", headers=headers)).status == 204
    assert (await ada.ask("GET", "/leads", headers=headers)).status == 401


async def test_an_api_key_is_told_to_sign_in(ada: Owner):
    made = await (await ada.ask("POST", "/api-keys", {"name": "Shop", "scopes": ["view", "manage"]})).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    for method, path in (("POST", "/api-keys"), ("POST", "/profile/me/change-password"), ("GET", "/admin/accounts")):
        refused = await ada.ask(method, path, {}, headers=headers)
        assert (refused.status, (await error_of(refused))["code"]) == (403, "SIGN_IN_NEEDED"), path


async def test_the_owner_is_told_of_a_password_and_of_another_e_mail(ada: Owner):
    async def done(method: str, path: str, body: Any) -> None:
        response = await ada.ask(method, path, body)
        assert response.status < 300, await response.text()
        ada.site.clock.pass_time(minutes=1)

    await done("PUT", "/users/me", {"email": "ada@example.com"})
    await done("POST", "/profile/me/change-password", {"new_password": "correct horse"})
    same = {"email": "ADA@example.com", "name": "Ada L", "current_password": "correct horse"}
    # nothing that guards it has changed
    await done("PUT", "/users/me", same)
    changed = {"current_password": "correct horse", "new_password": "battery staple"}
    await done("POST", "/profile/me/change-password", changed)
    assert await ada.told() == [
        (ada.person_id, "The e-mail address of your account was changed."),
        (ada.person_id, "Your account has a password now; it had none before."),
        (
            ada.person_id,
            "The password of your account was changed, and everybody else who was signed in as you is signed out.",
        ),
    ]
    async with ada.site.database.transaction() as session:
        (await session.get_one(Person, ada.person_id)).blocked_at = NOON
    await done("PUT", "/users/me", {"email": "lovelace@example.com", "current_password": "battery staple"})
    assert len(await ada.told()) == 3


async def test_the_chat_that_an_account_leaves_is_told_in_its_language(either_site: Site, either_client: Client):
    ada = Owner(either_site, either_client)
    await ada.arrive("de")
    link = await (await ada.ask("POST", "/auth/telegram/bind", {})).json()
    other = await ada.chat(1002, "Ada", "en")
    async with ada.site.database.transaction() as session:
        person = await session.get_one(Person, other)
        await bind_by_payload(session, person, link["url"].partition("?start=")[2], now=NOON)
    moved = (ada.person_id, "Dein Konto gehört ab jetzt zu einem anderen Chat und nicht mehr zu diesem.")
    assert await ada.told() == [moved]
    # the same chat again changes nothing
    again = await (await ada.ask("POST", "/auth/telegram/bind", {})).json()
    async with ada.site.database.transaction() as session:
        person = await session.get_one(Person, other)
        await bind_by_payload(session, person, again["url"].partition("?start=")[2], now=NOON)
    assert await ada.told() == [moved]


async def test_what_an_owner_was_told_is_not_shown_to_who_looks_after_messages(ada: Owner):
    assert (await ada.ask("PUT", "/users/me", {"email": "ada@example.com"})).status == 200
    async with ada.site.database.transaction() as session:
        (await session.scalars(select(OutboxMessage))).one().state = OutboxState.FAILED
    async with ada.site.database.reading() as session:
        (shown,) = (await list_unclear(session, ada.creator_id, Paging(10, 0))).items
    assert shown.text == ""
