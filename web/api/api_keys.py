"""`/api/v1/api-keys`: the keys by which a creator's programs act for them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from domain.access import Act
from domain.api_keys import TooManyKeys, make_key, revoke_key
from kit.errors import NotFound
from store.models import ApiKey, Right
from store.queries.api_keys import list_keys
from web.api.instants import Instant
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text
from web.api.route import Call, NoBody, NoQuery, Plain, Route


class WantedKey(BaseModel):
    """`scopes` are what the key may do: to manage is not to send. Without `expires_at` it goes on until revoked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[Text, Field(min_length=1, max_length=100)]
    scopes: Annotated[tuple[Right, ...], Field(min_length=1, max_length=len(Right))]
    expires_at: Instant | None = None


class KeyItem(BaseModel):
    """`beginning` is all of the key that is shown again; `used_at` is true to the minute."""

    id: int
    name: str
    beginning: str
    scopes: list[Right]
    account_id: int
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> "KeyItem":
        return cls(
            id=key.id,
            name=key.name,
            beginning=key.beginning,
            scopes=[Right(each) for each in key.scopes],
            account_id=key.account_id,
            created_at=key.created_at,
            used_at=key.used_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )


class MadeKey(KeyItem):
    """`key` is shown this once, and kept nowhere."""

    key: str


async def show_keys(call: Call[ListQuery, NoBody]) -> ListAnswer[KeyItem]:
    page = await list_keys(call.session, call.creator_id, call.query.paging())
    return ListAnswer[KeyItem].of(page, KeyItem.of)


async def add_key(call: Call[NoQuery, WantedKey]) -> MadeKey:
    wanted = call.body
    made = await make_key(
        call.session,
        call.account.id,
        call.creator_id,
        name=wanted.name,
        scopes=wanted.scopes,
        expires_at=wanted.expires_at,
        now=call.tools.clock(),
    )
    return MadeKey(**KeyItem.of(made.key).model_dump(), key=made.secret)


async def end_key(call: Plain) -> None:
    await revoke_key(call.session, call.creator_id, call.number("key_id"), now=call.tools.clock())


_TESTS = "test_api_keys.py::"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/api-keys",
        Act.SEE_KEYS,
        show_keys,
        "The creator's API keys, newest first",
        {200: ListAnswer[KeyItem]},
        query=ListQuery,
        proves=(f"{_TESTS}test_a_key_does_what_its_scopes_say_and_is_shown_once",),
    ),
    Route(
        "POST",
        "/api-keys",
        Act.MAKE_KEYS,
        add_key,
        "Makes an API key; it is shown this once",
        {201: MadeKey},
        session="write",
        body=WantedKey,
        refuses=(TooManyKeys,),
        example={"name": "The shop's own site", "scopes": ["view", "manage"], "expires_at": "2031-12-31T00:00:00Z"},
        proves=(
            f"{_TESTS}test_a_key_does_what_its_scopes_say_and_is_shown_once",
            f"{_TESTS}test_a_key_that_cannot_be_made_is_told_why",
        ),
    ),
    Route(
        "DELETE",
        "/api-keys/{key_id}",
        Act.MAKE_KEYS,
        end_key,
        "Revokes an API key at once",
        {204: None},
        session="write",
        refuses=(NotFound,),
        proves=(f"{_TESTS}test_a_key_ends_when_revoked_when_its_time_is_over_and_with_its_maker",),
    ),
)
