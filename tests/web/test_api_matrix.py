"""Every address of the API, asked by everybody: who may, who may not, and what is another's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from api_rows import Rows, add_account, address, join, rows_of, script_headers
from web_world import KEY, NOON, Client, Site, session_of

from domain.access import RULES
from kit.tokens import AUDIENCE, ISSUER, sign_access_token
from store.models import Right, Role
from web.api.route import Route
from web.api.table import ROUTES

# what may end the session, or the account, of whoever asks
ENDS = ("/auth", "/profile", "/team/leave", "/users")
# the codes of a 403 for who one is
REFUSED = {"FORBIDDEN", "RIGHT_MISSING", "SIGN_IN_NEEDED"}
PARAMETERS = {("DELETE", "/leads/{lead_id}/tags"): "?tags=vip"}
# names of one's own: another creator's funnel of that name is simply none of theirs, and PUT makes it theirs
BY_NAME = ("/funnels/{key}", "/flows/{key}", "/segments/{key}")
# a product that is on sale is everybody's to buy; who owns it may load and review it
ON_SALE = {"/purchase/{product_id}", "/products/{product_id}/reviews", "/download/{product_id}"}
# whose handler asks for a second right by itself: what begins to run sends
ASKED_TOO = {("PUT", "/funnels/{key}"): Right.SEND}
CLOSED = [route for route in ROUTES if not RULES[route.act].public]
OF_CREATORS = [route for route in CLOSED if RULES[route.act].of_creator]


def _is_somebodys(route: Route[Any, Any]) -> bool:
    """Whether another creator must not find what the address names."""
    rule = RULES[route.act]
    shown = rule.public or route.path in ON_SALE or route.path.startswith(BY_NAME)
    return not shown and rule.roles is None


@dataclass
class Town:
    """Two creators with everything that an address can name, and the accounts that ask."""

    site: Site
    client: Client
    ada: Rows
    bob: Rows

    async def ask(self, route: Route[Any, Any], headers: dict[str, str], rows: Rows | None = None) -> int:
        """The status that the address answers to them; streams are left as soon as that is known.

        A 403 that is not about who asks counts as 409: who does not own a product may neither load nor review it.
        """
        body = dict(route.example) if route.example is not None else None
        at = address(route, rows or self.ada) + PARAMETERS.get((route.method, route.path), "")
        async with self.client.request(route.method, at, headers=headers, json=body) as response:
            if response.status == 403 and (await response.json())["error"]["code"] not in REFUSED:
                return 409
            return response.status


@pytest.fixture
async def town(site: Site, client: Client) -> Town:
    return Town(site, client, await rows_of(site, client, "ada"), await rows_of(site, client, "bob"))


def _bad_tokens(town: Town) -> Iterator[tuple[str, str]]:
    account = town.ada.account_id

    def signed(**changed: Any) -> str:
        usual: dict[str, Any] = {
            "account_id": account,
            "sign_in_id": session_of(account),
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "now": NOON,
            "lifetime": timedelta(minutes=15),
        }
        return sign_access_token(KEY, **(usual | changed))

    yield "expired", signed(now=NOON - timedelta(minutes=16))
    yield "wrong audience", signed(audience="somebody-else")
    yield "wrong issuer", signed(issuer="somebody-else")
    yield "refresh token", town.ada.refresh_token
    yield "no token at all", "x"


async def test_without_a_good_token_every_address_that_is_not_public_is_a_401(town: Town):
    wrong = []
    for route in CLOSED:
        if (status := await town.ask(route, {})) != 401:
            wrong.append((route.method, route.path, "without", status))
        for called, token in _bad_tokens(town):
            if (status := await town.ask(route, {"Authorization": f"Bearer {token}"})) != 401:
                wrong.append((route.method, route.path, called, status))
    assert not wrong, "\n".join(map(str, wrong))


async def test_each_role_may_what_the_table_says_and_nothing_else(town: Town):
    wrong = []
    for role in Role:
        account_id = 0
        for route in CLOSED:
            if not account_id or route.path.startswith(ENDS):
                account_id = await add_account(town.site, role)
            headers = town.site.bearer(account_id)
            rule = RULES[route.act]
            may = not rule.of_creator and (rule.roles is None or role in rule.roles)
            status = await town.ask(route, headers, town.ada.with_account(account_id))
            if (status == 403) == may or status in {401, 429} or status >= 500:
                wrong.append((route.method, route.path, role.value, status))
            if route.path.startswith(ENDS):
                account_id = 0
    assert not wrong, "\n".join(map(str, wrong))


async def test_a_scripts_token_may_what_its_account_may_but_guard_an_account_or_a_business(town: Town):
    """Of an administrator who owns the business too, so that nothing else stands in the way."""
    wrong = []
    headers: dict[str, str] = {}
    for route in CLOSED:
        if not headers or route.path.startswith(ENDS):
            account_id = await add_account(town.site, Role.ADMIN)
            await join(town.site, account_id, town.ada.creator_id, owner=True)
            headers = await script_headers(town.site, account_id)
        rule = RULES[route.act]
        may = not rule.in_person and (rule.roles is None or Role.ADMIN in rule.roles)
        # bob's rows: what they may is not found, and nothing of ada's goes
        status = await town.ask(route, headers, town.bob.with_account(account_id))
        if (status == 403) == may or status in {401, 429} or status >= 500:
            wrong.append((route.method, route.path, status))
        if route.path.startswith(ENDS):
            headers = {}
    assert not wrong, "\n".join(map(str, wrong))


def test_whatever_gives_out_or_changes_a_way_in_asks_for_a_person():
    open_to_scripts = {(each.method, each.path) for each in CLOSED if not RULES[each.act].in_person}
    assert open_to_scripts.isdisjoint(
        {
            ("PUT", "/users/me"),
            ("POST", "/profile/me/change-password"),
            ("DELETE", "/profile/me"),
            ("POST", "/auth/telegram/bind"),
            ("DELETE", "/auth/sessions"),
            ("DELETE", "/auth/sessions/{session_id}"),
            ("POST", "/auth/sessions/revoke-all"),
            ("POST", "/api-keys"),
            ("DELETE", "/api-keys/{key_id}"),
            ("POST", "/invitations"),
            ("PUT", "/team/{account_id}"),
            ("POST", "/team/leave"),
            ("POST", "/webhooks"),
            ("POST", "/webhooks/{hook_id}/rotate-secret"),
            ("PUT", "/admin/accounts/{account_id}/role"),
            ("POST", "/admin/invitations"),
        }
    )
    # whatever is read by an owner, programs may read
    assert {
        ("GET", "/api-keys"),
        ("GET", "/invitations"),
        ("GET", "/webhooks"),
        ("GET", "/users/me"),
    } <= open_to_scripts


async def test_each_member_of_a_team_may_what_their_rights_say(town: Town):
    wrong = []
    for rights in (frozenset[Right](), *(frozenset({right}) for right in Right)):
        account_id = await add_account(town.site, Role.BUYER)
        await join(town.site, account_id, town.ada.creator_id, *rights)
        headers = town.site.bearer(account_id)
        for route in OF_CREATORS:
            rule = RULES[route.act]
            too = ASKED_TOO.get((route.method, route.path))
            may = not rule.owner and bool(rule.enough & rights) and too in {None, *rights}
            status = await town.ask(route, headers, town.bob.with_account(account_id))
            # what they may is not found: these rows are bob's
            if (status == 403) == may or status in {401, 429} or status >= 500:
                wrong.append((route.method, route.path, sorted(rights), status))
    assert not wrong, "\n".join(map(str, wrong))


async def test_what_is_anothers_is_not_found(town: Town):
    """An owner asks in their own name for the rows of another creator."""
    headers = town.site.bearer(town.bob.account_id)
    wrong = []
    for route in ROUTES:
        if "{" not in route.path or not _is_somebodys(route):
            continue
        status = await town.ask(route, headers, town.ada)
        expected = {403} if "{user_id}" in route.path else {404}
        if status not in expected:
            wrong.append((route.method, route.path, status))
    assert not wrong, "\n".join(map(str, wrong))


async def test_naming_another_creator_is_a_403(town: Town):
    headers = town.site.bearer(town.bob.account_id) | {"X-Creator": "ada"}
    wrong = [
        (route.method, route.path, status)
        for route in OF_CREATORS
        if (status := await town.ask(route, headers, town.bob)) != 403
    ]
    assert not wrong, "\n".join(map(str, wrong))
