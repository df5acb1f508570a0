"""Pictures that people send: looked at before anything is decoded, and drawn anew without what else they carried."""

import io
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageOps

from kit.errors import Invalid, Reason

MOST_PIXELS = 40_000_000
# wider or higher ones are made smaller: a phone shows no more, and Telegram takes no more
LONGEST_SIDE = 2560
# Telegram's own limits for photos: https://core.telegram.org/bots/api#sendphoto
MOST_BYTES = 10 * 1024 * 1024
MOST_RATIO = 20
LEAST_SIDE = 16
QUALITY = 88
# so many first bytes tell what it is
_MARK = 16


class BadPicture(Invalid):
    """What was sent is no picture that can be shown; `why` says what is wrong with it."""

    code = "bad_picture"


@dataclass(frozen=True, slots=True)
class Picture:
    content: bytes
    mime_type: str
    extension: str
    width: int
    height: int


def redraw(content: bytes | IO[bytes]) -> Picture:
    """The same picture, turned upright, as a JPEG, or as a PNG where it has see-through parts; without metadata.

    Of what moves, its first picture. Raises BadPicture. Takes up to a second of a processor, so callers run it in a
    thread.
    """
    source = io.BytesIO(content) if isinstance(content, bytes) else content
    source.seek(0)
    kind = _kind_of(source.read(_MARK))
    source.seek(0)
    try:
        with Image.open(source, formats=[kind]) as opened:
            # only the header has been read by now
            _check_size(*opened.size)
            return _redrawn(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large() from error
    except BadPicture:
        raise
    except MemoryError:
        raise
    except Exception as error:
        # a broken file makes the library raise almost anything
        raise BadPicture("the picture is damaged", why=Reason("refused-picture-damaged")) from error


def _kind_of(beginning: bytes) -> str:
    """By its first bytes, whatever its name says."""
    if beginning.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if beginning.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "WEBP"
    if beginning.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    raise BadPicture("this is no JPEG, PNG, WebP or GIF picture", why=Reason("refused-picture-kind"))


def _check_size(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise _too_large()
    if min(width, height) < LEAST_SIDE or max(width, height) > MOST_RATIO * min(width, height):
        raise BadPicture(
            "the picture is too small or too narrow",
            why=Reason("refused-picture-narrow", least=LEAST_SIDE, ratio=MOST_RATIO),
        )


def _too_large() -> BadPicture:
    most = MOST_PIXELS // 1_000_000
    return BadPicture(f"the picture has more than {most} megapixels", why=Reason("refused-picture-large", most=most))


def _redrawn(opened: Image.Image) -> Picture:
    upright = ImageOps.exif_transpose(opened)
    clear = upright.has_transparency_data
    drawn = upright.convert("RGBA" if clear else "RGB")
    side = LONGEST_SIDE
    while True:
        drawn.thumbnail((side, side))
        # a new one carries nothing over but the pixels
        bare = Image.new(drawn.mode, drawn.size)
        bare.paste(drawn)
        held = io.BytesIO()
        if clear:
            bare.save(held, "PNG", optimize=False)
        else:
            bare.save(held, "JPEG", quality=QUALITY, optimize=True)
        if len(held.getvalue()) <= MOST_BYTES:
            break
        side //= 2
    mime_type, extension = ("image/png", "png") if clear else ("image/jpeg", "jpg")
    return Picture(held.getvalue(), mime_type, extension, *bare.size)
