from urllib.parse import parse_qs

from aiohttp import web

MOST_BYTES = 1024 * 1024


async def read_body(request: web.Request, *, most: int = MOST_BYTES) -> bytes:
    """The raw body, up to `most` bytes once unpacked; larger is a 413, and one that breaks off a 400.

    The limit is ours and not the application's, which others that are mounted on it share.
    """
    body = bytearray()
    try:
        while chunk := await request.content.readany():
            body += chunk
            if len(body) > most:
                raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    except (web.RequestPayloadError, ConnectionError):
        raise web.HTTPBadRequest from None
    return bytes(body)


def field_of(body: bytes, name: str) -> str:
    """As it was typed, blanks at its ends too; nothing for what is no form with one such field.

    Whatever the request says of itself: our pages send their fields in this one way.
    """
    try:
        given = parse_qs(body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=2)
    except ValueError:
        return ""
    fields = given.get(name, [])
    return fields[0] if len(fields) == 1 and "\0" not in fields[0] else ""
