"""`/api/v1/broadcasts`: written, looked at, tried out, and what came of them. Nothing goes out from here."""

import secrets
from typing import Any

from automations.broadcast_trials import NobodyToFillIn, queue_trial, trial_message
from domain.access import Act
from domain.broadcasts.acts import (
    BroadcastChanged,
    BroadcastStands,
    NoSuchBroadcast,
    TooManyDrafts,
    change_content,
    change_segment,
    copy_broadcast,
    discard_broadcast,
    draft_broadcast,
    find_broadcast,
)
from domain.broadcasts.audience import Reach, audience_of, count_reach
from domain.broadcasts.checking import check_content
from domain.broadcasts.definition import BadBroadcast, content_of, variant_name
from domain.messages.plain import Message
from domain.shown import showing
from kit.errors import Conflict
from kit.paging import Page
from store.models import Broadcast, Person
from store.queries.broadcasts import count_broadcasts, count_recipients, list_broadcasts, outcomes_of, reasons_of
from store.segments.question import BadSegment
from web.api.broadcast_answers import (
    BroadcastDetail,
    BroadcastItem,
    BroadcastPreview,
    BroadcastStatistics,
    Change,
    Checked,
    Draft,
    ShownButton,
    ShownMessage,
    said,
)
from web.api.lists import ListAnswer
from web.api.query import ListQuery
from web.api.route import Answered, Call, NoBody, NoQuery, Plain, Route

# wordings of it, in all variants and languages
_MOST_SHOWN = 10
_REASONS = 10
_LARGEST = 256 * 1024


class NoChat(Conflict):
    """The account is bound to nobody in Telegram, so it has no chat to send a trial to."""

    code = "no_chat"


async def show_broadcasts(call: Call[ListQuery, NoBody]) -> ListAnswer[BroadcastItem]:
    paging = call.query.paging()
    total = await count_broadcasts(call.session, call.creator_id)
    rows = await list_broadcasts(call.session, call.creator_id, limit=paging.limit, offset=paging.offset)
    return ListAnswer[BroadcastItem].of(Page(rows, total, paging), BroadcastItem.of)


async def enter_broadcast(call: Call[NoQuery, Draft]) -> BroadcastDetail:
    """A draft: nobody gets it before it is sent or scheduled."""
    new, setup, now = call.body, call.tools.published.setup(call.creator_id), call.tools.clock()
    question = new.segment.strip()
    await audience_of(call.session, call.creator_id, question, setup, now=now)
    drafted = await draft_broadcast(
        call.session,
        call.creator_id,
        call.account.person_id,
        new.says(setup),
        segment=question,
        setup=setup,
        now=now,
    )
    return BroadcastDetail.whole(drafted)


async def check(call: Call[NoQuery, Draft]) -> Checked:
    """Whether it could go out so, and to how many; nothing is saved."""
    new, setup, now = call.body, call.tools.published.setup(call.creator_id), call.tools.clock()
    async with call.tools.database.reading() as session:
        try:
            await check_content(session, call.creator_id, new.says(setup), setup)
            reach = await count_reach(session, call.creator_id, new.segment.strip(), setup, now=now)
        except (BadBroadcast, BadSegment) as wrong:
            return Checked(valid=False, problem=str(wrong), met=0, reached=0)
    return Checked(valid=True, problem=None, met=reach.met, reached=reach.reached)


async def show_broadcast(call: Plain) -> BroadcastDetail:
    return BroadcastDetail.whole(await _found(call))


async def edit_broadcast(call: Call[NoQuery, Change]) -> BroadcastDetail:
    """Of a draft alone."""
    change, setup, now = call.body, call.tools.published.setup(call.creator_id), call.tools.clock()
    found, revision = await _found(call), change.revision
    content = said(change.text, change.content, setup)
    if content is not None:
        await change_content(call.session, found, content, setup=setup, revision=revision)
        revision = found.revision
    if change.segment is not None:
        question = change.segment.strip()
        await audience_of(call.session, call.creator_id, question, setup, now=now)
        await change_segment(call.session, found, question, revision=revision)
    return BroadcastDetail.whole(found)


async def discard(call: Plain) -> None:
    """A draft, or one that is scheduled; what has begun is cancelled."""
    await discard_broadcast(call.session, await _found(call), now=call.tools.clock())


async def copy(call: Plain) -> BroadcastDetail:
    """A new draft that says the same to the same."""
    copied = await copy_broadcast(call.session, await _found(call), call.account.person_id, now=call.tools.clock())
    return BroadcastDetail.whole(copied)


async def preview(call: Plain) -> BroadcastPreview:
    """Each wording as the caller would read it, and how many it would reach now; nothing is sent."""
    found = await _found(call)
    setup, now = call.tools.published.setup(call.creator_id), call.tools.clock()
    reach: Reach = await count_reach(call.session, call.creator_id, found.segment, setup, now=now)
    person = await _person(call) or Person(id=0, telegram_id=0, first_name=call.account.name, username=None)
    by = showing(call.tools.published, call.creator_id)
    messages = []
    for place, language in _wordings(found):
        filled = await trial_message(call.session, found, person, by, variant=place, language=language, now=now)
        messages.append(_shown(place, language, filled))
    return BroadcastPreview(met=reach.met, reached=reach.reached, messages=messages)


async def try_out(call: Plain) -> Answered:
    """Sends each wording to the caller's own chat, and to nobody else."""
    found, person = await _found(call), await _person(call)
    if person is None:
        raise NoChat("this account has no chat with the bot; bind it by the link that the bot gives")
    by, asked_as = showing(call.tools.published, call.creator_id), secrets.token_hex(8)
    messages = []
    for place, language in _wordings(found):
        sent = await queue_trial(
            call.session,
            found,
            person,
            by,
            variant=place,
            language=language,
            asked_as=asked_as,
            now=call.tools.clock(),
        )
        messages.append(_shown(place, language, sent))
    setup = call.tools.published.setup(call.creator_id)
    reach = await count_reach(call.session, call.creator_id, found.segment, setup, now=call.tools.clock())
    return Answered(BroadcastPreview(met=reach.met, reached=reach.reached, messages=messages), status=202)


async def show_statistics(call: Plain) -> BroadcastStatistics:
    found = await _found(call)
    return BroadcastStatistics.of(
        found,
        await count_recipients(call.session, found.id),
        await outcomes_of(call.session, found, now=call.tools.clock()),
        await reasons_of(call.session, found.id, most=_REASONS),
    )


async def _found(call: Call[Any, Any]) -> Broadcast:
    return await find_broadcast(call.session, call.creator_id, call.number("broadcast_id"))


async def _person(call: Call[Any, Any]) -> Person | None:
    person_id = call.account.person_id
    return None if person_id is None else await call.session.get(Person, person_id)


def _wordings(found: Broadcast) -> list[tuple[int, str]]:
    """Each variant in each of its languages; of very many the first."""
    variants = content_of(found).variants
    return [(place, language) for place, each in enumerate(variants) for language in each.wordings][:_MOST_SHOWN]


def _shown(place: int, language: str, message: Message) -> ShownMessage:
    buttons = [[ShownButton(text=each.text, url=each.url) for each in row] for row in message.buttons]
    return ShownMessage(variant=variant_name(place), language=language, text=message.text, buttons=buttons)


_EXAMPLE = {"text": "Hello {{ lead.first_name }}, the <b>spring pack</b> is out", "segment": "tag:vip"}
_WRITING = "test_api_broadcasts.py::test_a_broadcast_is_written_changed_copied_and_thrown_away"
_WRONG = "test_api_broadcasts.py::test_what_cannot_be_said_is_refused"
_TRYING = "test_api_broadcasts.py::test_a_broadcast_is_checked_shown_and_tried_out_by_oneself"
_STRANGER = "test_api_broadcasts.py::test_somebody_elses_broadcasts_are_not_there"

ROUTES: tuple[Route[Any, Any], ...] = (
    Route(
        "GET",
        "/broadcasts",
        Act.SEE_BROADCASTS,
        show_broadcasts,
        "Broadcasts, the newest first",
        {200: ListAnswer[BroadcastItem]},
        query=ListQuery,
        proves=(_WRITING,),
    ),
    Route(
        "POST",
        "/broadcasts",
        Act.CHANGE_BROADCASTS,
        enter_broadcast,
        "Writes a draft",
        {201: BroadcastDetail},
        session="write",
        body=Draft,
        refuses=(BadBroadcast, BadSegment, TooManyDrafts),
        repeatable=True,
        most=_LARGEST,
        example=_EXAMPLE,
        proves=(_WRITING, _WRONG),
    ),
    Route(
        "POST",
        "/broadcasts/check",
        Act.SEE_BROADCASTS,
        check,
        "Whether something could go out so, and to how many",
        {200: Checked},
        session="none",
        body=Draft,
        rate="heavy",
        most=_LARGEST,
        example=_EXAMPLE,
        proves=(_TRYING,),
    ),
    Route(
        "GET",
        "/broadcasts/{broadcast_id}",
        Act.SEE_BROADCASTS,
        show_broadcast,
        "One broadcast, and what it says",
        {200: BroadcastDetail},
        refuses=(NoSuchBroadcast,),
        proves=(_WRITING, _STRANGER),
    ),
    Route(
        "PATCH",
        "/broadcasts/{broadcast_id}",
        Act.CHANGE_BROADCASTS,
        edit_broadcast,
        "Changes a draft",
        {200: BroadcastDetail},
        session="write",
        body=Change,
        refuses=(NoSuchBroadcast, BadBroadcast, BadSegment, BroadcastStands, BroadcastChanged),
        most=_LARGEST,
        example={"text": "Hello again", "revision": 0},
        proves=(_WRITING, _WRONG, _STRANGER),
    ),
    Route(
        "DELETE",
        "/broadcasts/{broadcast_id}",
        Act.CHANGE_BROADCASTS,
        discard,
        "Throws a draft away",
        {204: None},
        session="write",
        refuses=(NoSuchBroadcast, BroadcastStands),
        proves=(_WRITING, _STRANGER),
    ),
    Route(
        "POST",
        "/broadcasts/{broadcast_id}/copy",
        Act.CHANGE_BROADCASTS,
        copy,
        "Writes a draft that says the same",
        {201: BroadcastDetail},
        session="write",
        refuses=(NoSuchBroadcast, BadBroadcast, TooManyDrafts),
        repeatable=True,
        proves=(_WRITING, _STRANGER),
    ),
    Route(
        "POST",
        "/broadcasts/{broadcast_id}/preview",
        Act.SEE_BROADCASTS,
        preview,
        "Its wordings as one would read them oneself, and how many it would reach",
        {200: BroadcastPreview},
        session="write",
        refuses=(NoSuchBroadcast, BadBroadcast, BadSegment, NobodyToFillIn),
        rate="heavy",
        proves=(_TRYING, _STRANGER),
    ),
    Route(
        "POST",
        "/broadcasts/{broadcast_id}/trial",
        Act.CHANGE_BROADCASTS,
        try_out,
        "Sends it to oneself",
        {202: BroadcastPreview},
        session="write",
        refuses=(NoSuchBroadcast, BadBroadcast, BadSegment, NobodyToFillIn, NoChat),
        rate="heavy",
        repeatable=True,
        proves=(_TRYING, _STRANGER),
    ),
    Route(
        "GET",
        "/broadcasts/{broadcast_id}/statistics",
        Act.SEE_BROADCASTS,
        show_statistics,
        "What became of each recipient, and what came of it",
        {200: BroadcastStatistics},
        refuses=(NoSuchBroadcast,),
        proves=("test_api_broadcast_moves.py::test_a_broadcast_goes_out_pauses_goes_on_and_is_counted",),
    ),
)
