"""Bodies that say of themselves that they are a form, and are none that can be read."""

from collections.abc import Sequence


def _form(boundary: str, *heads: str) -> tuple[str, bytes]:
    parts = "".join(f"--{boundary}\r\n{head}\r\n\r\n1900 usd\r\n" for head in heads)
    return f"multipart/form-data; boundary={boundary}", f"{parts}--{boundary}--\r\n".encode()


_NAMED = 'Content-Disposition: form-data; name="shown"'
_FILE = 'Content-Disposition: form-data; name="file"; filename="film.mp4"'
# each its content type and its bytes
ODD_BODIES: Sequence[tuple[str, bytes]] = (
    ("multipart/form-data", b"--x--\r\n"),
    ("multipart/form-data; boundary=x", b"no boundary at all"),
    ("multipart/form-data; boundary=", b"--\r\n"),
    ("application/x-www-form-urlencoded; charset=nope", b"no=form&of=ours&at=all"),
    ("application/x-www-form-urlencoded", b"\xff\xfe=1"),
    ("application/json; charset=nope", b"{"),
    _form("b" * 200, _NAMED),
    _form("x", "Content-Disposition: form-data"),
    _form("x", "Content-Type: text/plain"),
    *(
        _form("x", f"{head}\r\n{more}")
        for head in (_NAMED, _FILE)
        for more in (
            "Content-Type: text/plain; charset=bad",
            "Content-Transfer-Encoding: foo",
            "Content-Encoding: foo",
            "Content-Length: x",
        )
    ),
)
