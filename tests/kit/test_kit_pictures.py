"""Pictures that anybody may send: none is decoded before it is known to be small, and nothing hides in the result."""

import io
import random
import struct
import zlib

import pytest
from PIL import Image

from kit.pictures import LONGEST_SIDE, BadPicture, redraw


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (400, 300), **more: object) -> bytes:
    held = io.BytesIO()
    colour = (255, 0, 0, 99) if mode == "RGBA" else "red"
    Image.new(mode, size, colour).save(held, kind, **more)
    return held.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it is so large, with next to nothing in it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    chunks = [struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize(
    ("sent", "becomes"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("PNG"), "image/jpeg"),
        (picture("WEBP"), "image/jpeg"),
        (picture("JPEG", "CMYK"), "image/jpeg"),
        (picture("PNG", "P"), "image/jpeg"),
        (picture("GIF", "P"), "image/jpeg"),
        (picture("PNG", "RGBA"), "image/png"),
        (picture("WEBP", "RGBA"), "image/png"),
    ],
)
def test_every_kind_becomes_one_that_everybody_can_show(sent: bytes, becomes: str):
    drawn = redraw(sent)
    assert (drawn.mime_type, drawn.width, drawn.height) == (becomes, 400, 300)
    assert Image.open(io.BytesIO(drawn.content)).size == (400, 300)


def test_where_it_was_taken_does_not_come_along_and_it_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "my garden, 52.52 north"
    sent = picture("JPEG", exif=exif)
    assert b"my garden" in sent
    drawn = redraw(sent)
    assert b"my garden" not in drawn.content
    assert not Image.open(io.BytesIO(drawn.content)).getexif()
    assert (drawn.width, drawn.height) == (300, 400)


def test_a_large_one_is_made_as_small_as_a_phone_shows():
    drawn = redraw(picture("JPEG", size=(5000, 4000)))
    assert (drawn.width, drawn.height) == (LONGEST_SIDE, LONGEST_SIDE * 4 // 5)


@pytest.mark.parametrize("size", [(8001, 5000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_one_that_would_fill_the_memory_is_refused_by_its_header(size: tuple[int, int]):
    with pytest.raises(BadPicture) as refusal:
        redraw(png_of(*size))
    assert "40 megapixels" in str(refusal.value) or "damaged" in str(refusal.value)


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "no JPEG, PNG, WebP or GIF"),
        (b"GIF88a" + bytes(100), "no JPEG, PNG, WebP or GIF"),
        (b"GIF89a" + bytes(100), "damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.4", "no JPEG, PNG, WebP or GIF"),
        (b"\xff\xd8\xff" + bytes(100), "damaged"),
        (picture("JPEG")[:500], "damaged"),
        (png_of(100, 100), "damaged"),
        (picture("JPEG", size=(8, 8)), "too small"),
        (picture("JPEG", size=(1000, 20)), "too small or too narrow"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(sent: bytes, why: str):
    with pytest.raises(BadPicture) as refusal:
        redraw(sent)
    assert why in str(refusal.value)
    assert refusal.value.why is not None


def test_a_thousand_damaged_pictures_are_refused_or_drawn_and_raise_nothing_else():
    chance = random.Random(4)
    whole = [picture("JPEG", size=(64, 64)), picture("PNG", "RGBA", (64, 64)), picture("WEBP", size=(64, 64))]
    drawn = 0
    for number in range(1000):
        broken = bytearray(whole[number % 3])
        for _ in range(chance.randint(1, 6)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        try:
            drawn += bool(redraw(bytes(broken)).content)
        except BadPicture:
            continue
    assert 0 < drawn < 1000
