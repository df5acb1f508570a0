"""`/api/v1/{user_id}/ideas/{id}/checklist` and `/history`: what belongs to one idea, line by line."""

from typing import Any

from sqlalchemy import select

from domain.access import Act
from domain.idea_checks import TooManyChecks, add_checks, remove_check, reword_check, tick_check
from domain.idea_parts import NoSuchIdea, no_such_idea
from domain.ideas import find_by_public_id
from kit.errors import Invalid, NotFound
from store.models import Idea, IdeaCheck
from store.queries.idea_whole import page_of_moves
from web.api.idea_bodies import CheckItem, MoveItem, NewCheck, SomeOfCheck
from web.api.ideas import held, id_of
from web.api.lists import ListAnswer
from web.api.query import ListQuery
from web.api.route import Call, NoBody, NoQuery, Plain, Route


async def show_history(call: Call[ListQuery, NoBody]) -> ListAnswer[MoveItem]:
    """Newest first."""
    public_id = id_of(call)
    idea = await find_by_public_id(call.session, call.creator_id, public_id)
    if idea is None:
        raise no_such_idea(str(public_id))
    page = await page_of_moves(call.session, idea, call.query.paging())
    return ListAnswer[MoveItem].of(page, lambda row: MoveItem.model_validate(row, from_attributes=True))


async def enter_check(call: Call[NoQuery, NewCheck]) -> CheckItem:
    """At the end of the list."""
    idea = await held(call)
    added = await add_checks(call.session, idea, [call.body.what], now=call.tools.clock())
    if not added:
        raise Invalid("a line says something", fields={"what": "has to say something"})
    return CheckItem.model_validate(added[0], from_attributes=True)


async def change_check(call: Call[NoQuery, SomeOfCheck]) -> CheckItem:
    """Saying the same again is no change."""
    idea, check_id, now = await held(call), call.number("check_id"), call.tools.clock()
    await _line(call, idea, check_id)
    given = call.body.model_fields_set
    if "what" in given:
        await reword_check(call.session, idea, check_id, call.body.what, now=now)
    if "done" in given:
        await tick_check(call.session, idea, check_id, done=call.body.done, now=now)
    return CheckItem.model_validate(await _line(call, idea, check_id), from_attributes=True)


async def drop_check(call: Plain) -> None:
    idea, check_id = await held(call), call.number("check_id")
    if not await remove_check(call.session, idea, check_id, now=call.tools.clock()):
        raise NotFound("its checklist has no such line")


async def _line(call: Call[Any, Any], idea: Idea, check_id: int) -> IdeaCheck:
    theirs = select(IdeaCheck).where(IdeaCheck.id == check_id, IdeaCheck.idea_id == idea.id)
    found = (await call.session.scalars(theirs.execution_options(populate_existing=True))).one_or_none()
    if found is None:
        raise NotFound("its checklist has no such line")
    return found


_LINES = "test_api_ideas.py::test_a_checklist_is_added_to_ticked_reworded_and_shortened"
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/{user_id}/ideas/{idea_id}/history",
        Act.SEE_IDEAS,
        show_history,
        "Every move of an idea from stage to stage",
        {200: ListAnswer[MoveItem]},
        query=ListQuery,
        refuses=(NoSuchIdea,),
        proves=("test_api_ideas.py::test_an_idea_is_added_read_changed_moved_and_deleted",),
    ),
    Route(
        "POST",
        "/{user_id}/ideas/{idea_id}/checklist",
        Act.CHANGE_IDEAS,
        enter_check,
        "Adds a line to an idea's checklist",
        {201: CheckItem},
        session="write",
        body=NewCheck,
        refuses=(NoSuchIdea, Invalid, TooManyChecks),
        repeatable=True,
        example={"what": "Charge the camera"},
        proves=(_LINES,),
    ),
    Route(
        "PATCH",
        "/{user_id}/ideas/{idea_id}/checklist/{check_id}",
        Act.CHANGE_IDEAS,
        change_check,
        "Ticks a line of a checklist, or words it anew",
        {200: CheckItem},
        session="write",
        body=SomeOfCheck,
        refuses=(NoSuchIdea, NotFound, Invalid),
        example={"done": True},
        proves=(_LINES,),
    ),
    Route(
        "DELETE",
        "/{user_id}/ideas/{idea_id}/checklist/{check_id}",
        Act.CHANGE_IDEAS,
        drop_check,
        "Takes a line off a checklist",
        {204: None},
        session="write",
        refuses=(NoSuchIdea, NotFound),
        proves=(_LINES,),
    ),
)
