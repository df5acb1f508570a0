"""Which product a file or a picture may be for, as buttons."""

from telegram import Message as TelegramMessage

from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.messages.plain import Button, Rows, column
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, FileRole, Idea, StoredFile
from store.queries.catalogue import list_products

BUTTON_LENGTH = 60
# as many as fit under a question without becoming a wall
OFFERED = 20


async def product_choices(turn: Turn, creator: Creator, kept: StoredFile, idea: Idea | None = None) -> Rows:
    """The creator's newest products; `idea` is what it is until one of them is chosen."""
    found = await list_products(turn.session, creator.id, Paging(OFFERED), archived=False)
    instead = "" if idea is None else f":{idea.number}"
    return column(
        *(
            Button(text=shorten(each.title, BUTTON_LENGTH), data=f"attach:{kept.id}:{each.id}{instead}")
            for each in found.items
        )
    )


async def product_rows(turn: Turn, creator: Creator, message: TelegramMessage, idea: Idea) -> Rows:
    """The same for what a message brought and what is an idea for now; none for what is no product's."""
    if message.voice is not None or message.text is not None:
        return ()
    if not (await list_products(turn.session, creator.id, Paging(1), archived=False)).total:
        return ()
    kept = await keep_sent(turn, creator, message, FileRole.COVER if message.photo else FileRole.GOODS)
    return () if kept is None else await product_choices(turn, creator, kept, idea)
