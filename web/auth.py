"""Who is calling: the account of a Bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1)."""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Forbidden, NotSignedIn
from kit.tokens import AUDIENCE, ISSUER, read_access_token
from store.models import Account
from store.queries.accounts import creators_of, find_account
from web.tools import TOOLS

_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Caller:
    account: Account
    creator_ids: tuple[int, ...]

    def must_be(self, user_id: str) -> None:
        """Only one's own address, letter for letter: `7` is not `07`."""
        if user_id != str(self.account.id):
            raise Forbidden("this address belongs to another account")

    def acting_for(self) -> int:
        """The creator whose rows these are: the first that the account is a member of."""
        if not self.creator_ids:
            raise Forbidden("this account acts for no creator")
        return self.creator_ids[0]


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
    return Caller(account, tuple(await creators_of(session, account.id)))


def _bearer(request: web.Request) -> str:
    given = request.headers.getall("Authorization", [])
    if len(given) != 1:
        raise NotSignedIn("send one access token, as Authorization: Bearer …")
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("send one access token, as Authorization: Bearer …")
    return token.strip()
