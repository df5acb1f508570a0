"""Who begins a funnel by hand, and who leaves it: one lead, or everybody in a segment after a yes."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.edits import edit
from bot.handlers.funnel_access import own_funnel
from bot.handlers.funnel_screens import wording_of
from bot.handlers.lead_access import called, own_lead, read_number
from bot.turn import Turn
from domain.enrollments import begin_for_segment, end_enrollments, enroll_lead
from domain.funnels.definition import Funnel
from domain.funnels.heads import FunnelStands
from domain.holding import hold_living
from domain.lead_views import ViewGone, Wanted, close_view, find_view, open_view, wanted_by
from domain.messages.plain import Button, Message
from domain.prompts import Prompted, ask_next
from domain.starting_many import Startable, count_startable
from kit.text import shorten
from store.models import RUNS, Creator, FunnelHead
from store.queries.funnel_views import under_way_of

ACTS = frozenset({"fn-start", "fn-leave"})
# why somebody is through who was taken out of it
TAKEN_OUT = "by hand"
QUESTION_LENGTH = 200
_EVERYBODY = frozenset({"all", "everybody", "alle"})


async def ask_whom(turn: Turn, head: FunnelHead, what: str) -> None:
    if what == "start":
        _must_run(head)
    await ask_next(turn.session, turn.person.id, f"fn-{what}", {"funnel": head.id}, now=turn.now)
    turn.say("funnels-ask-start" if what == "start" else "funnels-ask-leave", name=head.key)


async def prompted(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    """The lead or the segment that was asked for."""
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    creator, head = await own_funnel(turn, int(asked.data["funnel"]))
    if asked.act == "fn-start":
        await start_line(turn, creator, head, text)
    else:
        await leave_line(turn, creator, head, text)


async def start_line(turn: Turn, creator: Creator, head: FunnelHead, text: str) -> None:
    """A lead begins at once; of a segment it is counted first. Raises BadSegment for what cannot be asked."""
    _must_run(head)
    number = read_number(text)
    if number is not None:
        await _start_one(turn, creator, head, number)
        return
    if text.lstrip("+-−").isdigit():
        raise turn.refusal("lead-unknown", lead=text)
    question = "all" if text.casefold() in _EVERYBODY else text
    count = await _count(turn, creator, head, question)
    values = {"met": count.met, "reached": count.reached}
    if not count.begin:
        raise turn.refusal("funnels-start-nobody", **values)
    view = await open_view(turn.session, creator.id, turn.person.id, Wanted(conditions=(question,)), now=turn.now)
    lines = [turn.words("funnels-start", name=head.key, question=shorten(question, QUESTION_LENGTH), **values)]
    if count.begin < count.reached:
        lines.append(turn.words("funnels-start-been", been=count.reached - count.begin))
    yes = Button(text=turn.words("funnels-button-begin", count=count.begin), data=f"fn:{head.id}:begin:{view.id}")
    back = Button(text=turn.words("funnels-button-card"), data=f"fn:{head.id}:show")
    turn.send(Message(text="\n".join(lines), buttons=((yes,), (back,))))


async def begin_tapped(turn: Turn, query: CallbackQuery, creator: Creator, head: FunnelHead, view_id: int) -> None:
    """Everybody in the segment that was counted, once. Raises Said for a second tap."""
    try:
        view = await find_view(turn.session, view_id, turn.person.id)
        question = wanted_by(view).question
        await close_view(turn.session, view)
    except ViewGone:
        raise turn.refusal("funnels-start-gone", name=head.key) from None
    # what it names may be gone since, or its wording another
    await _count(turn, creator, head, question)
    await begin_for_segment(turn.session, creator.id, head.key, question, now=turn.now)
    edit(turn, query, Message(text=turn.words("funnels-starting", name=head.key)))


async def leave_line(turn: Turn, creator: Creator, head: FunnelHead, text: str) -> None:
    """One lead is taken out of it, with whatever of it is still unsent."""
    number = read_number(text)
    if number is None:
        raise turn.refusal("funnels-leave-form", name=head.key)
    _, lead = await own_lead(turn, number)
    if lead.creator_id != creator.id:
        raise turn.refusal("lead-unknown", lead=number)
    lead = await hold_living(turn.session, lead)
    ids = await under_way_of(turn.session, lead.id, head.key)
    if not await end_enrollments(turn.session, ids, TAKEN_OUT, now=turn.now):
        raise turn.refusal("funnels-not-in-it", funnel=head.key, **await called(turn, lead))
    turn.say("funnels-left", funnel=head.key, **await called(turn, lead))


async def _start_one(turn: Turn, creator: Creator, head: FunnelHead, number: int) -> None:
    _, lead = await own_lead(turn, number)
    if lead.creator_id != creator.id:
        raise turn.refusal("lead-unknown", lead=number)
    lead = await hold_living(turn.session, lead)
    version = await _version(turn, head)
    setup = turn.facts.published.setup(creator.id)
    await enroll_lead(turn.session, lead, head.key, version, setup, now=turn.now)
    turn.say("lead-enrolled", funnel=head.key, **await called(turn, lead))


async def _count(turn: Turn, creator: Creator, head: FunnelHead, question: str) -> Startable:
    _, funnel = await _version(turn, head)
    setup = turn.facts.published.setup(creator.id)
    return await count_startable(turn.session, head, funnel, question, setup=setup, now=turn.now)


async def _version(turn: Turn, head: FunnelHead) -> tuple[int, Funnel]:
    """The wording that those who begin now take."""
    funnel = await wording_of(turn, head)
    if funnel is None or head.version_id is None:
        raise turn.refusal("funnels-no-wording", name=head.key)
    return head.version_id, funnel


def _must_run(head: FunnelHead) -> None:
    if head.state not in RUNS or head.version_id is None:
        raise FunnelStands(head.key, head.state)
