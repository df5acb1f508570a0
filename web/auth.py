"""Who is calling: the account of a Bearer token (https://www.rfc-editor.org/rfc/rfc6750#section-2.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import RULES, Act, NotYours, SignInNeeded, Standing
from domain.api_keys import BEGINNING, NOTED_EVERY, key_holder
from domain.signing_in import IN_BOT
from domain.standings import active_account, signed_in
from kit.errors import Conflict, Forbidden, NotSignedIn
from kit.tokens import AUDIENCE, ISSUER, AccessToken, issuer_of, read_access_token
from store.models import Account, Right
from web.tools import TOOLS, Vouched

# of somebody who acts for several creators: the slug of the one that this request is about
CREATOR = "X-Creator"
# an API key whose use is to be noted once the answer is made
KEY_USED = web.RequestKey("key_used", int)
# the account of an outside issuer's token, once that was asked
_OUTSIDE = web.RequestKey("outside", Vouched)
_TOKEN = web.RequestKey("token", AccessToken)


class ActsForNobody(Forbidden):
    """Of what is some creator's business."""


class CreatorNeeded(Conflict):
    """Nobody guesses into whose business somebody wants to write."""

    code = "creator_needed"


@dataclass(frozen=True)
class Caller:
    """Who calls, the creators that they act for, by slug, and which of them they name."""

    account: Account
    standings: Mapping[str, Standing]
    named: str | None
    # the session that they are signed in by; None of an API key or an outside issuer's token
    sign_in_id: int | None = None
    # of an API key: the rights it was made with
    key_rights: frozenset[Right] | None = None
    # their session is one of `/token`, for a script
    for_script: bool = False
    # of an outside issuer's token: its `sub`
    subject: str | None = None

    @property
    def known_as(self) -> str:
        """What stands in addresses that are their own, as their token has it."""
        return str(self.account.id) if self.subject is None else self.subject

    def must(self, act: Act) -> None:
        """Raises Forbidden for what is not theirs to do."""
        rule = RULES[act]
        if self.key_rights is not None and rule.in_person:
            raise _sign_in_needed("an API key")
        if self.key_rights is not None and not rule.by_key and not rule.public:
            raise NotYours("an API key cannot do that; sign in instead")
        if rule.roles is not None and self.account.role not in rule.roles:
            raise NotYours("this is not for accounts of your role")
        if rule.of_creator:
            self.acting_for(act)
        # asked last: of what is not theirs in any case signing in would change nothing
        if self.for_script and rule.in_person:
            raise _sign_in_needed("a token of the bot's /token")

    def for_whom(self) -> int:
        """The creator that they name; else the one that they own, else the only one.

        Raises Forbidden for none of theirs, and CreatorNeeded where it may be any of several.
        """
        return self._standing().creator_id

    def acting_for(self, act: Act) -> int:
        """The creator whose rows these are, for whoever may do that to them."""
        standing = self._standing()
        standing.must(act)
        if self.key_rights is not None:
            Standing(standing.creator_id, owner=False, rights=self.key_rights).must(act)
        return standing.creator_id

    def may(self, act: Act) -> bool:
        """Whether they may do that too, for the same creator."""
        try:
            self.acting_for(act)
        except Forbidden:
            return False
        return True

    def _standing(self) -> Standing:
        if not self.standings:
            ways = "POST /api/v1/auth/upgrade-to-creator founds a business, and an invitation lets you join one"
            raise ActsForNobody(f"this account acts for no creator: {ways}")
        if self.named is not None:
            if self.named not in self.standings:
                raise Forbidden(f"{CREATOR} names no creator that this account acts for")
            return self.standings[self.named]
        owned = [standing for standing in self.standings.values() if standing.owner]
        meant = owned if len(owned) == 1 else list(self.standings.values())
        if len(meant) > 1:
            raise CreatorNeeded(f"you act for several creators; send {CREATOR}: {' or '.join(self.standings)}")
        return meant[0]


async def recognise(request: web.Request) -> None:
    """What has to be asked elsewhere about the token, before any transaction: an outside issuer's keys.

    Raises NotSignedIn for a token of such an issuer that is not good, and RegistrationClosed for one of somebody who
    has no account where nobody gets one by it.
    """
    outside = request.app[TOOLS].outside
    if outside is None or len(request.headers.getall("Authorization", [])) != 1:
        return
    token = _bearer(request)
    if outside.issues(issuer_of(token)):
        request[_OUTSIDE] = await outside.vouched(token)


def vouched_for(request: web.Request) -> Vouched | None:
    """Once `recognise` has asked; None of a token of ours."""
    return request.get(_OUTSIDE)


async def sign_in(request: web.Request, session: AsyncSession) -> Caller:
    """Reads the account and what it may do anew at each request, so that taking a right away works at once."""
    outside = request.get(_OUTSIDE)
    if outside is not None:
        known = await active_account(session, outside.account_id)
        if known is None:
            raise _ended()
        return Caller(*known, _named(request), subject=outside.subject)
    if _bearer(request).startswith(BEGINNING):
        return await _by_key(request, session)
    token, now = _own_token(request), request.app[TOOLS].clock()
    found = await signed_in(session, token.account_id, token.sign_in_id, now=now)
    if found is None:
        raise _ended()
    account, standings, way = found
    return Caller(account, standings, _named(request), token.sign_in_id, for_script=way == IN_BOT)


async def must_still(session: AsyncSession, caller: Caller, act: Act, creator_id: int) -> None:
    """Of what is done long after who calls was asked: a right that was taken away meanwhile is gone.

    The token may have run out since, as it does under a long upload. Raises NotSignedIn or Forbidden.
    """
    found = await active_account(session, caller.account.id)
    if found is None:
        raise NotSignedIn("this account has been closed meanwhile")
    standing = next((each for each in found[1].values() if each.creator_id == creator_id), None)
    if standing is None:
        raise Forbidden("this account does not act for that creator any more")
    standing.must(act)


async def sign_in_if_any(request: web.Request, session: AsyncSession) -> Caller | None:
    """For public addresses: None without a token. A bad one is refused there too."""
    return await sign_in(request, session) if "Authorization" in request.headers else None


def _own_token(request: web.Request) -> AccessToken:
    """Read once: a request that writes asks for its caller twice, and a stream time and again."""
    tools = request.app[TOOLS]
    token, now = request.get(_TOKEN), tools.clock()
    if token is None or token.expires_at <= now:
        token = read_access_token(tools.access_key, _bearer(request), issuer=ISSUER, audience=AUDIENCE, now=now)
        request[_TOKEN] = token
    return token


async def _by_key(request: web.Request, session: AsyncSession) -> Caller:
    secret, now = _bearer(request), request.app[TOOLS].clock()
    holder = await key_holder(session, secret, now=now) if secret.isascii() else None
    if holder is None:
        raise NotSignedIn("this API key is not good any more")
    if holder.used_at is None or holder.used_at <= now - NOTED_EVERY:
        request[KEY_USED] = holder.key_id
    return Caller(holder.account, {holder.slug: holder.standing}, _named(request), key_rights=holder.rights)


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


def _ended() -> NotSignedIn:
    return NotSignedIn("this session has ended; sign in again")


def _sign_in_needed(by: str) -> SignInNeeded:
    ways = "by your password at /auth/login, or by a code from the bot at /auth/otp"
    return SignInNeeded(f"{by} cannot do that: sign in {ways}, and use the token that you get there")
