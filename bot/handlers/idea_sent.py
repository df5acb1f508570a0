"""What a message is as part of an idea: which kind, in which words, whose it was, and where its links lead."""

from uuid import UUID, uuid5

from telegram import (
    Message as TelegramMessage,
)
from telegram import (
    MessageOrigin,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginHiddenUser,
    MessageOriginUser,
)
from telegram.constants import MessageEntityType

from bot.given import given_of
from bot.handlers.idea_access import zone_of_ideas
from bot.turn import Turn
from domain.flows.given import SentFile
from domain.idea_attachments import Sent
from domain.idea_titles import neutral_title, told_title
from kit.text import printable, shorten
from store.models import AttachmentKind, Shape

_NAME_LENGTH = 200
_ADDRESS_LENGTH = 2000
# the same message is the same idea, whoever asks how often
_NAMESPACE = UUID("6f1d8a53-3c0f-4d5e-9d53-0f1f2f4a7e11")
KINDS = {
    Shape.PHOTO: AttachmentKind.PHOTO,
    Shape.VIDEO: AttachmentKind.VIDEO,
    Shape.VOICE: AttachmentKind.VOICE,
    Shape.AUDIO: AttachmentKind.AUDIO,
    Shape.DOCUMENT: AttachmentKind.DOCUMENT,
    # sent again as a document Telegram shows it as what it is
    Shape.ANIMATION: AttachmentKind.DOCUMENT,
}
SHAPES = {
    AttachmentKind.PHOTO: Shape.PHOTO,
    AttachmentKind.VIDEO: Shape.VIDEO,
    AttachmentKind.VOICE: Shape.VOICE,
    AttachmentKind.AUDIO: Shape.AUDIO,
    AttachmentKind.DOCUMENT: Shape.DOCUMENT,
}


def sent_of(message: TelegramMessage) -> Sent | None:
    """None for what cannot be kept: a place, a contact, a sticker, a poll."""
    words = printable(message.text or message.caption or "").strip()
    links = links_of(message)
    given, origin = given_of(message), message.forward_origin
    if isinstance(origin, MessageOriginUser) and origin.sender_user.id == message.chat.id:
        # their own words, sent again
        origin = None
    if isinstance(given, SentFile):
        kind = KINDS[given.shape]
    elif words:
        kind = AttachmentKind.LINK if links == [words] else AttachmentKind.TEXT
    else:
        return None
    return Sent(
        kind,
        telegram_file_id=given.telegram_file_id if isinstance(given, SentFile) else None,
        file_name=given.file_name if isinstance(given, SentFile) and _is_named(message) else None,
        words=words or None,
        forwarded_from=None if origin is None else _origin(origin),
        origin=origin.sender_user.id if isinstance(origin, MessageOriginUser) else None,
        links=tuple(links),
        chat_id=message.chat.id,
        message_id=message.message_id,
        album=message.media_group_id,
    )


def links_of(message: TelegramMessage) -> list[str]:
    """Where the links of its words lead, each once."""
    kinds: list[str | None] = [MessageEntityType.URL, MessageEntityType.TEXT_LINK]
    if message.text is not None:
        found = message.parse_entities(kinds)
    elif message.caption is not None:
        found = message.parse_caption_entities(kinds)
    else:
        return []
    addresses = ((entity.url or said).strip() for entity, said in found.items())
    return list(dict.fromkeys(each[:_ADDRESS_LENGTH] for each in addresses if each))


def title_of(turn: Turn, creator_id: int, sent: Sent) -> str:
    """The first line of what was written, or the file's name, or what it is and of when."""
    neutral = neutral_title(sent.kind, turn.now, zone_of_ideas(turn, creator_id), turn.person.speaks)
    return told_title(sent.words, sent.file_name) or neutral


def public_id_of(turn: Turn, sent: Sent) -> UUID:
    return uuid5(_NAMESPACE, f"{turn.facts.bot_id}:{sent.chat_id}:{sent.message_id}")


def public_id_of_file(file_id: int, telegram_file_id: str) -> UUID:
    return uuid5(_NAMESPACE, f"file:{file_id}:{telegram_file_id}")


def _is_named(message: TelegramMessage) -> bool:
    file = message.document or message.video or message.audio
    return file is not None and bool(file.file_name)


def _origin(origin: MessageOrigin) -> str:
    """Whose it was, as Telegram names them; a public channel's post with its address."""
    match origin:
        case MessageOriginUser(sender_user=user):
            name = user.full_name + (f" (@{user.username})" if user.username else "")
        case MessageOriginHiddenUser(sender_user_name=name):
            pass
        case MessageOriginChat(sender_chat=chat):
            name = chat.title or chat.username or "?"
        case MessageOriginChannel(chat=chat, message_id=message_id):
            address = f" (https://t.me/{chat.username}/{message_id})" if chat.username else ""
            name = (chat.title or chat.username or "?") + address
        case _:
            name = "?"
    return shorten(" ".join(printable(name).split()) or "?", _NAME_LENGTH)
