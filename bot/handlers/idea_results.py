"""What ideas brought, behind the button of a card and `/idea results`: added up once the turn is saved."""

from telegram import CallbackQuery
from telegram import Message as TelegramMessage

from bot.handlers.idea_access import Place, own_idea
from bot.numbers import read_id
from bot.replies import IdeaResultsReply, TapReply
from bot.turn import Turn
from kit.money import Money
from store.models import Creator, Idea
from store.queries.idea_results import Bought

WAYS = ("idea", "tag", "month")


def sums_told(bought: Bought, language: str) -> str:
    """What is left of it, by currency."""
    return ", ".join(Money(each.net, currency).format(language) for currency, each in bought.money.items()) or "–"


def data_of(idea: Idea, place: Place) -> str:
    """Behind the button of a card."""
    return f"ideabrought:{idea.creator_id}:{idea.number}:{place.view}:{place.page}"


def data_of_all(creator_id: int, way: str = WAYS[0], page: int = 0) -> str:
    """Behind the button of a board, or of another page."""
    return f"ideabrought:{creator_id}:by:{way}:{page}"


def show_results(turn: Turn, creator: Creator) -> None:
    """`/idea results`: of all ideas."""
    turn.replies.append(IdeaResultsReply(creator_id=creator.id))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`ideabrought:CREATOR:by:WAY:PAGE` of all ideas, `ideabrought:CREATOR:NUMBER:VIEW:PAGE` of one."""
    creator_id, what, *rest = arguments
    shown_in = query.message.message_id if isinstance(query.message, TelegramMessage) else None
    if what == "by":
        way, page = rest
        if way not in WAYS:
            raise turn.refusal("not-understood")
        creator = await turn.as_creator(read_id(creator_id))
        wanted = IdeaResultsReply(creator_id=creator.id, by=way, page=read_id(page), message_id=shown_in)
    else:
        place = Place.read(rest)
        creator, idea = await own_idea(turn, read_id(creator_id), read_id(what))
        told = {"number": idea.number, "view": place.view, "page": place.page}
        wanted = IdeaResultsReply(creator_id=creator.id, message_id=shown_in, **told)
    turn.replies.append(TapReply(query_id=query.id))
    turn.replies.append(wanted)
