"""`Idempotency-Key`: a repeat is answered as the first was, and does nothing.

https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-idempotency-key-header
"""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web
from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from kit.errors import Conflict, Invalid
from store.database import insert_once
from store.models import Repeatable
from web.api.body import BODY_DIGEST
from web.api.route import Call

KEY = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
# whoever has not been answered by then has crashed, and another may try
LONGEST_TRY = timedelta(minutes=2)
_LONGEST_KEY = 255
_FIRST_ERROR = 400
_KEPT_HEADERS = ("Content-Type", "Cache-Control", "Location")
_UNDER_WAY = 0


class KeyReused(Invalid):
    """The key was given with another request: which of them was meant?"""

    code = "key_reused"


class StillUnderWay(Conflict):
    """The first is being answered at this moment."""

    code = "in_progress"


class AnswerForgotten(Conflict):
    """It was done, and its answer went when somebody of whom it may tell was forgotten."""

    code = "answer_forgotten"


@dataclass(frozen=True, slots=True)
class _Asked:
    account_id: int
    key: str
    digest: str
    now: datetime


async def answered_before(call: Call[Any, Any]) -> web.Response | None:
    """What the first was answered; None for a new one, or without a key.

    The key is taken in the transaction of the act: a second that comes meanwhile waits, and is answered the same.
    Raises KeyReused, or AnswerForgotten.
    """
    asked = _asked(call)
    return None if asked is None else await _take(call.session, asked)


async def remember(call: Call[Any, Any], response: web.StreamResponse) -> None:
    """Keeps a good answer together with what was done; of any other the key is free again."""
    asked = _asked(call)
    if asked is not None:
        await _keep(call.session, asked, response)


async def do_once(call: Call[Any, Any], do: Callable[[], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
    """For what is done in several transactions, with wire calls between them: the key is taken in one of its own.

    Raises KeyReused, AnswerForgotten, or StillUnderWay for a second that comes meanwhile.
    """
    asked, database = _asked(call), call.tools.database
    if asked is None:
        return await do()
    async with database.transaction() as session:
        before = await _take(session, asked)
    if before is not None:
        return before
    try:
        response = await do()
    except BaseException:
        async with database.transaction() as session:
            await session.execute(delete(Repeatable).where(*_row(asked), Repeatable.status == _UNDER_WAY))
        raise
    async with database.transaction() as session:
        await _keep(session, asked, response)
    return response


async def _take(session: AsyncSession, asked: _Asked) -> web.Response | None:
    too_old = or_(
        Repeatable.created_at <= asked.now - KEPT,
        and_(Repeatable.status == _UNDER_WAY, Repeatable.created_at <= asked.now - LONGEST_TRY),
    )
    await session.execute(delete(Repeatable).where(*_row(asked), too_old))
    values = {
        "account_id": asked.account_id,
        "key": asked.key,
        "digest": asked.digest,
        "status": _UNDER_WAY,
        "answer": {},
        "created_at": asked.now,
    }
    if await insert_once(session, Repeatable, values) is not None:
        return None
    first = await session.scalar(select(Repeatable).where(*_row(asked)))
    if first is None:
        raise StillUnderWay("the first of these requests has just come to its end; send it again")
    if first.digest != asked.digest:
        raise KeyReused(f"this {KEY} was given with another request", fields={KEY: "was used already"})
    if first.status == _UNDER_WAY:
        raise StillUnderWay("the first of these requests is being answered; ask again in a moment")
    kept = first.answer
    if not kept:
        raise AnswerForgotten("this was done before; what it was answered is forgotten by now")
    headers = {**kept["headers"], REPLAYED: "true"}
    return web.Response(body=kept["body"].encode(), status=first.status, headers=headers)


async def _keep(session: AsyncSession, asked: _Asked, response: web.StreamResponse) -> None:
    if not isinstance(response, web.Response) or response.status >= _FIRST_ERROR:
        await session.execute(delete(Repeatable).where(*_row(asked)))
        return
    body = response.body if isinstance(response.body, bytes) else b""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    kept = {"body": body.decode(), "headers": headers}
    await session.execute(update(Repeatable).where(*_row(asked)).values(status=response.status, answer=kept))


def _row(asked: _Asked) -> tuple[Any, Any]:
    return Repeatable.account_id == asked.account_id, Repeatable.key == asked.key


def _asked(call: Call[Any, Any]) -> _Asked | None:
    """Without an account there is nobody whose key it could be. Raises Invalid for a key that is none."""
    given = call.request.headers.getall(KEY, [])
    if not given or call.caller is None:
        return None
    key = given[0].strip()
    if len(given) > 1 or not (key.isascii() and key.isprintable() and 0 < len(key) <= _LONGEST_KEY):
        raise Invalid(f"{KEY} is one line of up to {_LONGEST_KEY} characters", fields={KEY: "cannot be read"})
    request = call.request
    parts = (request.method, request.rel_url.raw_path_qs, str(call.for_creator), request.get(BODY_DIGEST, ""))
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return _Asked(call.account.id, key, digest, call.tools.clock())
