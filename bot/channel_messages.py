"""What the bot may do in a channel, and what stands there: it becomes what its post says by now."""

from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO

from telegram import (
    Bot,
    ChatMemberAdministrator,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode

from automations.gateway import NotNow, Refused
from bot.calling import calling
from bot.gateway import markup
from domain.messages.plain import Message
from store.database import Database
from store.files import FileStore
from store.models import FileHandle, Shape, StoredFile

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_SAME = "message is not modified"
Media = InputMediaAnimation | InputMediaAudio | InputMediaDocument | InputMediaPhoto | InputMediaVideo


@dataclass
class TelegramChannelMessages:
    bot: Bot
    bot_id: int
    database: Database
    files: FileStore

    async def may_post(self, chat_id: int) -> bool:
        """In a channel: in a group nobody asks for that right. Raises a SendFailure."""
        member = await calling(lambda: self.bot.get_chat_member(chat_id, self.bot_id))
        # https://core.telegram.org/bots/api#chatmemberadministrator: of channels alone
        return isinstance(member, ChatMemberAdministrator) and bool(member.can_post_messages)

    async def edit_post(self, chat_id: int, message_id: int, message: Message) -> None:
        """It says that from now on. Raises a SendFailure; that it says so already is no failure."""
        with TemporaryFile() as content:
            media = None if message.file is None else await self._media(message.file, message.text, content)
            await self._edit(chat_id, message_id, message, media)

    async def _edit(self, chat_id: int, message_id: int, message: Message, media: Media | None) -> None:
        rows = markup(message)
        keyboard = rows if isinstance(rows, InlineKeyboardMarkup) else None

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

    async def _media(self, file_id: int, text: str, content: IO[bytes]) -> Media | None:
        """By Telegram's own handle where this bot has one, else the bytes go up; `content` is where they wait.

        None for what Telegram lets nobody put into another's place: a voice note, whose words alone may change.
        """
        async with self.database.reading() as session:
            stored = await session.get(StoredFile, file_id)
            handle = await session.get(FileHandle, (file_id, self.bot_id))
        if stored is None or (handle is None and stored.blob is None):
            raise Refused(f"file {file_id} is not known to this bot")
        if handle is not None:
            held: str | InputFile = handle.telegram_file_id
        else:
            try:
                await self.files.read_into(stored.blob or "", content)
            except FileNotFoundError as error:
                raise Refused(f"file {file_id} is gone from the file store") from error
            except OSError as error:
                raise NotNow(f"file {file_id} cannot be read: {type(error).__name__}") from error
            held = InputFile(content, filename=stored.file_name, attach=True, read_file_handle=False)
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
