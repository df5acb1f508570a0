"""What the bot may do in a channel, and what stands there: it becomes what its post says by now."""

from dataclasses import dataclass

from telegram import (
    Bot,
    ChatMemberAdministrator,
    InlineKeyboardMarkup,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode

from automations.gateway import Refused
from bot.calling import calling
from bot.gateway import markup
from domain.messages.plain import Message
from store.database import Database
from store.models import FileHandle, Shape, StoredFile

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_SAME = "message is not modified"
Media = InputMediaAnimation | InputMediaAudio | InputMediaDocument | InputMediaPhoto | InputMediaVideo


@dataclass
class TelegramChannelMessages:
    bot: Bot
    bot_id: int
    database: Database

    async def may_post(self, chat_id: int) -> bool:
        """In a channel: in a group nobody asks for that right. Raises a SendFailure."""
        member = await calling(lambda: self.bot.get_chat_member(chat_id, self.bot_id))
        # https://core.telegram.org/bots/api#chatmemberadministrator: of channels alone
        return isinstance(member, ChatMemberAdministrator) and bool(member.can_post_messages)

    async def edit_post(self, chat_id: int, message_id: int, message: Message) -> None:
        """It says that from now on. Raises a SendFailure; that it says so already is no failure."""
        rows = markup(message)
        keyboard = rows if isinstance(rows, InlineKeyboardMarkup) else None
        media = None if message.file is None else await self._media(message.file, message.text)

        async def change() -> None:
            if media is not None:
                await self.bot.edit_message_media(media, chat_id=chat_id, message_id=message_id, reply_markup=keyboard)
            elif message.file is not None:
                await self.bot.edit_message_caption(
                    chat_id, message_id, caption=message.text, parse_mode=ParseMode.HTML, reply_markup=keyboard
                )
            else:
                await self.bot.edit_message_text(
                    message.text,
                    chat_id=chat_id,
                    message_id=message_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=keyboard,
                    link_preview_options=_NO_PREVIEW,
                )

        try:
            await calling(change)
        except Refused as error:
            if _SAME not in str(error).casefold():
                raise

    async def _media(self, file_id: int, text: str) -> Media | None:
        """None for what Telegram lets nobody put into another's place: a voice note, whose words alone may change."""
        async with self.database.reading() as session:
            stored = await session.get(StoredFile, file_id)
            handle = await session.get(FileHandle, (file_id, self.bot_id))
        if stored is None or handle is None:
            raise Refused(f"file {file_id} is not known to this bot")
        held = handle.telegram_file_id
        match stored.shape:
            case Shape.PHOTO:
                return InputMediaPhoto(held, caption=text, parse_mode=ParseMode.HTML)
            case Shape.VIDEO:
                return InputMediaVideo(held, caption=text, parse_mode=ParseMode.HTML)
            case Shape.ANIMATION:
                return InputMediaAnimation(held, caption=text, parse_mode=ParseMode.HTML)
            case Shape.AUDIO:
                return InputMediaAudio(held, caption=text, parse_mode=ParseMode.HTML)
            case Shape.VOICE:
                return None
        return InputMediaDocument(held, caption=text, parse_mode=ParseMode.HTML)
