"""QR codes as pictures."""

import io

import segno


def qr_png(url: str) -> bytes:
    """About 500 pixels wide, with the quiet zone that readers need around it."""
    picture = io.BytesIO()
    segno.make_qr(url, error="m").save(picture, kind="png", scale=12, border=4)
    return picture.getvalue()
