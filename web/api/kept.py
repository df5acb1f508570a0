"""Sums of a business, which cost much where it is large: many who ask at once are told one answer."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from store.queries.creator_sums import size_of_business
from web.answers import answer_in, json_of
from web.api.route import Answered, Call, Does, NoBody


def kept(show: Callable[[Call[Any, NoBody]], Awaitable[BaseModel]]) -> Does[Any, NoBody]:
    """What many ask at once is worked out once; of a large business, the answer is at most a minute old."""

    async def does(call: Call[Any, NoBody]) -> Answered:
        tools, creator_id = call.tools, call.creator_id

        async def make() -> tuple[bytes, int]:
            async with tools.database.reading() as session:
                told = json_of(await show(replace(call, open_session=session)))
                most = tools.own_answers.exact_up_to + 1
                return told, await size_of_business(session, creator_id, most=most)

        where = tuple(call.request.match_info.items())
        return Answered(response=answer_in(await tools.own_answers.of((show, creator_id, where, call.query), make)))

    return does
