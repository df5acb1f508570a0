"""From a route of the table to a handler of the server: who calls, whether they may, what they sent."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import RULES
from domain.api_keys import note_use
from kit.errors import Forbidden, NotSignedIn
from kit.log import get_logger
from store.database import is_unavailable
from web.answers import answer
from web.api.body import read_json
from web.api.query import read_query
from web.api.repeating import answered_before, do_once, remember
from web.api.route import Answered, Call, NoBody, Route
from web.auth import KEY_USED, ActsForNobody, Caller, recognise, sign_in, sign_in_if_any
from web.own_business import found_own
from web.rates import take_turn
from web.tools import TOOLS
from web.turns import TurnsSpent

_log = get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def serve(route: Route[Any, Any], taken: Collection[str] = ()) -> Handler:
    """Answers requests to that address; `taken` are the words that stand for something else than a `sub` there.

    A 401, a 403 and a 429 are said before a body is read; in a route that writes, who calls is asked again in the
    transaction, since a right may be taken away meanwhile.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        response = await _in_turn(route, request, attend)
        await _note_key(request)
        return response

    async def attend(request: web.Request) -> web.StreamResponse:
        tools = request.app[TOOLS]
        if not RULES[route.act].way_in:
            await _recognise(request)
        if route.session == "read":
            async with tools.database.reading() as session:
                call = await _admit(route, request, session, taken)
                return _answer(route, await route.does(call))
        async with tools.database.reading() as session:
            first = await _admit(route, request, session, taken)
        reads = route.body is not NoBody and route.takes is None
        body = await read_json(request, route.body, most=route.most) if reads else first.body
        if route.session == "none":
            call = _with(first, body, first.caller, None)
            return await (do_once(call, lambda: _done(route, call)) if route.repeatable else _done(route, call))
        async with tools.database.transaction() as session:
            caller = await _caller(route, request, session)
            _must(route, caller)
            if _for_creator(route, caller) != first.for_creator:
                # who acts for several would else go on with the rows of one that is theirs no more
                raise Forbidden("this account does not act for that creator any more")
            call = _with(first, body, caller, session)
            if route.repeatable and (before := await answered_before(call)) is not None:
                return before
            response = _answer(route, await route.does(call))
            if route.repeatable:
                await remember(call, response)
            return response

    return handle


def _is_under(route: Route[Any, Any], request: web.Request, subject: str) -> bool:
    """Whether they mean the ideas of their own address, whichever route that leads to."""
    if route.is_own:
        return request.match_info["user_id"] == subject
    _, word, *parts = route.path.split("/")
    named = request.match_info.get(parts[0].strip("{}")) if parts else None
    return word == subject and named == "ideas"


async def _in_turn(route: Route[Any, Any], request: web.Request, attend: Handler) -> web.StreamResponse:
    while True:
        try:
            return await attend(request)
        except TurnsSpent as spent:
            # nothing has been done yet, and no transaction is open
            tools = request.app[TOOLS]
            await tools.turns.take_more(spent, now=tools.clock())
        except ActsForNobody:
            # said before anything is done, too
            if not route.is_own or not await found_own(request):
                raise


async def _recognise(request: web.Request) -> None:
    try:
        await recognise(request)
    except (NotSignedIn, Forbidden):
        take_turn(request, "public", None)
        raise


async def _note_key(request: web.Request) -> None:
    """When its key was used last; what was asked for is done, whether that can be written down or not."""
    if (key_id := request.get(KEY_USED)) is None:
        return
    tools = request.app[TOOLS]
    try:
        async with tools.database.transaction() as session:
            await note_use(session, key_id, now=tools.clock())
    except Exception as error:
        if not is_unavailable(error):
            raise
        _log.warning("the use of an API key is not noted", error=type(error).__name__)


async def _admit(
    route: Route[Any, Any], request: web.Request, session: AsyncSession, taken: Collection[str]
) -> Call[Any, Any]:
    tools = request.app[TOOLS]
    try:
        caller = await _caller(route, request, session)
    except NotSignedIn:
        take_turn(request, "public", None)
        raise
    take_turn(request, route.rate, caller)
    if caller is not None and caller.subject in taken and _is_under(route, request, str(caller.subject)):
        word = caller.subject
        raise Forbidden(f"`{word}` is a word of this API: nobody whom an issuer calls that can have an address of it")
    _must(route, caller)
    return Call(
        request=request,
        tools=tools,
        query=read_query(request, route.query),
        body=NoBody(),
        caller=caller,
        for_creator=_for_creator(route, caller),
        open_session=session,
    )


async def _caller(route: Route[Any, Any], request: web.Request, session: AsyncSession) -> Caller | None:
    """Raises NotSignedIn."""
    rule = RULES[route.act]
    if rule.way_in:
        return None
    return await (sign_in_if_any(request, session) if rule.public else sign_in(request, session))


def _must(route: Route[Any, Any], caller: Caller | None) -> None:
    """Raises Forbidden for what is not theirs to do: after their turn was taken, so that this is not asked for free."""
    if caller is not None:
        caller.must(route.act)


def _for_creator(route: Route[Any, Any], caller: Caller | None) -> int | None:
    return caller.acting_for(route.act) if caller is not None and RULES[route.act].of_creator else None


async def _done(route: Route[Any, Any], call: Call[Any, Any]) -> web.StreamResponse:
    return _answer(route, await route.does(call))


def _with(
    first: Call[Any, Any], body: BaseModel, caller: Caller | None, session: AsyncSession | None
) -> Call[Any, Any]:
    return Call(first.request, first.tools, first.query, body, caller, first.for_creator, session)


def _answer(route: Route[Any, Any], done: BaseModel | Answered | None) -> web.StreamResponse:
    if isinstance(done, Answered):
        if done.response is not None:
            return done.response
        status = route.usual if done.status is None else done.status
        response = web.Response(status=status) if done.body is None else answer(done.body, status=status)
        response.headers.update(done.headers)
        return response
    return web.Response(status=route.usual) if done is None else answer(done, status=route.usual)
