"""Who cannot go on in a funnel, why, and what is to become of them: they try again, or leave."""

from contextlib import suppress

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.funnel_access import own_funnel
from bot.numbers import read_id
from bot.turn import Turn
from domain.holding import LeadGone
from domain.messages.catalogue import word_for_reason
from domain.messages.plain import Button, Message
from domain.parked import BegunAnew, let_go, try_again
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, Enrollment, FunnelHead
from store.queries.funnel_views import list_parked, parked_ids

ON_A_PAGE = 5
NAME_LENGTH = 40
REASON_LENGTH = 200
# a tap lets so many try again at once; the next tap those that are left
MOST_AT_ONCE = 200
# stands for every funnel in a button
_ANY = 0
Row = tuple[Button, ...]


async def screen(turn: Turn, creator: Creator, head: FunnelHead | None, page: int) -> Message:
    """Of one funnel, or of all."""
    key = None if head is None else head.key
    found = await list_parked(turn.session, creator.id, Paging(ON_A_PAGE, page * ON_A_PAGE), key=key)
    if not found.items and page:
        # what stood here is settled
        return await screen(turn, creator, head, max(0, (found.total - 1) // ON_A_PAGE))
    which = _ANY if head is None else head.id
    data = f"fn:list:{creator.id}:0" if head is None else f"fn:{head.id}:show"
    back: Row = (Button(text=turn.words("funnels-button-list" if head is None else "funnels-button-card"), data=data),)
    if not found.items:
        return Message(text=turn.words("funnels-none-parked"), buttons=(back,))
    lines = [turn.words("funnels-parked", count=found.total)]
    rows: list[Row] = []
    for each in found.items:
        reason = shorten(word_for_reason(each.reason, turn.person.speaks), REASON_LENGTH) or "–"
        place = f"{each.funnel} · {each.step}" if each.step else each.funnel
        name = shorten(each.name, NAME_LENGTH) or "–"
        lines.append(
            turn.words("funnels-parked-line", number=each.id, lead=each.lead_id, name=name, place=place, reason=reason)
        )
        rows.append(
            (
                Button(
                    text=turn.words("funnels-button-again", number=each.id),
                    data=f"fn:park:again:{each.id}:{which}:{page}",
                ),
                Button(
                    text=turn.words("funnels-button-let-go", number=each.id),
                    data=f"fn:park:leave:{each.id}:{which}:{page}",
                ),
            )
        )
    if head is not None and found.total > 1:
        rows.append((Button(text=turn.words("funnels-button-all-again"), data=f"fn:park:all:0:{which}:{page}"),))
    turning = [Button(text="◀", data=_page(creator, head, page - 1))] if page else []
    if found.has_more:
        turning.append(Button(text="▶", data=_page(creator, head, page + 1)))
    rows += [tuple(turning)] if turning else []
    return Message(text="\n\n".join(lines), buttons=(*rows, back))


async def settle(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`again:ENROLLMENT:FUNNEL:PAGE`, `leave:…`, `all:0:FUNNEL:PAGE`. What is settled already changes nothing."""
    what, enrollment, which, page = arguments
    head = None
    if read_id(which) != _ANY:
        creator, head = await own_funnel(turn, read_id(which))
    else:
        stuck = await turn.session.get(Enrollment, read_id(enrollment))
        creator = await turn.as_creator(0 if stuck is None else stuck.creator_id)
    match what:
        case "again":
            await try_again(turn.session, creator.id, read_id(enrollment), now=turn.now)
        case "leave":
            await let_go(turn.session, creator.id, read_id(enrollment), now=turn.now)
        case "all" if head is not None:
            for each in await parked_ids(turn.session, creator.id, head.key, most=MOST_AT_ONCE):
                # whoever may not stays, and a button of their own says why
                with suppress(BegunAnew, LeadGone):
                    await try_again(turn.session, creator.id, each, now=turn.now)
        case _:
            raise turn.refusal("not-understood")
    edit(turn, query, await screen(turn, creator, head, read_id(page)))


def _page(creator: Creator, head: FunnelHead | None, page: int) -> str:
    return f"fn:parked:{creator.id}:{page}" if head is None else f"fn:{head.id}:parked:{page}"
