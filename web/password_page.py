"""Where somebody opens an operator's link, and sets their password."""

from aiohttp import web

from domain.messages.catalogue import plain
from domain.password_links import PasswordLinkOver, must_be_good, set_password_by_link
from domain.passwords import LEAST_LENGTH, MOST_LENGTH, BadPassword, check_password
from web.bodies import field_of, read_body
from web.pages import notice_page, password_page, reader_language
from web.rates import take_turn
from web.tools import TOOLS
from web.turns import TurnsSpent

# of a password of the longest kind, each letter written in twelve
_MOST_BYTES = 16 * 1024


async def show_password_page(request: web.Request) -> web.Response:
    """`GET /password/{token}`: asks for it; the link is spent by the POST alone, whoever fetches pages ahead."""
    tools, language = request.app[TOOLS], reader_language(request)
    await _take_turn(request)
    try:
        async with tools.database.reading() as session:
            await must_be_good(session, request.match_info["token"], now=tools.clock())
    except PasswordLinkOver:
        return _over(language)
    return _ask(language)


async def take_password(request: web.Request) -> web.Response:
    """`POST /password/{token}`: sets it, and ends every session of the account."""
    tools, language, token = request.app[TOOLS], reader_language(request), request.match_info["token"]
    await _take_turn(request)
    password = field_of(await read_body(request, most=_MOST_BYTES), "password")
    try:
        check_password(password)
        async with tools.database.reading() as session:
            await must_be_good(session, token, now=tools.clock())
        password_hash = await tools.passwords.hash(password)
        async with tools.database.transaction() as session:
            await set_password_by_link(session, token, password_hash, now=tools.clock())
    except PasswordLinkOver:
        return _over(language)
    except BadPassword:
        return _ask(language, status=422)
    return notice_page(plain("password-title", language), plain("password-done", language), language=language)


async def _take_turn(request: web.Request) -> None:
    """Raises TooMany."""
    tools = request.app[TOOLS]
    while True:
        try:
            return take_turn(request, "sign_in", None)
        except TurnsSpent as spent:
            await tools.turns.take_more(spent, now=tools.clock())


def _ask(language: str, *, status: int = 200) -> web.Response:
    text = plain("password-ask", language, least=LEAST_LENGTH, most=MOST_LENGTH)
    return password_page(
        plain("password-title", language),
        text,
        language=language,
        field=plain("password-field", language),
        button=plain("password-set", language),
        status=status,
    )


def _over(language: str) -> web.Response:
    text = plain("password-over", language)
    return notice_page(plain("password-title", language), text, language=language, status=404)
