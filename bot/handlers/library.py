"""What somebody owns of one creator, and getting it again."""

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.shop import named_creator
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.deliveries import deliver_again
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message
from domain.people import talk_to_creator
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, Entitlement, Lead
from store.queries.library import bundles_of, list_owned, sellers_to

BUTTON_LENGTH = 60
PAGE = 8


async def library(turn: Turn, arguments: str) -> None:
    """`/library`: what this person owns of the creator that the chat is with; `/library SLUG` of another one."""
    slug = arguments.strip().lower()
    creator = await named_creator(turn, slug) if slug else await turn.creator()
    lead, _ = await turn.lead(creator)
    turn.send(await _screen(turn, creator, lead, 0))


async def turn_page(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`library:CREATOR:PAGE`, under a library that has several pages, or beside that of another creator."""
    creator_id, page = (read_id(each) for each in arguments)
    row = (
        await turn.session.execute(
            select(Creator, Lead)
            .join(Lead, Lead.creator_id == Creator.id)
            .where(Creator.id == creator_id, Lead.person_id == turn.person.id)
        )
    ).one_or_none()
    if row is None:
        raise turn.refusal("library-empty")
    await talk_to_creator(turn.session, turn.person, creator_id)
    turn.replies.append(TapReply(query_id=query.id))
    edit(turn, query, await _screen(turn, row.Creator, row.Lead, page))


async def get_again(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`again:ENTITLEMENT`: files, a new link, the keys, or a new way in."""
    (entitlement_id,) = (read_id(each) for each in arguments)
    lead = await turn.session.scalar(
        select(Lead)
        .join(Entitlement, Entitlement.lead_id == Lead.id)
        .where(Entitlement.id == entitlement_id, Lead.person_id == turn.person.id)
    )
    if lead is None:
        raise turn.refusal("refused-not_owned")
    messages = await deliver_again(turn.session, lead, entitlement_id, turn.person.speaks, now=turn.now)
    turn.replies.append(TapReply(query_id=query.id, text=turn.words("library-again")))
    for message in messages:
        turn.send(message)


async def _screen(turn: Turn, creator: Creator, lead: Lead, page: int) -> Message:
    owned = await list_owned(turn.session, lead.id, Paging(PAGE, page * PAGE))
    others = [
        (
            Button(
                text=plain("library-of", turn.person.speaks, creator=shorten(each.name, BUTTON_LENGTH)),
                data=f"library:{each.id}:0",
            ),
        )
        for each in await sellers_to(turn.session, turn.person.id)
        if each.id != creator.id
    ]
    if not owned.total:
        text = turn.words("library-empty-here", creator=creator.name) if others else turn.words("library-empty")
        return Message(text=text, buttons=tuple(others))
    if not owned.items:
        # something was taken back since the button was shown
        return await _screen(turn, creator, lead, (owned.total - 1) // PAGE)
    rate = turn.words("button-rate")
    rows: list[tuple[Button, ...]] = []
    for each in owned.items:
        # in one row Telegram would leave the title half the width
        rows.append((Button(text=shorten(each.title, BUTTON_LENGTH), data=f"again:{each.entitlement_id}"),))
        rows.append((Button(text=rate, data=f"rate:{each.product_id}"),))
    if not owned.has_more:
        # what is in a bundle stands above, each by itself
        for bundle in await bundles_of(turn.session, lead.id):
            label = plain("button-rate-of", turn.person.speaks, title=shorten(bundle.title, BUTTON_LENGTH))
            rows.append((Button(text=label, data=f"rate:{bundle.id}"),))
    steps = [Button(text="‹", data=f"library:{creator.id}:{page - 1}")] if page else []
    if owned.has_more:
        steps.append(Button(text="›", data=f"library:{creator.id}:{page + 1}"))
    if steps:
        rows.append(tuple(steps))
    return Message(text=turn.words("library", creator=creator.name), buttons=(*rows, *others))
