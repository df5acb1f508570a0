"""Small plain pages for people, in their browser's language."""

import base64
import hashlib
import html

from aiohttp import web

from domain.messages.catalogue import LANGUAGES

_STYLE = (
    "body{font-family:system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1.5rem;line-height:1.5}"
    "a{display:inline-block;margin-top:1rem;padding:.7rem 1.2rem;border-radius:.5rem;background:#2481cc;color:#fff;"
    "text-decoration:none}"
    "input{display:block;font:inherit;max-width:100%}"
    "button{margin-top:1rem;padding:.7rem 1.2rem;border:0;border-radius:.5rem;background:#2481cc;color:#fff;"
    "font:inherit;cursor:pointer}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# nothing but the style of this page, which nobody else can write
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    # the address of a page can be a secret of its reader's
    "Referrer-Policy": "no-referrer",
}


def notice_page(
    title: str, text: str, *, language: str, link: tuple[str, str] | None = None, status: int = 200, again: int = 0
) -> web.Response:
    """Plain words and one button: `link` is what it says and where it leads. `again`: the page reloads in seconds."""
    button = "" if link is None else f'<p><a href="{html.escape(link[1])}">{html.escape(link[0])}</a></p>'
    return _page(title, text, button, language=language, status=status, again=again)


def file_page(title: str, text: str, *, language: str, field: str, button: str) -> web.Response:
    """Plain words and one file to be sent to this same address; `field` says what is chosen."""
    form = (
        '<form method="post" enctype="multipart/form-data">'
        f'<label for="file">{html.escape(field)}</label><input type="file" id="file" name="file" required>'
        f'<button type="submit">{html.escape(button)}</button></form>'
    )
    return _page(title, text, form, language=language)


def password_page(title: str, text: str, *, language: str, field: str, button: str, status: int = 200) -> web.Response:
    """Plain words and one password to be sent to this same address; `field` says which."""
    form = (
        f'<form method="post"><label for="password">{html.escape(field)}</label>'
        '<input type="password" id="password" name="password" required autocomplete="new-password">'
        f'<button type="submit">{html.escape(button)}</button></form>'
    )
    return _page(title, text, form, language=language, status=status)


def button_page(
    title: str, text: str, *, language: str, button: str, shown: str = "", status: int = 200
) -> web.Response:
    """Plain words and one button, which posts to this same address and may be led on to another site.

    What was `shown` comes back with it.
    """
    told = f'<input type="hidden" name="shown" value="{html.escape(shown)}">' if shown else ""
    form = f'<form method="post">{told}<button type="submit">{html.escape(button)}</button></form>'
    page = _page(title, text, form, language=language, status=status)
    # browsers hold the addresses that a form is led on to against this, too
    page.headers["Content-Security-Policy"] = _POLICY.replace("form-action 'self'", "form-action *")
    return page


def _page(title: str, text: str, below: str, *, language: str, status: int = 200, again: int = 0) -> web.Response:
    reload = f'<meta http-equiv="refresh" content="{again}">' if again else ""
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">{reload}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{html.escape(title)}</h1><p>{html.escape(text)}</p>{below}</body></html>"
    )
    return web.Response(text=page, status=status, content_type="text/html", headers=_HEADERS)


def reader_language(request: web.Request) -> str:
    """The first language that the browser asks for and Spark speaks."""
    for wanted in request.headers.get("Accept-Language", "").split(","):
        language = wanted.partition(";")[0].strip().partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return "en"
