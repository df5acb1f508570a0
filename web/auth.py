"""Who is calling: the account of a Bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Forbidden, NotSignedIn
from kit.tokens import AUDIENCE, ISSUER, read_access_token
from store.models import Account
from store.queries.accounts import creators_of, find_account
from web.tools import TOOLS

_LARGEST_ID = 2**63 - 1
# of somebody who acts for several creators: the slug of the one that this request is about
CREATOR = "X-Creator"


@dataclass(frozen=True)
class Caller:
    """Who calls, the creators that they act for, ids by slug, and which of them they name."""

    account: Account
    creators: Mapping[str, int]
    named: str | None

    def must_be(self, user_id: str) -> None:
        """Only one's own address, letter for letter: `7` is not `07`."""
        if user_id != str(self.account.id):
            raise Forbidden("this address belongs to another account")

    def acting_for(self) -> int:
        """The creator whose rows these are: the one that the caller names, else the oldest that they act for."""
        if not self.creators:
            raise Forbidden("this account acts for no creator")
        if self.named is None:
            return next(iter(self.creators.values()))
        if self.named not in self.creators:
            raise Forbidden(f"{CREATOR} names no creator that this account acts for")
        return self.creators[self.named]


async def sign_in(request: web.Request, session: AsyncSession) -> Caller:
    """Reads the account and what it may do anew at each request, so that taking a right away works at once."""
    tools = request.app[TOOLS]
    account_id = read_access_token(
        tools.access_key,
        _bearer(request),
        issuer=ISSUER,
        audience=AUDIENCE,
        now=tools.clock(),
    )
    account = await find_account(session, account_id) if 0 < account_id <= _LARGEST_ID else None
    if account is None:
        raise NotSignedIn("the account of this access token is gone")
    return Caller(account, await creators_of(session, account.id), _named(request))


def _named(request: web.Request) -> str | None:
    """Named twice, it is none that anybody acts for."""
    named = request.headers.getall(CREATOR, [])
    return ", ".join(each.strip() for each in named) if named else None


def _bearer(request: web.Request) -> str:
    given = request.headers.getall("Authorization", [])
    if len(given) != 1:
        raise NotSignedIn("send one access token, as Authorization: Bearer …")
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("send one access token, as Authorization: Bearer …")
    return token.strip()
