from urllib.parse import urlsplit

from playground.telegram.errors import bad

_TELEGRAM = {"tg", "ton", "tonsite"}
_WEB = {"http", "https"}


def link_error(url: str) -> str | None:
    """Why Telegram would refuse the link, None when it takes it; a bare host counts as http.

    Like Telegram, it wants a dot in the host: `localhost` is refused, 127.0.0.1 is not.
    """
    scheme = url.partition(":")[0].lower()
    if scheme in _TELEGRAM:
        return None if len(url) > len(scheme) + 1 else f"Wrong {scheme} URL"
    if any(character.isspace() or ord(character) < ord(" ") for character in url):
        return "URL host is empty" if not url.strip() else "Wrong HTTP URL"
    if "://" not in url:
        url = f"http://{url}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "Wrong HTTP URL"
    if parts.scheme.lower() not in _WEB:
        return "Unsupported URL protocol"
    if not host:
        return "URL host is empty"
    return None if "." in host or ":" in host else "Wrong HTTP URL"


def checked_link(url: str) -> str:
    """The whole link, empty when Telegram would drop it."""
    if link_error(url):
        return ""
    scheme = url.partition(":")[0].lower()
    return url if "://" in url or scheme in _TELEGRAM else f"http://{url}/"


def check_button_link(url: str) -> None:
    if reason := link_error(url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: {reason}")
