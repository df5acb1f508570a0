import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO

from telegram import (
    Bot,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram import Message as TelegramMessage
from telegram.constants import ParseMode

from automations.gateway import NotNow, PutOff, Refused, Withdrawn
from bot.calling import calling
from bot.openings import Openings
from bot.request import AiohttpRequest
from domain.messages.plain import Message, Rows
from kit.log import get_logger
from kit.qr import qr_png
from kit.text import TEXT_LIMIT, pages
from store.database import Database, insert_once, is_unavailable
from store.files import FileStore
from store.models import FileHandle, Shape, StoredFile

Markup = InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# more at once make each of them slower, and none of them sooner
MOST_UPLOADS = 8
# whoever waits for an upload is looked at again after so many seconds
UPLOADS_LOOKED_AT = 2.0
_log = get_logger(__name__)


@dataclass
class TelegramGateway:
    """Plain messages become Telegram calls, and Telegram's refusals the few failures that Spark tells apart."""

    bot: Bot
    bot_id: int
    database: Database
    files: FileStore
    openings: Openings
    _going_up: set[int] = field(default_factory=set)

    async def send(self, telegram_id: int, message: Message) -> int:
        """Sends to one chat and returns Telegram's message id. Raises a SendFailure and nothing else."""
        if message.opening is not None:
            with _before_it_is_said():
                message = await self.openings.fill(message, message.opening)
        if message.file is not None:
            return await self._send_file(telegram_id, message, message.file)
        *before, last = pages(message.text) if len(message.text) > TEXT_LIMIT // 2 else [message.text]
        for page in before:
            await self._send_text(telegram_id, page, None, silent=message.silent)
        return await self._send_text(telegram_id, last, markup(message), silent=message.silent)

    async def _send_text(self, telegram_id: int, text: str, reply_markup: Markup | None, *, silent: bool) -> int:
        sent = await calling(
            lambda: self.bot.send_message(
                telegram_id,
                text,
                parse_mode=ParseMode.HTML,
                reply_markup=reply_markup,
                link_preview_options=_NO_PREVIEW,
                disable_notification=silent or None,
            )
        )
        return sent.message_id

    async def edit(
        self, telegram_id: int, message_id: int, text: str, buttons: Rows = (), *, caption: bool = False
    ) -> None:
        """Gives a message another text, or another caption, and other buttons.

        One that is gone or the same is left alone.
        """
        rows = markup(Message(text=text, buttons=buttons))
        keyboard = rows if isinstance(rows, InlineKeyboardMarkup) else None

        async def change() -> None:
            if caption:
                await self.bot.edit_message_caption(
                    telegram_id, message_id, caption=text, parse_mode=ParseMode.HTML, reply_markup=keyboard
                )
                return
            await self.bot.edit_message_text(
                text,
                chat_id=telegram_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                reply_markup=keyboard,
                link_preview_options=_NO_PREVIEW,
            )

        try:
            await calling(change)
        except Refused:
            return

    async def send_document(self, telegram_id: int, file_name: str, content: bytes, caption: str) -> int:
        """A file that is made for once and kept nowhere. The caption is Telegram HTML."""
        document = await asyncio.to_thread(InputFile, content, filename=file_name)
        sent = await calling(
            lambda: self.bot.send_document(telegram_id, document, caption=caption, parse_mode=ParseMode.HTML)
        )
        return sent.message_id

    async def send_held(self, telegram_id: int, telegram_file_id: str, shape: Shape, message: Message) -> int:
        """What this bot was sent once: Telegram has it, and shows it again."""
        return (await calling(lambda: self._put(telegram_id, shape, telegram_file_id, message))).message_id

    async def send_qr(self, telegram_id: int, url: str, message: Message) -> int:
        """The QR code of an address as a photo, with the message under it."""
        photo = InputFile(await asyncio.to_thread(qr_png, url), filename="qr.png")
        sent = await calling(
            lambda: self.bot.send_photo(
                telegram_id, photo, caption=message.text, parse_mode=ParseMode.HTML, reply_markup=markup(message)
            )
        )
        return sent.message_id

    async def answer_tap(self, query_id: str, text: str | None) -> None:
        """A tap that Telegram has given up on is left alone: it goes by in a few seconds."""
        try:
            await calling(lambda: self.bot.answer_callback_query(query_id, text))
        except Refused:
            return

    async def download(self, telegram_file_id: str, target: IO[bytes]) -> None:
        """Appends a file that somebody sent to an open one, piece by piece. Telegram gives up to 20 MB.

        https://core.telegram.org/bots/api#getfile
        """
        file = await calling(lambda: self.bot.get_file(telegram_file_id))
        request, path = self.bot.request, file.file_path
        if path is None or not isinstance(request, AiohttpRequest):
            raise Refused("Telegram has no address for this file")
        await calling(lambda: request.fetch(path, target))

    async def _send_file(self, telegram_id: int, message: Message, file_id: int) -> int:
        """By Telegram's own handle where this bot has one; else the bytes go up once and the handle is kept.

        What is going up for somebody already goes up for nobody else: they wait for its handle.
        """
        with _before_it_is_said():
            async with self.database.reading() as session:
                stored = await session.get(StoredFile, file_id)
                handle = await session.get(FileHandle, (file_id, self.bot_id))
        if stored is None:
            raise Refused(f"file {file_id} is gone")
        if stored.removed_at is not None:
            raise Withdrawn(f"file {file_id} was taken away")
        if handle is not None:
            held = handle.telegram_file_id
            return (await calling(lambda: self._put(telegram_id, stored.shape, held, message))).message_id
        if stored.blob is None:
            raise Refused(f"file {file_id} is held by another bot; send it to this one again")
        if file_id in self._going_up or len(self._going_up) >= MOST_UPLOADS:
            raise PutOff(f"file {file_id} is going up, or waits until others have", UPLOADS_LOOKED_AT)
        self._going_up.add(file_id)
        try:
            sent = await self._upload(telegram_id, message, stored, stored.blob)
            await self._keep_handle(file_id, sent)
        finally:
            self._going_up.discard(file_id)
        return sent.message_id

    async def _upload(self, telegram_id: int, message: Message, stored: StoredFile, blob: str) -> TelegramMessage:
        # never whole in memory: it may have 50 MB
        with TemporaryFile() as content:
            try:
                await self.files.read_into(blob, content)
            except FileNotFoundError as error:
                raise Refused(f"file {stored.id} is gone from the file store") from error
            except OSError as error:
                raise NotNow(f"file {stored.id} cannot be read: {type(error).__name__}") from error
            document = InputFile(content, filename=stored.file_name, read_file_handle=False)
            return await calling(lambda: self._put(telegram_id, stored.shape, document, message))

    async def _put(self, telegram_id: int, shape: Shape, file: str | InputFile, message: Message) -> TelegramMessage:
        """A handle is good for the one shape in which the file first went up or came in."""
        send: Callable[..., Awaitable[TelegramMessage]] = self.bot.send_document
        match shape:
            case Shape.PHOTO:
                send = self.bot.send_photo
            case Shape.VIDEO:
                send = self.bot.send_video
            case Shape.ANIMATION:
                send = self.bot.send_animation
            case Shape.VOICE:
                send = self.bot.send_voice
            case Shape.AUDIO:
                send = self.bot.send_audio
        return await send(
            telegram_id,
            file,
            caption=message.text or None,
            parse_mode=ParseMode.HTML,
            reply_markup=markup(message),
            protect_content=message.protected or None,
            disable_notification=message.silent or None,
        )

    async def _keep_handle(self, file_id: int, sent: TelegramMessage) -> None:
        """Where it cannot be kept, the file goes up once more for the next one; this message has gone out."""
        photo = sent.photo[-1] if sent.photo else None
        held = sent.animation or sent.document or photo or sent.video or sent.voice or sent.audio
        if held is None:
            return
        values = {"file_id": file_id, "bot_id": self.bot_id, "telegram_file_id": held.file_id}
        try:
            async with self.database.transaction() as session:
                await insert_once(session, FileHandle, values)
        except Exception as error:  # noqa: BLE001 - logged; the message itself has gone out
            _log.warning("a file's handle is not kept", file=file_id, error=type(error).__name__)


@contextmanager
def _before_it_is_said() -> Iterator[None]:
    """A store that is away by now leaves nobody in doubt: nothing has been said."""
    try:
        yield
    except Exception as error:
        if not is_unavailable(error):
            raise
        raise NotNow("the store cannot be reached") from error


def markup(message: Message) -> Markup | None:
    if message.buttons:
        return InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(each.text, callback_data=each.data, url=each.url) for each in row]
                for row in message.buttons
            ]
        )
    rows = [[KeyboardButton(message.contact_key, request_contact=True)]] if message.contact_key else []
    rows += [[KeyboardButton(message.location_key, request_location=True)]] if message.location_key else []
    rows += [[KeyboardButton(key)] for key in message.keys]
    if rows:
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)
    return ReplyKeyboardRemove() if message.drop_keys else None
