"""`/api/v1/{user_id}/ideas`: a creator's content ideas, under their own address."""

from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from domain.access import Act
from domain.idea_changes import IdeaChanges, change_idea, set_products
from domain.idea_checks import add_checks
from domain.idea_parts import NoSuchIdea, no_such_idea, normal_tag
from domain.ideas import add_idea, delete_idea, find_by_public_id, hold_idea, move_idea
from kit.errors import Invalid
from store.models import Idea, IdeaStage, Priority
from store.queries.idea_whole import WholeIdea, whole_idea
from store.queries.ideas import IdeaFilter, IdeaSort, last_number, list_ideas
from web.api.idea_bodies import IdeaItem, NewIdea, PutIdea, SomeOfIdea, WholeItem
from web.api.lists import ListAnswer
from web.api.query import ListQuery, Text, Whole, Words
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

# the number of the last idea that there was when a list began
UP_TO = "X-Up-To"
# instants begin with the newest, everything else with the first
_NEWEST_FIRST = frozenset({IdeaSort.CREATED_AT, IdeaSort.UPDATED_AT})
# of bodies, by what they are called in the store; the stage and the products have acts of their own
_CHANGED = {
    "title": "title",
    "notes": "notes",
    "tags": "tags",
    "priority": "priority",
    "due_date": "due_date",
    "funnel": "funnel_key",
    "link": "link_id",
}


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


class IdeaQuery(ListQuery):
    """`tags`: any of them. `up_to`: nothing that was added after the idea of that number."""

    stage: IdeaStage | None = None
    priority: Priority | None = None
    tags: Words = ()
    search: Text = ""
    sort: IdeaSort = IdeaSort.CREATED_AT
    order: Order | None = None
    up_to: Annotated[Whole, Field(ge=0, lt=2**63)] | None = None

    def filter(self) -> IdeaFilter:
        return IdeaFilter(
            stage=self.stage,
            priority=self.priority,
            # as they are kept; one that cannot be kept finds nothing
            tags=tuple(normal_tag(tag) for tag in self.tags),
            search=self.search.strip(),
            sort=self.sort,
            descending=self.order is Order.DESC if self.order else self.sort in _NEWEST_FIRST,
            up_to=self.up_to,
        )


async def show_ideas(call: Call[IdeaQuery, NoBody]) -> Answered:
    """Pages that are asked for with the first answer's `X-Up-To` as `up_to` stand still while ideas are added."""
    call.must_be(call.request.match_info["user_id"])
    wanted = call.query.filter()
    page = await list_ideas(call.session, call.creator_id, wanted, call.query.paging(), totals=call.tools.totals.of)
    up_to = await last_number(call.session, call.creator_id) if wanted.up_to is None else wanted.up_to
    return Answered(ListAnswer[IdeaItem].of(page, IdeaItem.of), headers={UP_TO: str(up_to)})


async def show_idea(call: Plain) -> WholeItem:
    """With its products, checklist, attachments, the last of its history, and its latest post."""
    return await _told(call, await found(call))


async def enter_idea(call: Call[NoQuery, NewIdea]) -> WholeItem:
    """A title is enough."""
    call.must_be(call.request.match_info["user_id"])
    new, now = call.body, call.tools.clock()
    idea = await add_idea(
        call.session,
        creator_id=call.creator_id,
        title=new.title,
        notes=new.notes,
        tags=new.tags,
        priority=new.priority,
        due_date=new.due_date,
        stage=new.stage,
        now=now,
    )
    await _change(call, idea, new, {"funnel", "link", "products"} & new.model_fields_set)
    checks = await add_checks(call.session, idea, new.checklist, now=now) if new.checklist else ()
    # nothing else can hang on it yet
    products = sorted(set(new.products))
    return WholeItem.whole(WholeIdea(idea, products, checks, attachments=(), moves=(), post=None))


async def change_part(call: Call[NoQuery, SomeOfIdea]) -> WholeItem:
    idea = await held(call)
    await _change(call, idea, call.body, call.body.model_fields_set)
    return await _told(call, idea)


async def put_idea(call: Call[NoQuery, PutIdea]) -> WholeItem:
    """Its checklist, attachments and posts stay."""
    idea = await held(call)
    await _change(call, idea, call.body, PutIdea.model_fields.keys())
    return await _told(call, idea)


async def remove_idea(call: Plain) -> None:
    """For good; its number is not given again, and what was posted of it stays posted."""
    await delete_idea(call.session, await found(call), now=call.tools.clock())


def id_of(call: Call[Any, Any]) -> UUID:
    """Which idea the address names. Raises Forbidden for another's address, and NoSuchIdea for what is no id."""
    call.must_be(call.request.match_info["user_id"])
    told = call.word("idea_id")
    try:
        public_id = UUID(told)
    except ValueError:
        raise no_such_idea(told[:50]) from None
    if str(public_id) != told.lower():
        raise no_such_idea(told[:50])
    return public_id


async def found(call: Call[Any, Any]) -> Idea:
    """Held by nobody: what is called off holds its row of the outbox first. Raises NoSuchIdea."""
    public_id = id_of(call)
    idea = await find_by_public_id(call.session, call.creator_id, public_id)
    if idea is None:
        raise no_such_idea(str(public_id))
    return idea


async def held(call: Call[Any, Any]) -> Idea:
    """As it is now, until the end of the transaction. Raises NoSuchIdea."""
    return await hold_idea(call.session, call.creator_id, public_id=id_of(call))


async def _change(call: Call[Any, Any], idea: Idea, body: PutIdea | SomeOfIdea, named: Any) -> None:
    now = call.tools.clock()
    changes: Any = {kept: getattr(body, name) for name, kept in _CHANGED.items() if name in named}
    changed: IdeaChanges = changes
    if changed:
        await change_idea(call.session, idea, changed, now=now)
    if "products" in named:
        await set_products(call.session, idea, body.products, now=now)
    if "stage" in named:
        await move_idea(call.session, idea, body.stage, now=now)


async def _told(call: Call[Any, Any], idea: Idea) -> WholeItem:
    return WholeItem.whole(await whole_idea(call.session, idea))


_LIFE = "test_api_ideas.py::test_an_idea_is_added_read_changed_moved_and_deleted"
_WRONG = "test_api_ideas.py::test_what_an_idea_cannot_be_is_refused_with_its_reason"
_OTHERS = "test_api_ideas.py::test_another_creators_idea_is_not_found_and_another_accounts_address_is_forbidden"
_EXAMPLE = {
    "title": "Studio tour",
    "notes": "Show the new lights",
    "tags": ["video"],
    "priority": "high",
    "due_date": "2026-12-01",
    "checklist": ["Charge the camera"],
}
ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/{user_id}/ideas",
        Act.SEE_IDEAS,
        show_ideas,
        "A creator's content ideas",
        {200: ListAnswer[IdeaItem]},
        query=IdeaQuery,
        heads={UP_TO: "The number of the newest idea as it was answered: `up_to` of the pages that follow."},
        proves=(
            "test_web_ideas.py::test_the_list_has_the_shape_that_all_lists_have",
            "test_api_ideas.py::test_pages_stand_still_while_ideas_are_added",
        ),
    ),
    Route(
        "POST",
        "/{user_id}/ideas",
        Act.CHANGE_IDEAS,
        enter_idea,
        "Adds an idea",
        {201: WholeItem},
        session="write",
        body=NewIdea,
        refuses=(Invalid,),
        repeatable=True,
        example=_EXAMPLE,
        proves=(_LIFE, _WRONG, _OTHERS),
    ),
    Route(
        "GET",
        "/{user_id}/ideas/{idea_id}",
        Act.SEE_IDEAS,
        show_idea,
        "An idea with all that hangs on it",
        {200: WholeItem},
        refuses=(NoSuchIdea,),
        proves=(_LIFE, _OTHERS),
    ),
    Route(
        "PUT",
        "/{user_id}/ideas/{idea_id}",
        Act.CHANGE_IDEAS,
        put_idea,
        "Says all of an idea anew",
        {200: WholeItem},
        session="write",
        body=PutIdea,
        refuses=(NoSuchIdea, Invalid),
        example={"title": "Studio tour", "stage": "draft", "tags": ["video"]},
        proves=(_LIFE, _WRONG, _OTHERS),
    ),
    Route(
        "PATCH",
        "/{user_id}/ideas/{idea_id}",
        Act.CHANGE_IDEAS,
        change_part,
        "Changes parts of an idea, or moves it",
        {200: WholeItem},
        session="write",
        body=SomeOfIdea,
        refuses=(NoSuchIdea, Invalid),
        example={"stage": "outline"},
        proves=(_LIFE, _WRONG, _OTHERS),
    ),
    Route(
        "DELETE",
        "/{user_id}/ideas/{idea_id}",
        Act.CHANGE_IDEAS,
        remove_idea,
        "Deletes an idea for good",
        {204: None},
        session="write",
        refuses=(NoSuchIdea,),
        proves=(_LIFE, _OTHERS),
    ),
)
