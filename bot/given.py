from telegram import Animation, Audio, Document, PhotoSize, Video, Voice
from telegram import Message as TelegramMessage

from domain.flows.given import Given, SentFile, SharedContact, SharedLocation, Typed, Unreadable
from kit.text import shorten
from store.models import Shape

NAME_LENGTH = 200
# what is sent without a name is kept under these and Telegram's mark of it: two photos are not two of the same name.
# Of a photo Telegram tells no type either
_NAMES = {
    Shape.PHOTO: ("photo", ".jpg", "image/jpeg"),
    Shape.VIDEO: ("video", ".mp4", "video/mp4"),
    Shape.ANIMATION: ("animation", ".mp4", "video/mp4"),
    Shape.VOICE: ("voice", ".ogg", "audio/ogg"),
    Shape.AUDIO: ("audio", ".mp3", "audio/mpeg"),
    Shape.DOCUMENT: ("file", "", "application/octet-stream"),
}


def given_of(message: TelegramMessage) -> Given:
    """What a message gives to the question that is open."""
    if message.text is not None:
        return Typed(message.text)
    if message.contact is not None:
        # Telegram names the contact's account; a contact of somebody without one has none
        own = message.from_user is not None and message.contact.user_id == message.from_user.id
        # one that was forwarded was shared by somebody else
        return SharedContact(message.contact.phone_number, own and message.forward_origin is None)
    if message.location is not None:
        return SharedLocation(message.location.latitude, message.location.longitude)
    if message.photo:
        # the sizes come smallest first
        return _sent(message.photo[-1], Shape.PHOTO)
    if message.animation is not None:
        # it comes as a document too, for programs that play none
        return _sent(message.animation, Shape.ANIMATION)
    if message.document is not None:
        return _sent(message.document, Shape.DOCUMENT)
    if message.video is not None:
        return _sent(message.video, Shape.VIDEO)
    if message.voice is not None:
        return _sent(message.voice, Shape.VOICE)
    if message.audio is not None:
        return _sent(message.audio, Shape.AUDIO)
    return Unreadable()


def _sent(file: PhotoSize | Document | Video | Animation | Voice | Audio, shape: Shape) -> SentFile:
    usual_name, ending, usual_type = _NAMES[shape]
    name = None if isinstance(file, PhotoSize | Voice) else file.file_name
    mime = None if isinstance(file, PhotoSize) else file.mime_type
    visible = "".join(each for each in name or "" if each.isprintable())
    return SentFile(
        telegram_file_id=file.file_id,
        shape=shape,
        file_name=shorten(visible, NAME_LENGTH) or f"{usual_name}-{file.file_unique_id}{ending}",
        mime_type=mime or usual_type,
        size=file.file_size,
    )
