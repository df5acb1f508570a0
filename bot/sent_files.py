"""Files that are sent to the bot, kept by Telegram's own handle for them."""

from telegram import Message as TelegramMessage

from bot.given import given_of
from bot.turn import Turn
from domain.flows.given import SentFile
from domain.products import LOOSE_FOR, keep_upload
from store.models import Creator, FileRole, StoredFile


async def keep_sent(
    turn: Turn,
    creator: Creator,
    message: TelegramMessage,
    role: FileRole = FileRole.GOODS,
    *,
    lead_id: int | None = None,
) -> StoredFile | None:
    """None when it was no file. What nothing takes goes after a day, as what comes up by the API.

    With `lead_id` it belongs to that lead, and goes with them.
    """
    sent = given_of(message)
    if not isinstance(sent, SentFile):
        return None
    return await keep_upload(
        turn.session,
        creator_id=creator.id,
        bot_id=turn.facts.bot_id,
        telegram_file_id=sent.telegram_file_id,
        file_name=sent.file_name,
        mime_type=sent.mime_type,
        size=sent.size,
        shape=sent.shape,
        role=role,
        lead_id=lead_id,
        loose_until=None if lead_id is not None else turn.now + LOOSE_FOR,
        now=turn.now,
    )
